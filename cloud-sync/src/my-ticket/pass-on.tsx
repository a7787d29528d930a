// Giving a ticket to a friend: first what it means, then a link to send, which may be taken back until it has been opened.
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import type { Holding } from '@postern/shared';
import { labels } from './labels.ts';
import { sayings } from './sayings.ts';
import type { KeptTicket } from './kept-tickets.ts';
import { usePage } from './page.ts';
import { LinkButtons, Note } from './parts.tsx';

export function PassOn({ ticket, holding }: { readonly ticket: KeptTicket; readonly holding: Holding }): JSX.Element {
  const { tickets, language } = usePage();
  const isAsking = useSignal(false);
  const isWorking = useSignal(false);
  const work = async (what: (ticket: KeptTicket) => Promise<void>): Promise<void> => {
    isWorking.value = true;
    await what(ticket);
    isWorking.value = false;
    isAsking.value = false;
  };
  if (holding.offered !== undefined)
    return (
      <Note saying={sayings.offered}>
        {ticket.offer !== undefined && <LinkButtons link={ticket.offer.link} />}
        <div class="buttons">
          <button type="button" disabled={isWorking.value} onClick={() => void work(tickets.takeBack)}>
            {labels.takeBack[language]}
          </button>
        </div>
      </Note>
    );
  if (!isAsking.value)
    return (
      <button type="button" onClick={() => void (isAsking.value = true)}>
        {labels.passOn[language]}
      </button>
    );
  return (
    <Note saying={sayings.passOn}>
      <div class="buttons">
        <button type="button" class="main" disabled={isWorking.value} onClick={() => void work(tickets.offer)}>
          {labels.makeLink[language]}
        </button>
        <button type="button" onClick={() => void (isAsking.value = false)}>
          {labels.cancel[language]}
        </button>
      </div>
    </Note>
  );
}
