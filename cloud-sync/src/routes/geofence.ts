// Positions of phones: the zones of an event, the phones that speak for a ticket, and what those phones send.
import {
  fixOutcomeSchema,
  geofenceResponseSchema,
  geofenceRulesSchema,
  senderIdSchema,
  senderListSchema,
  senderMadeSchema,
  ticketIdSchema,
  type Result,
} from '@postern/shared';
import type { Hono } from 'hono';
import { describeRoute, validator } from 'hono-openapi';
import { z } from 'zod';
import type { EventRecord, Events } from '../services/events.ts';
import type { GeofenceFixes } from '../services/geofence-fixes.ts';
import type { GeofenceSenders } from '../services/geofence-senders.ts';
import type { Failure } from '../services/problems.ts';
import { readBasic } from './basic.ts';
import { createRouter, problem, type Environment, type RouteContext } from './context.ts';
import {
  bodyProblems,
  boundedBody,
  describe,
  jsonBody,
  orProblem,
  userProblems,
  validEvent,
  validJson,
  validTicket,
} from './input.ts';

export interface GeofenceRoutesDeps {
  readonly events: Events;
  readonly geofenceSenders: GeofenceSenders;
  readonly geofenceFixes: GeofenceFixes;
  readonly rulesChanged: (event: number) => Promise<void>;
}

/** A signed message has 2 kB, one of OwnTracks mostly less; a long list of its waypoints is none of ours. */
const phoneBodyBytesMax = 16 * 1024;
/** What has come of a fix, for who looks at an app's requests: to the app itself every fix is one that has arrived. */
export const outcomeHeader = 'Postern-Fix';

const validSender = validator('param', z.object({ ticket: ticketIdSchema, sender: senderIdSchema }), orProblem);
const ticketProblems = [...userProblems, 'request-invalid', 'ticket-unknown'] as const;

/** Under `/api/events`. */
export function geofenceRoutes({
  events,
  rulesChanged,
}: Pick<GeofenceRoutesDeps, 'events' | 'rulesChanged'>): Hono<Environment> {
  const router = createRouter();
  const answer = (c: RouteContext, found: Result<EventRecord, Failure>): Response => {
    if (!found.ok) return problem(c, found.error);
    const { id: event, policy } = found.value;
    return policy.geofence === undefined
      ? problem(c, { type: 'geofence-unset' })
      : c.json({ event, geofence: policy.geofence });
  };
  const problems = [...userProblems, 'event-unknown'] as const;
  router.get(
    '/:event/geofence',
    describeRoute(
      describe('Read where positions of phones count', 'geofence', { schema: geofenceResponseSchema }, [
        ...problems,
        'request-invalid',
        'geofence-unset',
      ]),
    ),
    validEvent,
    async (c) => answer(c, await events.find(c.req.valid('param').event)),
  );
  router.put(
    '/:event/geofence',
    describeRoute(
      describe(
        'Draw the zones in which positions of phones count, and say what for',
        'geofence',
        { schema: geofenceResponseSchema },
        [...problems, ...bodyProblems, 'zone-unknown'],
      ),
    ),
    validEvent,
    jsonBody(),
    validJson(geofenceRulesSchema),
    async (c) => {
      const { event } = c.req.valid('param');
      const changed = await events.changeGeofence(event, c.req.valid('json'));
      if (changed.ok) await rulesChanged(event);
      return answer(c, changed);
    },
  );
  router.delete(
    '/:event/geofence',
    describeRoute(
      describe('Let positions of phones count for nothing', 'geofence', { status: 204 }, [
        ...problems,
        'request-invalid',
      ]),
    ),
    validEvent,
    async (c) => {
      const { event } = c.req.valid('param');
      const changed = await events.changeGeofence(event, undefined);
      if (!changed.ok) return problem(c, changed.error);
      await rulesChanged(event);
      return c.body(null, 204);
    },
  );
  return router;
}

