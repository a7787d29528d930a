// Passes for Apple and Google Wallet, for the holder of a ticket and for staff.
import { googleLinkSchema, walletPassListSchema } from '@postern/shared';
import type { Hono } from 'hono';
import { describeRoute } from 'hono-openapi';
import { applePassContentType } from '../services/wallet-passes/apple-pass.ts';
import type { WalletPasses } from '../services/wallet-passes/wallet-passes.ts';
import { createRouter, problem, type Environment } from './context.ts';
import { describe, userProblems, validTicket } from './input.ts';

const listProblems = [...userProblems, 'request-invalid', 'ticket-unknown'] as const;
const passProblems = [
  ...listProblems,
  'wallet-unconfigured',
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
        ...passProblems,
        'wallet-certificate-expired',
      ]),
    ),
    validTicket,
    async (c) => {
      const { ticket } = c.req.valid('param');
      const pass = await walletPasses.apple(ticket);
      if (!pass.ok) return problem(c, pass.error);
      const { event, file } = pass.value;
      c.get('audit')?.add({ event, details: { wallet: 'apple' } });
      return c.body(Buffer.from(file), 200, {
        'Content-Type': applePassContentType,
        'Content-Disposition': `attachment; filename="${ticket}.pkpass"`,
      });
    },
  );
  router.get(
    '/:ticket/wallet-passes/google',
    describeRoute(
      describe('The link that saves a pass to Google Wallet', 'wallets', { schema: googleLinkSchema }, passProblems),
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
