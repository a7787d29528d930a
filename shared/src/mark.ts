// A mark is an immutable fact about a ticket, a lane or a gate, identified by (event, gate, boot, sequence). This file is the
// union of all kinds; mark-codec.ts is their 40-60 byte form.
import type { ClockQuality, HybridTimestamp } from './clock.ts';
import type { TagTap } from './decision.ts';
import type { HoldReason } from './ticket.ts';

/** Who made a mark and where it stands in that writer's sequence. Sequences start at 1 in each boot and have no gaps. */
export interface MarkId {
  readonly event: number;
  /** Gate id, 1-32 characters `[a-z0-9-]`. */
  readonly gate: string;
  /** 16 hexadecimal digits, random at every process start: a restored image never continues an old writer. */
  readonly boot: string;
  readonly sequence: number;
}

/** Bindings that one mark can name. */
export const settlesMax = 4;

interface MarkBase extends MarkId {
  readonly at: HybridTimestamp;
  readonly monotonicMs: number;
  readonly clock: ClockQuality;
  /** Lane id at the gate; empty for marks that concern no lane. */
  readonly lane: string;
  /** Per-event pseudonym of the person who acted, absent when nobody did. */
  readonly operator?: string;
}

interface TicketMark extends MarkBase {
  readonly ticketId: string;
  readonly epoch: number;
  readonly method: string;
  /** The session of what a rehearsed mark stands for, in memory alone (`practisedMark`): nothing with it is ever written. */
  readonly rehearsal?: string;
}

/** Why a person let somebody in, took an entry back, or declined a hold: closed lists, numbered on the wire in this order. */
export const overrideReasons = ['lost-code', 'reader-broken', 'accreditation', 'emergency', 'other'] as const;
export type OverrideReason = (typeof overrideReasons)[number];
export const undoReasons = ['scanned-by-mistake', 'wrong-person', 'turned-away', 'other'] as const;
export type UndoReason = (typeof undoReasons)[number];
export const declineReasons = ['proof-missing', 'proof-wrong', 'not-the-holder', 'other'] as const;
export type DeclineReason = (typeof declineReasons)[number];

/** What everybody at a venue may be ordered at once; numbered on the wire in this order. */
export const orders = ['stop-entry', 'evacuate'] as const;
export type Order = (typeof orders)[number];

/** A mark of the same event, whoever made it. */
export type MarkName = Pick<MarkId, 'gate' | 'boot' | 'sequence'>;

