// The organiser's link for tickets that are tokens was opened: the wallet says once that this phone may show the ticket.
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { findWallet } from './ethereum-wallet.ts';
import { labels } from './labels.ts';
import { problemSaying } from './problems.ts';
import { sayings } from './sayings.ts';
import { tickets as kept, tokenAsked } from './my-tickets.ts';
import { usePage } from './page.ts';
import { LinkButtons, Note } from './parts.tsx';

export function TokenCard(): JSX.Element | null {
  const { tickets, language } = usePage();
  const wallet = useSignal(findWallet());
  const asked = tokenAsked.value;
  if (asked === undefined) return null;
  if (asked.step === 'working') return <p class="waiting">{labels.confirmInWallet[language]}</p>;
  const cancel = kept.value.length > 0 && (
    <button type="button" onClick={() => void (tokenAsked.value = undefined)}>
      {labels.cancel[language]}
    </button>
  );
  if (wallet.value === undefined)
    return (
      <Note saying={sayings.noWallet}>
        <LinkButtons link={location.href} />
        <div class="buttons">
          {/* Some come a moment after the page. */}
          <button type="button" onClick={() => void (wallet.value = findWallet())}>
            {labels.again[language]}
          </button>
          {cancel}
        </div>
      </Note>
    );
  const provider = wallet.value;
  const connect = (event: SubmitEvent): void => {
    event.preventDefault();
    const typed = new FormData(event.currentTarget as HTMLFormElement).get('token');
    if (typeof typed === 'string') void tickets.bindToken(provider, BigInt(typed).toString());
  };
  const hasFailed = asked.step === 'failed';
  return (
    <Note saying={hasFailed ? problemSaying(asked.problem ?? '') : sayings.token} tone={hasFailed ? 'bad' : 'plain'}>
      <form class="buttons" onSubmit={connect}>
        <label>
          {labels.token[language]}
          <input
            name="token"
            value={asked.token}
            pattern="\s*[0-9]{1,78}\s*"
            inputMode="numeric"
            autoComplete="off"
            required
          />
        </label>
        <button class="main">{hasFailed ? labels.again[language] : labels.askWallet[language]}</button>
        {cancel}
      </form>
    </Note>
  );
}
