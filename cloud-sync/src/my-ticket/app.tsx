// The whole page: what is wrong at the top, a link that was opened, then one ticket at a time.
import type { JSX } from 'preact';
import { ClaimCard } from './claim-card.tsx';
import { fill, labels } from './labels.ts';
import { sayings } from './sayings.ts';
import { claim, failed, reached, shown, tickets, tokenAsked } from './my-tickets.ts';
import { usePage } from './page.ts';
import { Note } from './parts.tsx';
import { TicketCard } from './ticket-card.tsx';
import { TokenCard } from './token-card.tsx';
import { trouble } from './watch.ts';

export function App(): JSX.Element {
  const all = tickets.value;
  const ticket = all.find(({ id }) => id === shown.value);
  return (
    <main>
      <Troubles />
      <ClaimCard />
      <TokenCard />
      {all.length > 1 && <Pager />}
      {ticket !== undefined && <TicketCard ticket={ticket} />}
      {ticket === undefined && claim.value === undefined && tokenAsked.value === undefined && (
        <Note saying={sayings.nothing} />
      )}
    </main>
  );
}

function Troubles(): JSX.Element | null {
  if (tickets.value.length === 0) return null;
  if (trouble.value === 'set') return <Note saying={sayings.clockSet} tone="warn" />;
  if (trouble.value === 'off') return <Note saying={sayings.clockOff} tone="warn" />;
  return reached.value === false ? <Note saying={sayings.offline} /> : null;
}

function Pager(): JSX.Element {
  const { language } = usePage();
  const all = tickets.value;
  const place = all.findIndex(({ id }) => id === shown.value);
  const turn = (by: number): void => {
    failed.value = undefined;
    shown.value = all[(place + by + all.length) % all.length]?.id;
  };
  return (
    <nav>
      <button type="button" aria-label={labels.previous[language]} onClick={() => turn(-1)}>
        ‹
      </button>
      <span aria-live="polite">{fill(labels.ofTickets[language], { n: place + 1, all: all.length })}</span>
      <button type="button" aria-label={labels.next[language]} onClick={() => turn(1)}>
        ›
      </button>
    </nav>
  );
}
