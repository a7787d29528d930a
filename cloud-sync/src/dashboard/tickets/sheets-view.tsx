// The sheets themselves, as large on the screen as on paper.
import type { EventResponse, TicketResponse } from '@postern/shared';
import type { JSX } from 'preact';
import { dateAndTime } from '../format.ts';
import { fill, say } from '../language.ts';
import { Name } from '../parts/names.tsx';
import { QrCode } from '../parts/qr-code.tsx';
import { printLabels } from './print-messages.ts';
import type { SheetFormat } from './sheets.ts';
import { typeName } from './ticket-words.ts';

export const Sheets = ({
  event,
  sheets,
  format,
}: {
  readonly event: EventResponse;
  readonly sheets: readonly (readonly TicketResponse[])[];
  readonly format: SheetFormat;
}): JSX.Element => (
  <section class="sheets" aria-label={say(printLabels.preview)} tabIndex={0}>
    {sheets.map((tickets) => (
      <div key={tickets[0]?.id} class={`sheet ${format}`}>
        {tickets.map((ticket) => (
          <Label key={ticket.id} event={event} ticket={ticket} />
        ))}
      </div>
    ))}
  </section>
);

function Label({ event, ticket }: { readonly event: EventResponse; readonly ticket: TicketResponse }): JSX.Element {
  const { policy } = event;
  const fromS = ticket.validFromS ?? policy.types.find(({ id }) => id === ticket.type)?.validFromS;
  return (
    <article class="label">
      <QrCode text={ticket.text ?? ''} label={ticket.shortCode ?? ''} />
      <div class="label-words">
        <p class="label-event">
          <Name>{policy.name}</Name>
        </p>
        <p>
          <Name>{typeName(policy, ticket.type)}</Name>
          {ticket.party > 1 && `, ${fill(printLabels.admits, { n: ticket.party })}`}
        </p>
        {fromS !== undefined && <p>{dateAndTime(fromS * 1_000, policy.timeZone)}</p>}
        {ticket.holder?.name !== undefined && (
          <p class="label-holder">
            <Name>{ticket.holder.name}</Name>
          </p>
        )}
        <p class="label-code">{ticket.shortCode}</p>
      </div>
    </article>
  );
}
