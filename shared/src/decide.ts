// The whole admission rule, pure: a claim, the ticket, its history, the event's policy and the time go in, one decision comes out.
// The same function decides at a gate, in the cloud's central verify and on a steward's phone.
import type { TrustedTime } from './clock.ts';
import type { Assurance, Claim, Decision, RefusalCode, RefusalDetail, Warning } from './decision.ts';
import { historyRules, misfitAfter, type History, type HistoryRules } from './history.ts';
import type { AdmissionPolicy, HoldReason, Ticket, TicketType } from './ticket.ts';

export interface DecideInput {
  readonly claim: Claim;
  /** The ticket as the cache has it; undefined when it is not in the cache. */
  readonly ticket: Ticket | undefined;
  readonly history: History;
  readonly policy: AdmissionPolicy;
  readonly time: TrustedTime;
  readonly lane: { readonly id: string; readonly gate: string; readonly zone: string; readonly direction: 'entry' | 'exit' };
  readonly occupancy: (zone: string) => { readonly known: number; readonly spentOutOfTouch: number };
  readonly feedAgeMs: number;
  readonly inTouch: boolean;
  /** Who has accepted a hold of this presentation; a supervisor may accept all that a steward may. */
  readonly approval?: 'steward' | 'supervisor';
}

const minuteMs = 60_000;
const assuranceRank: Readonly<Record<Assurance, number>> = { 'looked-up': 0, signed: 1, challenged: 2 };

type Verdict = { readonly refuse: RefusalCode; readonly detail?: RefusalDetail } | undefined;

