// What a gate tells of itself, signed like everything that it asks: how it is, and that it has forgotten everything when it was told to.
import {
  gateVitalsSchema,
  jsonBodyBytesMax,
  vitalsBytesMax,
  vitalsPath,
  vitalsResponseSchema,
  wipedPath,
  wipedRequestSchema,
  type Nonces,
  type VitalsResponse,
} from '@postern/shared';
import type { Hono, MiddlewareHandler } from 'hono';
import { describeRoute } from 'hono-openapi';
import type { Vitals } from '../services/vitals.ts';
import { giveNonce } from './auth.ts';
import { createRouter, problem, type Environment } from './context.ts';
import { bodyProblems, describe, jsonOfBoundedBody, limitBody, validJson } from './input.ts';

export interface GateVitalsRoutesDeps {
  readonly vitals: Vitals;
  readonly nonces: Nonces;
  /** Refuses whatever no gate has signed (requireGate). */
  readonly gateOnly: MiddlewareHandler<Environment>;
}

const gateProblems = [...bodyProblems, 'nonce-needed', 'token-invalid', 'gate-revoked'] as const;

export function gateVitalsRoutes({ vitals, nonces, gateOnly }: GateVitalsRoutesDeps): Hono<Environment> {
  const router = createRouter();
  const nonce = giveNonce(nonces);
  router.post(
    vitalsPath,
    nonce,
    describeRoute(describe('Say how a gate is', 'gates', { schema: vitalsResponseSchema }, gateProblems)),
    limitBody(vitalsBytesMax),
    gateOnly,
    jsonOfBoundedBody,
    validJson(gateVitalsSchema),
    async (c) => {
      const wipe = await vitals.note(c.get('gate'), c.req.valid('json'));
      const answer: VitalsResponse = {
        v: 1,
        ...(wipe === undefined ? {} : { wipe: Buffer.from(wipe).toString('base64') }),
      };
      return c.json(answer);
    },
  );
  router.post(
    wipedPath,
    nonce,
    describeRoute(
      describe('Say that a gate has forgotten everything, as it was told', 'gates', { status: 204 }, [
        ...gateProblems,
        'order-unknown',
      ]),
    ),
    limitBody(jsonBodyBytesMax),
    gateOnly,
    jsonOfBoundedBody,
    validJson(wipedRequestSchema),
    async (c) => {
      const gate = c.get('gate');
      const wiped = await vitals.wiped(gate, c.req.valid('json').order);
      const [event] = gate.events;
      c.get('audit')?.add({ subject: gate.id, ...(event === undefined ? {} : { event }) });
      return wiped.ok ? c.body(null, 204) : problem(c, wiped.error);
    },
  );
  return router;
}
