// What the page of tickets on phones asks for. A claim proves its key by a signature in the body; everything after it is signed with that
// key over a nonce of ours (requireHolder), so that a phone has no password and no cookie.
import {
  claimRequestSchema,
  claimResponseSchema,
  holderIdSchema,
  holdingSchema,
  transferOfferSchema,
  type Nonces,
} from '@postern/shared';
import type { Hono, MiddlewareHandler } from 'hono';
import { describeRoute, validator } from 'hono-openapi';
import { z } from 'zod';
import type { ClaimLinks } from '../services/claim-links.ts';
import type { Claims } from '../services/claims.ts';
import type { Holdings } from '../services/holdings.ts';
import { giveNonce } from './auth.ts';
import { createRouter, problem, type Environment } from './context.ts';
import { bodyProblems, describe, jsonBody, limitBody, orProblem, validJson } from './input.ts';
import { senderOf } from './sender.ts';

export interface MyTicketRoutesDeps {
  readonly claims: Claims;
  readonly claimLinks: ClaimLinks;
  readonly holdings: Holdings;
  readonly nonces: Nonces;
  /** Refuses whatever the phone of the path has not signed (requireHolder). */
  readonly holderOnly: MiddlewareHandler<Environment>;
}

/** Of requests that have nothing to say but who they are from. */
export const emptyBodyBytesMax = 1_024;

export const validHolder = validator('param', z.object({ holder: holderIdSchema }), orProblem);
/** Of every route that a phone signs. */
export const holderProblems = [
  'request-invalid',
  'nonce-needed',
  'token-invalid',
  'body-too-large',
  'attempts-exhausted',
  'ticket-unknown',
] as const;

/** Under `/api/my`. */
export function myTicketRoutes({
  claims,
  claimLinks,
  holdings,
  nonces,
  holderOnly,
}: MyTicketRoutesDeps): Hono<Environment> {
  const router = createRouter();
  const nonce = giveNonce(nonces);
  const bounded = limitBody(emptyBodyBytesMax);

  router.post(
    '/claims',
    nonce,
    describeRoute(
      describe('Put a ticket on a phone by a link', 'phones', { status: 201, schema: claimResponseSchema }, [
        ...bodyProblems,
        'holder-key-unsound',
        'token-invalid',
        'link-invalid',
        'claims-exhausted',
        'ticket-held',
        'ticket-is-token',
        'ticket-unknown',
        'method-off',
        'already-used',
        'revoked',
        'unpaid',
        'blocked',
        'attempts-exhausted',
      ]),
    ),
    jsonBody(),
    validJson(claimRequestSchema),
    async (c) => {
      const claimed = await claims.claim(c.req.valid('json'), senderOf(c), c.get('audit')?.take);
      return claimed.ok ? c.json(claimed.value, 201) : problem(c, claimed.error);
    },
  );
  router.get(
    '/:holder',
    nonce,
    describeRoute(describe('How a ticket stands', 'phones', { schema: holdingSchema }, holderProblems)),
    bounded,
    holderOnly,
    validHolder,
    async (c) => {
      const holding = await holdings.read(c.get('holder').row);
      return holding.ok ? c.json(holding.value) : problem(c, holding.error);
    },
  );
  router.post(
    '/:holder/transfer',
    nonce,
    describeRoute(
      describe(
        'Make a link with which somebody else takes the ticket over',
        'phones',
        { status: 201, schema: transferOfferSchema },
        [...holderProblems, 'holder-ended', 'transfer-forbidden', 'ticket-is-token', 'revoked', 'unpaid', 'blocked'],
      ),
    ),
    bounded,
    holderOnly,
    validHolder,
    async (c) => {
      const offered = await claimLinks.offer(c.get('holder'), c.get('audit')?.take);
      return offered.ok ? c.json(offered.value, 201) : problem(c, offered.error);
    },
  );
  router.delete(
    '/:holder/transfer',
    nonce,
    describeRoute(
      describe('Take the link back, if nobody has used it', 'phones', { status: 204 }, [
        ...holderProblems,
        'holder-ended',
      ]),
    ),
    bounded,
    holderOnly,
    validHolder,
    async (c) => {
      const taken = await claimLinks.takeBack(c.get('holder'), c.get('audit')?.take);
      return taken.ok ? c.body(null, 204) : problem(c, taken.error);
    },
  );
  return router;
}
