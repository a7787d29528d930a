// What was done and what was used, for people who answer for it: two lists with the same filters, as pages of JSON or as one CSV that is
// streamed page by page. An organiser sees the events that they organise, an administrator also what concerns no event.
import {
  auditPageMax,
  auditPageSchema,
  auditQuerySchema,
  usagePageSchema,
  usageQuerySchema,
  type AuditEntry,
  type Result,
  type UsageEntry,
} from '@postern/shared';
import type { Hono } from 'hono';
import { describeRoute } from 'hono-openapi';
import type { Actor } from '../services/actor.ts';
import type { AuditLog, VisibleEvents } from '../services/audit-log.ts';
import { csvLine } from '../services/csv.ts';
import type { Failure } from '../services/problems.ts';
import type { UsageLog } from '../services/usage-log.ts';
import { createRouter, problem, type Environment } from './context.ts';
import { describe, userProblems, validQuery } from './input.ts';

export interface AuditRoutesDeps {
  readonly auditLog: AuditLog;
  readonly usageLog: UsageLog;
}

type Cells = readonly (string | number | undefined)[];
interface Page<T> {
  readonly entries: readonly T[];
  readonly next?: string | undefined;
}
type ReadPage<T> = (cursor: string | undefined, limit: number) => Promise<Result<Page<T>, Failure>>;

/** Under `/audits`. */
export function auditRoutes({ auditLog, usageLog }: AuditRoutesDeps): Hono<Environment> {
  const router = createRouter();
  router.get(
    '/usage',
    describeRoute(
      describe(
        'List uses and attempts of all methods, the latest first',
        'audits',
        { schema: usagePageSchema, alsoAs: 'text/csv' },
        [...userProblems, 'request-invalid', 'cursor-invalid', 'event-unknown'],
      ),
    ),
    validQuery(usageQuerySchema),
    async (c) => {
      const query = c.req.valid('query');
      const events = visibleEvents(c.get('actor'));
      if (!isVisible(query.event, events)) return problem(c, { type: 'event-unknown' });
      if (query.format === 'csv') {
        const read: ReadPage<UsageEntry> = (cursor, limit) => usageLog.page({ ...query, cursor, limit }, events);
        const csv = await openCsv(usageColumns, usageCells, read, query);
        return csv.ok ? c.body(csv.value, 200, csvHeaders('usage')) : problem(c, csv.error);
      }
      const page = await usageLog.page(query, events);
      return page.ok ? c.json(page.value) : problem(c, page.error);
    },
  );
  router.get(
    '/log',
    describeRoute(
      describe('List what was done, the latest first', 'audits', { schema: auditPageSchema, alsoAs: 'text/csv' }, [
        ...userProblems,
        'request-invalid',
        'cursor-invalid',
        'event-unknown',
      ]),
    ),
    validQuery(auditQuerySchema),
    async (c) => {
      const query = c.req.valid('query');
      const events = visibleEvents(c.get('actor'));
      if (!isVisible(query.event, events)) return problem(c, { type: 'event-unknown' });
      if (query.format === 'csv') {
        const read: ReadPage<AuditEntry> = (cursor, limit) => auditLog.page({ ...query, cursor, limit }, events);
        const csv = await openCsv(auditColumns, auditCells, read, query);
        return csv.ok ? c.body(csv.value, 200, csvHeaders('audit')) : problem(c, csv.error);
      }
      const page = await auditLog.page(query, events);
      return page.ok ? c.json(page.value) : problem(c, page.error);
    },
  );
  return router;
}

/** A person's, where they organise; a role that only works at the gate does not read who did what. */
function visibleEvents(actor: Actor): VisibleEvents {
  if (actor.admin) return 'all';
  if (actor.events !== undefined) return actor.events;
  return new Set([...actor.memberships].filter(([, role]) => role === 'organiser').map(([event]) => event));
}

/** A foreign event is answered as one that does not exist. */
const isVisible = (event: number | undefined, events: VisibleEvents): boolean =>
  event === undefined || events === 'all' || events.has(event);

const usageColumns = [
  'at',
  'event',
  'gate',
  'lane',
  'kind',
  'ticket',
  'method',
  'person',
  'reason',
  'count',
  'address',
  'device',
  'boot',
  'sequence',
];
const usageCells = (use: UsageEntry): Cells => [
  isoTime(use.atMs),
  use.event,
  use.gate,
  use.lane,
  use.kind,
  use.ticket,
  use.method,
  use.person,
  use.reason,
  use.count,
  use.address,
  use.device,
  use.boot,
  use.sequence,
];

const auditColumns = [
  'at',
  'event',
  'action',
  'actor_kind',
  'actor',
  'name',
  'gate',
  'method',
  'ticket',
  'subject',
  'reason',
  'details',
  'note',
  'address',
  'device',
  'request',
  'mark',
  'chain',
  'sequence',
  'hash',
];
const auditCells = (entry: AuditEntry): Cells => [
  isoTime(entry.atMs),
  entry.event,
  entry.action,
  entry.actorKind,
  entry.actor,
  entry.name,
  entry.gate,
  entry.method,
  entry.ticket,
  entry.subject,
  entry.reason,
  entry.details === undefined ? undefined : JSON.stringify(entry.details),
  entry.note,
  entry.address,
  entry.device,
  entry.request,
  entry.mark,
  entry.chain,
  entry.sequence,
  entry.hash,
];

const isoTime = (ms: number): string => new Date(ms).toISOString();
const csvHeaders = (name: string): Record<string, string> => ({
  'Content-Type': 'text/csv; charset=utf-8',
  'Content-Disposition': `attachment; filename="${name}.csv"`,
});

/** Holds one page at a time; a failure on the way breaks the answer off instead of ending it as if it were whole. */
async function openCsv<T>(
  columns: readonly string[],
  toCells: (entry: T) => Cells,
  read: ReadPage<T>,
  {
    cursor,
    limit = Number.POSITIVE_INFINITY,
  }: { readonly cursor?: string | undefined; readonly limit?: number | undefined },
): Promise<Result<ReadableStream<Uint8Array>, Failure>> {
  let left = limit;
  let page = await read(cursor, Math.min(left, auditPageMax));
  if (!page.ok) return page;
  let head = csvLine(columns);
  const encoder = new TextEncoder();
  const stream = new ReadableStream<Uint8Array>({
    pull: async (controller) => {
      if (!page.ok) throw new Error(page.error.type);
      const { entries, next } = page.value;
      controller.enqueue(encoder.encode(head + entries.map((entry) => csvLine(toCells(entry))).join('')));
      head = '';
      left -= entries.length;
      if (next === undefined || left <= 0) controller.close();
      else page = await read(next, Math.min(left, auditPageMax));
    },
  });
  return { ok: true, value: stream };
}
