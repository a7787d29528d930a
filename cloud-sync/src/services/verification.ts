// Central verify: what a gate does between a reader and a turnstile, for requests over HTTP. The same methods prove a claim, the same rule
// decides inside the same transaction that stores the mark, so that single use holds across gates and the cloud as far as they can
// talk. Every try leaves a mark, refusals too.
import {
  bytesToHex,
  centralGate,
  codeHash,
  decide,
  draftAdmission,
  draftOverride,
  draftRefusal,
  err,
  geofenceOf,
  hexToBytes,
  holdTexts,
  markKey,
  methodById,
  ok,
  orderFor,
  ordersInForce,
  parseShortCode,
  pretixOf,
  stewardText,
  type AdmissionPolicy,
  type AdmitView,
  type Claim,
  type Clock,
  type Decision,
  type HoldReason,
  type Lookups,
  type Mark,
  type MarkDraft,
  type MarkPlace,
  type Operator,
  type OverrideRequest,
  type OverrideResponse,
  type Presentation,
  type Refusal,
  type Result,
  type Ticket,
  type VerificationMethod,
  type TagState,
  type Verdict,
  type VerifyRequest,
  type VerifyResponse,
} from '@postern/shared';
import type { Database } from '../store/database.ts';
import { readOrders } from '../store/order-marks.ts';
import { shareReads } from '../store/shared-reads.ts';
import type { AuditAddition, EntryOf } from './audit.ts';
import { codeHashKeyOf } from './band-id.ts';
import { verifiedCredential } from './credentials.ts';
import type { EventRecord } from './events.ts';
import type { Keys } from './keys.ts';
import type { KnownFace, ReadKnownFace } from './known-face.ts';
import { readTokensOf } from './nft/feed-tokens.ts';
import type { Limiter } from './limiter.ts';
import type { Failure } from './problems.ts';
import { present, readTag } from './presented.ts';
import { workingStore, type StoreOf } from './working-store.ts';

/** The lane under which central verify appears in marks. */
export const centralLane = 'api';

/** Codes of other tickets are compared in memory: this bounds a method that asks somebody else. */
const verifyTimeoutMs = 10_000;
const deadlineSharedMs = 1_000;

/** Who asks, as marks know them: a person by the pseudonym they have at the event, or a program. */
export type Verifier = Operator | { readonly program: string };

export interface Verification {
  readonly response: VerifyResponse;
  readonly decision: Decision;
}

/** What a method has made of a presentation that the request names a ticket for. */
interface Tried {
  readonly event: EventRecord;
  readonly ticket: Pick<Ticket, 'id' | 'epoch'>;
  readonly method: string;
  readonly tried: Result<Claim, Refusal>;
  /** Further proofs of the same ticket. */
  readonly others: readonly Claim[];
  /** How marks know the tag, where one was presented. */
  readonly tagHash: string | undefined;
}

export interface Verifications {
  /**
   * `method-unknown`, `zone-unknown`, `attempts-exhausted` after many that proved nothing, or `store-unavailable`, in which case nobody
   * was let through. `event`: with what is switched off for it in its policy.
   */
  readonly verify: (
    about: { readonly ticket: Ticket; readonly event: EventRecord; readonly method: string },
    request: VerifyRequest,
    by: Verifier,
    entry?: EntryOf,
  ) => Promise<Result<Verification, Failure>>;
  /** Decides about what somebody else has proved, at `zone`, without a person: `store-unavailable`, and then nobody was let in. */
  readonly decideOn: (
    event: EventRecord,
    claim: Claim,
    zone: string,
    by: Verifier,
    entry?: EntryOf,
  ) => Promise<Result<Verification, Failure>>;
  readonly override: (
    event: number,
    ticket: Ticket | undefined,
    request: OverrideRequest,
    by: Operator,
    entry?: EntryOf,
  ) => Promise<Result<OverrideResponse, Failure>>;
}

export interface VerificationsDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly keys: Keys;
  readonly limiter: Limiter;
  /** `entryOf`: what a decision leaves besides its mark, in the transaction that stores it. */
  readonly storeOf: StoreOf;
  /** With what is switched off among its `methodsOff`. */
  readonly findEvent: (event: number) => Promise<Result<EventRecord, Failure>>;
  readonly readFace: ReadKnownFace;
  /** What the name of a gate is on screens. */
  readonly gateName: (event: number, gate: string) => Promise<string>;
}

