// Passes for the wallets of phones: which ones there are for a ticket, and the passes themselves. Made here from what is configured, without
// asking anybody; what they show is the ticket's static code, so a phone without a network gets in by them.
import {
  assert,
  base64ToBytes,
  base64UrlToBytes,
  bytesToBase64Url,
  err,
  ok,
  qrMethod,
  ticketIdSchema,
  utf8,
  walletNames,
  type Clock,
  type Result,
  type WalletName,
  type WalletPassList,
  type WhyNoWalletPass,
} from '@postern/shared';
import { z } from 'zod';
import type { EventRecord } from '../events.ts';
import type { Failure, ProblemType } from '../problems.ts';
import { whyNotMethod, type EffectiveEvents } from '../ticket-methods.ts';
import type { TicketView } from '../ticket-views.ts';
import type { Tickets } from '../tickets.ts';
import type { Vault } from '../vault.ts';
import { makeApplePass } from './apple-pass.ts';
import { readAppleSigner, type AppleFiles, type AppleSigner, type WalletError } from './apple-signer.ts';
import { makeGoogleLink, readGoogleSigner, type GoogleSettings, type GoogleSigner } from './google-link.ts';
import { readPassLook, type LookSettings, type PassLook } from './pass-look.ts';
import { toWalletPass, type WalletPass } from './wallet-pass.ts';

const dayMs = 86_400_000;
/** Apple takes some days to give out the next certificate, and people take longer. */
const warnedBeforeMs = 30 * dayMs;
/** A browser that opens a link cannot sign its request as the page does. */
const linkLifetimeMs = 5 * 60_000;
const vaultLabel = 'wallet-pass-link';

export interface WalletPasses {
  readonly list: (ticketId: string) => Promise<Result<WalletPassList, Failure>>;
  /** A `.pkpass` file. */
  readonly apple: (ticketId: string) => Promise<Result<{ readonly event: number; readonly file: Uint8Array }, Failure>>;
  readonly google: (ticketId: string) => Promise<Result<{ readonly event: number; readonly link: string }, Failure>>;
  /** What a phone opens to add the pass. For Apple it leads back here (`open`), and is good for some minutes. */
  readonly link: (
    wallet: WalletName,
    ticketId: string,
  ) => Promise<Result<{ readonly event: number; readonly link: string }, Failure>>;
  /** The `.pkpass` file that such a link is for. `link-invalid` when it is too old, or the ticket is another one by now. */
  readonly open: (sealed: string) => Promise<Result<{ readonly file: Uint8Array }, Failure>>;
  /** Which wallets can have this ticket, for who has read it already. */
  readonly walletsOf: (ticket: TicketView, event: EventRecord) => Readonly<Record<WalletName, boolean>>;
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
  readonly vault: Vault;
  readonly publicUrl: () => string;
}

export function createWalletPasses(deps: WalletPassesDeps): WalletPasses {
  const { wallets, tickets, readEffective, clock, vault, publicUrl } = deps;
  const { look, apple, google } = wallets;
  const isExpired = (): boolean => apple !== undefined && apple.expiresAtMs <= clock.wallMs();
  const whyNoWallet = (wallet: WalletName): WhyNoWalletPass | undefined => {
    if ((wallet === 'apple' ? apple : google) === undefined) return 'not-configured';
    return wallet === 'apple' && isExpired() ? 'certificate-expired' : undefined;
  };

  const whyNot = (wallet: WalletName, ticket: TicketView, event: EventRecord): WhyNoWalletPass | undefined =>
    whyNoWallet(wallet) ?? whyNoPass(ticket, event);

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
    const why = whyNot(wallet, ticket, event);
    if (why !== undefined) return err({ type: problemOf[why] });
    const [texts] = await tickets.texts([ticket]);
    const { text, shortCode } = texts ?? {};
    if (text === undefined || shortCode === undefined) return err({ type: 'ticket-has-foreign-code' });
    return ok({ pass: toWalletPass(ticket, event.policy, { text, shortCode }), nowMs: clock.wallMs() });
  };

  const makeFile: WalletPasses['apple'] = async (ticketId) => {
    const prepared = await prepare('apple', ticketId);
    if (!prepared.ok) return prepared;
    assert(apple !== undefined, 'what is not configured makes no pass');
    const { pass, nowMs } = prepared.value;
    return ok({ event: pass.event, file: await makeApplePass(pass, look, apple, nowMs) });
  };
  const makeLink: WalletPasses['google'] = async (ticketId) => {
    const prepared = await prepare('google', ticketId);
    if (!prepared.ok) return prepared;
    assert(google !== undefined, 'what is not configured makes no pass');
    const { pass, nowMs } = prepared.value;
    return ok({ event: pass.event, link: await makeGoogleLink(pass, look, google, nowMs) });
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
          const why = whyNot(wallet, ticket, event);
          return { wallet, available: why === undefined, ...(why === undefined ? {} : { why }) };
        }),
      });
    },
    apple: makeFile,
    google: makeLink,
    link: async (wallet, ticketId) => {
      if (wallet === 'google') return makeLink(ticketId);
      const prepared = await prepare('apple', ticketId);
      if (!prepared.ok) return prepared;
      const { pass, nowMs } = prepared.value;
      const content: LinkContent = { ticket: ticketId, epoch: pass.epoch, expiresAtMs: nowMs + linkLifetimeMs };
      const sealed = base64ToBytes(vault.seal(utf8(JSON.stringify(content)), vaultLabel));
      assert(sealed !== undefined, 'the vault seals as Base64');
      return ok({ event: pass.event, link: `${publicUrl()}/wallet-passes/${bytesToBase64Url(sealed)}` });
    },
    open: async (sealed) => {
      const content = readLink(vault, sealed);
      if (content === undefined || content.expiresAtMs < clock.wallMs()) return err({ type: 'link-invalid' });
      const ticket = await tickets.find(content.ticket);
      if (!ticket.ok || ticket.value.epoch !== content.epoch) return err({ type: 'link-invalid' });
      return makeFile(content.ticket);
    },
    walletsOf: (ticket, event) => ({
      apple: whyNot('apple', ticket, event) === undefined,
      google: whyNot('google', ticket, event) === undefined,
    }),
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

const linkSchema = z.object({ ticket: ticketIdSchema, epoch: z.number(), expiresAtMs: z.number() });
type LinkContent = z.infer<typeof linkSchema>;

function readLink(vault: Vault, sealed: string): LinkContent | undefined {
  const bytes = base64UrlToBytes(sealed);
  const opened = bytes === undefined ? undefined : vault.open(Buffer.from(bytes).toString('base64'), vaultLabel);
  return opened?.ok === true ? linkSchema.parse(JSON.parse(Buffer.from(opened.value).toString('utf8'))) : undefined;
}
