// Reads the history of uses, the latest first: a page for JSON, one page after the other for CSV. The order is total, (time, gate, boot,
// sequence), so that nothing is skipped or told twice however far one pages.
import { auditPageDefault, ok, type Result, type UsageEntry, type UsagePage, type UsageQuery } from '@postern/shared';
import { z } from 'zod';
import type { Database } from '../store/database.ts';
import type { UsageRow } from '../store/usage.ts';
import type { VisibleEvents } from './audit-log.ts';
import { compareText, cursorText, mergePages, readPage } from './cursor.ts';
import { readOrigins, useKey } from './personal-fields.ts';
import type { Failure } from './problems.ts';

export interface UsageLog {
  readonly page: (query: UsageQuery, events: VisibleEvents) => Promise<Result<UsagePage, Failure>>;
}

const keySchema = z.tuple([z.number().int(), cursorText, cursorText, z.number().int()]);
type Key = z.infer<typeof keySchema>;

export function createUsageLog(database: Database): UsageLog {
  return {
    page: async (query, events) => {
      const page = await readPage({
        name: 'uses',
        query: { ...query, limit: query.limit ?? auditPageDefault },
        key: keySchema,
        read: (after, limit) => readRows(database, query, events, after, limit),
        keyOf: (row): Key => [row.at_ms, row.gate, row.boot, row.sequence],
      });
      if (!page.ok) return page;
      const { rows, ...rest } = page.value;
      return ok({ entries: await present(database, rows), ...rest });
    },
  };
}

/** Of all events that may be seen, where the query names none: a page of each, merged. Every index of uses begins with the event. */
async function readRows(
  database: Database,
  query: UsageQuery,
  events: VisibleEvents,
  after: Key | undefined,
  limit: number,
): Promise<readonly UsageRow[]> {
  if (query.event !== undefined) return readEventRows(database, query, query.event, after, limit);
  const ids = (await database.selectFrom('event').select('id').execute()).map((row) => row.id);
  return mergePages(
    ids.filter((id) => events === 'all' || events.has(id)),
    (id) => readEventRows(database, query, id, after, limit),
    compareLatestFirst,
    limit,
  );
}

function readEventRows(
  database: Database,
  { gate, method, ticket, person, reason, kind, from, to }: UsageQuery,
  event: number,
  after: Key | undefined,
  limit: number,
): Promise<UsageRow[]> {
  let select = database.selectFrom('usage').selectAll().where('event', '=', event);
  if (gate !== undefined) select = select.where('gate', '=', gate);
  if (method !== undefined) select = select.where('method', '=', method);
  if (ticket !== undefined) select = select.where('ticket', '=', ticket);
  if (person !== undefined) select = select.where('person', '=', person);
  if (reason !== undefined) select = select.where('reason', '=', reason);
  if (kind !== undefined) select = select.where('kind', '=', kind);
  if (from !== undefined) select = select.where('at_ms', '>=', from);
  if (to !== undefined) select = select.where('at_ms', '<', to);
  if (after !== undefined)
    select = select.where((where) =>
      where(where.refTuple('at_ms', 'gate', 'boot', 'sequence'), '<', where.tuple(...after)),
    );
  return select
    .orderBy('at_ms', 'desc')
    .orderBy('gate', 'desc')
    .orderBy('boot', 'desc')
    .orderBy('sequence', 'desc')
    .limit(limit)
    .execute();
}

const compareLatestFirst = (a: UsageRow, b: UsageRow): number =>
  b.at_ms - a.at_ms || compareText(b.gate, a.gate) || compareText(b.boot, a.boot) || b.sequence - a.sequence;

async function present(database: Database, rows: readonly UsageRow[]): Promise<UsageEntry[]> {
  const origins = new Map<string, Awaited<ReturnType<typeof readOrigins>>>();
  for (const event of new Set(rows.map((row) => row.event)))
    origins.set(
      `${event}`,
      await readOrigins(
        database,
        event,
        rows.filter((row) => row.event === event),
      ),
    );
  return rows.map((row) => ({
    event: row.event,
    gate: row.gate,
    boot: row.boot,
    sequence: row.sequence,
    atMs: row.at_ms,
    kind: row.kind,
    lane: row.lane,
    ...(row.ticket === null ? {} : { ticket: row.ticket }),
    ...(row.method === null ? {} : { method: row.method }),
    ...(row.person === null ? {} : { person: row.person }),
    ...(row.reason === null ? {} : { reason: row.reason }),
    count: row.count,
    ...origins.get(`${row.event}`)?.get(useKey(row)),
  }));
}
