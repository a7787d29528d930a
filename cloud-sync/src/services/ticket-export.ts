// All tickets of an event as CSV, a page at a time, whatever there are of them: what they are, who holds them where that is asked for, and
// what the marks of all gates have made of them. Its columns are those that an import knows by their names. Codes are not among them:
// of what somebody else printed only a hash is here, and our own passes are shown ticket by ticket.
import { ok, err, type Result, type TicketExportQuery } from '@postern/shared';
import type { Database } from '../store/database.ts';
import { csvLine } from './csv.ts';
import { readEvent } from './events.ts';
import type { Failure } from './problems.ts';
import type { TicketRow } from './ticket-views.ts';

export interface TicketExports {
  /** `event-unknown`. Pieces of text, each of whole lines; the first begins with the header. */
  readonly open: (event: number, asked: TicketExportQuery) => Promise<Result<AsyncGenerator<string>, Failure>>;
}

const ticketsPerPage = 2_000;

const ticketColumns = [
  'ticket',
  'type',
  'type_name',
  'status',
  'party',
  'hold',
  'valid_from',
  'valid_until',
  'language',
  'created',
];
const holderColumns = ['order', 'name', 'email'];
const useColumns = ['persons_entered', 'persons_inside', 'first_entry', 'first_gate', 'last_exit', 'last_gate'];
type Cells = readonly (string | number | undefined)[];
type CellsById = ReadonlyMap<string, Cells>;

/** Tickets from one id to another, both included. */
interface Range {
  readonly event: number;
  readonly first: string;
  readonly last: string;
}

export const createTicketExports = (database: Database): TicketExports => ({
  open: async (eventId, { holders, uses }) => {
    const event = await readEvent(database, eventId);
    if (event === undefined) return err({ type: 'event-unknown' });
    const typeNames = new Map(event.policy.types.map(({ id, name }) => [id, name]));
    const header = [...ticketColumns, ...(holders ? holderColumns : []), ...(uses ? useColumns : [])];
    const pages = (async function* (): AsyncGenerator<string> {
      let head = csvLine(header);
      for (let after = ''; ;) {
        const rows = await database
          .selectFrom('ticket')
          .selectAll()
          .where('event', '=', eventId)
          .where('id', '>', after)
          .orderBy('id')
          .limit(ticketsPerPage)
          .execute();
        const range = { event: eventId, first: rows[0]?.id ?? '', last: rows.at(-1)?.id ?? '' };
        const held = holders ? await readHolderCells(database, range) : undefined;
        const used = uses ? await readUseCells(database, range) : undefined;
        yield (
          head +
          rows
            .map((row) =>
              csvLine([
                ...ticketCells(row, typeNames.get(row.type)),
                ...(held === undefined ? [] : (held.get(row.id) ?? holderColumns.map(() => undefined))),
                ...(used === undefined ? [] : (used.get(row.id) ?? unused)),
              ]),
            )
            .join('')
        );
        head = '';
        if (rows.length < ticketsPerPage) return;
        after = range.last;
      }
    })();
    return ok(pages);
  },
});

const ticketCells = (row: TicketRow, typeName: string | undefined): Cells => [
  row.id,
  row.type,
  typeName,
  row.status,
  row.party,
  row.hold ?? undefined,
  isoTime(row.valid_from_s === null ? undefined : row.valid_from_s * 1_000),
  isoTime(row.valid_until_s === null ? undefined : row.valid_until_s * 1_000),
  row.language ?? undefined,
  isoTime(row.created_at_ms),
];

async function readHolderCells(database: Database, { event, first, last }: Range): Promise<CellsById> {
  const rows = await database
    .selectFrom('ticket_holder')
    .select(['ticket', 'order_reference', 'name', 'email'])
    .where('event', '=', event)
    .where('ticket', '>=', first)
    .where('ticket', '<=', last)
    .execute();
  const cell = (text: string | null): string | undefined => text ?? undefined;
  return new Map(rows.map((row) => [row.ticket, [cell(row.order_reference), cell(row.name), cell(row.email)]]));
}

const unused: Cells = [0, 0, undefined, undefined, undefined, undefined];

interface Passage {
  readonly gate: string;
  readonly atMs: number;
}

async function readUseCells(database: Database, range: Range): Promise<CellsById> {
  const { event, first, last } = range;
  const stories = await database
    .selectFrom('story')
    .select(['ticket', 'uses_spent', 'inside'])
    .where('event', '=', event)
    .where('ticket', '>=', first)
    .where('ticket', '<=', last)
    .execute();
  const entries = await readPassages(database, 'entry', range);
  const exits = await readPassages(database, 'departure', range);
  return new Map(
    stories.map(({ ticket, uses_spent, inside }) => {
      const [entry, exit] = [entries.get(ticket)?.first, exits.get(ticket)?.last];
      return [ticket, [uses_spent, inside, isoTime(entry?.atMs), entry?.gate, isoTime(exit?.atMs), exit?.gate]];
    }),
  );
}

/** In the order of the fold. */
async function readPassages(
  database: Database,
  table: 'entry' | 'departure',
  { event, first, last }: Range,
): Promise<ReadonlyMap<string, { readonly first: Passage; readonly last: Passage }>> {
  const rows = await database
    .selectFrom(table)
    .select(['ticket', 'gate', 'at_ms'])
    .where('event', '=', event)
    .where('ticket', '>=', first)
    .where('ticket', '<=', last)
    .orderBy('at_ms')
    .orderBy('gate')
    .orderBy('boot')
    .orderBy('sequence')
    .execute();
  const passages = new Map<string, { readonly first: Passage; readonly last: Passage }>();
  for (const { ticket, gate, at_ms } of rows) {
    const passage = { gate, atMs: at_ms };
    passages.set(ticket, { first: passages.get(ticket)?.first ?? passage, last: passage });
  }
  return passages;
}

const isoTime = (ms: number | undefined): string | undefined =>
  ms === undefined ? undefined : new Date(ms).toISOString();
