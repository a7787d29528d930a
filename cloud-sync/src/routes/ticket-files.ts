// Tickets in files: a table to import, which is first looked at (dryRun=true) and then imported as background work; and all tickets of an
// event as CSV.
import {
  ticketExportQuerySchema,
  ticketFileBytesMax,
  ticketImportQuerySchema,
  ticketImportViewSchema,
  jobRunSchema,
} from '@postern/shared';
import type { Hono } from 'hono';
import { describeRoute } from 'hono-openapi';
import { stream } from 'hono/streaming';
import { ticketImportKind, type TicketImportParameters } from '../services/jobs/ticket-import.ts';
import type { Jobs } from '../services/jobs/jobs.ts';
import type { TicketExports } from '../services/ticket-export.ts';
import type { TicketFileImports } from '../services/ticket-file-import.ts';
import type { TicketUploads } from '../services/ticket-uploads.ts';
import { auditActorOf, createRouter, problem, type Environment, type RouteContext } from './context.ts';
import { announcedBody, describe, userProblems, validEvent, validEventRun, validQuery } from './input.ts';

export interface TicketFileRoutesDeps {
  readonly ticketFileImports: TicketFileImports;
  readonly ticketExports: TicketExports;
  readonly uploads: TicketUploads;
  readonly jobs: Jobs;
}

const csvType = 'text/csv';
const importProblems = [
  ...userProblems,
  'request-invalid',
  'content-type-unsupported',
  'body-too-large',
  'event-unknown',
  'csv-malformed',
  'columns-unfit',
  'file-unknown',
  'job-running',
  'store-unavailable',
] as const;

/** Under `/api/events`. */
export function ticketFileRoutes({
  ticketFileImports,
  ticketExports,
  uploads,
  jobs,
}: TicketFileRoutesDeps): Hono<Environment> {
  const router = createRouter();
  router.post(
    '/:event/tickets/import',
    describeRoute({
      ...describe(
        'Import the tickets of a CSV file as background work (202 and the run); dryRun=true says what that would do (200)',
        'tickets',
        { status: 202, schema: jobRunSchema },
        importProblems,
      ),
      requestBody: { required: true, content: { [csvType]: { schema: { type: 'string' } } } },
    }),
    validEvent,
    validQuery(ticketImportQuerySchema),
    announcedBody([csvType], ticketFileBytesMax, `Send the file with Content-Type: ${csvType}.`),
    async (c) => {
      const { event } = c.req.valid('param');
      const { dryRun, options } = c.req.valid('query');
      const received = await uploads.receive(event, bodyOf(c));
      if (!received.ok) return problem(c, received.error);
      const sha256 = received.value;
      try {
        const bytes = await uploads.read(sha256);
        if (!bytes.ok) return problem(c, bytes.error);
        if (dryRun) {
          // Nothing was done that the audit log would tell of.
          c.get('audit')?.take({});
          const { signal } = c.req.raw;
          const report = await ticketFileImports.run(event, bytes.value, {
            dryRun,
            options,
            by: auditActorOf(c),
            signal,
          });
          return report.ok ? c.json(report.value) : problem(c, report.error);
        }
        const checked = await ticketFileImports.check(event, bytes.value, options);
        if (!checked.ok) return problem(c, checked.error);
        const by = auditActorOf(c);
        const parameters: TicketImportParameters = { sha256, options, by: { kind: by.kind, id: by.id } };
        const started = await jobs.start(ticketImportKind, event, parameters, {
          by,
          during: async (queries, run) => {
            await uploads.assign(queries, run.id, event, sha256);
            await c.get('audit')?.record(queries, { subject: run.id, reason: run.kind });
          },
        });
        return started.ok ? c.json(started.value, 202) : problem(c, started.error);
      } finally {
        await uploads.release(sha256);
      }
    },
  );
  router.get(
    '/:event/tickets/imports/:run',
    describeRoute(
      describe(
        'Read an import with its progress and, once it has ended, its report',
        'tickets',
        {
          schema: ticketImportViewSchema,
        },
        [...userProblems, 'request-invalid', 'job-unknown'],
      ),
    ),
    validEventRun,
    async (c) => {
      const { event, run } = c.req.valid('param');
      const found = await jobs.find(run, event);
      if (!found.ok) return problem(c, found.error);
      if (found.value.kind !== ticketImportKind) return problem(c, { type: 'job-unknown' });
      const report = await uploads.report(run);
      return c.json({ run: found.value, ...(report === undefined ? {} : { report }) });
    },
  );
  router.get(
    '/:event/tickets.csv',
    describeRoute(
      describe(
        'All tickets as CSV; holders=true with names and addresses, for organisers; uses=true with first entry and last exit',
        'tickets',
        { contentType: csvType },
        [...userProblems, 'request-invalid', 'event-unknown'],
      ),
    ),
    validEvent,
    validQuery(ticketExportQuerySchema),
    async (c) => {
      const { event } = c.req.valid('param');
      const asked = c.req.valid('query');
      if (asked.holders && !maySeeHolders(c, event)) return problem(c, { type: 'role-too-low' });
      const pages = await ticketExports.open(event, asked);
      if (!pages.ok) return problem(c, pages.error);
      c.get('audit')?.add({ details: { ...asked } });
      c.header('Content-Type', `${csvType}; charset=utf-8`);
      c.header('Content-Disposition', `attachment; filename="tickets-${event}.csv"`);
      return stream(c, async (out) => {
        for await (const page of pages.value) {
          if (out.aborted) return;
          await out.write(page);
        }
      });
    },
  );
  return router;
}

/** Staff finds a visitor by name; the names of all of them are for who organises, and for programs that may read tickets. */
function maySeeHolders(c: RouteContext, event: number): boolean {
  const { admin, kind, memberships } = c.get('actor');
  return admin || kind === 'client' || memberships.get(event) === 'organiser';
}

async function* bodyOf(c: RouteContext): AsyncGenerator<Uint8Array> {
  const reader = c.req.raw.body?.getReader();
  if (reader === undefined) return;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    reader.releaseLock();
  }
}
