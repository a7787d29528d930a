// What happens to a ticket after it was issued: changed, cancelled, reinstated, re-issued, passed on. Each is one transaction that begins
// by raising the ticket's version, which is also its lock (PostgreSQL) and takes the one place for writers (SQLite): whoever comes
// second sees what the first has made of it, and what may not be is rolled back.
import { err, ok, type Clock, type Holder, type Language, type Result, type TicketChange } from '@postern/shared';
import type { Updateable } from 'kysely';
import type { Queries } from '../store/database.ts';
import { createRowBatch } from '../store/insert-rows.ts';
import { lockTickets } from '../store/locks.ts';
import type { Schema } from '../store/schema.ts';
import { readTicketsWithStory } from '../store/ticket-bulk.ts';
import { deriveBindingsOf } from './binding-rows.ts';
import { endFacesOfTicket } from './face-rows.ts';
import { raiseRevision, readEvent, type EventRecord } from './events.ts';
import type { Failure } from './problems.ts';
import { deriveStories } from './stories.ts';
import { checkAccounts, mergeHolder, storeHolder } from './ticket-holders.ts';
import { hashCode, isWindowEmpty, unknownType } from './ticket-issue.ts';
import { etagOf, ifMatchHolds, readViews, type TicketView } from './ticket-views.ts';

/** What a change comes to. */
interface Plan {
  /** Columns that the feed shows. */
  readonly columns?: Updateable<Pick<Schema, 'ticket'>['ticket']>;
  /** Everything that is known of the holder from now on. */
  readonly holder?: Holder;
  /** A foreign code, printed for the epoch in `columns`. */
  readonly code?: string;
}
export type Planner = (ticket: TicketView, event: EventRecord) => Result<Plan, Failure>;

export interface ChangeRequest {
  readonly ticketId: string;
  /** The header; absent: whatever the ticket has become meanwhile. */
  readonly ifMatch?: string | undefined;
  readonly issuerKeyId: string;
  readonly plan: Planner;
}
export interface Changed {
  readonly ticket: TicketView;
  /** Whether gates have to hear of it. */
  readonly inFeed: boolean;
}

/** In a transaction that a failure rolls back: `ticket-unknown`, `precondition-failed`, `ticket-exists`, and what the plan refuses. */
export async function changeTicket(
  queries: Queries,
  clock: Clock,
  { ticketId, ifMatch, issuerKeyId, plan }: ChangeRequest,
): Promise<Result<Changed, Failure>> {
  const row = await queries
    .updateTable('ticket')
    .set(({ eb }) => ({ version: eb('version', '+', 1) }))
    .where('id', '=', ticketId)
    .returningAll()
    .executeTakeFirst();
  if (row === undefined) return err({ type: 'ticket-unknown' });
  // Whoever uses the ticket at this moment comes before or after, and its marks with it.
  await lockTickets(queries, row.event, [ticketId]);
  const [before] = await readViews(queries, [{ ...row, version: row.version - 1 }]);
  const event = await readEvent(queries, row.event);
  if (before === undefined || event === undefined) return err({ type: 'ticket-unknown' });
  if (ifMatch !== undefined && !ifMatchHolds(ifMatch, etagOf(before, issuerKeyId)))
    return err({ type: 'precondition-failed' });
  const planned = plan(before, event);
  if (!planned.ok) return planned;
  const { columns = {}, holder, code } = planned.value;
  const stranger = await checkAccounts(queries, [holder]);
  if (stranger !== undefined) return err(stranger);
  const inFeed = Object.keys(columns).length > 0;
  const revision = inFeed ? await raiseRevision(queries, row.event) : undefined;
  if (revision !== undefined)
    await queries
      .updateTable('ticket')
      .set({ ...columns, revision })
      .where('event', '=', row.event)
      .where('id', '=', ticketId)
      .execute();
  // Whoever comes with the ticket from now on is perhaps somebody else.
  if (columns.epoch !== undefined) await endFacesOfTicket(queries, row.event, ticketId, clock.wallMs());
  if (code !== undefined && revision !== undefined) {
    const epoch = columns.epoch ?? before.epoch;
    const stored = await queries
      .insertInto('ticket_code')
      .values({ event: row.event, hash: hashCode(event, code), ticket: ticketId, epoch, revision })
      .onConflict((conflict) => conflict.doNothing())
      .returning('hash')
      .executeTakeFirst();
    if (stored === undefined) return err({ type: 'ticket-exists' });
  }
  if (holder !== undefined) await storeHolder(queries, row.event, ticketId, holder);
  await deriveAnew(queries, clock, row.event, [{ id: ticketId, columns }]);
  const after = await queries
    .selectFrom('ticket')
    .selectAll()
    .where('event', '=', row.event)
    .where('id', '=', ticketId)
    .executeTakeFirstOrThrow();
  const [ticket] = await readViews(queries, [after]);
  return ticket === undefined ? err({ type: 'ticket-unknown' }) : ok({ ticket, inFeed });
}