/** Never throws; the first rule that says no names the refusal. */
export function decide(input: DecideInput): Decision {
  const { claim, policy, lane } = input;
  const type = policy.types.find((candidate) => candidate.id === typeId(input));
  const rules = historyRules(policy, { type: typeId(input), party: input.ticket?.party ?? 1 });
  const refusal =
    lane.direction === 'exit'
      ? (checkCredential(input) ?? checkExit(input))
      : (checkCredential(input) ?? checkStatus(input) ?? checkType(input, type) ?? checkWindow(input, type) ?? checkReplay(input) ?? checkUses(input, rules, type) ?? checkRoom(input));
  if (refusal !== undefined)
    return { kind: 'refuse', claim, refusal: { type: refusal.refuse, ...(refusal.detail === undefined ? {} : { detail: refusal.detail }) } };

  const admission = {
    claim,
    ticket: { id: claim.ticketId, epoch: Math.max(claim.epoch, input.ticket?.epoch ?? 0), type: typeId(input) },
    direction: lane.direction,
    ...(lane.direction === 'exit' ? { part: 1, party: 1, persons: 1 } : openingFor(input, rules)),
    warnings: warningsOf(input),
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

function checkExit({ history, lane }: DecideInput): Verdict {
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
  if (!time.trusted && (claim.issuedAtS !== undefined || policy.whenClockUntrusted === 'refuse')) return { refuse: 'clock-untrusted' };
  if (isStale(policy, feedAgeMs) && policy.whenStale === 'refuse') return { refuse: 'cache-stale' };
  return undefined;
}

function checkType({ claim, lane }: DecideInput, type: TicketType | undefined): Verdict {
  if (type === undefined) return { refuse: 'type-unknown' };
  if (assuranceRank[claim.assurance] < assuranceRank[type.assuranceMin]) return { refuse: 'assurance-too-low' };
  if (type.zones.length > 0 && !type.zones.includes(lane.zone)) return { refuse: 'wrong-zone', detail: { zone: lane.zone } };
  return undefined;
}

/** Windows of the credential, the ticket (instead of its type's, where it has one) and the type: from, inclusive, to, exclusive. */
function checkWindow({ claim, ticket, time }: DecideInput, type: TicketType | undefined): Verdict {
  // A clock that nobody has confirmed cannot refuse anybody for the time: what it forbids is decided in checkStatus and holdReason.
  if (!time.trusted) return undefined;
  const starts = [claim.notBeforeS, ticket?.validFromS ?? type?.validFromS].filter((value) => value !== undefined);
  const ends = [claim.expiresS, ticket?.validUntilS ?? type?.validUntilS].filter((value) => value !== undefined);
  const fromMs = Math.max(...starts, 0) * 1000;
  const untilMs = Math.min(...ends, Number.MAX_SAFE_INTEGER / 1000) * 1000;
  if (time.nowMs < fromMs) return { refuse: 'not-yet-valid', detail: { whenMs: fromMs } };
  if (time.nowMs >= untilMs) return { refuse: 'expired', detail: { whenMs: untilMs } };
  return undefined;
}

/** A rotating code must be newer than the last one that was let in with this ticket and epoch. */
function checkReplay({ claim, history }: DecideInput): Verdict {
  const last = claim.epoch === history.epochSeen ? history.issuedAtS : undefined;
  return claim.issuedAtS !== undefined && last !== undefined && claim.issuedAtS <= last ? { refuse: 'code-replayed' } : undefined;
}

function checkUses(input: DecideInput, rules: HistoryRules, type: TicketType | undefined): Verdict {
  const { history, lane, time } = input;
  const misfit = misfitAfter(history, rules, lane.zone, 1, time.nowMs);
  const detail = lastUse(history);
  switch (misfit) {
    case 'still-inside':
      return { refuse: 'already-inside', detail };
    case 'same-day':
      return { refuse: 'once-per-day', detail };
    case 'uses-spent':
      if (rules.party > 1) return { refuse: 'party-complete', detail: { ...detail, admitted: history.usesSpent, party: rules.party } };
      if (rules.reentry) return { refuse: 'pass-out-needed', detail };
      return { refuse: rules.uses === 1 ? 'already-used' : 'uses-spent', detail };
    case undefined:
      break;
  }
  const last = history.lastEntry?.mark.at.ms;
  const againMs = last === undefined || type === undefined ? 0 : last + type.antiPassbackMinutes * minuteMs;
  return rules.party === 1 && time.nowMs < againMs ? { refuse: 'too-soon', detail: { ...detail, whenMs: againMs } } : undefined;
}

const lastUse = ({ lastEntry }: History): RefusalDetail =>
  lastEntry === undefined ? {} : { gate: lastEntry.mark.gate, atMs: lastEntry.mark.at.ms };

/** The rest of the party, or one person. */
function openingFor({ history, lane }: DecideInput, rules: HistoryRules): { readonly part: number; readonly party: number; readonly persons: number } {
  if (rules.party === 1) return { part: 1, party: 1, persons: 1 };
  const inside = rules.exitsScannedZones.includes(lane.zone) ? (history.insideByZone.get(lane.zone) ?? 0) : history.usesSpent % rules.party;
  const part = Math.min(inside, rules.party - 1) + 1;
  const roomByUses = rules.uses === 0 ? rules.party : rules.uses * rules.party - history.usesSpent + history.returnsLeft;
  return { part, party: rules.party, persons: Math.min(rules.party - part + 1, Math.max(1, roomByUses)) };
}

/** Is there room in the zone, as far as this gate knows? Persons are counted one by one: the gate opens for at least one. */
function checkRoom({ lane, policy, occupancy, inTouch }: DecideInput): Verdict {
  const zone = policy.zones.find((candidate) => candidate.id === lane.zone);
  if (zone?.capacity === undefined) return undefined;
  const { known, spentOutOfTouch } = occupancy(zone.id);
  if (known + 1 > zone.capacity) return { refuse: 'zone-full', detail: { zone: zone.name } };
  const share = zone.shares[lane.gate];
  const shareSpent = !inTouch && share !== undefined && spentOutOfTouch + 1 > share;
  return shareSpent && zone.whenShareSpent === 'refuse' ? { refuse: 'zone-full', detail: { zone: zone.name } } : undefined;
}

/** The person or factor still needed, if any, after what `approval` has settled. */
function holdReason(input: DecideInput, type: TicketType | undefined): HoldReason | undefined {
  const { approval, ticket } = input;
  if (approval === 'supervisor') return undefined;
  if (needsSupervisor(input)) return 'supervisor';
  const reason = ticket?.hold ?? type?.hold;
  return reason === 'supervisor' || approval === undefined ? reason : undefined;
}

function needsSupervisor({ ticket, policy, time, feedAgeMs, inTouch, lane, occupancy }: DecideInput): boolean {
  if (ticket === undefined && policy.unknownSignedPass === 'supervisor') return true;
  if (!time.trusted && policy.whenClockUntrusted === 'supervisor') return true;
  if (isStale(policy, feedAgeMs) && policy.whenStale === 'supervisor') return true;
  const zone = policy.zones.find((candidate) => candidate.id === lane.zone);
  const share = zone?.shares[lane.gate];
  return !inTouch && share !== undefined && zone?.whenShareSpent === 'supervisor' && occupancy(zone.id).spentOutOfTouch + 1 > share;
}

function warningsOf({ ticket, policy, time, feedAgeMs, inTouch, lane, occupancy }: DecideInput): readonly Warning[] {
  const warnings: Warning[] = [];
  if (isStale(policy, feedAgeMs)) warnings.push('cache-stale');
  if (!time.trusted) warnings.push('clock-untrusted');
  if (ticket === undefined) warnings.push('unknown-ticket');
  if (!inTouch) warnings.push('out-of-touch');
  const share = policy.zones.find((candidate) => candidate.id === lane.zone)?.shares[lane.gate];
  if (!inTouch && share !== undefined && occupancy(lane.zone).spentOutOfTouch + 1 > share) warnings.push('over-share');
  return warnings;
}

const isStale = (policy: AdmissionPolicy, feedAgeMs: number): boolean => feedAgeMs > policy.staleAfterMinutes * minuteMs;
