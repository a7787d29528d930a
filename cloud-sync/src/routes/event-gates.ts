// The gates of an event as people see them: a list with what each says of itself, and everything about one.
import { gateDetailSchema, gateListSchema, gateQuerySchema } from '@postern/shared';
import type { Hono } from 'hono';
import { describeRoute } from 'hono-openapi';
import { eventsOf } from '../services/actor.ts';
import type { Events } from '../services/events.ts';
import type { GateViews } from '../services/gate-views.ts';
import { createRouter, problem, type Environment } from './context.ts';
import { describe, userProblems, validEvent, validGate, validQuery } from './input.ts';

export interface EventGateRoutesDeps {
  readonly events: Events;
  readonly gateViews: GateViews;
}

/** Under `/api/events`. */
export function eventGateRoutes({ events, gateViews }: EventGateRoutesDeps): Hono<Environment> {
  const router = createRouter();
  router.get(
    '/:event/gates',
    describeRoute(
      describe('List gates and how each is', 'gates', { schema: gateListSchema }, [
        ...userProblems,
        'request-invalid',
        'event-unknown',
        'cursor-invalid',
      ]),
    ),
    validEvent,
    validQuery(gateQuerySchema),
    async (c) => {
      const found = await events.find(c.req.valid('param').event);
      if (!found.ok) return problem(c, found.error);
      const page = await gateViews.list(found.value.id, c.req.valid('query'));
      return page.ok ? c.json(page.value) : problem(c, page.error);
    },
  );
  router.get(
    '/:event/gates/:gate',
    describeRoute(
      describe('Read everything about a gate', 'gates', { schema: gateDetailSchema }, [
        ...userProblems,
        'request-invalid',
        'gate-unknown',
      ]),
    ),
    validGate,
    async (c) => {
      const { event, gate } = c.req.valid('param');
      const own = eventsOf(c.get('actor'));
      const found = await gateViews.find(event, gate, (other) => own === 'all' || own.has(other));
      return found.ok ? c.json(found.value) : problem(c, found.error);
    },
  );
  return router;
}
