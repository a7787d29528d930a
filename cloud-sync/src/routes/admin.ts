// What an administrator does before doors open: gates with their enrolment codes, staff with their PINs, publishing the feed.
import {
  gateRequestSchema,
  gateResponseSchema,
  publishResponseSchema,
  staffListSchema,
  staffRequestSchema,
  staffResponseSchema,
} from '@postern/shared';
import type { Hono } from 'hono';
import { describeRoute } from 'hono-openapi';
import type { Devices } from '../services/devices.ts';
import type { Feed } from '../services/feed.ts';
import type { Staff } from '../services/staff.ts';
import { createRouter, problem, type Environment } from './context.ts';
import { mayActIn } from './enforce-access.ts';
import { bodyProblems, describe, jsonBody, userProblems, validEvent, validJson, validOperator } from './input.ts';

export interface AdminRoutesDeps {
  readonly devices: Devices;
  readonly staff: Staff;
  readonly feed: Feed;
}

export function adminRoutes({ devices, staff, feed }: AdminRoutesDeps): Hono<Environment> {
  const router = createRouter();
  router.post(
    '/events/:event/gates',
    describeRoute(
      describe('Make a gate and its one-time enrolment code', 'gates', { status: 201, schema: gateResponseSchema }, [
        ...userProblems,
        ...bodyProblems,
        'event-unknown',
        'zone-unknown',
        'gate-in-other-event',
        'too-many-gates',
        'gate-revoked',
      ]),
    ),
    validEvent,
    jsonBody(),
    validJson(gateRequestSchema),
    async (c) => {
      const mayInviteAt = (event: number): boolean => mayActIn(c, event) === undefined;
      const invited = await devices.invite(c.req.valid('param').event, c.req.valid('json'), mayInviteAt);
      if (!invited.ok) return problem(c, invited.error);
      c.get('audit')?.add({ gate: invited.value.gate });
      return c.json(invited.value, 201);
    },
  );
  router.post(
    '/events/:event/staff',
    describeRoute(
      describe('Add a person who may act at gates', 'gates', { status: 201, schema: staffResponseSchema }, [
        ...userProblems,
        ...bodyProblems,
        'event-unknown',
        'too-many-staff',
      ]),
    ),
    validEvent,
    jsonBody(),
    validJson(staffRequestSchema),
    async (c) => {
      const added = await staff.add(c.req.valid('param').event, c.req.valid('json'));
      if (!added.ok) return problem(c, added.error);
      c.get('audit')?.add({ subject: added.value.operator, details: { role: added.value.role } });
      return c.json(added.value, 201, { 'Cache-Control': 'no-store' });
    },
  );
  router.get(
    '/events/:event/staff',
    describeRoute(
      describe('List who may act at gates', 'gates', { schema: staffListSchema }, [
        ...userProblems,
        'request-invalid',
        'event-unknown',
      ]),
    ),
    validEvent,
    async (c) => {
      const listed = await staff.list(c.req.valid('param').event);
      return listed.ok ? c.json({ staff: listed.value }) : problem(c, listed.error);
    },
  );
  const operatorProblems = [...userProblems, 'request-invalid', 'event-unknown', 'staff-unknown'] as const;
  router.post(
    '/events/:event/staff/:operator/card',
    describeRoute(
      describe(
        'Make a new card; the old one is dead',
        'gates',
        { status: 201, schema: staffResponseSchema },
        operatorProblems,
      ),
    ),
    validOperator,
    async (c) => {
      const { event, operator } = c.req.valid('param');
      c.get('audit')?.add({ details: { what: 'card' } });
      const card = await staff.makeCard(event, operator);
      return card.ok ? c.json(card.value, 201, { 'Cache-Control': 'no-store' }) : problem(c, card.error);
    },
  );
  router.delete(
    '/events/:event/staff/:operator',
    describeRoute(describe('Remove a person from the gates', 'gates', { status: 204 }, operatorProblems)),
    validOperator,
    async (c) => {
      const { event, operator } = c.req.valid('param');
      c.get('audit')?.add({ details: { role: 'none' } });
      const removed = await staff.remove(event, operator);
      return removed.ok ? c.body(null, 204) : problem(c, removed.error);
    },
  );
  router.post(
    '/events/:event/publish',
    describeRoute(
      describe('Publish what has changed to the gates now', 'feed', { schema: publishResponseSchema }, [
        ...userProblems,
        'request-invalid',
        'event-unknown',
      ]),
    ),
    validEvent,
    async (c) => {
      const published = await feed.publish(c.req.valid('param').event);
      if (!published.ok) return problem(c, published.error);
      const { manifest: _manifest, ...publication } = published.value;
      return c.json(publication);
    },
  );
  return router;
}
