// Issues tickets: our own passes (a UUIDv7 and a signature) and tickets whose code somebody else printed (kept as a keyed hash). The
// pass's text is signed again whenever it is asked for, by the key that is active then: Ed25519 is deterministic, so nothing secret has
// to be stored.
import {
  bytesToHex,
  cleanText,
  codeHash,
  encodePass,
  err,
  foreignTicketId,
  hexToBytes,
  assert,
  ok,
  shortCode,
  type Clock,
  type HoldReason,
  type KeyPair,
  type Random,
  type Result,
  type Ticket,
  type TicketRequest,
  type TicketStatus,
} from '@postern/shared';
import type { Selectable } from 'kysely';
import { setImmediate } from 'node:timers/promises';
import type { Database, Queries } from '../store/database.ts';
import type { Schema } from '../store/schema.ts';
import { readEvent, type EventRecord } from './events.ts';
import type { Keys } from './keys.ts';
import type { Failure } from './problems.ts';
import { noteSignedPasses } from './signed-passes.ts';

/** Rows a statement inserts; SQLite takes at most 32,766 values. */
const rowsPerStatementMax = 2_000;
/** Passes signed before other requests have their turn: about 20 ms. */
const signaturesAtOnceMax = 200;

export interface TicketRecord extends Ticket {
  readonly event: number;
  /** True when somebody else printed the code. */
  readonly foreign: boolean;
}

export interface Tickets {
  /** All or nothing. `ticket-exists` when a foreign code is already there or comes twice. */
  readonly issue: (
    event: number,
    requests: readonly TicketRequest[],
  ) => Promise<Result<readonly TicketRecord[], Failure>>;
  readonly find: (ticketId: string) => Promise<Result<TicketRecord, Failure>>;
  readonly changeStatus: (ticketId: string, status: TicketStatus) => Promise<Result<TicketRecord, Failure>>;
  /** The pass and its short typed form; `ticket-has-foreign-code` for others' codes. */
  readonly texts: (tickets: readonly TicketRecord[]) => Promise<readonly TicketTexts[]>;
}

export interface TicketTexts {
  /** `PN1:…`; absent where somebody else printed the code. */
  readonly text?: string;
  readonly shortCode?: string;
}

export interface TicketsDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly random: Random;
  readonly keys: Keys;
  /** Tells the feed that tickets of an event have changed. */
  readonly changed: (event: number) => void;
}

export function createTickets({ database, clock, random, keys, changed }: TicketsDeps): Tickets {
  const find = async (ticketId: string): Promise<Result<TicketRecord, Failure>> => {
    const row = await database.selectFrom('ticket').selectAll().where('id', '=', ticketId).executeTakeFirst();
    return row === undefined ? err({ type: 'ticket-unknown' }) : ok(toTicket(row));
  };
  return {
    issue: async (event, requests) => {
      const issued = await database
        .transaction()
        .execute(async (queries): Promise<Result<readonly TicketRecord[], Failure>> => {
          const record = await readEvent(queries, event);
          if (record === undefined) return err({ type: 'event-unknown' });
          const typeIds = new Set(record.policy.types.map((type) => type.id));
          const unknown = requests.find((request) => !typeIds.has(request.type));
          if (unknown !== undefined)
            return err({ type: 'type-unknown', detail: `Event ${event} has no ticket type ${unknown.type}.` });
          const revision = await raiseRevision(queries, event);
          const nowMs = clock.wallMs();
          const rows = requests.map((request) => toRow(record, request, revision, nowMs, random));
          const repeated = await findRepeated(queries, event, rows);
          if (repeated !== undefined) return err({ type: 'ticket-exists', detail: repeated });
          for (let start = 0; start < rows.length; start += rowsPerStatementMax)
            await queries
              .insertInto('ticket')
              .values(rows.slice(start, start + rowsPerStatementMax))
              .execute();
          return ok(rows.map(toTicket));
        });
      if (issued.ok) changed(event);
      return issued;
    },

    find,

    changeStatus: async (ticketId, status) => {
      const found = await find(ticketId);
      if (!found.ok || found.value.status === status) return found;
      const { event } = found.value;
      await database.transaction().execute(async (queries) => {
        const revision = await raiseRevision(queries, event);
        await queries
          .updateTable('ticket')
          .set({ status, revision })
          .where('event', '=', event)
          .where('id', '=', ticketId)
          .execute();
      });
      changed(event);
      return find(ticketId);
    },

    texts: async (tickets) => {
      const { issuer } = await keys.current();
      await noteSignedPasses(
        database,
        clock,
        issuer,
        tickets.filter((ticket) => !ticket.foreign),
      );
      const events = new Map<number, EventRecord | undefined>();
      for (const { event } of tickets) if (!events.has(event)) events.set(event, await readEvent(database, event));
      const texts: TicketTexts[] = [];
      for (const ticket of tickets) {
        texts.push(ticket.foreign ? {} : textsOf(ticket, events.get(ticket.event), issuer));
        if (texts.length % signaturesAtOnceMax === 0) await setImmediate();
      }
      return texts;
    },
  };
}

