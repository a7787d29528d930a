// The JSON messages about passes for the wallets of phones.
import { z } from 'zod';
import { ticketIdSchema } from './wire-tickets.ts';

export const walletNames = ['apple', 'google'] as const;
export type WalletName = (typeof walletNames)[number];

export const whyNoWalletPass = [
  'not-configured',
  'certificate-expired',
  'foreign-code',
  'unpaid',
  'off',
  'not-for-ticket',
] as const;
export type WhyNoWalletPass = (typeof whyNoWalletPass)[number];

/** `GET /api/tickets/{ticket}/wallet-passes`. */
export const walletPassListSchema = z.object({
  ticket: ticketIdSchema,
  /** The method that proves what such a pass shows. */
  credential: z.string(),
  wallets: z.array(
    z.object({ wallet: z.enum(walletNames), available: z.boolean(), why: z.enum(whyNoWalletPass).optional() }),
  ),
});
export type WalletPassList = z.infer<typeof walletPassListSchema>;

/** Opened on the phone, it adds the pass: `GET /api/tickets/{ticket}/wallet-passes/google`, and either wallet's of `/api/my/{holder}`. */
export const walletLinkSchema = z.object({ link: z.string() });
export type WalletLink = z.infer<typeof walletLinkSchema>;
