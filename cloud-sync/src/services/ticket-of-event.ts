// A ticket as it is now with its event, for services that work on both.
import { err, ok, type Result, type Ticket } from '@postern/shared';
import type { TicketReader } from '../store/ticket-reads.ts';
import type { EventRecord } from './events.ts';
import type { Failure } from './problems.ts';
import type { EffectiveEvents } from './ticket-methods.ts';
import { toTicket } from './ticket-views.ts';

export interface TicketOfEvent {
  readonly ticket: Ticket;
  /** With what is switched off in its policy. */
  readonly event: EventRecord;
}

/** `ticket-unknown`. */
export type FindTicket = (ticketId: string) => Promise<Result<TicketOfEvent, Failure>>;

export const createFindTicket =
  (readTicket: TicketReader, readEffective: EffectiveEvents): FindTicket =>
  async (ticketId) => {
    const row = await readTicket(ticketId);
    if (row === undefined) return err({ type: 'ticket-unknown' });
    const event = await readEffective(row.event);
    return event === undefined ? err({ type: 'event-unknown' }) : ok({ ticket: toTicket(row), event });
  };
