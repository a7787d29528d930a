// Tickets that a pretix server sells: connecting an event with one there, reading it now, and what did not go back.
import {
  jobRunSchema,
  pretixCheckInPageSchema,
  pretixCheckInQuerySchema,
  pretixConnectSchema,
  pretixImportSchema,
  pretixRetrySchema,
  pretixViewSchema,
} from '@postern/shared';
import type { Hono } from 'hono';
import { describeRoute } from 'hono-openapi';
import type { Jobs } from '../services/jobs/jobs.ts';
import type { Pretix } from '../services/pretix/service.ts';
import { pretixImportKind } from '../services/pretix/work.ts';
import { auditActorOf, createRouter, problem, type Environment } from './context.ts';
import { bodyProblems, describe, jsonBody, userProblems, validEvent, validJson, validQuery } from './input.ts';

export interface PretixRoutesDeps {
  readonly pretix: Pretix;
  readonly jobs: Jobs;
}

const readProblems = [...userProblems, 'request-invalid', 'pretix-unconnected'] as const;
const tag = 'pretix';

/** Under `/api/events`. */
export function pretixRoutes({ pretix, jobs }: PretixRoutesDeps): Hono<Environment> {
  const router = createRouter();
  router.put(
    '/:event/pretix',
    describeRoute(
      describe(
        'Connect an event with one of a pretix server, once that server says it may be',
        tag,
        { schema: pretixViewSchema },
        [
          ...userProblems,
          ...bodyProblems,
          'event-unknown',
          'zone-unknown',
          'type-unknown',
          'pretix-connected',
          'pretix-unencrypted',
          'pretix-url-forbidden',
          'pretix-refused',
          'pretix-unknown',
          'pretix-unreachable',
          'pretix-busy',
          'pretix-answer-wrong',
          'pretix-stopped',
        ],
      ),
    ),
    validEvent,
    jsonBody(),
    validJson(pretixConnectSchema),
    async (c) => {
      const options = { signal: c.req.raw.signal, anywhere: c.get('actor').admin };
      const connected = await pretix.connect(c.req.valid('param').event, c.req.valid('json'), options);
      if (!connected.ok) return problem(c, connected.error);
      const { server, organizer, slug, names } = connected.value;
      c.get('audit')?.add({ details: { server, organizer, slug, names } });
      return c.json(connected.value);
    },
  );
  router.get(
    '/:event/pretix',
    describeRoute(describe('Show the connection and how it fares', tag, { schema: pretixViewSchema }, readProblems)),
    validEvent,
    async (c) => {
      const view = await pretix.view(c.req.valid('param').event);
      return view.ok ? c.json(view.value) : problem(c, view.error);
    },
  );
  router.delete(
    '/:event/pretix',
    describeRoute(describe('Forget token and settings; the tickets stay', tag, { status: 204 }, readProblems)),
    validEvent,
    async (c) => {
      const gone = await pretix.disconnect(c.req.valid('param').event);
      return gone.ok ? c.body(null, 204) : problem(c, gone.error);
    },
  );
  router.post(
    '/:event/pretix/import',
    describeRoute(
      describe(
        'Read what is new now, or everything again, and send admissions back',
        tag,
        { status: 202, schema: jobRunSchema },
        [...readProblems, ...bodyProblems, 'job-running'],
      ),
    ),
    validEvent,
    jsonBody(),
    validJson(pretixImportSchema),
    async (c) => {
      const { event } = c.req.valid('param');
      const view = await pretix.view(event);
      if (!view.ok) return problem(c, view.error);
      const started = await jobs.start(pretixImportKind, event, c.req.valid('json'), {
        by: auditActorOf(c),
        during: async (queries, run) => c.get('audit')?.record(queries, { subject: run.id, reason: run.kind }),
      });
      return started.ok ? c.json(started.value, 202) : problem(c, started.error);
    },
  );
  router.get(
    '/:event/pretix/check-ins',
    describeRoute(
      describe(
        'List admissions and exits of one state, refused ones by default',
        tag,
        { schema: pretixCheckInPageSchema },
        [...readProblems, 'cursor-invalid'],
      ),
    ),
    validEvent,
    validQuery(pretixCheckInQuerySchema),
    async (c) => {
      const page = await pretix.checkIns(c.req.valid('param').event, c.req.valid('query'));
      return page.ok ? c.json(page.value) : problem(c, page.error);
    },
  );
  router.post(
    '/:event/pretix/check-ins/retry',
    describeRoute(describe('Send what was refused once more', tag, { schema: pretixRetrySchema }, readProblems)),
    validEvent,
    async (c) => {
      const again = await pretix.retry(c.req.valid('param').event, async (queries) =>
        c.get('audit')?.record(queries, {}),
      );
      return again.ok ? c.json({ checkIns: again.value }) : problem(c, again.error);
    },
  );
  return router;
}
