// Finds tickets of one event, a page at a time and in the order of their ids, so that a page begins after the last ticket of the one
// before whatever has been issued, changed or used meanwhile. Every question has an index.
import {
  bytesToHex,
  codeHash,
  decodePass,
  err,
  hexToBytes,
  ok,
  parseShortCode,
  type KeyOf,
  type ParsedShortCode,
  type Result,
  type TicketQuery,
} from '@postern/shared';
import { sql } from 'kysely';
import { z } from 'zod';
import type { Queries } from '../store/database.ts';
import { cursorText, readPage } from './cursor.ts';
import { readEvent, type EventRecord } from './events.ts';
import type { Failure } from './problems.ts';
import { searchKey } from './ticket-holders.ts';
import { readViews, type TicketRow, type TicketView } from './ticket-views.ts';

/** Tickets that may share the 20 bits a short code begins with. */
const shortCodeCandidatesMax = 256;
/** Tickets that a search may have found before they are looked for in another way. */
const fewMax = 5_000;
/** Sort after every id, and after every text, that begins as what is before them. */
const afterIds = 'g';
const afterAll = '\u{10ffff}';

export interface TicketPage {
  readonly tickets: readonly TicketView[];
  readonly next?: string;
}

const keySchema = z.tuple([cursorText]);
type Key = z.infer<typeof keySchema>;

/** `event-unknown`, or `cursor-invalid` for a cursor of another list. `keyOf`: what may have signed a code that is searched for. */
export async function searchTickets(
  queries: Queries,
  query: TicketQuery,
  keyOf: KeyOf,
): Promise<Result<TicketPage, Failure>> {
  const event = await readEvent(queries, query.event);
  if (event === undefined) return err({ type: 'event-unknown' });
  const { search } = query;
  const page = await readPage({
    name: 'tickets',
    query,
    key: keySchema,
    read: async (after, limit) => {
      const found = search === undefined ? undefined : await findBySearch(queries, event, search, keyOf);
      return readRows(queries, query, after?.[0] ?? '', limit, found);
    },
    keyOf: (row): Key => [row.id],
  });
  if (!page.ok) return page;
  const { rows, ...rest } = page.value;
  return ok({ tickets: await readViews(queries, rows), ...rest });
}

/**
 * What a search has found: the ids of all, or, of a text that very many holders' names begin with, which ones to look for while going
 * through the tickets in order, where a page of them is soon full.
 */
type Found =
  | { readonly type: 'few'; readonly ids: readonly string[] }
  | {
      readonly type: 'many';
      readonly key: string;
      readonly prefix: string | undefined;
      readonly named: readonly string[];
    };

async function readRows(
  queries: Queries,
  { event, status, type }: TicketQuery,
  after: string,
  limit: number,
  found: Found | undefined,
): Promise<readonly TicketRow[]> {
  const few = found?.type === 'few' ? found.ids.filter((id) => id > after) : undefined;
  if (few?.length === 0) return [];
  return (
    queries
      .selectFrom('ticket')
      .selectAll('ticket')
      .where('ticket.event', '=', event)
      // Not both: SQLite would rather walk the range than look the few up.
      .$if(few === undefined, (query) => query.where('ticket.id', '>', after))
      .$if(few !== undefined, (query) => query.where('ticket.id', 'in', few ?? []))
      .$if(found?.type === 'many', (query) =>
        query
          .leftJoin('ticket_holder as holder', (join) =>
            join.onRef('holder.event', '=', 'ticket.event').onRef('holder.ticket', '=', 'ticket.id'),
          )
          .where((where) => {
            const { key, prefix, named } = found?.type === 'many' ? found : { key: '', prefix: undefined, named: [] };
            return where.or([
              where.and([where('holder.name_key', '>=', key), where('holder.name_key', '<', key + afterAll)]),
              where.and([where('holder.surname_key', '>=', key), where('holder.surname_key', '<', key + afterAll)]),
              where.and([where('holder.email_key', '>=', key), where('holder.email_key', '<', key + afterAll)]),
              where('holder.order_key', '=', key),
              ...(prefix === undefined
                ? []
                : [where.and([where('ticket.id', '>=', prefix), where('ticket.id', '<', prefix + afterIds)])]),
              ...(named.length === 0 ? [] : [where('ticket.id', 'in', named)]),
            ]);
          }),
      )
      .$if(type !== undefined, (query) => query.where('ticket.type', '=', type ?? 0))
      .$if(status === 'transferred', (query) => query.where('ticket.transferred_at_ms', 'is not', null))
      .$if(status === 'used', (query) =>
        query
          .innerJoin('story', (join) =>
            join.onRef('story.event', '=', 'ticket.event').onRef('story.ticket', '=', 'ticket.id'),
          )
          .where('story.event', '=', event)
          .where('story.ticket', '>', after)
          .where('story.uses_spent', '>', 0)
          .where('ticket.status', '=', 'valid'),
      )
      .$if(status === 'valid', (query) =>
        query.where((where) =>
          where.not(
            where.exists(
              where
                .selectFrom('story')
                .select('story.ticket')
                .whereRef('story.event', '=', 'ticket.event')
                .whereRef('story.ticket', '=', 'ticket.id')
                .where('story.uses_spent', '>', 0),
            ),
          ),
        ),
      )
      .$if(status !== undefined && status !== 'used' && status !== 'transferred', (query) =>
        query.where('ticket.status', '=', status ?? ''),
      )
      // Where only stories matter, begin with them: they may be few among many tickets.
      .orderBy(sql.ref(status === 'used' ? 'story.ticket' : 'ticket.id'))
      .limit(limit)
      .execute()
  );
}

