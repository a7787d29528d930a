// Webhooks of an event for its organisers: where other systems are told, what became of each message, and sending again.
import {
  webhookChangeSchema,
  webhookCreatedSchema,
  webhookDeliveryPageSchema,
  webhookDeliveryQuerySchema,
  webhookDeliverySchema,
  webhookIdPattern,
  webhookListSchema,
  webhookMessagePattern,
  webhookReplayedSchema,
  webhookRequestSchema,
  webhookSchema,
  type WebhookView,
} from '@postern/shared';
import type { Hono } from 'hono';
import { describeRoute, validator } from 'hono-openapi';
import { z } from 'zod';
import type { Webhooks } from '../services/webhooks/endpoints.ts';
import { createRouter, problem, type Environment } from './context.ts';
import {
  bodyProblems,
  describe,
  eventText,
  jsonBody,
  orProblem,
  userProblems,
  validEvent,
  validJson,
  validQuery,
} from './input.ts';

const webhookId = z.string().regex(webhookIdPattern);
const validWebhook = validator('param', z.object({ event: eventText, webhook: webhookId }), orProblem);
const validMessage = validator(
  'param',
  z.object({ event: eventText, webhook: webhookId, message: z.string().regex(webhookMessagePattern) }),
  orProblem,
);
const readProblems = [...userProblems, 'request-invalid', 'webhook-unknown'] as const;

/** Under `/api/events`. */
export function webhookRoutes({ webhooks }: { readonly webhooks: Webhooks }): Hono<Environment> {
  const router = createRouter();
  router.get(
    '/:event/webhooks',
    describeRoute(
      describe('List webhooks', 'webhooks', { schema: webhookListSchema }, [
        ...userProblems,
        'request-invalid',
        'event-unknown',
      ]),
    ),
    validEvent,
    async (c) => {
      const listed = await webhooks.list(c.req.valid('param').event);
      return listed.ok ? c.json({ webhooks: listed.value }) : problem(c, listed.error);
    },
  );
  router.post(
    '/:event/webhooks',
    describeRoute(
      describe(
        'Make a webhook; its secret is shown this once',
        'webhooks',
        { status: 201, schema: webhookCreatedSchema },
        [...userProblems, ...bodyProblems, 'event-unknown', 'webhook-url-forbidden', 'too-many-webhooks'],
      ),
    ),
    validEvent,
    jsonBody(),
    validJson(webhookRequestSchema),
    async (c) => {
      const made = await webhooks.create(c.req.valid('param').event, c.req.valid('json'));
      if (!made.ok) return problem(c, made.error);
      c.get('audit')?.add({ subject: made.value.id, details: { what: 'made', host: hostOf(made.value) } });
      return c.json(made.value, 201);
    },
  );
  router.patch(
    '/:event/webhooks/:webhook',
    describeRoute(
      describe('Change a webhook, or switch it on or off', 'webhooks', { schema: webhookSchema }, [
        ...readProblems,
        ...bodyProblems,
        'webhook-url-forbidden',
      ]),
    ),
    validWebhook,
    jsonBody(),
    validJson(webhookChangeSchema),
    async (c) => {
      const { event, webhook } = c.req.valid('param');
      const changed = await webhooks.change(event, webhook, c.req.valid('json'));
      if (!changed.ok) return problem(c, changed.error);
      const what = Object.keys(c.req.valid('json')).join(' ');
      c.get('audit')?.add({ details: { what, host: hostOf(changed.value) } });
      return c.json(changed.value);
    },
  );
  router.delete(
    '/:event/webhooks/:webhook',
    describeRoute(
      describe('Remove a webhook with what was still to be sent', 'webhooks', { status: 204 }, [...readProblems]),
    ),
    validWebhook,
    async (c) => {
      const { event, webhook } = c.req.valid('param');
      c.get('audit')?.add({ details: { what: 'removed' } });
      const removed = await webhooks.remove(event, webhook);
      return removed.ok ? c.body(null, 204) : problem(c, removed.error);
    },
  );
  router.post(
    '/:event/webhooks/:webhook/test',
    describeRoute(
      describe('Send a message that tells nothing', 'webhooks', { status: 202, schema: webhookDeliverySchema }, [
        ...readProblems,
      ]),
    ),
    validWebhook,
    async (c) => {
      const { event, webhook } = c.req.valid('param');
      const sent = await webhooks.test(event, webhook);
      return sent.ok ? c.json(sent.value, 202) : problem(c, sent.error);
    },
  );
  router.get(
    '/:event/webhooks/:webhook/deliveries',
    describeRoute(
      describe('List what became of messages, the newest first', 'webhooks', { schema: webhookDeliveryPageSchema }, [
        ...readProblems,
        'cursor-invalid',
      ]),
    ),
    validWebhook,
    validQuery(webhookDeliveryQuerySchema),
    async (c) => {
      const { event, webhook } = c.req.valid('param');
      const page = await webhooks.deliveries(event, webhook, c.req.valid('query'));
      return page.ok ? c.json(page.value) : problem(c, page.error);
    },
  );
  router.post(
    '/:event/webhooks/:webhook/replay',
    describeRoute(
      describe('Send everything again that was given up', 'webhooks', { schema: webhookReplayedSchema }, [
        ...readProblems,
      ]),
    ),
    validWebhook,
    async (c) => {
      const { event, webhook } = c.req.valid('param');
      const replayed = await webhooks.replay(event, webhook);
      return replayed.ok ? c.json({ replayed: replayed.value }) : problem(c, replayed.error);
    },
  );
  router.post(
    '/:event/webhooks/:webhook/deliveries/:message/replay',
    describeRoute(
      describe('Send one message again', 'webhooks', { schema: webhookReplayedSchema }, [
        ...readProblems,
        'message-unknown',
      ]),
    ),
    validMessage,
    async (c) => {
      const { event, webhook, message } = c.req.valid('param');
      const replayed = await webhooks.replay(event, webhook, message);
      return replayed.ok ? c.json({ replayed: replayed.value }) : problem(c, replayed.error);
    },
  );
  return router;
}

/** Where it goes, without what may be a secret. */
const hostOf = ({ url }: WebhookView): string => new URL(url).host;
