// Which key has signed a pass of which ticket. A pass is signed again whenever it is shown, so after a rotation a ticket may have passes
// under several keys; when one of them is revoked, this says whose ticket is dead in their hand. Whoever signs a pass notes it here
// first; what is lost between note and signature costs a needless re-issue, never a missed one.
import { setImmediate } from 'node:timers/promises';
import {
  keyId,
  ok,
  type Clock,
  type KeyPair,
  type KeyTicket,
  type KeyTickets,
  type KeyTicketsQuery,
  type Result,
  type TicketStatus,
} from '@postern/shared';
import { z } from 'zod';
import type { Database, Queries } from '../store/database.ts';
import { cursorText, readPage } from './cursor.ts';
import type { Failure } from './problems.ts';

/** Rows a statement reads or inserts; SQLite takes at most 32,766 values. */
const rowsPerStatementMax = 2_000;
const walkedPageRows = 5_000;

export interface SignedPassesDeps {
  readonly database: Database;
  readonly clock: Clock;
}

/** The tickets of a key, in pages or whole. */
export interface KeyTicketLists {
  /** `cursor-invalid`. */
  readonly list: (keyId: string, query: KeyTicketsQuery) => Promise<Result<KeyTickets, Failure>>;
  readonly csv: (keyId: string) => AsyncGenerator<string>;
}

const keySchema = z.tuple([z.number().int(), cursorText]);
type Key = z.infer<typeof keySchema>;
const toKey = ({ event, ticket }: KeyTicket): Key => [event, ticket];

export const createKeyTicketLists = (deps: SignedPassesDeps): KeyTicketLists => ({
  list: async (key, query) => {
    const page = await readPage({
      name: 'tickets of a key',
      query: { ...query, key },
      key: keySchema,
      read: (after, limit) => readKeyTickets(deps, key, after, limit),
      keyOf: toKey,
    });
    if (!page.ok) return page;
    const { rows, ...rest } = page.value;
    return ok({ tickets: [...rows], ...rest });
  },
  csv: (keyId) => keyTicketsCsv(deps, keyId),
});

/** Notes that `issuer` signs passes of these tickets at their present epochs. Costs one read when that is known already. */
export async function noteSignedPasses(
  queries: Queries,
  clock: Clock,
  issuer: KeyPair,
  tickets: readonly { readonly event: number; readonly id: string; readonly epoch: number }[],
): Promise<void> {
  const key = keyId(issuer.publicKey);
  for (const event of new Set(tickets.map((ticket) => ticket.event))) {
    const ofEvent = tickets.filter((ticket) => ticket.event === event);
    for (let start = 0; start < ofEvent.length; start += rowsPerStatementMax) {
      const some = ofEvent.slice(start, start + rowsPerStatementMax);
      const known = await queries
        .selectFrom('signed_pass')
        .select(['ticket', 'epoch'])
        .where('event', '=', event)
        .where('key_id', '=', key)
        .where(
          'ticket',
          'in',
          some.map((ticket) => ticket.id),
        )
        .execute();
      const epochs = new Map(known.map((row) => [row.ticket, row.epoch]));
      const fresh = some.filter((ticket) => (epochs.get(ticket.id) ?? -1) < ticket.epoch);
      if (fresh.length === 0) continue;
      await queries
        .insertInto('signed_pass')
        .values(fresh.map(({ id, epoch }) => ({ event, key_id: key, ticket: id, epoch, signed_at_ms: clock.wallMs() })))
        .onConflict((conflict) =>
          conflict
            .columns(['event', 'key_id', 'ticket'])
            .doUpdateSet((row) => ({
              epoch: row.ref('excluded.epoch'),
              signed_at_ms: row.ref('excluded.signed_at_ms'),
            }))
            .whereRef('signed_pass.epoch', '<', 'excluded.epoch'),
        )
        .execute();
    }
  }
}

/**
 * Tickets whose present pass (that of their epoch) a key has signed, in order of event and id: those that still lead to an entry, so
 * neither revoked nor past their time.
 */
