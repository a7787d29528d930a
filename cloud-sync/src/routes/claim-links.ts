// Links that put tickets on phones, for whoever sells tickets and for holders with an account.
import {
  claimLinkBatchSchema,
  claimLinkIdSchema,
  claimLinkListSchema,
  claimLinkMadeSchema,
  claimLinkRequestSchema,
  claimLinksMadeSchema,
  ticketIdSchema,
} from '@postern/shared';
import type { Hono } from 'hono';
import { describeRoute, validator } from 'hono-openapi';
import { z } from 'zod';
import type { ClaimLinks } from '../services/claim-links.ts';
import { createRouter, problem, type Environment } from './context.ts';
import {
  bodyProblems,
  describe,
  jsonBody,
  orProblem,
  userProblems,
  validEvent,
  validJson,
  validTicket,
} from './input.ts';

export interface ClaimLinkRoutesDeps {
  readonly claimLinks: ClaimLinks;
}

const validLink = validator('param', z.object({ ticket: ticketIdSchema, link: claimLinkIdSchema }), orProblem);
const ticketProblems = [...userProblems, 'request-invalid', 'ticket-unknown'] as const;

/** Under `/api/tickets`. */
export function claimLinkRoutes({ claimLinks }: ClaimLinkRoutesDeps): Hono<Environment> {
  const router = createRouter();
  router.get(
    '/:ticket/claim-links',
    describeRoute(
      describe(
        'List the links that put a ticket on a phone',
        'phones',
        { schema: claimLinkListSchema },
        ticketProblems,
      ),
    ),
    validTicket,
    async (c) => {
      const listed = await claimLinks.list(c.req.valid('param').ticket);
      return listed.ok ? c.json({ links: [...listed.value] }) : problem(c, listed.error);
    },
  );
  router.post(
    '/:ticket/claim-links',
    describeRoute(
      describe(
        'Make a link that puts a ticket on a phone; it is shown this once',
        'phones',
        { status: 201, schema: claimLinkMadeSchema },
        [...ticketProblems, ...bodyProblems],
      ),
    ),
    validTicket,
    jsonBody(),
    validJson(claimLinkRequestSchema),
    async (c) => {
      const { ticket } = c.req.valid('param');
      const made = await claimLinks.makeFor(ticket, c.req.valid('json'), c.get('audit')?.take);
      return made.ok ? c.json(made.value, 201) : problem(c, made.error);
    },
  );
  router.delete(
    '/:ticket/claim-links/:link',
    describeRoute(
      describe('End a link; whoever has claimed the ticket keeps it', 'phones', { status: 204 }, [
        ...ticketProblems,
        'link-unknown',
      ]),
    ),
    validLink,
    async (c) => {
      const { ticket, link } = c.req.valid('param');
      const revoked = await claimLinks.revoke(ticket, link, c.get('audit')?.take);
      return revoked.ok ? c.body(null, 204) : problem(c, revoked.error);
    },
  );
  return router;
}

/** Under `/api/events`. */
export function claimLinkBatchRoutes({ claimLinks }: ClaimLinkRoutesDeps): Hono<Environment> {
  const router = createRouter();
  router.post(
    '/:event/claim-links',
    describeRoute(
      describe(
        'Make a link for each of many tickets, all or none; they are shown this once',
        'phones',
        { status: 201, schema: claimLinksMadeSchema },
        [...userProblems, ...bodyProblems, 'event-unknown', 'ticket-unknown'],
      ),
    ),
    validEvent,
    jsonBody(),
    validJson(claimLinkBatchSchema),
    async (c) => {
      const { tickets, ...options } = c.req.valid('json');
      const made = await claimLinks.make(c.req.valid('param').event, tickets, options, c.get('audit')?.take);
      return made.ok ? c.json({ links: [...made.value] }, 201) : problem(c, made.error);
    },
  );
  return router;
}
