// Events for people: make one, read it, change its rules; counts of it.
import {
  eventListSchema,
  eventRequestSchema,
  eventResponseSchema,
  policyRequestSchema,
  summarySchema,
  type EventResponse,
} from '@postern/shared';
import type { Hono } from 'hono';
import { describeRoute } from 'hono-openapi';
import { eventsOf } from '../services/actor.ts';
import type { EventRecord, Events } from '../services/events.ts';
import type { Feed } from '../services/feed.ts';
import type { Reports } from '../services/reports.ts';
import { createRouter, problem, type Environment } from './context.ts';
import { bodyProblems, describe, jsonBody, userProblems, validEvent, validJson } from './input.ts';

const policyBytesMax = 1024 * 1024;

export interface EventRoutesDeps {
  readonly events: Events;
  readonly feed: Feed;
  readonly reports: Reports;
  /** Rules of an event have changed: derive its stories anew, publish. */
  readonly rulesChanged: (event: number) => Promise<void>;
}

export function eventRoutes({ events, feed, reports, rulesChanged }: EventRoutesDeps): Hono<Environment> {
  const router = createRouter();
  const present = async (record: EventRecord): Promise<EventResponse> => ({
    event: record.id,
    policy: record.policy,
    createdAtMs: record.createdAtMs,
    tickets: await events.ticketCount(record.id),
    feedVersion: await feed.version(record.id),
  });

  router.post(
    '/',
    describeRoute(
      describe('Make an event', 'events', { status: 201, schema: eventResponseSchema }, [
        ...userProblems,
        ...bodyProblems,
        'event-exists',
        'types-repeated',
        'zone-unknown',
        'proof-unknown',
      ]),
    ),
    jsonBody(policyBytesMax),
    validJson(eventRequestSchema),
    async (c) => {
      const made = await events.create(c.req.valid('json'));
      if (!made.ok) return problem(c, made.error);
      c.get('audit')?.add({ event: made.value.id });
      return c.json(await present(made.value), 201);
    },
  );
  router.get(
    '/',
    describeRoute(describe('List events', 'events', { schema: eventListSchema }, userProblems)),
    async (c) => {
      const own = eventsOf(c.get('actor'));
      const listed = (await events.list()).filter((record) => own === 'all' || own.has(record.id));
      return c.json({ events: await Promise.all(listed.map(present)) });
    },
  );
  router.get(
    '/:event',
    describeRoute(
      describe('Read an event', 'events', { schema: eventResponseSchema }, [
        ...userProblems,
        'request-invalid',
        'event-unknown',
      ]),
    ),
    validEvent,
    async (c) => {
      const found = await events.find(c.req.valid('param').event);
      return found.ok ? c.json(await present(found.value)) : problem(c, found.error);
    },
  );
  router.put(
    '/:event/policy',
    describeRoute(
      describe("Replace an event's rules", 'events', { schema: eventResponseSchema }, [
        ...userProblems,
        ...bodyProblems,
        'event-unknown',
        'types-repeated',
        'zone-unknown',
        'proof-unknown',
      ]),
    ),
    validEvent,
    jsonBody(policyBytesMax),
    validJson(policyRequestSchema),
    async (c) => {
      const { event } = c.req.valid('param');
      const changed = await events.changePolicy(event, c.req.valid('json'));
      if (!changed.ok) return problem(c, changed.error);
      await rulesChanged(event);
      return c.json(await present(changed.value));
    },
  );
  router.get(
    '/:event/summary',
    describeRoute(
      describe('Count entries, refusals, marks and cases', 'events', { schema: summarySchema }, [
        ...userProblems,
        'request-invalid',
        'event-unknown',
      ]),
    ),
    validEvent,
    async (c) => {
      const summary = await reports.summary(c.req.valid('param').event);
      return summary.ok ? c.json(summary.value) : problem(c, summary.error);
    },
  );
  return router;
}
