// The whole admission rule, pure: a claim, the ticket, its history, the event's policy and the time go in, one decision comes out.
// The same function decides at a gate, in the cloud's central verify and on a steward's phone.
import { remoteAheadMaxMs, type TrustedTime } from './clock.ts';
import type { Assurance, Claim, Decision, RefusalCode, RefusalDetail, Warning } from './decision.ts';
import { eventDay } from './event-day.ts';
import {
  historyRules,
  misfitAfter,
  newestIssuedAtS,
  precheckedUntilMs,
  type History,
  type HistoryRules,
} from './history.ts';
import type { AdmissionPolicy, HoldReason, Ticket, TicketType, Zone } from './ticket.ts';
import { isOwnerStale } from './nft-rules.ts';
import { faceMethodId, isAtLeast, weighProofs, type Proof } from './proofs.ts';
import { placeInTime } from './time-step.ts';

export interface DecideInput {
  readonly claim: Claim;
  /** Further proofs that the same visitor has presented, of this ticket and event. */
  readonly others?: readonly Claim[];
  /** The visitor waited between the proofs: all but the last were of now when they were shown. */
  readonly wasHeld?: true;
  /** The ticket as the cache has it; undefined when it is not in the cache. */
  readonly ticket: Ticket | undefined;
  readonly history: History;
  readonly policy: AdmissionPolicy;
  readonly time: TrustedTime;
  readonly lane: {
    readonly id: string;
    readonly gate: string;
    readonly zone: string;
    readonly direction: 'entry' | 'exit';
  };
  readonly occupancy: (zone: string) => { readonly known: number; readonly spentOutOfTouch: number };
  readonly feedAgeMs: number;
  readonly inTouch: boolean;
  /** The gate rehearses: windows that have not begun yet are open, since that is when one rehearses. */
  readonly rehearsal?: string;
  /** Who has accepted a hold of this presentation; a supervisor may accept all that a steward may. */
  readonly approval?: 'steward' | 'supervisor';
}

const minuteMs = 60_000;

/** Whether a proof is as good as a ticket type asks for. */
export const isEnough = (assurance: Assurance, { assuranceMin }: Pick<TicketType, 'assuranceMin'>): boolean =>
  isAtLeast(assurance, assuranceMin);

type Verdict = { readonly refuse: RefusalCode; readonly detail?: RefusalDetail } | undefined;

/** Never throws; the first rule that says no names the refusal. */
export function decide(input: DecideInput): Decision {
  const { claim, policy, lane } = input;
  const type = policy.types.find((candidate) => candidate.id === typeId(input));
  const rules = historyRules(policy, { type: typeId(input), party: input.ticket?.party ?? 1 });
  const refusal =
    lane.direction === 'exit'
      ? (checkCredential(input) ?? checkExit(input))
      : (checkCredential(input) ??
        checkStatus(input) ??
        checkType(input, type) ??
        checkWindow(input, type) ??
        checkFreshness(input) ??
        checkReplay(input, rules) ??
        checkToken(input) ??
        checkOthers(input, rules, type) ??
        checkUses(input, rules, type) ??
        checkRoom(input));
  const language = input.ticket?.language;
  const spoken = language === undefined ? {} : { language };
  if (refusal !== undefined)
    return {
      kind: 'refuse',
      claim,
      refusal: { type: refusal.refuse, ...(refusal.detail === undefined ? {} : { detail: refusal.detail }) },
      ...spoken,
    };

  const { others = [] } = input;
  const admission = {
    claim,
    ...(others.length === 0 ? {} : { others }),
    ticket: { id: claim.ticketId, epoch: Math.max(claim.epoch, input.ticket?.epoch ?? 0), type: typeId(input) },
    direction: lane.direction,
    ...(lane.direction === 'exit' ? { part: 1, party: 1, persons: 1 } : openingFor(input, rules)),
    warnings: warningsOf(input),
    ...spoken,
  };
  const hold = lane.direction === 'exit' ? undefined : holdReason(input, type);
  return hold === undefined ? { kind: 'admit', ...admission } : { kind: 'hold', ...admission, reason: hold };
}

const typeId = ({ claim, ticket }: DecideInput): number =>
  // A pass of a higher epoch than the cache knows speaks for itself: its ticket type is newer than the cache's.
  ticket === undefined || claim.epoch > ticket.epoch ? (claim.type ?? ticket?.type ?? -1) : ticket.type;

/** Is this a live credential of this event at all? */
function checkCredential({ claim, ticket, history, policy }: DecideInput): Verdict {
  if (claim.event !== policy.event) return { refuse: 'other-event' };
  if (policy.methodsOff.includes(claim.method)) return { refuse: 'method-off' };
  if (claim.epoch < Math.max(ticket?.epoch ?? 0, history.epochSeen)) return { refuse: 'replaced' };
  return undefined;
}

