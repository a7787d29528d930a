// Reads the audit log, the latest first, a page at a time. Personal fields come along where nobody has had them erased.
import {
  auditEntrySchema,
  auditPageDefault,
  ok,
  type AuditEntry,
  type AuditPage,
  type AuditQuery,
  type Result,
} from '@postern/shared';
import { z } from 'zod';
import type { Database } from '../store/database.ts';
import type { EntryRow } from './audit-chain.ts';
import { compareText, cursorText, mergePages, readPage } from './cursor.ts';
import { parseJson } from './parse-json.ts';
import { placeKey, readPersonalFields, type PersonalValues } from './personal-fields.ts';
import type { Failure } from './problems.ts';

/** What whoever asks may see; 0 is what concerns no event. */
export type VisibleEvents = 'all' | ReadonlySet<number>;

export interface AuditLog {
  readonly page: (query: AuditQuery, events: VisibleEvents) => Promise<Result<AuditPage, Failure>>;
}

const keySchema = z.tuple([z.number().int(), cursorText, z.number().int()]);
type Key = z.infer<typeof keySchema>;

export function createAuditLog(database: Database): AuditLog {
  return {
    page: async (query, events) => {
      const page = await readPage({
        name: 'audit log',
        query: { ...query, limit: query.limit ?? auditPageDefault },
        key: keySchema,
        read: (after, limit) => readRows(database, query, events, after, limit),
        keyOf: (row): Key => [row.at_ms, row.chain, row.sequence],
      });
      if (!page.ok) return page;
      const { rows, ...rest } = page.value;
      const personal = await readPersonalFields(database, rows);
      return ok({ entries: rows.map((row) => toEntry(row, personal.get(placeKey(row)) ?? new Map())), ...rest });
    },
  };
}

async function readRows(
  database: Database,
  query: AuditQuery,
  events: VisibleEvents,
  after: Key | undefined,
  limit: number,
): Promise<readonly EntryRow[]> {
  if (query.event !== undefined || events === 'all') return readEventRows(database, query, query.event, after, limit);
  return mergePages(
    events,
    (event) => readEventRows(database, query, event, after, limit),
    (a, b) => b.at_ms - a.at_ms || compareText(b.chain, a.chain) || b.sequence - a.sequence,
    limit,
  );
}

/** Of one event, or of all and none. */
function readEventRows(
  database: Database,
  { gate, method, ticket, person, reason, action, from, to }: AuditQuery,
  event: number | undefined,
  after: Key | undefined,
  limit: number,
): Promise<EntryRow[]> {
  let select = database.selectFrom('audit_entry').selectAll();
  if (event !== undefined) select = select.where('event', '=', event);
  if (gate !== undefined) select = select.where('gate', '=', gate);
  if (method !== undefined) select = select.where('method', '=', method);
  if (ticket !== undefined) select = select.where('ticket', '=', ticket);
  if (person !== undefined) select = select.where('actor', '=', person);
  if (reason !== undefined) select = select.where('reason', '=', reason);
  if (action !== undefined) select = select.where('action', '=', action);
  if (from !== undefined) select = select.where('at_ms', '>=', from);
  if (to !== undefined) select = select.where('at_ms', '<', to);
  if (after !== undefined)
    select = select.where((where) => where(where.refTuple('at_ms', 'chain', 'sequence'), '<', where.tuple(...after)));
  return select.orderBy('at_ms', 'desc').orderBy('chain', 'desc').orderBy('sequence', 'desc').limit(limit).execute();
}

const detailsSchema = auditEntrySchema.shape.details.unwrap();

export function toEntry(row: EntryRow, personal: PersonalValues): AuditEntry {
  const details = detailsSchema.safeParse(parseJson(row.details ?? ''));
  const erased = [...personal].filter(([, value]) => value === null).map(([field]) => field);
  const given = Object.entries({
    gate: row.gate,
    method: row.method,
    ticket: row.ticket,
    subject: row.subject,
    reason: row.reason,
    request: row.request,
    mark: row.mark,
    ...Object.fromEntries(personal),
  }).filter(([, value]) => value !== null);
  return {
    chain: row.chain,
    sequence: row.sequence,
    event: row.event,
    atMs: row.at_ms,
    action: row.action,
    actorKind: row.actor_kind,
    actor: row.actor,
    ...Object.fromEntries(given),
    ...(details.success ? { details: details.data } : {}),
    ...(erased.length === 0 ? {} : { erased }),
    hash: row.hash,
  };
}
