// Changes of many tickets of an event in one transaction. The same locks in the same order as the change of one (ticket-changes.ts): first
// the tickets' rows, in the order of their ids, then what marks come to, last the event.
import { sql } from 'kysely';
import type { Queries } from '../store/database.ts';
import { lockTickets } from '../store/locks.ts';
import { raiseRevision } from './events.ts';
import { readViews, type TicketView } from './ticket-views.ts';

/** Revokes those of these tickets that are valid and that nobody has been let in with, as far as the marks here tell; answers with them. */
export async function revokeUnscanned(
  queries: Queries,
  event: number,
  ticketIds: readonly string[],
): Promise<readonly TicketView[]> {
  const raised = await queries
    .updateTable('ticket')
    .set({ version: sql<number>`version + 1` })
    .where('event', '=', event)
    .where('id', 'in', ticketIds.toSorted())
    .where('status', '=', 'valid')
    .returningAll()
    .execute();
  // Whoever uses one at this moment comes before or after.
  await lockTickets(
    queries,
    event,
    raised.map(({ id }) => id),
  );
  const views = await readViews(queries, raised);
  const [scanned, unscanned] = [views.filter(wasScanned), views.filter((view) => !wasScanned(view))];
  if (scanned.length > 0)
    await queries
      .updateTable('ticket')
      .set({ version: sql<number>`version - 1` })
      .where('event', '=', event)
      .where(
        'id',
        'in',
        scanned.map(({ id }) => id),
      )
      .execute();
  const revision = unscanned.length === 0 ? undefined : await raiseRevision(queries, event);
  if (revision === undefined) return [];
  await queries
    .updateTable('ticket')
    .set({ status: 'revoked', revision })
    .where('event', '=', event)
    .where(
      'id',
      'in',
      unscanned.map(({ id }) => id),
    )
    .execute();
  return unscanned;
}

const wasScanned = ({ used, usesSpent, inside }: TicketView): boolean =>
  used !== undefined || usesSpent > 0 || inside > 0;
