// Passes for the wallets of phones: which ones there are for a ticket, and the passes themselves. Made here from what is configured, without
// asking anybody; what they show is the ticket's static code, so a phone without a network gets in by them.
import {
  assert,
  err,
  ok,
  qrMethod,
  walletNames,
  type Clock,
  type Result,
  type WalletName,
  type WalletPassList,
  type WhyNoWalletPass,
} from '@postern/shared';
import type { EventRecord } from '../events.ts';
import type { Failure, ProblemType } from '../problems.ts';
import { whyNotMethod, type EffectiveEvents } from '../ticket-methods.ts';
import type { TicketView } from '../ticket-views.ts';
import type { Tickets } from '../tickets.ts';
import { makeApplePass } from './apple-pass.ts';
import { readAppleSigner, type AppleFiles, type AppleSigner, type WalletError } from './apple-signer.ts';
import { makeGoogleLink, readGoogleSigner, type GoogleSettings, type GoogleSigner } from './google-link.ts';
import { readPassLook, type LookSettings, type PassLook } from './pass-look.ts';
import { toWalletPass, type WalletPass } from './wallet-pass.ts';

const dayMs = 86_400_000;
/** Apple takes some days to give out the next certificate, and people take longer. */
const warnedBeforeMs = 30 * dayMs;

export interface WalletPasses {
  readonly list: (ticketId: string) => Promise<Result<WalletPassList, Failure>>;
  /** A `.pkpass` file. */
  readonly apple: (ticketId: string) => Promise<Result<{ readonly event: number; readonly file: Uint8Array }, Failure>>;
  readonly google: (ticketId: string) => Promise<Result<{ readonly event: number; readonly link: string }, Failure>>;
  /** What somebody has to see to, in words. */
  readonly warnings: () => readonly string[];
}

export interface WalletSettings {
  readonly look: LookSettings;
  readonly apple?: AppleFiles | undefined;
  readonly google?: GoogleSettings | undefined;
}

export interface Wallets {
  readonly look: PassLook;
  readonly apple: AppleSigner | undefined;
  readonly google: GoogleSigner | undefined;
}

/** Reads every file that the settings name. */
export function readWallets({ look, apple, google }: WalletSettings): Result<Wallets, WalletError> {
  const looks = readPassLook(look);
  if (!looks.ok) return looks;
  const appleSigner = apple === undefined ? ok(undefined) : readAppleSigner(apple);
  if (!appleSigner.ok) return appleSigner;
  const googleSigner = google === undefined ? ok(undefined) : readGoogleSigner(google);
  if (!googleSigner.ok) return googleSigner;
  return ok({ look: looks.value, apple: appleSigner.value, google: googleSigner.value });
}

export interface WalletPassesDeps {
  readonly wallets: Wallets;
  readonly tickets: Pick<Tickets, 'find' | 'texts'>;
  readonly readEffective: EffectiveEvents;
  readonly clock: Clock;
}

export function createWalletPasses({ wallets, tickets, readEffective, clock }: WalletPassesDeps): WalletPasses {
  const { look, apple, google } = wallets;
  const isExpired = (): boolean => apple !== undefined && apple.expiresAtMs <= clock.wallMs();
  const whyNoWallet = (wallet: WalletName): WhyNoWalletPass | undefined => {
    if ((wallet === 'apple' ? apple : google) === undefined) return 'not-configured';
    return wallet === 'apple' && isExpired() ? 'certificate-expired' : undefined;
  };

  const find = async (
    ticketId: string,
  ): Promise<Result<{ readonly ticket: TicketView; readonly event: EventRecord }, Failure>> => {
    const ticket = await tickets.find(ticketId);
    if (!ticket.ok) return ticket;
    const event = await readEffective(ticket.value.event);
    return event === undefined ? err({ type: 'event-unknown' }) : ok({ ticket: ticket.value, event });
  };

  /** The content of a pass for `wallet`, and when it is made. */
  const prepare = async (
    wallet: WalletName,
    ticketId: string,
  ): Promise<Result<{ readonly pass: WalletPass; readonly nowMs: number }, Failure>> => {
    const found = await find(ticketId);
    if (!found.ok) return found;
    const { ticket, event } = found.value;
    const why = whyNoWallet(wallet) ?? whyNoPass(ticket, event);
    if (why !== undefined) return err({ type: problemOf[why] });
    const [texts] = await tickets.texts([ticket]);
    const { text, shortCode } = texts ?? {};
    if (text === undefined || shortCode === undefined) return err({ type: 'ticket-has-foreign-code' });
    return ok({ pass: toWalletPass(ticket, event.policy, { text, shortCode }), nowMs: clock.wallMs() });
  };

  return {
    list: async (ticketId) => {
      const found = await find(ticketId);
      if (!found.ok) return found;
      const { ticket, event } = found.value;
      return ok({
        ticket: ticketId,
        credential: qrMethod.id,
        wallets: walletNames.map((wallet) => {
          const why = whyNoWallet(wallet) ?? whyNoPass(ticket, event);
          return { wallet, available: why === undefined, ...(why === undefined ? {} : { why }) };
        }),
      });
    },
    apple: async (ticketId) => {
      const prepared = await prepare('apple', ticketId);
      if (!prepared.ok) return prepared;
      assert(apple !== undefined, 'what is not configured makes no pass');
      const { pass, nowMs } = prepared.value;
      return ok({ event: pass.event, file: await makeApplePass(pass, look, apple, nowMs) });
    },
    google: async (ticketId) => {
      const prepared = await prepare('google', ticketId);
      if (!prepared.ok) return prepared;
      assert(google !== undefined, 'what is not configured makes no pass');
      const { pass, nowMs } = prepared.value;
      return ok({ event: pass.event, link: await makeGoogleLink(pass, look, google, nowMs) });
    },
    warnings: () => {
      if (apple === undefined || apple.expiresAtMs - clock.wallMs() > warnedBeforeMs) return [];
      const day = new Date(apple.expiresAtMs).toISOString().slice(0, 10);
      return [
        isExpired()
          ? `The certificate for Apple Wallet ended on ${day}: no passes are made until there is a new one.`
          : `The certificate for Apple Wallet ends on ${day}: phones that have a pass keep it, new ones need a new certificate.`,
      ];
    },
  };
}

const problemOf: Readonly<Record<WhyNoWalletPass, ProblemType>> = {
  'not-configured': 'wallet-unconfigured',
  'certificate-expired': 'wallet-certificate-expired',
  'foreign-code': 'ticket-has-foreign-code',
  unpaid: 'unpaid',
  off: 'method-off',
  'not-for-ticket': 'code-not-enough',
};

/** What stands against the code itself in any wallet. A cancelled ticket has a pass that says so. */
function whyNoPass(ticket: TicketView, event: EventRecord): WhyNoWalletPass | undefined {
  if (ticket.foreign) return 'foreign-code';
  return ticket.status === 'unpaid' ? 'unpaid' : whyNotMethod(qrMethod, ticket, event);
}
