// The deployment's keys for administrators: which there are, rotating one, revoking one in an emergency, and the tickets whose passes
// that kills. Private keys never leave the database.
import {
  keyListSchema,
  keyTicketsQuerySchema,
  keyTicketsSchema,
  revokeRequestSchema,
  revokeResponseSchema,
  rotateRequestSchema,
  rotateResponseSchema,
} from '@postern/shared';
import type { Hono } from 'hono';
import { stream } from 'hono/streaming';
import { describeRoute } from 'hono-openapi';
import type { KeyRotation } from '../services/key-rotation.ts';
import type { KeyTicketLists } from '../services/signed-passes.ts';
import { createRouter, problem, type Environment } from './context.ts';
import { bodyProblems, describe, jsonBody, userProblems, validJson, validKey, validQuery } from './input.ts';

export interface KeyRoutesDeps {
  readonly keyRotation: KeyRotation;
  readonly keyTickets: KeyTicketLists;
}

/** Under `/admin/keys`. */
export function keyRoutes({ keyRotation, keyTickets }: KeyRoutesDeps): Hono<Environment> {
  const router = createRouter();
  router.get(
    '/',
    describeRoute(describe('List the keys that rotate', 'keys', { schema: keyListSchema }, userProblems)),
    async (c) => c.json({ keys: await keyRotation.list() }),
  );
  router.post(
    '/rotate',
    describeRoute(
      describe(
        'Let the next key of a purpose take over; what the old one signed stays good',
        'keys',
        { schema: rotateResponseSchema },
        [...userProblems, ...bodyProblems, 'next-key-too-young', 'rotation-conflict', 'keys-too-many', 'key-is-last'],
      ),
    ),
    jsonBody(),
    validJson(rotateRequestSchema),
    async (c) => {
      const { purpose, ...options } = c.req.valid('json');
      const rotated = await keyRotation.rotate(purpose, { ...options, entry: c.get('audit')?.take });
      return rotated.ok ? c.json(rotated.value) : problem(c, rotated.error);
    },
  );
  router.post(
    '/:key/revoke',
    describeRoute(
      describe(
        'Revoke a key in an emergency: what it signed is refused by every gate that has the next feed',
        'keys',
        { schema: revokeResponseSchema },
        [
          ...userProblems,
          ...bodyProblems,
          'key-unknown',
          'key-not-rotatable',
          'key-already-revoked',
          'rotation-conflict',
          'key-is-last',
        ],
      ),
    ),
    validKey,
    jsonBody(),
    validJson(revokeRequestSchema),
    async (c) => {
      const revoked = await keyRotation.revoke(
        c.req.valid('param').key,
        c.req.valid('json').reason,
        c.get('audit')?.take,
      );
      return revoked.ok ? c.json(revoked.value) : problem(c, revoked.error);
    },
  );

  const ticketProblems = [...userProblems, 'request-invalid', 'key-unknown', 'key-not-rotatable'] as const;
  router.get(
    '/:key/tickets',
    describeRoute(
      describe(
        'List tickets whose present pass this key has signed, by event and id',
        'keys',
        { schema: keyTicketsSchema },
        [...ticketProblems, 'cursor-invalid'],
      ),
    ),
    validKey,
    validQuery(keyTicketsQuerySchema),
    async (c) => {
      const key = await keyRotation.find(c.req.valid('param').key);
      if (!key.ok) return problem(c, key.error);
      const page = await keyTickets.list(key.value.keyId, c.req.valid('query'));
      return page.ok ? c.json(page.value) : problem(c, page.error);
    },
  );
  router.get(
    '/:key/tickets.csv',
    describeRoute(describe('The same list, whole, as CSV', 'keys', { contentType: 'text/csv' }, ticketProblems)),
    validKey,
    async (c) => {
      const key = await keyRotation.find(c.req.valid('param').key);
      if (!key.ok) return problem(c, key.error);
      c.header('Content-Type', 'text/csv; charset=utf-8');
      c.header('Content-Disposition', `attachment; filename="tickets-${key.value.keyId}.csv"`);
      return stream(c, async (out) => {
        for await (const lines of keyTickets.csv(key.value.keyId)) {
          if (out.aborted) return;
          await out.write(lines);
        }
      });
    },
  );
  return router;
}
