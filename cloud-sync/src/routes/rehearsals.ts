// Rehearsal of an event: begin one, leave it by one request, and see how it stands at the gates.
import { rehearsalRequestSchema, rehearsalViewSchema } from '@postern/shared';
import type { Hono } from 'hono';
import { describeRoute } from 'hono-openapi';
import type { Rehearsals } from '../services/rehearsals.ts';
import { createRouter, problem, type Environment } from './context.ts';
import { bodyProblems, describe, jsonBody, userProblems, validEvent, validJson } from './input.ts';

const readProblems = [...userProblems, 'request-invalid', 'event-unknown'] as const;

/** Under `/api/events`. */
export function rehearsalRoutes({ rehearsals }: { readonly rehearsals: Rehearsals }): Hono<Environment> {
  const router = createRouter();
  router.get(
    '/:event/rehearsal',
    describeRoute(
      describe(
        'Say what rehearses, and which gates do not',
        'rehearsal',
        { schema: rehearsalViewSchema },
        readProblems,
      ),
    ),
    validEvent,
    async (c) => {
      const seen = await rehearsals.view(c.req.valid('param').event);
      return seen.ok ? c.json(seen.value) : problem(c, seen.error);
    },
  );
  router.post(
    '/:event/rehearsal',
    describeRoute(
      describe('Begin a rehearsal at all gates: no entry counts', 'rehearsal', { schema: rehearsalViewSchema }, [
        ...readProblems,
        ...bodyProblems,
        'rehearsal-in-force',
      ]),
    ),
    validEvent,
    jsonBody(),
    validJson(rehearsalRequestSchema),
    async (c) => {
      const begun = await rehearsals.begin(c.req.valid('param').event, c.req.valid('json').forMinutes, c.get('actor'));
      return begun.ok ? c.json(begun.value) : problem(c, begun.error);
    },
  );
  router.delete(
    '/:event/rehearsal',
    describeRoute(
      describe('Leave the rehearsal: entries count from now on', 'rehearsal', { schema: rehearsalViewSchema }, [
        ...readProblems,
        'rehearsal-not-in-force',
      ]),
    ),
    validEvent,
    async (c) => {
      const ended = await rehearsals.end(c.req.valid('param').event);
      return ended.ok ? c.json(ended.value) : problem(c, ended.error);
    },
  );
  return router;
}
