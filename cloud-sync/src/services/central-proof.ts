// What a method makes of what was shown over HTTP for a ticket that the request names. It gets what a gate has in its cache, for this one
// ticket; guesses cost time, and a code of another ticket proves nothing.
import {
  bytesToHex,
  codeHash,
  err,
  geofenceOf,
  hexToBytes,
  ok,
  parseShortCode,
  pretixOf,
  type Claim,
  type Clock,
  type Lookups,
  type Presentation,
  type Refusal,
  type Result,
  type TagState,
  type Ticket,
  type VerificationMethod,
} from '@postern/shared';
import type { Database } from '../store/database.ts';
import { shareReads } from '../store/shared-reads.ts';
import { codeHashKeyOf } from './band-id.ts';
import type { EventRecord } from './events.ts';
import type { Keys } from './keys.ts';
import type { KnownFace, ReadKnownFace } from './known-face.ts';
import type { Limiter } from './limiter.ts';
import { readTokensOf } from './nft/feed-tokens.ts';
import { present, readTag } from './presented.ts';
import type { Failure } from './problems.ts';

/** The lane under which central verify appears in marks. */
export const centralLane = 'api';

/** Codes of other tickets are compared in memory: this bounds a method that asks somebody else. */
const verifyTimeoutMs = 10_000;
const deadlineSharedMs = 1_000;

export interface TriedProof {
  /** How marks know the tag, where one was presented. */
  readonly tagHash: string | undefined;
  readonly tried: Result<Claim, Refusal>;
}

/** `attempts-exhausted` after many that proved nothing. */
export type TryProof = (
  ticket: Ticket,
  event: EventRecord,
  method: VerificationMethod,
  shown: Parameters<typeof present>[1],
) => Promise<Result<TriedProof, Failure>>;

export interface TryProofDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly keys: Keys;
  readonly limiter: Limiter;
  readonly readFace: ReadKnownFace;
}

export function createTryProof({ database, clock, keys, limiter, readFace }: TryProofDeps): TryProof {
  /** By a ticket's event and id: the epoch that each of its foreign codes was printed for, by the code's hash. */
  const epochsByCode = shareReads((tickets: readonly string[]) => readCodes(database, tickets));
  let deadline: { readonly signal: AbortSignal; readonly untilMs: number } | undefined;
  /** One for all who ask within a second: a timer for each would cost more than most methods. */
  const deadlineSignal = (): AbortSignal => {
    const nowMs = clock.monotonicMs();
    if (deadline === undefined || nowMs >= deadline.untilMs)
      deadline = { signal: AbortSignal.timeout(verifyTimeoutMs + deadlineSharedMs), untilMs: nowMs + deadlineSharedMs };
    return deadline.signal;
  };

  /** What a method has proved, or why not; a code of another ticket proves nothing about this one. `attempts-exhausted` for a guesser. */
  const prove = async (
    method: VerificationMethod,
    ticket: Ticket,
    lookups: Lookups,
    presentation: Presentation | undefined,
  ): Promise<Result<Result<Claim, Refusal>, Failure>> => {
    if (presentation === undefined || !method.accepts(presentation)) return ok(err({ type: 'not-a-ticket' }));
    const proved = await limiter.guess(
      'verify-miss',
      ticket.id,
      () => method.verify(presentation, lookups, deadlineSignal()),
      (outcome) => !outcome.ok,
    );
    const isOther = proved.ok && proved.value.ok && proved.value.value.ticketId !== ticket.id;
    return isOther ? ok(err({ type: 'other-ticket' })) : proved;
  };

  return async (ticket, event, method, shown) => {
    const codes = method.looksUpCodes === true ? await epochsByCode(ticketName(event.id, ticket.id)) : undefined;
    const seen = { readerId: centralLane, seenAtMs: clock.monotonicMs() };
    const presented = present(method, shown, seen, ticket.id);
    const tag = await readTag(database, event, presented);
    if (event.policy.methodsOff.includes(method.id))
      return ok({ tagHash: tag?.hash, tried: err({ type: 'method-off' }) });
    const known = presented?.medium === 'face' ? await readFace(event.id, ticket.id) : undefined;
    const nft = method.looksUpTokens === true ? await readTokensOf(database, event, ticket) : undefined;
    const evidence = { epochs: codes ?? new Map<string, number>(), tag: tag?.state, known };
    const lookups = { ...(await lookupsFor(keys, event, ticket, evidence)), nft: () => nft };
    const tried = await prove(method, ticket, lookups, presented);
    known?.key?.fill(0);
    return tried.ok ? ok({ tagHash: tag?.hash, tried: tried.value }) : tried;
  };
}

/** By ticket, for each of its foreign codes the epoch that it was printed for. */
async function readCodes(
  database: Database,
  tickets: readonly string[],
): Promise<ReadonlyMap<string, ReadonlyMap<string, number>>> {
  const names = tickets.map(parseTicketName);
  const rows = await database
    .selectFrom('ticket_code')
    .select(['event', 'ticket', 'hash', 'epoch'])
    .where('event', 'in', [...new Set(names.map(({ event }) => event))])
    .where(
      'ticket',
      'in',
      names.map(({ ticket }) => ticket),
    )
    .execute();
  const codes = new Map(tickets.map((name) => [name, new Map<string, number>()]));
  for (const { event, ticket, hash, epoch } of rows) codes.get(ticketName(event, ticket))?.set(hash, epoch);
  return codes;
}

const ticketName = (event: number, ticket: string): string => `${event}/${ticket}`;
function parseTicketName(name: string): { readonly event: number; readonly ticket: string } {
  const [event = '', ticket = ''] = name.split('/');
  return { event: Number(event), ticket };
}

/** What a gate has in its cache, for this one ticket. */
async function lookupsFor(
  keys: Keys,
  record: EventRecord,
  ticket: Ticket,
  {
    epochs,
    tag = { type: 'unbound' },
    known,
  }: {
    readonly epochs: ReadonlyMap<string, number>;
    readonly tag: TagState | undefined;
    readonly known: KnownFace | undefined;
  },
): Promise<Lookups> {
  const hashKey = codeHashKeyOf(record);
  const { published } = await keys.current();
  const issuers = new Map(published.filter(({ use }) => use === 'issuer').map((key) => [key.keyId, key]));
  return {
    event: record.id,
    tag: () => tag,
    pretix: () => pretixOf(record.policy),
    geofence: () => geofenceOf(record.policy),
    face: () => (record.policy.face === undefined ? undefined : { rules: record.policy.face, find: () => known }),
    issuerKey: (keyId) => {
      const key = issuers.get(keyId);
      const publicKey = hexToBytes(key?.publicKey ?? '');
      return key === undefined || publicKey === undefined ? undefined : { publicKey, state: key.state };
    },
    ticketByCode: (code) => {
      const epoch = epochs.get(bytesToHex(codeHash(hashKey, code)));
      return epoch === undefined ? undefined : { ...ticket, epoch };
    },
    ticketByShortCode: (typed) => {
      const epoch = parseShortCode(hashKey, typed)?.epochFor(ticket.id, ticket.epoch);
      return epoch === undefined ? undefined : { ...ticket, epoch };
    },
  };
}
