// Central verify: what a gate does between a reader and a turnstile, for requests over HTTP. The same methods prove a claim, the same rule
// decides inside the same transaction that stores the mark, so that single use holds across gates and the cloud as far as they can
// talk. Every try leaves a mark, refusals too.
import {
  centralGate,
  decide,
  draftAdmission,
  draftOverride,
  draftRefusal,
  err,
  markKey,
  methodById,
  ok,
  orderFor,
  ordersInForce,
  type AdmissionPolicy,
  type AdmitView,
  type Claim,
  type Decision,
  type HoldReason,
  type Mark,
  type MarkDraft,
  type MarkPlace,
  type Operator,
  type OverrideRequest,
  type OverrideResponse,
  type Refusal,
  type Result,
  type Ticket,
  type Verdict,
  type VerifyRequest,
  type VerifyResponse,
} from '@postern/shared';
import { readOrders } from '../store/order-marks.ts';
import { shareReads } from '../store/shared-reads.ts';
import type { AuditAddition, EntryOf } from './audit.ts';
import { centralLane, createTryProof, type TryProofDeps } from './central-proof.ts';
import { verifiedCredential } from './credentials.ts';
import type { EventRecord } from './events.ts';
import type { Failure } from './problems.ts';
import { markNameOf, rehearsalOf, toVerifyResponse } from './verify-response.ts';
import { workingStore, type StoreOf } from './working-store.ts';

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

export interface VerificationsDeps extends TryProofDeps {
  /** `entryOf`: what a decision leaves besides its mark, in the transaction that stores it. */
  readonly storeOf: StoreOf;
  /** With what is switched off among its `methodsOff`. */
  readonly findEvent: (event: number) => Promise<Result<EventRecord, Failure>>;
  /** What the name of a gate is on screens. */
  readonly gateName: (event: number, gate: string) => Promise<string>;
}

export function createVerifications(deps: VerificationsDeps): Verifications {
  const { clock, keys } = deps;
  const tryProof = createTryProof(deps);
  const readOrdersOf = shareReads((events: readonly number[]) => readOrders(deps.database, events));
  /** Whether an order keeps people out: the cloud is as connected as a gate can be. */
  const isEntryStopped = async (event: number, zone: string): Promise<boolean> =>
    orderFor(ordersInForce((await readOrdersOf(event)) ?? []), zone) !== undefined;

  const verify: Verifications['verify'] = async ({ ticket, event, method }, request, by, entry) => {
    const known = methodById(method);
    if (known === undefined) return err({ type: 'method-unknown' });
    const zone = request.zone ?? defaultZone(event.policy, ticket);
    if (!event.policy.zones.some(({ id }) => id === zone))
      return err({ type: 'zone-unknown', detail: `The event has no zone "${zone}".` });
    const first = await tryProof(ticket, event, known, request);
    if (!first.ok) return first;
    const { tagHash } = first.value;
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
    return settle({ event, ticket, method, tried, others, tagHash }, { zone, direction, accept }, by, entry);
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
    return ok({
      decision,
      response: await toVerifyResponse({ event, decision, mark, atMs: clock.wallMs() }, deps.gateName),
    });
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
    return ok({ mark: markNameOf(stored.value), operator, ...rehearsalOf(stored.value), atMs: stored.value.at.ms });
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

/** The first zone that the ticket's type opens, or of the event. */
function defaultZone(policy: AdmissionPolicy, ticket: Ticket): string {
  const type = policy.types.find(({ id }) => id === ticket.type);
  return type?.zones[0] ?? policy.zones[0]?.id ?? '';
}
