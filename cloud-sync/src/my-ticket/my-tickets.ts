// The tickets on this phone and what can be done with them. Everything shown is here as signals; whatever changes is written down before it is
// shown, so that a page that is closed at any moment opens as it was.
import { signal } from '@preact/signals';
import { bytesToHex, utf8, type ClaimResponse, type Holding } from '@postern/shared';
import type { WalletProvider } from '../sdk/wallet.ts';
import type { Answer, MyCloud } from './cloud.ts';
import { signByWallet } from './ethereum-wallet.ts';
import { makeKey, openKey, type HolderKey } from './holder-key.ts';
import type { Keep, KeptTicket } from './kept-tickets.ts';
import type { TrustedTime } from './trusted-time.ts';

/** A link that was opened, and how far its claim has come. */
export interface Claim {
  readonly secret: string;
  /** `held`: the ticket is on another phone, and is moved if the person says so. */
  readonly step: 'asked' | 'working' | 'held' | 'failed';
  /** Type of the cloud's problem. */
  readonly problem?: string;
}

/** The organiser's link for tickets that are tokens was opened. */
export interface TokenAsked {
  readonly event: number;
  /** Decimal; absent until somebody has said which. */
  readonly token?: string | undefined;
  readonly step: 'asked' | 'working' | 'failed';
  /** Type of the cloud's problem, or `wallet-unsigned`. */
  readonly problem?: string;
}

export const tickets = signal<readonly KeptTicket[]>([]);
export const shown = signal<string | undefined>(undefined);
export const claim = signal<Claim | undefined>(undefined);
export const tokenAsked = signal<TokenAsked | undefined>(undefined);
/** Whether the cloud was reached when it was last asked; undefined before. */
export const reached = signal<boolean | undefined>(undefined);
/** Why the last thing that was asked for did not happen. */
export const failed = signal<string | undefined>(undefined);

export interface MyTicketsDeps {
  readonly keep: Keep;
  readonly cloud: MyCloud;
  readonly time: TrustedTime;
  readonly monotonicMs: () => number;
  readonly random: (bytes: number) => Uint8Array;
}

export interface MyTickets {
  /** Reads what is kept. */
  readonly open: () => Promise<void>;
  /** Takes up the link that the page was opened with; one whose ticket is here already is done with. */
  readonly takeUp: (secret: string) => Promise<void>;
  readonly claimNow: (move: boolean) => Promise<void>;
  /** As `takeUp`, where a wallet holds the ticket. */
  readonly takeUpToken: (event: number, token: string | undefined) => Promise<void>;
  /** Has the wallet say that this phone may show the ticket. */
  readonly bindToken: (wallet: WalletProvider, token: string) => Promise<void>;
  /** Asks the cloud how every ticket stands. */
  readonly refresh: () => Promise<void>;
  readonly keyOf: (ticket: KeptTicket) => Promise<HolderKey>;
  readonly offer: (ticket: KeptTicket) => Promise<void>;
  readonly takeBack: (ticket: KeptTicket) => Promise<void>;
  readonly putAwayOwnLink: (ticket: KeptTicket) => Promise<void>;
  /** Only for a ticket that is no longer here. */
  readonly remove: (ticket: KeptTicket) => Promise<void>;
}

