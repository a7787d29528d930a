// Passes for the phone's own wallet, where the cloud makes them. A wallet's pass is a picture of the printed code: the code on this page is
// the safer one.
import type { JSX } from 'preact';
import type { Holding } from '@postern/shared';
import type { KeptTicket } from './kept-tickets.ts';
import { labels } from './labels.ts';
import { failed } from './my-tickets.ts';
import { usePage } from './page.ts';

/** Phones have one of the two; where it cannot be told, both are offered. */
const isApple = /iPhone|iPad|iPod|Macintosh/.test(navigator.userAgent);
const isAndroid = /Android/.test(navigator.userAgent);

export function Wallets({ ticket, holding }: { readonly ticket: KeptTicket; readonly holding: Holding }): JSX.Element {
  const { tickets, cloud, language } = usePage();
  const add = async (wallet: keyof Holding['wallets']): Promise<void> => {
    const made = await cloud.walletLink(holding.holder, await tickets.keyOf(ticket), wallet);
    failed.value = made.ok ? undefined : made.type;
    if (made.ok) location.assign(made.value.link);
  };
  return (
    <>
      {holding.wallets.apple && !isAndroid && (
        <button type="button" class="wallet" onClick={() => void add('apple')}>
          {labels.apple[language]}
        </button>
      )}
      {holding.wallets.google && !isApple && (
        <button type="button" class="wallet" onClick={() => void add('google')}>
          {labels.google[language]}
        </button>
      )}
    </>
  );
}