async function readKeyTickets(
  { database, clock }: SignedPassesDeps,
  key: string,
  [afterEvent, afterTicket]: Key = [0, ''],
  limit: number,
): Promise<KeyTicket[]> {
  const tickets: KeyTicket[] = [];
  const events = await database.selectFrom('event').select('id').where('id', '>=', afterEvent).orderBy('id').execute();
  const goodKeys = await database
    .selectFrom('key')
    .select('id')
    .where('purpose', '=', 'issuer')
    .where('state', '!=', 'revoked')
    .where('id', '!=', key)
    .execute();
  for (const { id: event } of events) {
    const rows = await database
      .selectFrom('signed_pass as signed')
      .innerJoin('ticket', (join) =>
        join.onRef('ticket.event', '=', 'signed.event').onRef('ticket.id', '=', 'signed.ticket'),
      )
      .select(['ticket.event', 'ticket.id', 'ticket.type', 'ticket.epoch', 'ticket.status', 'signed.signed_at_ms'])
      .where('signed.event', '=', event)
      .where('signed.key_id', '=', key)
      .where('signed.ticket', '>', event === afterEvent ? afterTicket : '')
      .whereRef('signed.epoch', '=', 'ticket.epoch')
      .where('ticket.status', '!=', 'revoked')
      .where((row) =>
        row.or([
          row('ticket.valid_until_s', 'is', null),
          row('ticket.valid_until_s', '>', Math.floor(clock.wallMs() / 1_000)),
        ]),
      )
      .orderBy('signed.ticket')
      .limit(limit - tickets.length)
      .execute();
    const good = await ticketsWithGoodPass(
      database,
      event,
      goodKeys.map((row) => row.id),
      rows,
    );
    for (const row of rows)
      tickets.push({
        event: row.event,
        ticket: row.id,
        type: row.type,
        epoch: row.epoch,
        status: row.status as TicketStatus,
        signedAtMs: row.signed_at_ms,
        hasGoodPass: good.has(row.id),
      });
    if (tickets.length >= limit) break;
  }
  return tickets;
}

/** Every page in turn; other requests have theirs between two. */
export async function* walkKeyTickets(deps: SignedPassesDeps, key: string): AsyncGenerator<readonly KeyTicket[]> {
  for (let after: Key | undefined; ;) {
    const tickets = await readKeyTickets(deps, key, after, walkedPageRows);
    yield tickets;
    const last = tickets.at(-1);
    if (last === undefined || tickets.length < walkedPageRows) return;
    after = toKey(last);
    await setImmediate();
  }
}

const csvColumns = ['event', 'ticket', 'type', 'epoch', 'status', 'signedAtMs', 'hasGoodPass'] as const;

/** The whole list as CSV (RFC 4180), a page at a time; numbers, ids and words of ours need no quotes. */
async function* keyTicketsCsv(deps: SignedPassesDeps, key: string): AsyncGenerator<string> {
  yield `${csvColumns.join(',')}\r\n`;
  for await (const page of walkKeyTickets(deps, key))
    yield page.map((ticket) => `${csvColumns.map((column) => String(ticket[column])).join(',')}\r\n`).join('');
}

async function ticketsWithGoodPass(
  database: Database,
  event: number,
  goodKeys: readonly string[],
  rows: readonly { readonly id: string; readonly epoch: number }[],
): Promise<ReadonlySet<string>> {
  const good = new Set<string>();
  const epochs = new Map(rows.map((row) => [row.id, row.epoch]));
  if (goodKeys.length === 0) return good;
  for (let start = 0; start < rows.length; start += rowsPerStatementMax) {
    const others = await database
      .selectFrom('signed_pass')
      .select(['ticket', 'epoch'])
      .where('event', '=', event)
      .where('key_id', 'in', goodKeys)
      .where(
        'ticket',
        'in',
        rows.slice(start, start + rowsPerStatementMax).map((row) => row.id),
      )
      .execute();
    for (const { ticket, epoch } of others) if (epochs.get(ticket) === epoch) good.add(ticket);
  }
  return good;
}