/** Under `/api/tickets`. */
export function geofenceSenderRoutes({
  geofenceSenders,
}: Pick<GeofenceRoutesDeps, 'geofenceSenders'>): Hono<Environment> {
  const router = createRouter();
  router.get(
    '/:ticket/geofence-senders',
    describeRoute(
      describe('List the phones that speak for a ticket', 'geofence', { schema: senderListSchema }, ticketProblems),
    ),
    validTicket,
    async (c) => {
      const listed = await geofenceSenders.list(c.req.valid('param').ticket);
      return listed.ok ? c.json({ senders: [...listed.value] }) : problem(c, listed.error);
    },
  );
  router.post(
    '/:ticket/geofence-senders',
    describeRoute(
      describe(
        'Let an OwnTracks app speak for a ticket; its secrets are shown this once',
        'geofence',
        { status: 201, schema: senderMadeSchema },
        [...ticketProblems, 'method-off', 'geofence-unset', 'ticket-not-valid', 'senders-too-many'],
      ),
    ),
    validTicket,
    async (c) => {
      const made = await geofenceSenders.make(c.req.valid('param').ticket, c.get('audit')?.take);
      return made.ok ? c.json(made.value, 201) : problem(c, made.error);
    },
  );
  router.delete(
    '/:ticket/geofence-senders/:sender',
    describeRoute(
      describe('Let a phone no longer speak for a ticket', 'geofence', { status: 204 }, [
        ...ticketProblems,
        'sender-unknown',
      ]),
    ),
    validSender,
    async (c) => {
      const { ticket, sender } = c.req.valid('param');
      const revoked = await geofenceSenders.revoke(ticket, sender, c.get('audit')?.take);
      return revoked.ok ? c.body(null, 204) : problem(c, revoked.error);
    },
  );
  return router;
}

/** Under `/webhooks`. */
export function geofenceWebhook({ geofenceFixes }: Pick<GeofenceRoutesDeps, 'geofenceFixes'>): Hono<Environment> {
  const router = createRouter();
  router.post(
    '/geofence/:event',
    describeRoute(
      describe(
        'Take what a phone says of where it is: OwnTracks messages by name and password, or fixes that the phone has signed',
        'geofence',
        { schema: z.union([fixOutcomeSchema, z.array(z.record(z.string(), z.json()))]) },
        [
          'request-invalid',
          'json-malformed',
          'content-type-unsupported',
          'body-too-large',
          'credentials-wrong',
          'event-forbidden',
          'event-unknown',
          'method-off',
          'geofence-unset',
          'attempts-exhausted',
          'store-unavailable',
        ],
      ),
    ),
    validEvent,
    boundedBody(['application/json', 'text/plain'], phoneBodyBytesMax),
    async (c) => {
      // Signed, and without cookies: the SDK may run in anybody's page, which sends it as plain text to be asked no further questions.
      c.header('Access-Control-Allow-Origin', '*');
      const text = await c.req.text();
      // The app publishes nothing at all where a friend was deleted.
      if (text.trim() === '') return c.json([]);
      const body = parseJson(text);
      if (body === undefined) return problem(c, { type: 'json-malformed' });
      const basic = readBasic(c.req.header('Authorization') ?? '');
      const limitUser = c.req.header('X-Limit-U');
      const { event } = c.req.valid('param');
      const answer = await geofenceFixes.receive({
        event,
        body,
        ...(basic === undefined ? {} : { basic }),
        ...(limitUser === undefined ? {} : { limitUser }),
      });
      if (!answer.ok) {
        if (answer.error.type === 'credentials-wrong')
          c.header('WWW-Authenticate', 'Basic realm="postern", charset="UTF-8"');
        return problem(c, answer.error);
      }
      const { outcome, messages } = answer.value;
      if (messages === undefined) return c.json(outcome);
      c.header(outcomeHeader, outcome.reason ?? outcome.state);
      return c.json([...messages]);
    },
  );
  return router;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON: nothing that is JSON is undefined.
    return undefined;
  }
}
