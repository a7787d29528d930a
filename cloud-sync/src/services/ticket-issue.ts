// Issues tickets: our own passes (a UUIDv7 and a signature) and tickets whose code somebody else printed (kept as a keyed hash). All of a
// request or none of it.
import {
  assert,
  bytesToHex,
  cleanText,
  codeHash,
  err,
  foreignTicketId,
  hexToBytes,
  ok,
  type Clock,
  type Random,
  type Result,
  type TicketRequest,
} from '@postern/shared';
import type { Selectable } from 'kysely';
import type { Queries } from '../store/database.ts';
import type { Schema } from '../store/schema.ts';
import { raiseRevision, readEvent, type EventRecord } from './events.ts';
import type { Failure } from './problems.ts';
import { checkAccounts, toHolderRow, isEmptyHolder } from './ticket-holders.ts';
import { rowView, type TicketRow, type TicketView } from './ticket-views.ts';

/** Rows a statement inserts; SQLite takes at most 32,766 values. */
const rowsPerStatementMax = 2_000;

interface NewTicket extends TicketRows {
  readonly request: TicketRequest;
}

/** A ticket as it is stored before anything has happened to it. */
export interface TicketRows {
  readonly row: TicketRow;
  readonly code?: Selectable<Schema['ticket_code']>;
}

/** In a transaction that a failure rolls back: `event-unknown`, `type-unknown`, `window-empty`, `user-unknown`, `ticket-exists`. */
export async function issueTickets(
  queries: Queries,
  { clock, random }: { readonly clock: Clock; readonly random: Random },
  eventId: number,
  requests: readonly TicketRequest[],
): Promise<Result<readonly TicketView[], Failure>> {
  const revision = await raiseRevision(queries, eventId);
  const event = revision === undefined ? undefined : await readEvent(queries, eventId);
  if (event === undefined) return err({ type: 'event-unknown' });
  const problem = checkRequests(event, requests);
  if (problem !== undefined) return err(problem);
  const stranger = await checkAccounts(
    queries,
    requests.map(({ holder }) => holder),
  );
  if (stranger !== undefined) return err(stranger);
  const nowMs = clock.wallMs();
  const issued = requests.map((request) => toRows(event, request, nowMs, random));
  const repeated = findRepeated(issued);
  if (repeated !== undefined) return err({ type: 'ticket-exists', detail: repeated });
  for (let start = 0; start < issued.length; start += rowsPerStatementMax) {
    const known = await insertTickets(queries, issued.slice(start, start + rowsPerStatementMax));
    if (known === undefined) continue;
    return err({ type: 'ticket-exists', detail: `The code of ticket ${start + known} of the batch is already known.` });
  }
  return ok(
    issued.map(({ row, code, request: { holder } }) => ({
      ...rowView(row),
      foreign: code !== undefined,
      usesSpent: 0,
      inside: 0,
      ...(holder === undefined || isEmptyHolder(holder) ? {} : { holder }),
    })),
  );
}

/** What the schema cannot say: the type is one of the event's, and the window has an inside. */
function checkRequests(event: EventRecord, requests: readonly TicketRequest[]): Failure | undefined {
  const typeIds = new Set(event.policy.types.map((type) => type.id));
  const unknown = requests.find((request) => !typeIds.has(request.type));
  if (unknown !== undefined) return unknownType(event.id, unknown.type);
  return requests.some(isWindowEmpty) ? { type: 'window-empty' } : undefined;
}

export const unknownType = (event: number, type: number): Failure => ({
  type: 'type-unknown',
  detail: `Event ${event} has no ticket type ${type}.`,
});

export const isWindowEmpty = ({
  validFromS,
  validUntilS,
}: {
  readonly validFromS?: number | undefined;
  readonly validUntilS?: number | undefined;
}): boolean => validFromS !== undefined && validUntilS !== undefined && validUntilS <= validFromS;

/** A foreign code as it is kept: the keyed hash, hexadecimal. */
export function hashCode(event: EventRecord, code: string): string {
  const codeHashKey = hexToBytes(event.codeHashKey);
  assert(codeHashKey !== undefined, 'an event has a code hash key');
  return bytesToHex(codeHash(codeHashKey, code));
}

/** A code without what scanners add: what its ticket's id and its hash are made of. */
export const printedCode = (code: string): string => cleanText(code).trim();

function toRows(event: EventRecord, request: TicketRequest, nowMs: number, random: Random): NewTicket {
  const code = request.code === undefined ? undefined : printedCode(request.code);
  const id = code === undefined ? uuidV7(nowMs, random) : foreignTicketId(event.id, code);
  const hash = code === undefined ? undefined : hashCode(event, code);
  return { ...newTicketRows(event, request, { id, hash }, nowMs), request };
}

export function newTicketRows(
  { id: event, revision }: Pick<EventRecord, 'id' | 'revision'>,
  request: Omit<TicketRequest, 'code'>,
  { id, hash }: { readonly id: string; readonly hash: string | undefined },
  nowMs: number,
): TicketRows {
  const row: TicketRow = {
    event,
    id,
    type: request.type,
    epoch: 0,
    status: request.status,
    party: request.party,
    hold: request.hold ?? null,
    valid_from_s: request.validFromS ?? null,
    valid_until_s: request.validUntilS ?? null,
    revision,
    created_at_ms: nowMs,
    version: 1,
    transferred_at_ms: null,
    language: request.language ?? null,
  };
  return hash === undefined ? { row } : { row, code: { event, hash, ticket: id, epoch: row.epoch, revision } };
}

function findRepeated(issued: readonly NewTicket[]): string | undefined {
  const seen = new Map<string, number>();
  for (const [index, { row }] of issued.entries()) {
    const earlier = seen.get(row.id);
    if (earlier !== undefined) return `Tickets ${earlier} and ${index} of the batch have the same code.`;
    seen.set(row.id, index);
  }
  return undefined;
}

/** Answers with the place of a ticket whose code, of whatever epoch, is already there. */
async function insertTickets(queries: Queries, issued: readonly NewTicket[]): Promise<number | undefined> {
  const codes = issued.flatMap(({ code }) => code ?? []);
  if (codes.length > 0) {
    const taken = await queries
      .insertInto('ticket_code')
      .values(codes)
      .onConflict((conflict) => conflict.doNothing())
      .returning('hash')
      .execute();
    const isNew = new Set(taken.map((row) => row.hash));
    const known = issued.findIndex(({ code }) => code !== undefined && !isNew.has(code.hash));
    if (known !== -1) return known;
  }
  await queries
    .insertInto('ticket')
    .values(issued.map(({ row }) => row))
    .execute();
  const holders = issued.flatMap(({ row, request: { holder } }) =>
    holder === undefined || isEmptyHolder(holder) ? [] : toHolderRow(row.event, row.id, holder),
  );
  if (holders.length > 0) await queries.insertInto('ticket_holder').values(holders).execute();
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
