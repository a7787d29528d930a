// A wallet lets a phone show its ticket: the cloud gives out what to sign, and for the signature of whoever holds the token the phone gets a pass
// for its own key. Nobody signs in: a token may have been bought from anybody. A challenge costs no memory, because its nonce proves
// itself; it is about one phone's key, and answered once. The pass dies with the ticket's epoch, which rises when the token changes hands.
import {
  bytesToHex,
  dynamicMethod,
  err,
  hexToBytes,
  isSoundPublicKey,
  ok,
  recoverAddress,
  sha256,
  toWalletSignature,
  walletBindingDigest,
  walletBindingTypedData,
  type Clock,
  type NftRules,
  type Random,
  type Result,
  type WalletBindingRequest,
  type WalletBindingSaying,
  type WalletBindingView,
  type WalletBound,
  type WalletChallenge,
} from '@postern/shared';
import type { Database, Queries } from '../../store/database.ts';
import { inTransaction } from '../../store/locks.ts';
import type { Audit, EntryOf } from '../audit.ts';
import type { Credentials } from '../credentials.ts';
import type { Keys } from '../keys.ts';
import type { Limiter } from '../limiter.ts';
import type { Failure } from '../problems.ts';
import { isEqualHash } from '../scrypt.ts';
import type { FindTicket, TicketOfEvent } from '../ticket-of-event.ts';
import type { EffectiveEvents } from '../ticket-methods.ts';
import type { ContractCheck } from './contract-wallets.ts';
import { findToken } from './feed-tokens.ts';

/** People look for their wallet, and several owners of one sign one after the other. */
export const challengeLifetimeS = 15 * 60;
const chanceBytes = 16;
/** The phone is named by what is random in the nonce, so that it is the same when it asks again. */
const holderOf = (nonce: string): string => nonce.slice(0, 2 * chanceBytes);
/** A phone waits for the answer. */
const contractCheckMsMax = 10_000;
/** Phones of one owner. */
const bindingsPerEpochMax = 10;
const bindingsShownMax = 100;
/** Both are needed: the token says whose ticket it is, the pass makes dynamic codes. */
const methodsNeeded = ['nft', dynamicMethod.id];

export interface WalletBindings {
  /** `event-unknown`, `nft-rules-unset`, `method-off`, `token-unknown`, `ticket-not-valid`, `holder-key-unsound`, `chain-unavailable`. */
  readonly challenge: (event: number, token: string, holderKey: string) => Promise<Result<WalletChallenge, Failure>>;
  /** As `challenge`, and `challenge-invalid`, `challenge-used`, `bindings-too-many`, `wallet-wrong`, `attempts-exhausted`. */
  readonly bind: (
    event: number,
    request: WalletBindingRequest,
    from: { readonly address: string; readonly entry?: EntryOf | undefined },
  ) => Promise<Result<WalletBound, Failure>>;
  /** The newest first: `ticket-unknown`. */
  readonly list: (ticketId: string) => Promise<Result<readonly WalletBindingView[], Failure>>;
}

export interface WalletBindingsDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly random: Random;
  readonly keys: Pick<Keys, 'serverHash'>;
  readonly limiter: Limiter;
  readonly audit: Pick<Audit, 'record'>;
  readonly readEffective: EffectiveEvents;
  readonly findTicket: FindTicket;
  readonly credentials: Pick<Credentials, 'generate'>;
  /** Absent where no chain is named: then only wallets with a key can say anything. */
  readonly checkContract?: ContractCheck | undefined;
}

/** A token of the event with the ticket that it stands for, as they are now. */
interface Held extends TicketOfEvent {
  readonly rules: NftRules;
  readonly tokenId: bigint;
  readonly reference: string;
  readonly owner: `0x${string}`;
}

