// Passes for the phone's own wallet, where the cloud makes them. A wallet's pass is a picture of the printed code: the code on this page is
// the safer one.
import type { JSX } from 'preact';
import type { Holding } from '@postern/shared';
import type { KeptTicket } from './kept-tickets.ts';
import { labels } from './messages.ts';
import { failed } from './my-tickets.ts';
import { usePage } from './page.ts';

/** Phones have one of the two; where it cannot be told, both are offered. */
const isApple = /iPhone|iPad|iPod|Macintosh/.test(navigator.userAgent);
const isAndroid = /Android/.test(navigator.userAgent);

export function Wallets({ ticket, holding }: { readonly ticket: KeptTicket; readonly holding: Holding }): JSX.Element {
  const { tickets, cloud, language } = usePage();
  const addToApple = async (): Promise<void> => {
    const pass = await cloud.applePass(holding.holder, await tickets.keyOf(ticket));
    failed.value = pass.ok ? undefined : pass.type;
    if (!pass.ok) return;
    const link = document.createElement('a');
    link.href = URL.createObjectURL(pass.value);
    link.download = `${holding.ticket}.pkpass`;
    link.click();
    // The phone has taken it by then.
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  };
  const addToGoogle = async (): Promise<void> => {
    const made = await cloud.googleLink(holding.holder, await tickets.keyOf(ticket));
    failed.value = made.ok ? undefined : made.type;
    if (made.ok) location.assign(made.value.link);
  };
  return (
    <>
      {holding.wallets.apple && !isAndroid && (
        <button type="button" class="wallet" onClick={() => void addToApple()}>
          {labels.apple[language]}
        </button>
      )}
      {holding.wallets.google && !isApple && (
        <button type="button" class="wallet" onClick={() => void addToGoogle()}>
          {labels.google[language]}
        </button>
      )}
    </>
  );
}
