// A ticket as the API shows it: its row, the holder, and what the marks of all gates have made of it. Everything is read by the queries
// given, so that a transaction sees its own changes.
import {
  bytesToHex,
  sha256,
  utf8,
  type Holder,
  type Language,
  type HoldReason,
  type Ticket,
  type TicketStatus,
} from '@postern/shared';
import type { Selectable } from 'kysely';
import type { Queries } from '../store/database.ts';
import type { Schema } from '../store/schema.ts';
import { readHolders } from './ticket-holders.ts';

export type TicketRow = Selectable<Schema['ticket']>;

export interface TicketView extends Ticket {
  readonly event: number;
  /** True when somebody else printed the code that is good now. */
  readonly foreign: boolean;
  readonly version: number;
  readonly createdAtMs: number;
  readonly transferredAtMs?: number;
  readonly holder?: Holder;
  readonly usesSpent: number;
  readonly inside: number;
  /** The first entry that counts. */
  readonly used?: { readonly atMs: number; readonly gate: string };
}

/** What the feed says of a ticket. */
export const toTicket = (row: TicketRow): Ticket => ({
  id: row.id,
  type: row.type,
  epoch: row.epoch,
  status: row.status as TicketStatus,
  party: row.party,
  ...(row.hold === null ? {} : { hold: row.hold as HoldReason }),
  ...(row.valid_from_s === null ? {} : { validFromS: row.valid_from_s }),
  ...(row.valid_until_s === null ? {} : { validUntilS: row.valid_until_s }),
  ...(row.language === null ? {} : { language: row.language as Language }),
});

/** The part of a view that comes from the ticket's own row. */
export const rowView = (row: TicketRow): Omit<TicketView, 'foreign' | 'usesSpent' | 'inside'> => ({
  ...toTicket(row),
  event: row.event,
  version: row.version,
  createdAtMs: row.created_at_ms,
  ...(row.transferred_at_ms === null ? {} : { transferredAtMs: row.transferred_at_ms }),
});

/** Tickets of an event by id, as gates have them in their feed. */
export async function readTickets(
  queries: Queries,
  event: number,
  ticketIds: readonly string[],
): Promise<ReadonlyMap<string, Ticket>> {
  const rows = await queries
    .selectFrom('ticket')
    .selectAll()
    .where('event', '=', event)
    .where('id', 'in', ticketIds)
    .execute();
  return new Map(rows.map((row) => [row.id, toTicket(row)]));
}

/** Rows of one event, at most some thousands. */
export async function readViews(queries: Queries, rows: readonly TicketRow[]): Promise<readonly TicketView[]> {
  const event = rows[0]?.event;
  if (event === undefined) return [];
  const ids = rows.map((row) => row.id);
  const codes = await queries
    .selectFrom('ticket_code')
    .select(['ticket', 'epoch'])
    .where('event', '=', event)
    .where('ticket', 'in', ids)
    .execute();
  const coded = new Set(codes.map((code) => `${code.ticket}/${code.epoch}`));
  const stories = await queries
    .selectFrom('story')
    .select(['ticket', 'uses_spent', 'inside'])
    .where('event', '=', event)
    .where('ticket', 'in', ids)
    .execute();
  const storyById = new Map(stories.map((story) => [story.ticket, story]));
  const usedById = await readFirstEntries(queries, event, ids);
  const holderById = await readHolders(queries, event, ids);
  return rows.map((row) => {
    const [used, holder] = [usedById.get(row.id), holderById.get(row.id)];
    return {
      ...rowView(row),
      foreign: coded.has(`${row.id}/${row.epoch}`),
      usesSpent: storyById.get(row.id)?.uses_spent ?? 0,
      inside: storyById.get(row.id)?.inside ?? 0,
      ...(used === undefined ? {} : { used }),
      ...(holder === undefined ? {} : { holder }),
    };
  });
}

/** In the order of the fold. */
async function readFirstEntries(
  queries: Queries,
  event: number,
  tickets: readonly string[],
): Promise<ReadonlyMap<string, NonNullable<TicketView['used']>>> {
  const rows = await queries
    .selectFrom((from) =>
      from
        .selectFrom('entry')
        .select(['ticket', 'gate', 'at_ms'])
        .select(({ fn }) =>
          fn
            .agg<number>('row_number')
            .over((over) =>
              over.partitionBy('ticket').orderBy('at_ms').orderBy('gate').orderBy('boot').orderBy('sequence'),
            )
            .as('place'),
        )
        .where('event', '=', event)
        .where('ticket', 'in', tickets)
        .as('placed'),
    )
    .select(['ticket', 'gate', 'at_ms'])
    .where('place', '=', 1)
    .execute();
  return new Map(rows.map((row) => [row.ticket, { atMs: row.at_ms, gate: row.gate }]));
}

/**
 * The entity tag of a ticket's representation (RFC 9110, strong): another one after every change, every use that counts or was given
 * back, and when the key changes that signs its pass.
 */
export function etagOf({ version, usesSpent, inside, used }: TicketView, issuerKeyId: string): string {
  const rest = JSON.stringify([usesSpent, inside, used ?? null, issuerKeyId]);
  return `"${version}-${bytesToHex(sha256(utf8(rest)).slice(0, 6))}"`;
}

/** RFC 9110 13.1.1: strong comparison; `*` holds for every ticket that there is. */
export const ifMatchHolds = (header: string, etag: string): boolean =>
  header.trim() === '*' || tagsOf(header).includes(etag);

/** RFC 9110 13.1.2: weak comparison. */
export const ifNoneMatchHolds = (header: string, etag: string): boolean =>
  header.trim() !== '*' &&
  !tagsOf(header)
    .map((tag) => tag.replace(/^W\//, ''))
    .includes(etag);

const tagsOf = (header: string): readonly string[] => header.match(/(?:W\/)?"[^"]*"/g) ?? [];
