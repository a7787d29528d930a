// Tickets that are tokens: an event's rules for them, and wallets that let phones show what they hold.
import {
  nftRulesRequestSchema,
  nftRulesResponseSchema,
  walletBindingListSchema,
  walletBindingRequestSchema,
  walletBoundSchema,
  walletChallengeRequestSchema,
  walletChallengeSchema,
  type Result,
} from '@postern/shared';
import type { Hono } from 'hono';
import { describeRoute } from 'hono-openapi';
import type { EventRecord, Events } from '../services/events.ts';
import type { WalletBindings } from '../services/nft/wallet-bindings.ts';
import type { Failure } from '../services/problems.ts';
import { createRouter, problem, type Environment, type RouteContext } from './context.ts';
import { bodyProblems, describe, jsonBody, userProblems, validEvent, validJson, validTicket } from './input.ts';
import { senderOf } from './sender.ts';

export interface WalletRoutesDeps {
  readonly events: Events;
  readonly walletBindings: WalletBindings;
  readonly rulesChanged: (event: number) => Promise<void>;
}

/** A signature of a contract's wallet has up to 4 kB, in hexadecimal. */
const walletBodyBytesMax = 16 * 1024;

/** Under `/api/events`. */
export function nftRuleRoutes({
  events,
  rulesChanged,
}: Pick<WalletRoutesDeps, 'events' | 'rulesChanged'>): Hono<Environment> {
  const router = createRouter();
  const answer = (c: RouteContext, found: Result<EventRecord, Failure>): Response => {
    if (!found.ok) return problem(c, found.error);
    const { id: event, policy } = found.value;
    return policy.nft === undefined ? problem(c, { type: 'nft-rules-unset' }) : c.json({ event, nft: policy.nft });
  };
  const problems = [...userProblems, 'event-unknown'] as const;
  router.get(
    '/:event/nft',
    describeRoute(
      describe('Read on which contract tickets are tokens', 'nft', { schema: nftRulesResponseSchema }, [
        ...problems,
        'request-invalid',
        'nft-rules-unset',
      ]),
    ),
    validEvent,
    async (c) => answer(c, await events.find(c.req.valid('param').event)),
  );
  router.put(
    '/:event/nft',
    describeRoute(
      describe(
        'Say on which contract tickets are tokens, and how old a picture of the chain may be',
        'nft',
        { schema: nftRulesResponseSchema },
        [...problems, ...bodyProblems],
      ),
    ),
    validEvent,
    jsonBody(),
    validJson(nftRulesRequestSchema),
    async (c) => {
      const { event } = c.req.valid('param');
      const changed = await events.changeNft(event, c.req.valid('json'));
      if (changed.ok) await rulesChanged(event);
      return answer(c, changed);
    },
  );
  router.delete(
    '/:event/nft',
    describeRoute(describe('Let no token be a ticket', 'nft', { status: 204 }, [...problems, 'request-invalid'])),
    validEvent,
    async (c) => {
      const { event } = c.req.valid('param');
      const changed = await events.changeNft(event, undefined);
      if (!changed.ok) return problem(c, changed.error);
      await rulesChanged(event);
      return c.body(null, 204);
    },
  );
  return router;
}

const walletProblems = [
  ...bodyProblems,
  'event-unknown',
  'nft-rules-unset',
  'method-off',
  'token-unknown',
  'ticket-not-valid',
  'holder-key-unsound',
  'chain-unavailable',
  'attempts-exhausted',
] as const;

/** Under `/api/events`. */
export function walletRoutes({ walletBindings }: Pick<WalletRoutesDeps, 'walletBindings'>): Hono<Environment> {
  const router = createRouter();
  router.post(
    '/:event/wallet-challenges',
    describeRoute(
      describe(
        'Ask what a wallet has to sign so that a phone may show its ticket',
        'nft',
        { status: 201, schema: walletChallengeSchema },
        walletProblems,
      ),
    ),
    validEvent,
    jsonBody(walletBodyBytesMax),
    validJson(walletChallengeRequestSchema),
    async (c) => {
      const { token, holderKey } = c.req.valid('json');
      const made = await walletBindings.challenge(c.req.valid('param').event, token, holderKey);
      return made.ok ? c.json(made.value, 201) : problem(c, made.error);
    },
  );
  router.post(
    '/:event/wallet-bindings',
    describeRoute(
      describe(
        'Let a phone show the ticket whose token the wallet holds that has signed',
        'nft',
        { status: 201, schema: walletBoundSchema },
        [...walletProblems, 'challenge-invalid', 'challenge-used', 'bindings-too-many', 'wallet-wrong'],
      ),
    ),
    validEvent,
    jsonBody(walletBodyBytesMax),
    validJson(walletBindingRequestSchema),
    async (c) => {
      const from = { address: senderOf(c), entry: c.get('audit')?.take };
      const bound = await walletBindings.bind(c.req.valid('param').event, c.req.valid('json'), from);
      return bound.ok ? c.json(bound.value, 201) : problem(c, bound.error);
    },
  );
  return router;
}

/** Under `/api/tickets`. */
export function ticketWalletRoutes({ walletBindings }: Pick<WalletRoutesDeps, 'walletBindings'>): Hono<Environment> {
  const router = createRouter();
  router.get(
    '/:ticket/wallet-bindings',
    describeRoute(
      describe('List the wallets that have let phones show a ticket', 'nft', { schema: walletBindingListSchema }, [
        ...userProblems,
        'request-invalid',
        'ticket-unknown',
      ]),
    ),
    validTicket,
    async (c) => {
      const listed = await walletBindings.list(c.req.valid('param').ticket);
      return listed.ok ? c.json({ bindings: [...listed.value] }) : problem(c, listed.error);
    },
  );
  return router;
}