export function createVerifications(deps: VerificationsDeps): Verifications {
  const { clock, keys, limiter } = deps;
  /** By a ticket's event and id: the epoch that each of its foreign codes was printed for, by the code's hash. */
  const epochsByCode = shareReads((tickets: readonly string[]) => readCodes(deps.database, tickets));
  let deadline: { readonly signal: AbortSignal; readonly untilMs: number } | undefined;
  /** One for all who ask within a second: a timer for each would cost more than most methods. */
  const deadlineSignal = (): AbortSignal => {
    const nowMs = clock.monotonicMs();
    if (deadline === undefined || nowMs >= deadline.untilMs)
      deadline = { signal: AbortSignal.timeout(verifyTimeoutMs + deadlineSharedMs), untilMs: nowMs + deadlineSharedMs };
    return deadline.signal;
  };

  const readOrdersOf = shareReads((events: readonly number[]) => readOrders(deps.database, events));
  /** Whether an order keeps people out: the cloud is as connected as a gate can be. */
  const isEntryStopped = async (event: number, zone: string): Promise<boolean> =>
    orderFor(ordersInForce((await readOrdersOf(event)) ?? []), zone) !== undefined;

  /** What a method has proved, or why not; a code of another ticket proves nothing about this one. `attempts-exhausted` for a guesser. */
  const prove = async (
    methodId: string,
    ticket: Ticket,
    lookups: Lookups,
    presentation: Presentation | undefined,
  ): Promise<Result<Result<Claim, Refusal>, Failure>> => {
    const method = methodById(methodId);
    if (presentation === undefined || method?.accepts(presentation) !== true) return ok(err({ type: 'not-a-ticket' }));
    const proved = await limiter.guess(
      'verify-miss',
      ticket.id,
      () => method.verify(presentation, lookups, deadlineSignal()),
      (outcome) => !outcome.ok,
    );
    const isOther = proved.ok && proved.value.ok && proved.value.value.ticketId !== ticket.id;
    return isOther ? ok(err({ type: 'other-ticket' })) : proved;
  };

  /** `tag`: how marks know the tag that was presented, where one was. */
  const tryProof = async (
    ticket: Ticket,
    event: EventRecord,
    method: VerificationMethod,
    shown: Parameters<typeof present>[1],
  ): Promise<
    Result<{ readonly tag: Awaited<ReturnType<typeof readTag>>; readonly tried: Result<Claim, Refusal> }, Failure>
  > => {
    const codes = method.looksUpCodes === true ? await epochsByCode(ticketName(event.id, ticket.id)) : undefined;
    const seen = { readerId: centralLane, seenAtMs: clock.monotonicMs() };
    const presented = present(method, shown, seen, ticket.id);
    const tag = await readTag(deps.database, event, presented);
    if (event.policy.methodsOff.includes(method.id)) return ok({ tag, tried: err({ type: 'method-off' }) });
    const known = presented?.medium === 'face' ? await deps.readFace(event.id, ticket.id) : undefined;
    const nft = method.looksUpTokens === true ? await readTokensOf(deps.database, event, ticket) : undefined;
    const evidence = { epochs: codes ?? new Map<string, number>(), tag: tag?.state, known };
    const lookups = { ...(await lookupsFor(keys, event, ticket, evidence)), nft: () => nft };
    const tried = await prove(method.id, ticket, lookups, presented);
    known?.key?.fill(0);
    return tried.ok ? ok({ tag, tried: tried.value }) : tried;
  };

  const verify: Verifications['verify'] = async ({ ticket, event, method }, request, by, entry) => {
    const known = methodById(method);
    if (known === undefined) return err({ type: 'method-unknown' });
    const zone = request.zone ?? defaultZone(event.policy, ticket);
    if (!event.policy.zones.some(({ id }) => id === zone))
      return err({ type: 'zone-unknown', detail: `The event has no zone "${zone}".` });
    const first = await tryProof(ticket, event, known, request);
    if (!first.ok) return first;
    const { tag } = first.value;
    let { tried } = first.value;
    const others: Claim[] = [];
    for (const { method: id, ...presented } of request.also) {
      const other = methodById(id);
      if (other === undefined) return err({ type: 'method-unknown' });
      if (!tried.ok) break;
      const further = await tryProof(ticket, event, other, presented);
      if (!further.ok) return further;
      if (further.value.tried.ok) others.push(further.value.tried.value);
      else tried = further.value.tried;
    }
    const { direction, accept } = request;
    return settle({ event, ticket, method, tried, others, tagHash: tag?.hash }, { zone, direction, accept }, by, entry);
  };

  const decideOn: Verifications['decideOn'] = async (event, claim, zone, by, entry) => {
    const isOff = event.policy.methodsOff.includes(claim.method);
    const tried: Result<Claim, Refusal> = isOff ? err({ type: 'method-off' }) : ok(claim);
    const ticket = { id: claim.ticketId, epoch: claim.epoch };
    const at = { zone, direction: 'entry', accept: false } as const;
    return settle({ event, ticket, method: claim.method, tried, others: [], tagHash: undefined }, at, by, entry);
  };

  /** From what a method has made of it to the mark: decided in the transaction that stores it. */
  const settle = async (
    { event, ticket, method, tried, others, tagHash }: Tried,
    { zone, direction, accept }: Pick<VerifyRequest, 'direction' | 'accept'> & { readonly zone: string },
    by: Verifier,
    entry: EntryOf | undefined,
  ): Promise<Result<Verification, Failure>> => {
    const isStopped = direction === 'entry' && (await isEntryStopped(event.id, zone));
    const proved = tried.ok && isStopped ? err<Refusal>({ type: 'entry-stopped' }) : tried;
    const place = { event: event.id, lane: centralLane, zone };
    const lane = { id: centralLane, gate: centralGate, zone, direction };

    const decideWith =
      (claim: Claim, approval: { readonly by: Operator; readonly reason: HoldReason } | undefined) =>
      (view: AdmitView): Verdict<Decision> => {
        const time = { nowMs: clock.wallMs(), trusted: true, source: 'server', uncertaintyMs: 0 } as const;
        const asked = approval === undefined ? {} : { approval: approval.by.role };
        const decision = decide({
          claim,
          ...(others.length === 0 ? {} : { others }),
          policy: event.policy,
          time,
          lane,
          feedAgeMs: 0,
          inTouch: true,
          ...view,
          ...asked,
        });
        const approved =
          approval === undefined ? undefined : { operator: approval.by.operator, reason: approval.reason };
        return { decision, mark: draftOf(decision, place, by, approved) };
      };
    /** Nothing is proved: the ticket is the one that the request names. */
    const refuseWith = (refusal: Refusal) => (): Verdict<Decision> => {
      const decision: Decision = { kind: 'refuse', refusal };
      const named: Claim = {
        method,
        event: event.id,
        ticketId: ticket.id,
        epoch: ticket.epoch,
        assurance: 'looked-up',
      };
      return { decision, mark: draftRefusal(place, named, refusal.type, personOf(by)) };
    };
    const isAnsweredBelow = ({ kind }: Decision): boolean => kind === 'hold' && accept && isPerson(by);
    const store = await workingStore(deps.storeOf, event.id, (given, mark) => {
      const decision = given as Decision;
      if (isAnsweredBelow(decision)) return undefined;
      const audit = entry?.(additionOf(decision, event.id, mark));
      if (!proved.ok) return { audit };
      // A band is known by itself, whatever is written onto it.
      const claim = tagHash === undefined ? proved.value : { ...proved.value, credentialId: tagHash };
      return { audit, credential: verifiedCredential(claim, keys.serverHash) };
    });
    if (store === undefined) return err({ type: 'store-unavailable' });
    let committed = await store.admit(
      ticket.id,
      proved.ok ? decideWith(proved.value, undefined) : refuseWith(proved.error),
    );
    if (committed.ok && proved.ok && committed.value.decision.kind === 'hold' && accept && isPerson(by))
      committed = await store.admit(
        ticket.id,
        decideWith(proved.value, { by, reason: committed.value.decision.reason }),
      );
    if (!committed.ok) return err({ type: 'store-unavailable' });
    const { decision, mark } = committed.value;
    return ok({ decision, response: await respond(event, decision, mark) });
  };

  const respond = async (event: EventRecord, decision: Decision, mark: Mark | undefined): Promise<VerifyResponse> => {
    const common = {
      atMs: mark?.at.ms ?? clock.wallMs(),
      ...(mark === undefined ? {} : { mark: nameOf(mark) }),
      ...rehearsalOf(mark),
    };
    switch (decision.kind) {
      case 'admit': {
        const { persons, part, party, direction } = decision;
        const reason = direction === 'exit' ? 'exited' : 'admitted';
        return {
          success: true,
          reason,
          text: reason === 'exited' ? 'Left' : 'Welcome',
          persons,
          part,
          party,
          ...common,
        };
      }
      case 'hold':
        return {
          success: false,
          reason: 'held',
          hold: decision.reason,
          text: holdTexts[decision.reason].en,
          ...common,
        };
      case 'refuse': {
        const { type, detail } = decision.refusal;
        const name = detail?.gate === undefined ? undefined : await deps.gateName(event.id, detail.gate);
        const { timeZone } = event.policy;
        const text = stewardText(
          type,
          { ...detail, ...(name === undefined ? {} : { gate: name }) },
          { language: 'en', timeZone },
        );
        return { success: false, reason: type, text, ...common };
      }
    }
  };

  const override: Verifications['override'] = async (
    eventId,
    ticket,
    { reason, zone, persons },
    { operator },
    entry,
  ) => {
    const found = await deps.findEvent(eventId);
    if (!found.ok) return found;
    if (!found.value.policy.zones.some(({ id }) => id === zone))
      return err({ type: 'zone-unknown', detail: `The event has no zone "${zone}".` });
    if (await isEntryStopped(eventId, zone)) return err({ type: 'entry-stopped' });
    const claim: Claim | undefined =
      ticket === undefined
        ? undefined
        : { method: 'override', event: eventId, ticketId: ticket.id, epoch: ticket.epoch, assurance: 'looked-up' };
    const store = await workingStore(deps.storeOf, eventId, (_decision, mark) => ({
      audit: entry?.({
        event: eventId,
        reason,
        ...(ticket === undefined ? {} : { ticket: ticket.id }),
        ...(mark === undefined ? {} : { mark: markKey(mark) }),
      }),
    }));
    if (store === undefined) return err({ type: 'store-unavailable' });
    const place = { event: eventId, lane: centralLane, zone };
    const stored = await store.append(draftOverride(place, claim, reason, persons, operator));
    if (!stored.ok) return err({ type: 'store-unavailable' });
    return ok({ mark: nameOf(stored.value), operator, ...rehearsalOf(stored.value), atMs: stored.value.at.ms });
  };

  return { verify, decideOn, override };
}

