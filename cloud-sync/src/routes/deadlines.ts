// By when what is to be done for an event, for its organisers.
import { assert, eventDeadlinesRequestSchema, eventDeadlinesSchema } from '@postern/shared';
import type { Hono } from 'hono';
import { describeRoute } from 'hono-openapi';
import type { EventDeadlinesService } from '../services/event-deadlines.ts';
import { auditActorOf, createRouter, problem, type Environment } from './context.ts';
import { bodyProblems, describe, jsonBody, userProblems, validEvent, validJson } from './input.ts';

/** Under `/api/events`. */
export function deadlineRoutes({ deadlines }: { readonly deadlines: EventDeadlinesService }): Hono<Environment> {
  const router = createRouter();
  router.get(
    '/:event/deadlines',
    describeRoute(
      describe('Read by when what is done for an event', 'events', { schema: eventDeadlinesSchema }, [
        ...userProblems,
        'request-invalid',
        'event-unknown',
      ]),
    ),
    validEvent,
    async (c) => {
      const found = await deadlines.read(c.req.valid('param').event);
      return found.ok ? c.json(found.value) : problem(c, found.error);
    },
  );
  router.put(
    '/:event/deadlines',
    describeRoute(
      describe('Say by when what is to be done for an event', 'events', { schema: eventDeadlinesSchema }, [
        ...userProblems,
        ...bodyProblems,
        'event-unknown',
        'options-invalid',
        'job-running',
      ]),
    ),
    validEvent,
    jsonBody(),
    validJson(eventDeadlinesRequestSchema),
    async (c) => {
      const audit = c.get('audit');
      assert(audit !== undefined, 'who sets deadlines leaves an entry');
      const { event } = c.req.valid('param');
      const set = await deadlines.set(event, c.req.valid('json'), auditActorOf(c), audit.take);
      return set.ok ? c.json(set.value) : problem(c, set.error);
    },
  );
  return router;
}
