// What a lane writes down: one function a kind of mark. Identity, time and clock quality are added by the store.
import type { Claim, Decision, RefusalCode } from '../decision.ts';
import type { DeclineReason, Mark, MarkDraft, OverrideReason, UndoReason } from '../mark.ts';
import { joinMethods } from '../proofs.ts';
import type { HoldReason } from '../ticket.ts';

/** A mark that opened the gate, and so may lapse or be taken back. */
export type OpeningMark = Extract<Mark, { kind: 'admitted' | 'exited' | 'overridden' }>;
export type Admission = Extract<Decision, { kind: 'admit' }>;

export interface MarkPlace {
  readonly event: number;
  readonly lane: string;
  readonly zone: string;
}

export interface Reach {
  readonly inTouch: boolean;
  readonly peersReachable: number;
}

/** More than any list is old: what has expired, or never was, counts as this. */
const feedAgeSMax = 0xffff_ffff;

type Operator = string | undefined;

const by = (operator: Operator): { readonly operator?: string } => (operator === undefined ? {} : { operator });

/** A ticket that nobody has named: the mark concerns the lane alone. */
const noTicket = { ticketId: '', epoch: 0, method: '' } as const;

type ClaimPart = Pick<Claim, 'ticketId' | 'epoch' | 'method'>;
const claimPart = (claim: ClaimPart | undefined): ClaimPart =>
  claim === undefined ? noTicket : { ticketId: claim.ticketId, epoch: claim.epoch, method: claim.method };

/** `approval`: who said yes to what, where the ticket was held. */
export function draftAdmission(
  place: MarkPlace,
  decision: Admission,
  reach: Reach & { readonly feedAgeMs?: number },
  approval: { readonly operator: string; readonly reason: HoldReason } | undefined,
): MarkDraft {
  const { claim, others = [], ticket, direction, persons } = decision;
  const claims = [claim, ...others];
  // Of several codes that rotate none may be shown again, the newest included.
  const stepsShown = claims.flatMap((one) => one.issuedAtS ?? []);
  const issuedAtS = stepsShown.length === 0 ? undefined : Math.max(...stepsShown);
  const { tap } = claims.find((one) => one.tap !== undefined) ?? {};
  const common = {
    ...place,
    ...by(approval?.operator),
    ticketId: ticket.id,
    epoch: ticket.epoch,
    method: joinMethods(claims),
  };
  if (direction === 'exit') return { kind: 'exited', ...common };
  return {
    kind: 'admitted',
    ...common,
    ticketType: ticket.type,
    uses: persons,
    ...(issuedAtS === undefined ? {} : { issuedAtS }),
    ...(tap === undefined ? {} : { tap }),
    outOfTouch: !reach.inTouch,
    peersReachable: reach.peersReachable,
    ...(approval === undefined ? {} : { approved: approval.reason }),
    // What a gate in touch goes by is no news to anybody, and would be four bytes in every mark.
    ...(reach.inTouch || reach.feedAgeMs === undefined
      ? {}
      : { feedAgeS: Math.min(Math.round(reach.feedAgeMs / 1_000), feedAgeSMax) }),
  };
}

export const draftRefusal = (
  { event, lane }: MarkPlace,
  claim: Claim | undefined,
  code: RefusalCode,
  person: { readonly operator: string; readonly reason?: DeclineReason } | undefined,
): MarkDraft => ({
  kind: 'refused',
  event,
  lane,
  ...by(person?.operator),
  ...claimPart(claim),
  code,
  count: 1,
  ...(person?.reason === undefined ? {} : { reason: person.reason }),
});

/** What was practised is taken back in its own session. */
const inSessionOf = ({ rehearsal }: OpeningMark): { readonly rehearsal?: string } =>
  rehearsal === undefined ? {} : { rehearsal };

/** Gives `uses` of `mark` back: that many persons did not pass. */
export const draftLapse = (mark: OpeningMark, uses: number): MarkDraft => ({
  kind: 'lapsed',
  event: mark.event,
  lane: mark.lane,
  ticketId: mark.ticketId,
  epoch: mark.epoch,
  method: mark.method,
  ...inSessionOf(mark),
  of: { boot: mark.boot, sequence: mark.sequence },
  uses,
});

export const draftUndo = (mark: OpeningMark, operator: string, reason: UndoReason): MarkDraft => ({
  kind: 'undone',
  event: mark.event,
  lane: mark.lane,
  operator,
  ticketId: mark.ticketId,
  epoch: mark.epoch,
  method: mark.method,
  ...inSessionOf(mark),
  of: { gate: mark.gate, boot: mark.boot, sequence: mark.sequence },
  reason,
});

export const draftOverride = (
  place: MarkPlace,
  claim: Claim | undefined,
  reason: OverrideReason,
  persons: number,
  operator: string,
): MarkDraft => ({
  kind: 'overridden',
  ...place,
  operator,
  ...claimPart(claim),
  reason,
  uses: persons,
});

export const draftPassOut = (place: MarkPlace, claim: Claim, operator: string): MarkDraft => ({
  kind: 'passed-out',
  ...place,
  operator,
  ...claimPart(claim),
});

/** Blocks the ticket up to the epoch of `claim`. */
export const draftDenial = (event: number, lane: string, claim: ClaimPart, operator: string): MarkDraft => ({
  kind: 'denied',
  event,
  lane,
  operator,
  ...claimPart(claim),
});

/** Without `forGate` it counts at every gate of the place's zone. */
export const draftPrecheck = (
  place: MarkPlace,
  claim: ClaimPart,
  untilS: number,
  forGate: string | undefined,
): MarkDraft => ({
  kind: 'prechecked',
  ...place,
  ...claimPart(claim),
  untilS,
  ...(forGate === undefined ? {} : { forGate }),
});