export function createWalletBindings(deps: WalletBindingsDeps): WalletBindings {
  const { database, clock, random, keys, limiter, audit, readEffective, findTicket, credentials, checkContract } = deps;

  const find = async (eventId: number, token: string, holderKey: string): Promise<Result<Held, Failure>> => {
    const event = await readEffective(eventId);
    if (event === undefined) return err({ type: 'event-unknown' });
    const { nft, methodsOff } = event.policy;
    if (nft === undefined) return err({ type: 'nft-rules-unset' });
    if (methodsNeeded.some((method) => methodsOff.includes(method))) return err({ type: 'method-off' });
    if (!isSoundPublicKey(hexToBytes(holderKey) ?? new Uint8Array(0))) return err({ type: 'holder-key-unsound' });
    const tokenId = BigInt(token);
    const found = await findToken(database, event, tokenId);
    if (found === undefined) return err({ type: 'token-unknown' });
    const ticket = await findTicket(found.row.ticket);
    if (!ticket.ok) return ticket.error.type === 'ticket-unknown' ? err({ type: 'token-unknown' }) : ticket;
    // Handed on here and not there: the token opens nothing any more.
    if (found.row.epoch < ticket.value.ticket.epoch) return err({ type: 'token-unknown' });
    if (found.row.handed_on === 1)
      return err({ type: 'chain-unavailable', detail: 'The token has just changed hands: try again in a moment.' });
    if (ticket.value.ticket.status !== 'valid' || found.consumed) return err({ type: 'ticket-not-valid' });
    const reference = found.row.reference.replace(/^0x/, '');
    return ok({ ...ticket.value, rules: nft, tokenId, reference, owner: found.owner });
  };

  /** The nonce is random, and proves that it was given out for just this. */
  const nonceFor = (held: Held, holderKey: string, deadlineS: number, chance: string): string => {
    const { event, ticket, rules, tokenId } = held;
    const about = [event.id, rules.chainId, rules.contract, tokenId, ticket.id, ticket.epoch, holderKey, deadlineS];
    return chance + keys.serverHash('wallet-challenge', [...about, chance].join('/')).slice(0, 64 - chance.length);
  };
  const sayingOf = (held: Held, holderKey: string, nonce: string, deadlineS: number): WalletBindingSaying => ({
    event: held.event.id,
    chainId: held.rules.chainId,
    contract: held.rules.contract,
    tokenId: held.tokenId,
    ticketReference: held.reference,
    holderKey,
    nonce,
    deadlineS,
  });

  /** How the owner has signed; undefined where it was not the owner. */
  const signedBy = async (
    { owner, rules }: Held,
    digest: Uint8Array,
    signature: Uint8Array,
  ): Promise<Result<WalletBindingView['kind'] | undefined, Failure>> => {
    const ofKey = toWalletSignature(signature);
    if (ofKey !== undefined && recoverAddress(digest, ofKey) === owner) return ok('key');
    if (checkContract === undefined) return ok(undefined);
    const accepted = await checkContract(
      { chainId: rules.chainId, wallet: owner, digest, signature },
      AbortSignal.timeout(contractCheckMsMax),
    );
    return accepted.ok ? ok(accepted.value ? 'contract' : undefined) : accepted;
  };

  /** `challenge-used` where it was answered with another signature, `bindings-too-many`. */
  const keep = (
    held: Held,
    request: WalletBindingRequest,
    kind: string,
    entry: EntryOf | undefined,
  ): Promise<'challenge-used' | 'bindings-too-many' | undefined> => {
    const { event, ticket, tokenId, owner } = held;
    const signatureHash = bytesToHex(sha256(hexToBytes(request.signature.slice(2)) ?? new Uint8Array(0)));
    return inTransaction(database, `wallet-bindings/${event.id}/${ticket.id}`, async (queries) => {
      const known = await queries
        .selectFrom('wallet_binding')
        .select('signature_hash')
        .where('event', '=', event.id)
        .where('nonce', '=', request.nonce)
        .executeTakeFirst();
      if (known !== undefined) return known.signature_hash === signatureHash ? undefined : 'challenge-used';
      const { bindings } = await queries
        .selectFrom('wallet_binding')
        .select(({ fn }) => fn.countAll<number>().as('bindings'))
        .where('event', '=', event.id)
        .where('ticket', '=', ticket.id)
        .where('epoch', '=', ticket.epoch)
        .executeTakeFirstOrThrow();
      if (bindings >= bindingsPerEpochMax) return 'bindings-too-many';
      await queries
        .insertInto('wallet_binding')
        .values({
          event: event.id,
          nonce: request.nonce,
          ticket: ticket.id,
          epoch: ticket.epoch,
          token: tokenId.toString(),
          wallet: owner,
          kind,
          signature_hash: signatureHash,
          holder: holderOf(request.nonce),
          public_key: request.holderKey,
          created_at_ms: clock.wallMs(),
        })
        .execute();
      if (entry !== undefined)
        await audit.record(
          queries,
          // No address: it leads to a person, and this stays.
          entry({ event: event.id, ticket: ticket.id, subject: request.nonce, details: { kind } }),
        );
      return undefined;
    });
  };

  return {
    challenge: async (eventId, token, holderKey) => {
      const held = await find(eventId, token, holderKey);
      if (!held.ok) return held;
      const deadline = Math.floor(clock.wallMs() / 1_000) + challengeLifetimeS;
      const nonce = nonceFor(held.value, holderKey, deadline, bytesToHex(random(chanceBytes)));
      const typedData = { ...walletBindingTypedData(sayingOf(held.value, holderKey, nonce, deadline)) };
      return ok({ nonce, deadline, typedData });
    },

    bind: async (eventId, request, { address, entry }) => {
      const { token, holderKey, nonce, deadline, signature } = request;
      const found = await find(eventId, token, holderKey);
      if (!found.ok) return found;
      const held = found.value;
      const expected = nonceFor(held, holderKey, deadline, nonce.slice(0, 2 * chanceBytes));
      const isOurs = isEqualHash(hexToBytes(nonce) ?? new Uint8Array(0), hexToBytes(expected) ?? new Uint8Array(1));
      if (!isOurs || clock.wallMs() > deadline * 1_000) return err({ type: 'challenge-invalid' });
      const digest = walletBindingDigest(sayingOf(held, holderKey, nonce, deadline));
      const signed = await limiter.guess(
        'wallet-signature',
        address,
        () => signedBy(held, digest, hexToBytes(signature.slice(2)) ?? new Uint8Array(0)),
        (outcome) => !outcome.ok || outcome.value === undefined,
      );
      if (!signed.ok) return signed;
      if (!signed.value.ok) return signed.value;
      const kind = signed.value.value;
      if (kind === undefined) return err({ type: 'wallet-wrong' });
      const refused = await keep(held, request, kind, entry);
      if (refused !== undefined) return err({ type: refused });
      // The same for the same ticket and key: who has not heard the answer asks again.
      const made = await credentials.generate(held.event, held.ticket, dynamicMethod.id, { holderKey }, undefined);
      if (!made.ok) return made;
      const { holderPass, stepS } = made.value.payload;
      return ok({
        ticket: held.ticket.id,
        holder: holderOf(nonce),
        method: 'dynamic',
        payload: { holderPass: String(holderPass), stepS: Number(stepS) },
      });
    },

    list: async (ticketId) => {
      const found = await findTicket(ticketId);
      if (!found.ok) return found;
      return ok(await readBindings(database, found.value));
    },
  };
}

async function readBindings(queries: Queries, { event, ticket }: TicketOfEvent): Promise<readonly WalletBindingView[]> {
  const rows = await queries
    .selectFrom('wallet_binding')
    .selectAll()
    .where('event', '=', event.id)
    .where('ticket', '=', ticket.id)
    .orderBy('created_at_ms', 'desc')
    .orderBy('nonce')
    .limit(bindingsShownMax)
    .execute();
  return rows.map((row) => ({
    token: row.token,
    wallet: row.wallet as WalletBindingView['wallet'],
    kind: row.kind === 'contract' ? 'contract' : 'key',
    epoch: row.epoch,
    createdAtMs: row.created_at_ms,
    holds: row.epoch === ticket.epoch,
  }));
}
