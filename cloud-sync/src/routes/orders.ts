// Orders to a venue (stop entry, evacuate), the roll-call, and blocking a ticket now. An order takes two requests by the same person: the
// first says what it would do.
import {
  denyResponseSchema,
  orderConfirmRequestSchema,
  orderConfirmationSchema,
  orderRequestSchema,
  ordersViewSchema,
  rollCallSchema,
} from '@postern/shared';
import type { Hono } from 'hono';
import { describeRoute } from 'hono-openapi';
import type { Denials } from '../services/denials.ts';
import type { Orders } from '../services/orders.ts';
import type { RollCalls } from '../services/central-roll-call.ts';
import { createRouter, problem, type Environment } from './context.ts';
import { bodyProblems, describe, jsonBody, userProblems, validEvent, validJson, validTicket } from './input.ts';

export interface OrderRoutesDeps {
  readonly orders: Orders;
  readonly rollCalls: RollCalls;
  readonly denials: Denials;
}

const readProblems = [...userProblems, 'request-invalid', 'event-unknown'] as const;
const orderProblems = [
  ...readProblems,
  ...bodyProblems,
  'zone-unknown',
  'order-in-force',
  'order-not-in-force',
] as const;

/** Under `/api/events`. */
export function orderRoutes({ orders, rollCalls }: OrderRoutesDeps): Hono<Environment> {
  const router = createRouter();
  router.get(
    '/:event/orders',
    describeRoute(
      describe(
        'List orders to the venue, and who has not acknowledged',
        'orders',
        { schema: ordersViewSchema },
        readProblems,
      ),
    ),
    validEvent,
    async (c) => {
      const listed = await orders.list(c.req.valid('param').event);
      return listed.ok ? c.json({ orders: listed.value }) : problem(c, listed.error);
    },
  );
  router.post(
    '/:event/orders',
    describeRoute(
      describe(
        'Ask what an order, or lifting one, would do',
        'orders',
        { schema: orderConfirmationSchema },
        orderProblems,
      ),
    ),
    validEvent,
    jsonBody(),
    validJson(orderRequestSchema),
    async (c) => {
      const asked = await orders.ask(c.req.valid('param').event, c.req.valid('json'), c.get('actor'));
      return asked.ok ? c.json(asked.value) : problem(c, asked.error);
    },
  );
  router.post(
    '/:event/orders/confirm',
    describeRoute(
      describe('Give or lift the order that was asked about', 'orders', { schema: ordersViewSchema }, [
        ...orderProblems,
        'confirmation-gone',
        'store-unavailable',
      ]),
    ),
    validEvent,
    jsonBody(),
    validJson(orderConfirmRequestSchema),
    async (c) => {
      const { token } = c.req.valid('json');
      const done = await orders.confirm(c.req.valid('param').event, token, c.get('actor'), c.get('audit')?.take);
      return done.ok ? c.json({ orders: done.value }) : problem(c, done.error);
    },
  );
  router.get(
    '/:event/roll-call',
    describeRoute(
      describe('Count who is inside, and how far that can be off', 'orders', { schema: rollCallSchema }, readProblems),
    ),
    validEvent,
    async (c) => {
      const called = await rollCalls(c.req.valid('param').event);
      return called.ok ? c.json(called.value) : problem(c, called.error);
    },
  );
  return router;
}

/** Under `/api/tickets`. */
export function denialRoutes({ denials }: OrderRoutesDeps): Hono<Environment> {
  const router = createRouter();
  router.post(
    '/:ticket/deny',
    describeRoute(
      describe('Block a ticket at every gate now; re-issuing it ends that', 'tickets', { schema: denyResponseSchema }, [
        ...userProblems,
        'request-invalid',
        'ticket-unknown',
        'store-unavailable',
      ]),
    ),
    validTicket,
    async (c) => {
      const denied = await denials.deny(c.req.valid('param').ticket, c.get('actor'), c.get('audit')?.take);
      return denied.ok ? c.json(denied.value) : problem(c, denied.error);
    },
  );
  return router;
}