/** Whoever is held leaves nothing yet. */
function draftOf(
  decision: Decision,
  place: MarkPlace,
  by: Verifier,
  approved: { readonly operator: string; readonly reason: HoldReason } | undefined,
): MarkDraft | undefined {
  switch (decision.kind) {
    case 'admit':
      return draftAdmission(place, decision, { inTouch: true, peersReachable: 0 }, approved);
    case 'refuse':
      return draftRefusal(place, decision.claim, decision.refusal.type, personOf(by));
    case 'hold':
      return undefined;
  }
}

function additionOf(decision: Decision, event: number, mark: Mark | undefined): AuditAddition {
  const reason =
    decision.kind === 'refuse' ? decision.refusal.type : decision.kind === 'hold' ? decision.reason : 'admitted';
  return {
    action: decision.kind === 'refuse' ? 'refusal' : 'verify',
    event,
    reason,
    ...(mark === undefined ? {} : { mark: markKey(mark) }),
  };
}

const isPerson = (by: Verifier): by is Operator => 'operator' in by;
const personOf = (by: Verifier): { readonly operator: string } | undefined =>
  isPerson(by) ? { operator: by.operator } : undefined;

const nameOf = ({ gate, boot, sequence }: Mark): NonNullable<VerifyResponse['mark']> => ({ gate, boot, sequence });

const rehearsalOf = (mark: Mark | undefined): { readonly rehearsal?: true } =>
  mark !== undefined && 'rehearsal' in mark && mark.rehearsal !== undefined ? { rehearsal: true } : {};

/** The first zone that the ticket's type opens, or of the event. */
function defaultZone(policy: AdmissionPolicy, ticket: Ticket): string {
  const type = policy.types.find(({ id }) => id === ticket.type);
  return type?.zones[0] ?? policy.zones[0]?.id ?? '';
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
