// Wristbands that two tickets claim, for the person who settles it.
import {
  bindingChoiceSchema,
  bindingConflictListSchema,
  bindingConflictQuerySchema,
  bindingConflictSchema,
} from '@postern/shared';
import type { Hono } from 'hono';
import { describeRoute } from 'hono-openapi';
import type { BindingConflicts } from '../services/binding-conflicts.ts';
import { auditActorOf, createRouter, problem, type Environment } from './context.ts';
import {
  bodyProblems,
  describe,
  jsonBody,
  userProblems,
  validConflict,
  validEvent,
  validJson,
  validQuery,
} from './input.ts';

/** Under `/api/events`. */
export function bindingRoutes({ bindings }: { readonly bindings: BindingConflicts }): Hono<Environment> {
  const router = createRouter();
  router.get(
    '/:event/binding-conflicts',
    describeRoute(
      describe(
        'List wristbands that are linked twice, the latest first',
        'bindings',
        { schema: bindingConflictListSchema },
        [...userProblems, 'request-invalid', 'cursor-invalid', 'event-unknown'],
      ),
    ),
    validEvent,
    validQuery(bindingConflictQuerySchema),
    async (c) => {
      const page = await bindings.list(c.req.valid('param').event, c.req.valid('query'));
      return page.ok ? c.json(page.value) : problem(c, page.error);
    },
  );
  router.post(
    '/:event/binding-conflicts/:conflict/resolve',
    describeRoute(
      describe('Settle to which ticket a wristband belongs', 'bindings', { schema: bindingConflictSchema }, [
        ...userProblems,
        ...bodyProblems,
        'conflict-unknown',
        'choice-unknown',
        'store-unavailable',
      ]),
    ),
    validConflict,
    jsonBody(),
    validJson(bindingChoiceSchema),
    async (c) => {
      const { event, conflict } = c.req.valid('param');
      const settled = await bindings.resolve(event, conflict, c.req.valid('json'), auditActorOf(c));
      return settled.ok ? c.json(settled.value) : problem(c, settled.error);
    },
  );
  return router;
}
