// Passes for Apple and Google Wallet, for the holder of a ticket and for staff.
import { holderIdSchema, walletLinkSchema, walletNames, walletPassListSchema, type Nonces } from '@postern/shared';
import type { Hono, MiddlewareHandler } from 'hono';
import { describeRoute, validator } from 'hono-openapi';
import { z } from 'zod';
import { aboutHolder } from '../services/claim-links.ts';
import { applePassContentType } from '../services/wallet-passes/apple-pass.ts';
import type { WalletPasses } from '../services/wallet-passes/wallet-passes.ts';
import { giveNonce } from './auth.ts';
import { createRouter, problem, type Environment, type RouteContext } from './context.ts';
import { describe, limitBody, orProblem, userProblems, validTicket } from './input.ts';
import { emptyBodyBytesMax, holderProblems } from './my-tickets.ts';

const listProblems = [...userProblems, 'request-invalid', 'ticket-unknown'] as const;
const walletProblems = [
  'wallet-unconfigured',
  'wallet-certificate-expired',
  'ticket-has-foreign-code',
  'unpaid',
  'method-off',
  'code-not-enough',
] as const;

/** Under `/api/tickets`. */
export function walletPassRoutes({ walletPasses }: { readonly walletPasses: WalletPasses }): Hono<Environment> {
  const router = createRouter();
  router.get(
    '/:ticket/wallet-passes',
    describeRoute(
      describe('List the wallets that can have a pass', 'wallets', { schema: walletPassListSchema }, listProblems),
    ),
    validTicket,
    async (c) => {
      const list = await walletPasses.list(c.req.valid('param').ticket);
      return list.ok ? c.json(list.value) : problem(c, list.error);
    },
  );
  router.get(
    '/:ticket/wallet-passes/apple',
    describeRoute(
      describe('The pass for Apple Wallet', 'wallets', { contentType: applePassContentType }, [
        ...listProblems,
        ...walletProblems,
      ]),
    ),
    validTicket,
    async (c) => {
      const { ticket } = c.req.valid('param');
      const pass = await walletPasses.apple(ticket);
      if (!pass.ok) return problem(c, pass.error);
      const { event, file } = pass.value;
      c.get('audit')?.add({ event, details: { wallet: 'apple' } });
      return sendPass(c, file);
    },
  );
  router.get(
    '/:ticket/wallet-passes/google',
    describeRoute(
      describe('The link that saves a pass to Google Wallet', 'wallets', { schema: walletLinkSchema }, [
        ...listProblems,
        ...walletProblems,
      ]),
    ),
    validTicket,
    async (c) => {
      const made = await walletPasses.google(c.req.valid('param').ticket);
      if (!made.ok) return problem(c, made.error);
      const { event, link } = made.value;
      c.get('audit')?.add({ event, details: { wallet: 'google' } });
      return c.json({ link });
    },
  );
  return router;
}

export interface MyWalletPassRoutesDeps {
  readonly walletPasses: WalletPasses;
  readonly nonces: Nonces;
  /** Refuses whatever the phone of the path has not signed (requireHolder). */
  readonly holderOnly: MiddlewareHandler<Environment>;
}

/** For the phone that has the ticket. What a link of ours gives, it gives to a browser, which signs nothing. */
export function myWalletPassRoutes(deps: MyWalletPassRoutesDeps): Hono<Environment> {
  const { walletPasses, nonces, holderOnly } = deps;
  const router = createRouter();
  router.get(
    '/api/my/:holder/wallet-passes/:wallet',
    giveNonce(nonces),
    describeRoute(
      describe('A link that adds the ticket to a wallet', 'phones', { schema: walletLinkSchema }, [
        ...holderProblems,
        ...walletProblems,
        'holder-ended',
      ]),
    ),
    limitBody(emptyBodyBytesMax),
    holderOnly,
    validator('param', z.object({ holder: holderIdSchema, wallet: z.enum(walletNames) }), orProblem),
    async (c) => {
      const { row, isCurrent } = c.get('holder');
      if (!isCurrent) return problem(c, { type: 'holder-ended' });
      const { wallet } = c.req.valid('param');
      const made = await walletPasses.link(wallet, row.ticket);
      if (!made.ok) return problem(c, made.error);
      const { event, link } = made.value;
      c.get('audit')?.add({ ...aboutHolder(row), event, details: { wallet } });
      return c.json({ link });
    },
  );
  router.get(
    '/wallet-passes/:pass',
    describeRoute(
      describe(
        'The pass for Apple Wallet, by a link of some minutes',
        'phones',
        { contentType: applePassContentType },
        ['request-invalid', 'link-invalid', 'ticket-unknown', 'attempts-exhausted', ...walletProblems],
      ),
    ),
    validator('param', z.object({ pass: z.string().regex(/^[A-Za-z0-9_-]{40,400}$/) }), orProblem),
    async (c) => {
      const opened = await walletPasses.open(c.req.valid('param').pass);
      return opened.ok ? sendPass(c, opened.value.file) : problem(c, opened.error);
    },
  );
  return router;
}

const sendPass = (c: RouteContext, file: Uint8Array): Response =>
  c.body(Buffer.from(file), 200, {
    'Content-Type': applePassContentType,
    'Content-Disposition': 'attachment; filename="ticket.pkpass"',
  });