type CountedMark =
  /** The gate let the ticket in. `uses` persons passed on one code (a party in parts: one mark a part). */
  | (TicketMark & {
      readonly kind: 'admitted';
      readonly ticketType: number;
      readonly zone: string;
      readonly uses: number;
      readonly issuedAtS?: number;
      readonly outOfTouch: boolean;
      readonly peersReachable: number;
      /** What `operator` had to say yes to, where the ticket was held. */
      readonly approved?: HoldReason;
      /** Which of the ticket's tags that count their readings, and its count. */
      readonly tap?: TagTap;
      /** How old the list of tickets and revocations was, where the gate was out of touch. */
      readonly feedAgeS?: number;
    })
  | (TicketMark & { readonly kind: 'exited'; readonly zone: string })
  /** A refusal; `count` is 1, or how many were folded into this one after the limit per minute; `reason` where a person declined. */
  | (TicketMark & {
      readonly kind: 'refused';
      readonly code: string;
      readonly count: number;
      readonly reason?: DeclineReason;
    })
  /** Opened, nobody passed: names the admitted (or exited) mark and how many uses return. */
  | (TicketMark & {
      readonly kind: 'lapsed';
      readonly of: { readonly boot: string; readonly sequence: number };
      readonly uses: number;
    })
  /** A steward takes back the last entry. */
  | (TicketMark & {
      readonly kind: 'undone';
      readonly of: MarkName;
      readonly reason: UndoReason;
    })
  /** A person let somebody in against or without a decision; ticket id is empty when there was no ticket. */
  | (TicketMark & {
      readonly kind: 'overridden';
      readonly reason: OverrideReason;
      readonly zone: string;
      readonly uses: number;
    })
  /** A steward lets a ticket out of a zone whose exits are not scanned, so that it may come back. */
  | (TicketMark & { readonly kind: 'passed-out'; readonly zone: string })
  /** The tag belongs to the ticket from now on, or to none (empty ticket id); `settles` are the bindings that this one knowingly replaces. */
  | (TicketMark & { readonly kind: 'bound'; readonly tagHash: string; readonly settles?: readonly MarkName[] })
  | (TicketMark & { readonly kind: 'denied' })
  /** The clock was found wrong by `offsetMs` (true minus shown) and a person or server said so; `trueMs` is the time that it was then. */
  | (MarkBase & { readonly kind: 'corrected'; readonly offsetMs: number; readonly trueMs?: number })
  /** So many persons are in the zone, as somebody has counted: occupancy goes on from there. */
  | (MarkBase & { readonly kind: 'recounted'; readonly zone: string; readonly persons: number })
  /** A person's order to every gate of a zone, or of all zones where `zone` is empty; in force until a `lifted` mark names it. */
  | (MarkBase & { readonly kind: 'ordered'; readonly order: Order; readonly zone: string })
  /** Ends one order; whoever lifts names what they know, so an order that they could not know of stays in force. */
  | (MarkBase & { readonly kind: 'lifted'; readonly of: MarkName })
  /** The lanes of this gate obey the `ordered` or `lifted` mark. */
  | (MarkBase & { readonly kind: 'acknowledged'; readonly of: MarkName })
  /** The ticket's holder was seen to be where `zone` begins; until `untilS` (Unix seconds) that counts, at `forGate` alone where it is named. */
  | (TicketMark & {
      readonly kind: 'prechecked';
      readonly zone: string;
      readonly untilS: number;
      readonly forGate?: string;
    })
  /** From now on until `untilS` (Unix seconds) this gate rehearses, whatever the others do; a session has 16 hexadecimal digits. */
  | (MarkBase & { readonly kind: 'rehearsal-begun'; readonly session: string; readonly untilS: number })
  /** This gate has left a session, its own or the whole event's, and does not come back to it. */
  | (MarkBase & { readonly kind: 'rehearsal-left'; readonly session: string });

/** What a gate in rehearsal only practises. Bands, clocks, counts and orders are real at any time. */
export const practisedKinds = [
  'admitted',
  'exited',
  'refused',
  'lapsed',
  'undone',
  'overridden',
  'passed-out',
  'denied',
  'prechecked',
] as const satisfies readonly CountedMark['kind'][];
export type PractisedMark = Extract<CountedMark, { kind: (typeof practisedKinds)[number] }>;
type OwnPart<M> = M extends PractisedMark ? Omit<M, keyof TicketMark> : never;

/**
 * What would have been a mark of one of `practisedKinds`, had the gate not been in rehearsal. A kind of its own, and no flag on the others:
 * whatever counts, folds or passes on a kind of marks cannot take one for it by having forgotten to ask.
 */
export interface RehearsedMark extends Omit<TicketMark, 'rehearsal'> {
  readonly kind: 'rehearsed';
  readonly session: string;
  /** What that kind adds. */
  readonly practised: OwnPart<PractisedMark>;
}

export type Mark = CountedMark | RehearsedMark;

export type MarkKind = Mark['kind'];

/** A mark before its writer has given it identity and time. */
export type MarkDraft = Mark extends infer M
  ? M extends Mark
    ? Omit<M, keyof MarkId | 'at' | 'monotonicMs' | 'clock'> & { readonly event: number }
    : never
  : never;

export const markKey = (mark: MarkId): string => `${mark.event}/${mark.gate}/${mark.boot}/${mark.sequence}`;