/** What the text names, and the tickets of holders whose name or address begins like it or whose order it is. */
async function findBySearch(
  queries: Queries,
  { id: event, codeHashKey }: EventRecord,
  text: string,
  keyOf: KeyOf,
): Promise<Found> {
  const pass = decodePass(text, keyOf);
  // What we have signed is nothing else.
  if (pass.ok) return { type: 'few', ids: pass.value.event === event ? [pass.value.ticketId] : [] };
  const named = await findNamed(queries, event, codeHashKey, text);
  const key = searchKey(text);
  const prefix = idPrefix(text);
  const holders = queries
    .selectFrom('ticket_holder')
    .select('ticket')
    .where('event', '=', event)
    .limit(fewMax + 1);
  const held = [
    ...(await holders
      .where('name_key', '>=', key)
      .where('name_key', '<', key + afterAll)
      .execute()),
    ...(await holders
      .where('surname_key', '>=', key)
      .where('surname_key', '<', key + afterAll)
      .execute()),
    ...(await holders
      .where('email_key', '>=', key)
      .where('email_key', '<', key + afterAll)
      .execute()),
    ...(await holders.where('order_key', '=', key).execute()),
    ...(prefix === undefined ? [] : await readIdsFrom(queries, event, prefix)),
  ];
  if (held.length > fewMax) return { type: 'many', key, prefix, named };
  return { type: 'few', ids: [...new Set([...named, ...held.map((row) => row.ticket)])] };
}

const readIdsFrom = (
  queries: Queries,
  event: number,
  prefix: string,
): Promise<readonly { readonly ticket: string }[]> =>
  queries
    .selectFrom('ticket')
    .select('id as ticket')
    .where('event', '=', event)
    .where('id', '>=', prefix)
    .where('id', '<', prefix + afterIds)
    .limit(fewMax + 1)
    .execute();

/** How an id begins, with or without dashes; fewer digits may as well be a name. */
function idPrefix(text: string): string | undefined {
  const digits = text.toLowerCase();
  return /^[0-9a-f]{8}[0-9a-f-]{0,28}$/.test(digits) ? digits.replaceAll('-', '') : undefined;
}

/** Ids of the tickets that the text itself names: as a foreign code of any epoch, as a typed short code. */
async function findNamed(
  queries: Queries,
  event: number,
  codeHashKeyHex: string,
  text: string,
): Promise<readonly string[]> {
  const codeHashKey = hexToBytes(codeHashKeyHex) ?? new Uint8Array(0);
  const coded = await queries
    .selectFrom('ticket_code')
    .select('ticket')
    .where('event', '=', event)
    .where('hash', '=', bytesToHex(codeHash(codeHashKey, text)))
    .executeTakeFirst();
  const typed = await findByShortCode(queries, event, codeHashKey, text);
  return [...(coded === undefined ? [] : [coded.ticket]), ...typed.map((found) => found.ticket)];
}

/** Tickets of this typed short code, with the epoch that it was printed for. */
export async function findByShortCode(
  queries: Queries,
  event: number,
  codeHashKey: Uint8Array,
  text: string,
): Promise<readonly { readonly ticket: string; readonly epoch: number }[]> {
  const parsed = parseShortCode(codeHashKey, text);
  if (parsed === undefined) return [];
  const candidates = await queries
    .selectFrom('ticket')
    .select(['id', 'epoch'])
    .where('event', '=', event)
    .where(sql<string>`substr(id, 27)`, 'in', shortCodeTails(parsed))
    .limit(shortCodeCandidatesMax)
    .execute();
  return candidates.flatMap(({ id: ticket, epoch: present }) => {
    const epoch = parsed.epochFor(ticket, present);
    return epoch === undefined ? [] : [{ ticket, epoch }];
  });
}

/** The last six digits of the ids that a short code may belong to: it has the last four and one of the two before. */
function shortCodeTails({ from }: ParsedShortCode): readonly string[] {
  const [last = '', second = '', third = ''] = [...from].map((byte) => byte.toString(16).padStart(2, '0'));
  return Array.from({ length: 16 }, (_, nibble) => third.slice(0, 1) + nibble.toString(16) + second + last);
}
