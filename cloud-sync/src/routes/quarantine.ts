// Gates that are no longer believed: revoking one, looking at what was put aside, and letting some of it in after all.
import {
  quarantinePageSchema,
  quarantineQuerySchema,
  releaseResponseSchema,
  revokeGateRequestSchema,
  revokeGateResponseSchema,
} from '@postern/shared';
import type { Hono } from 'hono';
import { describeRoute } from 'hono-openapi';
import type { Quarantine } from '../services/quarantine.ts';
import type { Revocations } from '../services/revocations.ts';
import { createRouter, problem, type Environment } from './context.ts';
import { mayActIn } from './enforce-access.ts';
import {
  bodyProblems,
  describe,
  jsonBody,
  userProblems,
  validEvent,
  validGate,
  validJson,
  validQuarantined,
  validQuery,
} from './input.ts';

export interface QuarantineRoutesDeps {
  readonly revocations: Revocations;
  readonly quarantine: Quarantine;
}

export function quarantineRoutes({ revocations, quarantine }: QuarantineRoutesDeps): Hono<Environment> {
  const router = createRouter();
  router.post(
    '/admin/events/:event/gates/:gate/revoke',
    describeRoute(
      describe(
        'Revoke a gate: what has come in of it stays, all else of it is put aside everywhere',
        'gates',
        { schema: revokeGateResponseSchema },
        [...userProblems, ...bodyProblems, 'gate-unknown', 'gate-revoked'],
      ),
    ),
    validGate,
    jsonBody(),
    validJson(revokeGateRequestSchema),
    async (c) => {
      const { event, gate } = c.req.valid('param');
      const mayRevokeAt = (other: number): boolean => mayActIn(c, other) === undefined;
      const { reason } = c.req.valid('json');
      const revoked = await revocations.revoke(event, gate, reason, mayRevokeAt, c.get('audit')?.take);
      return revoked.ok ? c.json(revoked.value) : problem(c, revoked.error);
    },
  );
  router.get(
    '/api/events/:event/quarantine',
    describeRoute(
      describe('List what was put aside, the latest first', 'gates', { schema: quarantinePageSchema }, [
        ...userProblems,
        'request-invalid',
        'cursor-invalid',
        'event-unknown',
      ]),
    ),
    validEvent,
    validQuery(quarantineQuerySchema),
    async (c) => {
      const page = await quarantine.list(c.req.valid('param').event, c.req.valid('query'));
      return page.ok ? c.json(page.value) : problem(c, page.error);
    },
  );
  router.post(
    '/api/events/:event/quarantine/:chunk/release',
    describeRoute(
      describe(
        'Let marks of a revoked gate into the history after all, with those before them',
        'gates',
        { schema: releaseResponseSchema },
        [
          ...userProblems,
          'request-invalid',
          'event-unknown',
          'chunk-unknown',
          'chunk-released',
          'chunk-not-releasable',
        ],
      ),
    ),
    validQuarantined,
    async (c) => {
      const { event, chunk } = c.req.valid('param');
      const released = await quarantine.release(event, chunk, c.get('audit')?.take);
      return released.ok ? c.json(released.value) : problem(c, released.error);
    },
  );
  return router;
}
