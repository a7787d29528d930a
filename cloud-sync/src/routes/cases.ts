// Cases of an event and their work-off; up to when the cloud knows everything, and gates declared lost; what gates have decided alone.
import {
  caseChangeSchema,
  caseListSchema,
  caseQuerySchema,
  caseViewSchema,
  coverageSchema,
  lostGateRequestSchema,
  lostGateSchema,
  offlineRiskSchema,
} from '@postern/shared';
import type { Hono } from 'hono';
import { describeRoute } from 'hono-openapi';
import type { Cases } from '../services/cases.ts';
import type { CoverageService } from '../services/coverage.ts';
import type { ReadOfflineRisk } from '../services/offline-risk.ts';
import { auditActorOf, createRouter, problem, type Environment } from './context.ts';
import {
  bodyProblems,
  describe,
  jsonBody,
  userProblems,
  validCase,
  validEvent,
  validGate,
  validJson,
  validQuery,
} from './input.ts';

const readProblems = [...userProblems, 'request-invalid', 'event-unknown'] as const;

export interface CaseRoutesDeps {
  readonly cases: Cases;
  readonly coverage: CoverageService;
  readonly readOfflineRisk: ReadOfflineRisk;
}

/** Under `/api/events`. */
export function caseRoutes({ cases, coverage, readOfflineRisk }: CaseRoutesDeps): Hono<Environment> {
  const router = createRouter();
  router.get(
    '/:event/cases',
    describeRoute(
      describe('List uses that do not fit, the latest first', 'cases', { schema: caseListSchema }, [
        ...readProblems,
        'cursor-invalid',
      ]),
    ),
    validEvent,
    validQuery(caseQuerySchema),
    async (c) => {
      const page = await cases.list(c.req.valid('param').event, c.req.valid('query'));
      return page.ok ? c.json(page.value) : problem(c, page.error);
    },
  );
  router.get(
    '/:event/cases/:case',
    describeRoute(
      describe('Read a case', 'cases', { schema: caseViewSchema }, [
        ...userProblems,
        'request-invalid',
        'case-unknown',
      ]),
    ),
    validCase,
    async (c) => {
      const { event, case: id } = c.req.valid('param');
      const found = await cases.find(event, id);
      return found.ok ? c.json(found.value) : problem(c, found.error);
    },
  );
  router.patch(
    '/:event/cases/:case',
    describeRoute(
      describe('Say what a case came to', 'cases', { schema: caseViewSchema }, [
        ...userProblems,
        ...bodyProblems,
        'case-unknown',
        'state-unreachable',
      ]),
    ),
    validCase,
    jsonBody(),
    validJson(caseChangeSchema),
    async (c) => {
      const { event, case: id } = c.req.valid('param');
      const changed = await cases.change(event, id, c.req.valid('json'), auditActorOf(c));
      return changed.ok ? c.json(changed.value) : problem(c, changed.error);
    },
  );
  router.get(
    '/:event/coverage',
    describeRoute(describe('Read up to when everything is known', 'cases', { schema: coverageSchema }, readProblems)),
    validEvent,
    async (c) => {
      const view = await coverage.view(c.req.valid('param').event);
      return view.ok ? c.json(view.value) : problem(c, view.error);
    },
  );
  router.put(
    '/:event/gates/:gate/lost',
    describeRoute(
      describe('Declare that nothing more will come of a gate', 'cases', { schema: lostGateSchema }, [
        ...userProblems,
        ...bodyProblems,
        'gate-unknown',
      ]),
    ),
    validGate,
    jsonBody(),
    validJson(lostGateRequestSchema),
    async (c) => {
      const { event, gate } = c.req.valid('param');
      const declared = await coverage.declareLost(event, gate, c.req.valid('json'), auditActorOf(c));
      return declared.ok ? c.json(declared.value) : problem(c, declared.error);
    },
  );
  router.delete(
    '/:event/gates/:gate/lost',
    describeRoute(
      describe('Wait for a gate again that was declared lost', 'cases', { status: 204 }, [
        ...userProblems,
        'request-invalid',
        'gate-unknown',
        'state-unreachable',
      ]),
    ),
    validGate,
    async (c) => {
      const { event, gate } = c.req.valid('param');
      const taken = await coverage.takeBack(event, gate, auditActorOf(c));
      return taken.ok ? c.body(null, 204) : problem(c, taken.error);
    },
  );
  router.get(
    '/:event/offline-risk',
    describeRoute(
      describe(
        'Count entries that gates have decided while out of touch',
        'cases',
        { schema: offlineRiskSchema },
        readProblems,
      ),
    ),
    validEvent,
    async (c) => {
      const risk = await readOfflineRisk(c.req.valid('param').event);
      return risk.ok ? c.json(risk.value) : problem(c, risk.error);
    },
  );
  return router;
}
