// What a path is about: the event that a ticket or a gate belongs to, and whether a ticket is somebody's own. The authorisation table
// asks before a route runs, so that nobody learns from a route's answer what another event has.
import type { Database } from '../store/database.ts';
import type { TicketReader } from '../store/ticket-reads.ts';
import type { Actor } from './actor.ts';

/** Tickets of one person that are listed. */
const heldTicketsMax = 500;

export interface Subjects {
  readonly eventOfTicket: (ticketId: string) => Promise<number | undefined>;
  readonly isGateAt: (event: number, gateId: string) => Promise<boolean>;
  /** Whether `actor` is the holder of a ticket. */
  readonly ownsTicket: (actor: Actor, ticketId: string) => Promise<boolean>;
  /** Ids of the tickets that `actor` holds. */
  readonly ticketsOf: (actor: Actor) => Promise<readonly string[]>;
}

export const createSubjects = (database: Database, readTicket: TicketReader): Subjects => ({
  eventOfTicket: async (ticketId) => (await readTicket(ticketId))?.event,
  isGateAt: async (event, gateId) => {
    const row = await database
      .selectFrom('gate')
      .select('id')
      .where('event', '=', event)
      .where('id', '=', gateId)
      .executeTakeFirst();
    return row !== undefined;
  },
  ownsTicket: async (actor, ticketId) => {
    if (actor.kind !== 'user') return false;
    const held = await database
      .selectFrom('ticket_holder')
      .select('ticket')
      .where('account', '=', actor.id)
      .where('ticket', '=', ticketId)
      .executeTakeFirst();
    return held !== undefined;
  },
  ticketsOf: async (actor) => {
    if (actor.kind !== 'user') return [];
    const held = await database
      .selectFrom('ticket_holder')
      .select('ticket')
      .where('account', '=', actor.id)
      .orderBy('event')
      .orderBy('ticket')
      .limit(heldTicketsMax)
      .execute();
    return held.map(({ ticket }) => ticket);
  },
});