function checkExit(input: DecideInput): Verdict {
  const { history, lane } = input;
  if (claimsThatStandAlone(input).length === 0) return { refuse: 'assurance-too-low' };
  return (history.insideByZone.get(lane.zone) ?? 0) > 0 ? undefined : { refuse: 'not-inside' };
}

/** What the feed and people have said about the ticket, and whether this gate can know enough to judge. */
function checkStatus({ claim, ticket, history, policy, time, feedAgeMs }: DecideInput): Verdict {
  if (history.deniedEpoch !== undefined && claim.epoch <= history.deniedEpoch) return { refuse: 'denied' };
  if (ticket === undefined) {
    if (claim.assurance === 'looked-up' || policy.unknownSignedPass === 'refuse') return { refuse: 'ticket-unknown' };
  } else if (ticket.status !== 'valid' && claim.epoch <= ticket.epoch) {
    return { refuse: ticket.status };
  }
  if (!time.trusted && (claim.issuedAtS !== undefined || policy.whenClockUntrusted === 'refuse'))
    return { refuse: 'clock-untrusted' };
  if (isStale(policy, feedAgeMs) && policy.whenStale === 'refuse') return { refuse: 'cache-stale' };
  return undefined;
}

/** What proves something by itself. */
const claimsThatStandAlone = ({ claim, others = [] }: DecideInput): readonly Claim[] =>
  [claim, ...others].filter(({ onlyBeside }) => onlyBeside !== true);

function checkType(input: DecideInput, type: TicketType | undefined): Verdict {
  const { lane } = input;
  if (type === undefined) return { refuse: 'type-unknown' };
  if (
    !claimsThatStandAlone(input).some(({ assurance }) => isEnough(assurance, type)) ||
    weighProofs(type.proofs, proofsOf(input)) === 'never'
  )
    return { refuse: 'assurance-too-low' };
  if (type.zones.length > 0 && !type.zones.includes(lane.zone))
    return { refuse: 'wrong-zone', detail: { zone: lane.zone } };
  return undefined;
}

/** A position is what a phone says of itself: it stands for no assurance, and counts where an event names it. */
const precheckProof: Proof = { method: 'geofence' };
/** So does the likeness of a face. */
const faceProof: Proof = { method: faceMethodId };

/** What was presented, and a pre-check of this very epoch that stands at this gate. */
function proofsOf({ claim, others = [], history, policy, lane, time }: DecideInput): readonly Proof[] {
  const claims = [claim, ...others].map((shown): Proof =>
    shown.onlyBeside === true ? { method: shown.method } : shown,
  );
  if (history.prechecks.length === 0 || !time.trusted || policy.methodsOff.includes(precheckProof.method))
    return claims;
  const untilMs = precheckedUntilMs(history, { epoch: claim.epoch, zone: lane.zone, gate: lane.gate });
  return untilMs !== undefined && time.nowMs - time.uncertaintyMs < untilMs ? [precheckProof, ...claims] : claims;
}

/** Windows of the credential, the ticket (instead of its type's, where it has one) and the type: from, inclusive, to, exclusive. */
function checkWindow({ claim, ticket, time, rehearsal }: DecideInput, type: TicketType | undefined): Verdict {
  // A clock that nobody has confirmed cannot refuse anybody for the time: what it forbids is decided in checkStatus and holdReason.
  if (!time.trusted) return undefined;
  const starts = [claim.notBeforeS, ticket?.validFromS ?? type?.validFromS].filter((value) => value !== undefined);
  const ends = [claim.expiresS, ticket?.validUntilS ?? type?.validUntilS].filter((value) => value !== undefined);
  const fromMs = Math.max(...starts, 0) * 1000;
  const untilMs = Math.min(...ends, Number.MAX_SAFE_INTEGER / 1000) * 1000;
  if (time.nowMs < fromMs && rehearsal === undefined) return { refuse: 'not-yet-valid', detail: { whenMs: fromMs } };
  if (time.nowMs >= untilMs) return { refuse: 'expired', detail: { whenMs: untilMs } };
  return undefined;
}

/** A rotating code must be of now, as far as this gate's clock can tell; whoever asks has seen to it that the clock is trusted. */
function checkFreshness({ claim, others = [], time, approval, wasHeld }: DecideInput): Verdict {
  const { issuedAtS } = claim;
  const isNew = wasHeld !== true || claim === (others.at(-1) ?? claim);
  // While it was held the code has aged; it was fresh when it was shown, and the person has not left since.
  if (issuedAtS === undefined || approval !== undefined || !isNew) return undefined;
  const codeOffS = Math.abs(Math.floor(time.nowMs / 1_000) - issuedAtS);
  switch (placeInTime(issuedAtS, time)) {
    case 'past':
      return { refuse: 'expired', detail: { codeOffS } };
    case 'future':
      return { refuse: 'not-yet-valid', detail: { codeOffS } };
    case 'now':
      return undefined;
  }
}

