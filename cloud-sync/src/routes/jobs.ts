// Background work for people: what there is, how it fares, run now, cancel. Under /admin everything, under an event what is about it.
import {
  jobKindListSchema,
  jobPageSchema,
  jobQuerySchema,
  jobRunSchema,
  jobStartSchema,
  type JobRun,
  type Result,
} from '@postern/shared';
import type { Context, Hono } from 'hono';
import { describeRoute } from 'hono-openapi';
import type { Jobs, StartOptions } from '../services/jobs/jobs.ts';
import type { Failure } from '../services/problems.ts';
import { auditActorOf, createRouter, problem, type Environment, type RouteContext } from './context.ts';
import {
  bodyProblems,
  describe,
  jsonBody,
  userProblems,
  validEvent,
  validEventRun,
  validJson,
  validQuery,
  validRun,
} from './input.ts';

export interface JobRoutesDeps {
  readonly jobs: Jobs;
}

const readProblems = [...userProblems, 'request-invalid'] as const;
const startProblems = [
  ...userProblems,
  ...bodyProblems,
  'job-kind-unknown',
  'job-not-startable',
  'job-running',
  'options-invalid',
] as const;
const cancelProblems = [...readProblems, 'job-unknown', 'job-ended'] as const;
const describeStart = describe('Begin a run now', 'jobs', { status: 202, schema: jobRunSchema }, startProblems);
const describeRuns = describe('List runs, the newest first', 'jobs', { schema: jobPageSchema }, [
  ...readProblems,
  'cursor-invalid',
]);
const describeRun = describe('Read a run with its progress and result', 'jobs', { schema: jobRunSchema }, [
  ...readProblems,
  'job-unknown',
]);
const describeCancel = describe('Cancel a run', 'jobs', { schema: jobRunSchema }, cancelProblems);

const answer = (c: Context, result: Result<JobRun, Failure>, status: 200 | 202 = 200): Response =>
  result.ok ? c.json(result.value, status) : problem(c, result.error);

/** The entry of the audit log goes with what it tells of. */
const recorded = (c: RouteContext): Required<Pick<StartOptions, 'during'>> => ({
  during: async (queries, run) => c.get('audit')?.record(queries, { subject: run.id, reason: run.kind }),
});

/** Under `/admin`. */
export function jobAdminRoutes({ jobs }: JobRoutesDeps): Hono<Environment> {
  const router = createRouter();
  router.get(
    '/jobs',
    describeRoute(
      describe('List the kinds of background work', 'jobs', { schema: jobKindListSchema }, [...userProblems]),
    ),
    async (c) => c.json({ kinds: await jobs.kinds() }),
  );
  router.get('/jobs/runs', describeRoute(describeRuns), validQuery(jobQuerySchema), async (c) => {
    const page = await jobs.list(c.req.valid('query'));
    return page.ok ? c.json(page.value) : problem(c, page.error);
  });
  router.post('/jobs/runs', describeRoute(describeStart), jsonBody(), validJson(jobStartSchema), async (c) => {
    const options = { by: auditActorOf(c), ...recorded(c) };
    return answer(c, await jobs.runNow(c.req.valid('json').kind, 0, options), 202);
  });
  router.get('/jobs/runs/:run', describeRoute(describeRun), validRun, async (c) =>
    answer(c, await jobs.find(c.req.valid('param').run)),
  );
  router.post('/jobs/runs/:run/cancel', describeRoute(describeCancel), validRun, async (c) =>
    answer(c, await jobs.cancel(c.req.valid('param').run, recorded(c))),
  );
  return router;
}

/** Under `/api/events`. */
export function jobRoutes({ jobs }: JobRoutesDeps): Hono<Environment> {
  const router = createRouter();
  router.get('/:event/jobs', describeRoute(describeRuns), validEvent, validQuery(jobQuerySchema), async (c) => {
    const page = await jobs.list(c.req.valid('query'), c.req.valid('param').event);
    return page.ok ? c.json(page.value) : problem(c, page.error);
  });
  router.post(
    '/:event/jobs',
    describeRoute(describeStart),
    validEvent,
    jsonBody(),
    validJson(jobStartSchema),
    async (c) => {
      const options = { by: auditActorOf(c), ...recorded(c) };
      return answer(c, await jobs.runNow(c.req.valid('json').kind, c.req.valid('param').event, options), 202);
    },
  );
  router.get('/:event/jobs/:run', describeRoute(describeRun), validEventRun, async (c) => {
    const { event, run } = c.req.valid('param');
    return answer(c, await jobs.find(run, event));
  });
  router.post('/:event/jobs/:run/cancel', describeRoute(describeCancel), validEventRun, async (c) => {
    const { event, run } = c.req.valid('param');
    return answer(c, await jobs.cancel(run, { event, ...recorded(c) }));
  });
  return router;
}