export const toTicket = (row: Selectable<Schema['ticket']>): TicketRecord => ({
  id: row.id,
  event: row.event,
  type: row.type,
  epoch: row.epoch,
  status: row.status as TicketStatus,
  party: row.party,
  ...(row.hold === null ? {} : { hold: row.hold as HoldReason }),
  ...(row.valid_from_s === null ? {} : { validFromS: row.valid_from_s }),
  ...(row.valid_until_s === null ? {} : { validUntilS: row.valid_until_s }),
  foreign: row.code_hash !== null,
});

function textsOf(ticket: TicketRecord, event: EventRecord | undefined, issuer: KeyPair): TicketTexts {
  const codeHashKey = hexToBytes(event?.codeHashKey ?? '');
  assert(codeHashKey !== undefined, 'a ticket has an event');
  const claims = {
    ticketId: ticket.id,
    event: ticket.event,
    type: ticket.type,
    epoch: ticket.epoch,
    ...(ticket.validFromS === undefined ? {} : { notBeforeS: ticket.validFromS }),
    ...(ticket.validUntilS === undefined ? {} : { expiresS: ticket.validUntilS }),
  };
  return { text: encodePass(claims, issuer), shortCode: shortCode(codeHashKey, ticket.id) };
}

function toRow(
  event: EventRecord,
  request: TicketRequest,
  revision: number,
  nowMs: number,
  random: Random,
): Selectable<Schema['ticket']> {
  const code = request.code === undefined ? undefined : cleanText(request.code).trim();
  const codeHashKey = hexToBytes(event.codeHashKey);
  assert(codeHashKey !== undefined, 'an event has a code hash key');
  return {
    event: event.id,
    id: code === undefined ? uuidV7(nowMs, random) : foreignTicketId(event.id, code),
    type: request.type,
    epoch: 0,
    status: request.status,
    party: request.party,
    hold: request.hold ?? null,
    valid_from_s: request.validFromS ?? null,
    valid_until_s: request.validUntilS ?? null,
    code_hash: code === undefined ? null : bytesToHex(codeHash(codeHashKey, code)),
    revision,
    created_at_ms: nowMs,
  };
}

async function raiseRevision(queries: Queries, event: number): Promise<number> {
  const { revision } = await queries
    .updateTable('event')
    .set(({ eb }) => ({ revision: eb('revision', '+', 1) }))
    .where('id', '=', event)
    .returning('revision')
    .executeTakeFirstOrThrow();
  return revision;
}

/** Says which row of a batch has a code that is already taken. */
async function findRepeated(
  queries: Queries,
  event: number,
  rows: readonly Selectable<Schema['ticket']>[],
): Promise<string | undefined> {
  const seen = new Map<string, number>();
  for (const [index, row] of rows.entries()) {
    const earlier = seen.get(row.id);
    if (earlier !== undefined) return `Tickets ${earlier} and ${index} of the batch have the same code.`;
    seen.set(row.id, index);
  }
  const foreignIds = rows.filter((row) => row.code_hash !== null).map((row) => row.id);
  for (let start = 0; start < foreignIds.length; start += rowsPerStatementMax) {
    const known = await queries
      .selectFrom('ticket')
      .select('id')
      .where('event', '=', event)
      .where('id', 'in', foreignIds.slice(start, start + rowsPerStatementMax))
      .executeTakeFirst();
    if (known !== undefined) return `The code of ticket ${seen.get(known.id) ?? 0} of the batch is already known.`;
  }
  return undefined;
}

/** RFC 9562 5.7, without dashes: 48 bits of Unix milliseconds, version, 74 random bits. */
function uuidV7(nowMs: number, random: Random): string {
  const bytes = random(16);
  for (let index = 0; index < 6; index++) bytes[index] = Math.floor(nowMs / 2 ** (8 * (5 - index))) & 0xff;
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x70;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return bytesToHex(bytes);
}

/** Tickets of an event by id, as gates have them in their feed. */
export async function readTickets(
  queries: Queries,
  event: number,
  ticketIds: readonly string[],
): Promise<ReadonlyMap<string, TicketRecord>> {
  const rows = await queries
    .selectFrom('ticket')
    .selectAll()
    .where('event', '=', event)
    .where('id', 'in', ticketIds)
    .execute();
  return new Map(rows.map((row) => [row.id, toTicket(row)]));
}