/** Type, party and epoch say how the marks of a ticket are read. */
export async function deriveAnew(
  queries: Queries,
  clock: Clock,
  event: number,
  changes: readonly { readonly id: string; readonly columns: NonNullable<Plan['columns']> }[],
): Promise<void> {
  const concerned = changes.filter(
    ({ columns: { type, party, epoch } }) => type !== undefined || party !== undefined || epoch !== undefined,
  );
  const ids = concerned.map(({ id }) => id);
  const used = new Set(await readTicketsWithStory(queries, event, ids));
  if (used.size === 0) return;
  const batch = createRowBatch();
  await deriveStories(queries, batch, clock, event, used);
  await batch.write(queries);
  for (const { id, columns } of concerned)
    if (columns.party !== undefined && used.has(id)) await deriveBindingsOf(queries, event, id);
}

export const planChange =
  (change: TicketChange): Planner =>
  (ticket, event) => {
    const { type, status, party, hold, validFromS, validUntilS, language, holder } = change;
    if (type !== undefined && !event.policy.types.some((candidate) => candidate.id === type))
      return err(unknownType(event.id, type));
    const window = {
      validFromS: validFromS === undefined ? ticket.validFromS : (validFromS ?? undefined),
      validUntilS: validUntilS === undefined ? ticket.validUntilS : (validUntilS ?? undefined),
    };
    if (isWindowEmpty(window)) return err({ type: 'window-empty' });
    return ok({
      columns: {
        ...(type === undefined ? {} : { type }),
        ...(status === undefined ? {} : { status }),
        ...(party === undefined ? {} : { party }),
        ...(hold === undefined ? {} : { hold }),
        ...(validFromS === undefined ? {} : { valid_from_s: validFromS }),
        ...(validUntilS === undefined ? {} : { valid_until_s: validUntilS }),
        ...(language === undefined ? {} : { language }),
      },
      ...(holder === undefined ? {} : { holder: holder === null ? {} : mergeHolder(ticket.holder ?? {}, holder) }),
    });
  };

export const planRevoke: Planner = ({ status }) =>
  status === 'revoked' ? err({ type: 'revoked' }) : ok({ columns: { status: 'revoked' } });

export const planReinstate: Planner = ({ status }) =>
  status === 'revoked' || status === 'blocked' ? ok({ columns: { status: 'valid' } }) : err({ type: 'not-revoked' });

/** The same holder, a new credential. */
export const planReissue =
  (code: string | undefined): Planner =>
  (ticket) =>
    ticket.status === 'valid'
      ? ok({ columns: { epoch: ticket.epoch + 1 }, ...(code === undefined ? {} : { code }) })
      : err({ type: ticket.status });

export interface TransferTo {
  readonly holder: Holder;
  readonly language?: Language | undefined;
  readonly code?: string | undefined;
}

/** Another holder, a new credential. A ticket with nothing left to use cannot be passed on, as far as the marks here tell. */
export const planTransfer =
  ({ holder, language, code }: TransferTo, nowMs: number): Planner =>
  (ticket, event) => {
    if (ticket.status !== 'valid') return err({ type: ticket.status });
    const uses = event.policy.types.find((type) => type.id === ticket.type)?.uses ?? 1;
    if (uses > 0 && ticket.usesSpent >= uses * ticket.party) return err({ type: 'already-used' });
    return ok({
      columns: { epoch: ticket.epoch + 1, transferred_at_ms: nowMs, language: language ?? null },
      holder,
      ...(code === undefined ? {} : { code }),
    });
  };