/**
 * A rotating code must be newer than the last one that was let in with this ticket and epoch. A party may show the same code again: its
 * passages are counted, not its codes. A tag that counts its readings never says the same twice, whoever holds it.
 */
function checkReplay({ claim, history, time }: DecideInput, rules: HistoryRules): Verdict {
  if (claim.tap !== undefined && claim.tap.counter <= (history.counters.get(claim.tap.tag) ?? -1))
    return { refuse: 'code-replayed' };
  if (claim.issuedAtS === undefined) return undefined;
  // What lies further ahead comes from a clock that was wrong. A code that passes for fresh never lies so far ahead itself.
  const notAfterS = (time.nowMs + time.uncertaintyMs + remoteAheadMaxMs) / 1_000;
  const last = newestIssuedAtS(history, claim.epoch, notAfterS);
  if (last === undefined) return undefined;
  const replayed = rules.party > 1 ? claim.issuedAtS < last : claim.issuedAtS <= last;
  return replayed ? { refuse: 'code-replayed' } : undefined;
}

/** Of a token: the owner has to be known recently enough, and where no gate knows of an entry the chain's word on its use counts. */
function checkToken(input: DecideInput): Verdict {
  const { claim, history, policy } = input;
  if (claim.token === undefined) return undefined;
  if (policy.nft?.whenStale === 'refuse' && hasStaleOwner(input))
    return { refuse: 'owner-stale', detail: { atMs: claim.token.asOfMs } };
  return claim.token.consumed && history.lastEntry === undefined ? { refuse: 'token-consumed' } : undefined;
}

/** By a clock that nobody has confirmed nothing is old. */
const hasStaleOwner = ({ claim, others = [], policy: { nft }, time }: DecideInput): boolean =>
  nft !== undefined &&
  time.trusted &&
  [claim, ...others].some(({ token }) => token !== undefined && isOwnerStale(nft, token.asOfMs, time.nowMs));

/**
 * A further proof stands for itself: a code that is not of now, or was replaced, proves nothing beside another one either. The newest of
 * them says what has been replaced, also where the ticket list does not know it yet.
 */
function checkOthers(input: DecideInput, rules: HistoryRules, type: TicketType | undefined): Verdict {
  for (const claim of input.others ?? []) {
    if (claim.ticketId !== input.claim.ticketId) return { refuse: 'other-ticket' };
    if (claim.issuedAtS !== undefined && !input.time.trusted) return { refuse: 'clock-untrusted' };
    const other = { ...input, claim };
    const verdict =
      checkCredential(other) ??
      checkWindow(other, type) ??
      checkFreshness(other) ??
      checkReplay(other, rules) ??
      checkToken(other);
    if (verdict !== undefined) return verdict;
    if (claim.epoch !== input.claim.epoch) return { refuse: 'replaced' };
  }
  return undefined;
}

function checkUses(input: DecideInput, rules: HistoryRules, type: TicketType | undefined): Verdict {
  const { history, lane, time } = input;
  const misfit = misfitAfter(history, rules, lane.zone, 1, time.nowMs);
  const detail = lastUse(history);
  switch (misfit) {
    case 'still-inside':
      return rules.party > 1 ? partyComplete(history, rules) : { refuse: 'already-inside', detail };
    case 'same-day':
      return { refuse: 'once-per-day', detail };
    case 'uses-spent':
      if (rules.party > 1) return partyComplete(history, rules);
      if (rules.reentry) return { refuse: 'pass-out-needed', detail };
      return { refuse: rules.uses === 1 ? 'already-used' : 'uses-spent', detail };
    case undefined:
      break;
  }
  const last = history.lastEntry?.mark.at.ms;
  const againMs = last === undefined || type === undefined ? 0 : last + type.antiPassbackMinutes * minuteMs;
  return rules.party === 1 && time.nowMs < againMs
    ? { refuse: 'too-soon', detail: { ...detail, whenMs: againMs } }
    : undefined;
}

const partyComplete = (history: History, rules: HistoryRules): Verdict => ({
  refuse: 'party-complete',
  detail: { ...lastUse(history), admitted: history.usesSpent, party: rules.party },
});

const lastUse = ({ lastEntry }: History): RefusalDetail =>
  lastEntry === undefined ? {} : { gate: lastEntry.mark.gate, atMs: lastEntry.mark.at.ms };

