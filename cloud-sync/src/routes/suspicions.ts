// Suspicious uses of an event, for the person who works them off, and the settings that say what is suspicious.
import {
  suspicionChangeSchema,
  suspicionPageSchema,
  suspicionQuerySchema,
  suspicionRulesSchema,
  suspicionSchema,
} from '@postern/shared';
import type { Hono } from 'hono';
import { describeRoute } from 'hono-openapi';
import type { Suspicions } from '../services/suspicions.ts';
import { auditActorOf, createRouter, problem, type Environment } from './context.ts';
import {
  bodyProblems,
  describe,
  jsonBody,
  userProblems,
  validEvent,
  validJson,
  validQuery,
  validSuspicion,
} from './input.ts';

const readProblems = [...userProblems, 'request-invalid', 'event-unknown'] as const;

/** Under `/api/events`. */
export function suspicionRoutes({ suspicions }: { readonly suspicions: Suspicions }): Hono<Environment> {
  const router = createRouter();
  router.get(
    '/:event/suspicions',
    describeRoute(
      describe('List suspicious uses, the latest first', 'suspicions', { schema: suspicionPageSchema }, [
        ...readProblems,
        'cursor-invalid',
      ]),
    ),
    validEvent,
    validQuery(suspicionQuerySchema),
    async (c) => {
      const page = await suspicions.list(c.req.valid('param').event, c.req.valid('query'));
      return page.ok ? c.json(page.value) : problem(c, page.error);
    },
  );
  router.patch(
    '/:event/suspicions/:suspicion',
    describeRoute(
      describe('Say what a suspicious use came to', 'suspicions', { schema: suspicionSchema }, [
        ...userProblems,
        ...bodyProblems,
        'suspicion-unknown',
        'state-unreachable',
      ]),
    ),
    validSuspicion,
    jsonBody(),
    validJson(suspicionChangeSchema),
    async (c) => {
      const { event, suspicion } = c.req.valid('param');
      const changed = await suspicions.change(event, suspicion, c.req.valid('json'), auditActorOf(c));
      return changed.ok ? c.json(changed.value) : problem(c, changed.error);
    },
  );
  router.get(
    '/:event/suspicion-rules',
    describeRoute(
      describe('Read what counts as suspicious', 'suspicions', { schema: suspicionRulesSchema }, readProblems),
    ),
    validEvent,
    async (c) => {
      const rules = await suspicions.rules(c.req.valid('param').event);
      return rules.ok ? c.json(rules.value) : problem(c, rules.error);
    },
  );
  router.put(
    '/:event/suspicion-rules',
    describeRoute(
      describe('Say what counts as suspicious', 'suspicions', { schema: suspicionRulesSchema }, [
        ...userProblems,
        ...bodyProblems,
        'event-unknown',
      ]),
    ),
    validEvent,
    jsonBody(),
    validJson(suspicionRulesSchema),
    async (c) => {
      const rules = await suspicions.changeRules(c.req.valid('param').event, c.req.valid('json'), auditActorOf(c));
      return rules.ok ? c.json(rules.value) : problem(c, rules.error);
    },
  );
  return router;
}