export function createMyTickets({ keep, cloud, time, monotonicMs, random }: MyTicketsDeps): MyTickets {
  const keys = new Map<string, Promise<HolderKey>>();
  const keyOf: MyTickets['keyOf'] = ({ id, key }) => {
    const opened = keys.get(id) ?? openKey(key);
    keys.set(id, opened);
    return opened;
  };
  const show = async (): Promise<void> => {
    tickets.value = (await keep.tickets()).filter(({ holding }) => holding !== undefined).toSorted(byEvent);
    if (!tickets.value.some(({ id }) => id === shown.value)) shown.value = tickets.value[0]?.id;
  };
  const ask = async <T>(work: () => Promise<Answer<T>>): Promise<Answer<T>> => {
    const answer = await work();
    reached.value = answer.ok || answer.type !== 'unreachable';
    return answer;
  };
  /** With the time that came along. */
  const askForHolding = async <T extends Holding>(work: () => Promise<Answer<T>>): Promise<Answer<T>> => {
    const askedMs = monotonicMs();
    const answer = await ask(work);
    if (answer.ok) {
      time.learn(answer.value.nowMs, askedMs);
      await keep.keepTime(time.kept());
    }
    return answer;
  };

  /** The ticket of a link or token, pending with its key before the cloud is asked, so that tabs and reloads ask with the same one. */
  const pending = async (source: string): Promise<KeptTicket> => {
    const id = bytesToHex(new Uint8Array(await crypto.subtle.digest('SHA-256', utf8(source).slice())));
    return keep.readOrAdd({ id, key: await makeKey(random) });
  };

  const pendingToken = (event: number, token: string): Promise<KeptTicket> => pending(`token/${event}/${token}`);

  const bind = async (wallet: WalletProvider, event: number, token: string): Promise<Answer<KeptTicket>> => {
    const ticket = await pendingToken(event, token);
    const key = await keyOf(ticket);
    const about = { token, holderKey: bytesToHex(key.publicKey) };
    const challenge = await ask(() => cloud.walletChallenge(event, about));
    if (!challenge.ok) return challenge;
    const { nonce, deadline, typedData } = challenge.value;
    const signature = await signByWallet(wallet, typedData);
    if (signature === undefined) return { ok: false, type: 'wallet-unsigned' };
    const bound = await ask(() => cloud.bindWallet(event, { ...about, nonce, deadline, signature }));
    if (!bound.ok) return bound;
    const answer = await askForHolding(() => cloud.read(bound.value.holder, key));
    if (!answer.ok) return answer;
    await keep.change(ticket.id, (before) => ({ ...before, holding: answer.value }));
    return { ok: true, value: ticket };
  };

  return {
    open: show,

    takeUp: async (secret) => {
      const { id, holding } = await pending(secret);
      if (holding === undefined || isGone(holding)) claim.value = { secret, step: 'asked' };
      else shown.value = id;
      tokenAsked.value = undefined;
    },

    claimNow: async (move) => {
      const secret = claim.value?.secret;
      if (secret === undefined) return;
      claim.value = { secret, step: 'working' };
      const ticket = await pending(secret);
      const key = await keyOf(ticket);
      const answer = await askForHolding<ClaimResponse>(() => cloud.claim(secret, key, move));
      if (!answer.ok) {
        claim.value = { secret, step: answer.type === 'ticket-held' ? 'held' : 'failed', problem: answer.type };
        return;
      }
      const { ownLink, ...holding } = answer.value;
      await keep.change(ticket.id, (before) => ({ ...before, holding, ...(ownLink === undefined ? {} : { ownLink }) }));
      claim.value = undefined;
      shown.value = ticket.id;
      await show();
    },

    takeUpToken: async (event, token) => {
      const { id, holding } = token === undefined ? { id: undefined } : await pendingToken(event, token);
      if (holding === undefined || isGone(holding)) tokenAsked.value = { event, token, step: 'asked' };
      else shown.value = id;
      claim.value = undefined;
    },

    bindToken: async (wallet, token) => {
      const event = tokenAsked.value?.event;
      if (event === undefined) return;
      tokenAsked.value = { event, token, step: 'working' };
      const bound = await bind(wallet, event, token);
      if (!bound.ok) {
        tokenAsked.value = { event, token, step: 'failed', problem: bound.type };
        return;
      }
      tokenAsked.value = undefined;
      shown.value = bound.value.id;
      await show();
    },

    refresh: async () => {
      for (const ticket of tickets.value) {
        const { id, holding } = ticket;
        if (holding === undefined) continue;
        const key = await keyOf(ticket);
        const answer = await askForHolding(() => cloud.read(holding.holder, key));
        // It may have come anew meanwhile.
        const heard = (before: KeptTicket): KeptTicket =>
          answer.ok && before.holding?.holder === holding.holder ? withHolding(before, answer.value) : before;
        if (answer.ok) await keep.change(id, heard);
        else if (answer.type === 'unreachable') break;
      }
      await show();
    },

    keyOf,

    offer: async (ticket) => {
      const { holding } = ticket;
      if (holding === undefined) return;
      const key = await keyOf(ticket);
      const answer = await ask(() => cloud.offer(holding.holder, key));
      failed.value = answer.ok ? undefined : answer.type;
      if (answer.ok)
        await keep.change(ticket.id, (before) => ({
          ...before,
          offer: answer.value,
          ...(before.holding === undefined
            ? {}
            : { holding: { ...before.holding, offered: { expiresAtMs: answer.value.expiresAtMs } } }),
        }));
      await show();
    },

    takeBack: async (ticket) => {
      const { holding } = ticket;
      if (holding === undefined) return;
      const key = await keyOf(ticket);
      const answer = await ask(() => cloud.takeBack(holding.holder, key));
      failed.value = answer.ok ? undefined : answer.type;
      if (answer.ok) await keep.change(ticket.id, withoutOffer);
      await show();
    },

    putAwayOwnLink: async (ticket) => {
      await keep.change(ticket.id, ({ ownLink: _gone, ...rest }) => rest);
      await show();
    },

    remove: async (ticket) => {
      await keep.remove(ticket.id);
      keys.delete(ticket.id);
      await show();
    },
  };
}

const goneStates: readonly Holding['state'][] = ['moved', 'given', 'sold', 'replaced'];
/** Whether a ticket has left this phone for good: only a link brings it back. */
export const isGone = ({ state }: Holding): boolean => goneStates.includes(state);

/** What was offered is over once the cloud no longer speaks of it. */
const withHolding = (ticket: KeptTicket, holding: Holding): KeptTicket =>
  holding.offered === undefined ? { ...withoutOffer(ticket), holding } : { ...ticket, holding };

function withoutOffer({ offer: _offer, ...ticket }: KeptTicket): KeptTicket {
  if (ticket.holding === undefined) return ticket;
  const { offered: _offered, ...holding } = ticket.holding;
  return { ...ticket, holding };
}

const byEvent = (a: KeptTicket, b: KeptTicket): number =>
  (a.holding?.validFromMs ?? 0) - (b.holding?.validFromMs ?? 0) ||
  (a.holding?.event.name ?? '').localeCompare(b.holding?.event.name ?? '') ||
  a.id.localeCompare(b.id);