/** The rest of the party as far as there is room, or one person. */
function openingFor(
  input: DecideInput,
  rules: HistoryRules,
): { readonly part: number; readonly party: number; readonly persons: number } {
  if (rules.party === 1) return { part: 1, party: 1, persons: 1 };
  const { history, lane, time } = input;
  const usesToday = rules.oncePerDay ? (history.usesByDay.get(eventDay(time.nowMs, rules)) ?? 0) : 0;
  const usesOfRound = rules.oncePerDay ? usesToday : history.usesSpent % rules.party;
  const inside = rules.exitsScannedZones.includes(lane.zone) ? (history.insideByZone.get(lane.zone) ?? 0) : usesOfRound;
  const part = Math.min(inside, rules.party - 1) + 1;
  const roomByUses =
    rules.uses === 0 ? rules.party : rules.uses * rules.party - history.usesSpent + history.returnsLeft;
  const roomToday = rules.oncePerDay ? rules.party - usesToday + history.returnsLeft : rules.party;
  const room = Math.min(rules.party - part + 1, roomByUses, roomToday, roomInZone(input), roomInShare(input));
  return { part, party: rules.party, persons: Math.max(1, room) };
}

/** Is there room for at least one in the zone, as far as this gate knows? */
function checkRoom(input: DecideInput): Verdict {
  const zone = zoneOf(input);
  if (zone === undefined) return undefined;
  const full = roomInZone(input) < 1 || (isOverShare(input) && zone.whenShareSpent === 'refuse');
  return full ? { refuse: 'zone-full', detail: { zone: zone.name } } : undefined;
}

function roomInZone(input: DecideInput): number {
  const zone = zoneOf(input);
  return zone?.capacity === undefined ? Number.POSITIVE_INFINITY : zone.capacity - input.occupancy(zone.id).known;
}

/** Out of touch, a gate may spend only its share of a zone's capacity; then the zone's rule says what happens. */
const isOverShare = (input: DecideInput): boolean => shareLeft(input) < 1;

function shareLeft(input: DecideInput): number {
  const zone = zoneOf(input);
  const share = zone?.shares[input.lane.gate];
  return zone === undefined || share === undefined || input.inTouch
    ? Number.POSITIVE_INFINITY
    : share - input.occupancy(zone.id).spentOutOfTouch;
}

/** A party goes in as far as the share reaches; the rest of it meets the zone's rule at the next scan. */
const roomInShare = (input: DecideInput): number =>
  zoneOf(input)?.whenShareSpent === 'admit' || input.approval === 'supervisor'
    ? Number.POSITIVE_INFINITY
    : shareLeft(input);

const zoneOf = ({ policy, lane }: DecideInput): Zone | undefined =>
  policy.zones.find((candidate) => candidate.id === lane.zone);

/** The person or factor still needed, if any, after what `approval` has settled. */
function holdReason(input: DecideInput, type: TicketType | undefined): HoldReason | undefined {
  const { approval, ticket } = input;
  if (approval === 'supervisor') return undefined;
  if (needsSupervisor(input)) return 'supervisor';
  if (type !== undefined && weighProofs(type.proofs, proofsOf(input)) === 'more') {
    // What the event asks for beside this proof is not a steward's to waive; but nobody has to be recognised by a machine. Where only that is
    // missing, a person who has compared the visitor with their papers may say yes.
    if (approval === undefined || !wouldFaceDo(input, type)) return 'second-factor';
  }
  const reason = ticket?.hold ?? type?.hold;
  return reason === 'supervisor' || approval === undefined ? reason : undefined;
}

/** Whether a face is all that is missing. */
const wouldFaceDo = (input: DecideInput, { proofs }: Pick<TicketType, 'proofs'>): boolean =>
  weighProofs(proofs, [...proofsOf(input), faceProof]) === 'enough';

function needsSupervisor(input: DecideInput): boolean {
  const { ticket, policy, time, feedAgeMs } = input;
  return (
    (ticket === undefined && policy.unknownSignedPass === 'supervisor') ||
    (!time.trusted && policy.whenClockUntrusted === 'supervisor') ||
    (isStale(policy, feedAgeMs) && policy.whenStale === 'supervisor') ||
    (policy.nft?.whenStale === 'supervisor' && hasStaleOwner(input)) ||
    (isOverShare(input) && zoneOf(input)?.whenShareSpent === 'supervisor')
  );
}

function warningsOf(input: DecideInput): readonly Warning[] {
  const warnings: Warning[] = [];
  if (isStale(input.policy, input.feedAgeMs)) warnings.push('cache-stale');
  if (!input.time.trusted) warnings.push('clock-untrusted');
  if (input.ticket === undefined) warnings.push('unknown-ticket');
  if (!input.inTouch) warnings.push('out-of-touch');
  if (isOverShare(input)) warnings.push('over-share');
  if (hasStaleOwner(input)) warnings.push('owner-stale');
  return warnings;
}

const isStale = (policy: AdmissionPolicy, feedAgeMs: number): boolean =>
  feedAgeMs > policy.staleAfterMinutes * minuteMs;
