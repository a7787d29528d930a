// Tickets that are tokens on a chain: how far they are, how the chain fares, and from when on they are no longer transferred.
import { freezeRequestSchema, freezeResponseSchema, nftStatusSchema, tokenListSchema } from '@postern/shared';
import type { Hono } from 'hono';
import { describeRoute } from 'hono-openapi';
import type { Events } from '../services/events.ts';
import type { Nft } from '../services/nft/nft.ts';
import type { Subjects } from '../services/subjects.ts';
import { createRouter, problem, type Environment } from './context.ts';
import { bodyProblems, describe, jsonBody, userProblems, validEvent, validJson, validTicket } from './input.ts';

export interface NftRoutesDeps {
  /** Absent where the settings name no contract. */
  readonly nft: Nft | undefined;
  readonly events: Events;
  readonly subjects: Subjects;
  readonly stopping: AbortSignal;
}

/** Under `/api/tickets`. */
export function ticketTokenRoutes({ nft, subjects }: Pick<NftRoutesDeps, 'nft' | 'subjects'>): Hono<Environment> {
  const router = createRouter();
  router.get(
    '/:ticket/nft',
    describeRoute(
      describe('Read how far the tokens of a ticket are', 'nft', { schema: tokenListSchema }, [
        ...userProblems,
        'request-invalid',
        'ticket-unknown',
      ]),
    ),
    validTicket,
    async (c) => {
      const { ticket } = c.req.valid('param');
      const event = await subjects.eventOfTicket(ticket);
      if (event === undefined) return problem(c, { type: 'ticket-unknown' });
      return c.json({ tokens: nft === undefined ? [] : [...(await nft.listTokens(event, ticket))] });
    },
  );
  return router;
}

/** Under `/api/events`. */
export function freezeRoutes({ nft, events, stopping }: Omit<NftRoutesDeps, 'subjects'>): Hono<Environment> {
  const router = createRouter();
  router.put(
    '/:event/nft/freeze',
    describeRoute(
      describe(
        'Say from when on the contract moves no token of an event',
        'nft',
        { status: 202, schema: freezeResponseSchema },
        [...userProblems, ...bodyProblems, 'event-unknown', 'nft-unset', 'chain-unavailable'],
      ),
    ),
    validEvent,
    jsonBody(),
    validJson(freezeRequestSchema),
    async (c) => {
      const { event } = c.req.valid('param');
      const { fromMs } = c.req.valid('json');
      const found = await events.find(event);
      if (!found.ok) return problem(c, found.error);
      if (nft === undefined) return problem(c, { type: 'nft-unset' });
      const sent = await nft.freeze(event, fromMs ?? undefined, AbortSignal.any([stopping, c.req.raw.signal]));
      return sent.ok ? c.json({ event, fromMs, transaction: sent.value }, 202) : problem(c, sent.error);
    },
  );
  return router;
}

/** Under `/admin`. */
export function nftAdminRoutes({ nft }: Pick<NftRoutesDeps, 'nft'>): Hono<Environment> {
  const router = createRouter();
  router.get(
    '/nft',
    describeRoute(
      describe('Read how the chain of tokens fares', 'nft', { schema: nftStatusSchema }, [
        ...userProblems,
        'nft-unset',
      ]),
    ),
    async (c) => (nft === undefined ? problem(c, { type: 'nft-unset' }) : c.json(await nft.status())),
  );
  return router;
}
