// What a lane offers to readers, stewards and health pages, and every way in which an action on it can be turned down.
import type { Claim, Decision, Refusal, RefusalCode } from '../decision.ts';
import type { DeclineReason, Mark, OverrideReason, UndoReason } from '../mark.ts';
import type { OrderMark } from '../orders.ts';
import type { Presentation } from '../presentation.ts';
import type { Result } from '../result.ts';
import type { LaneState, StoreError } from './ports.ts';

export interface LaneSettings {
  readonly id: string;
  readonly zone: string;
  readonly direction: 'entry' | 'exit';
  /** What the turnstile does when the gate cannot decide. An exit is free whatever this says. */
  readonly onFailure: 'locked' | 'free';
  readonly holdTimeoutMs: number;
  /** Persons who may walk along on one opening without a ticket of their own, as where wheelchairs are pushed; none when absent. */
  readonly companions?: number;
}

export type StaffRole = 'steward' | 'supervisor';

/** Who acts, after the PIN was checked. */
export interface Operator {
  /** Per-event pseudonym. */
  readonly operator: string;
  readonly role: StaffRole;
}

export type LaneActionError =
  | StoreError
  /** Answered, timed out, or another one by now. */
  | { readonly type: 'hold-gone' }
  /** The rule still asks for somebody: a supervisor. */
  | { readonly type: 'role-too-low' }
  | { readonly type: 'lane-busy' | 'lane-closed' | 'lane-free' | 'lane-not-free' | 'lane-not-closed' }
  /** An order to the venue keeps it as it is; a supervisor lifts that. */
  | { readonly type: 'lane-under-order' }
  | { readonly type: 'nothing-to-undo' }
  | { readonly type: 'persons-out-of-range' }
  | { readonly type: 'reason-unknown' };

export type LaneProofError =
  | LaneActionError
  /** It is none, or of another ticket; the hold goes on, and nobody was told anything. */
  | { readonly type: 'proof-refused'; readonly refusal: Refusal };

/** What somebody is told who shows a ticket at a lane that is closed. */
export const refusalOfClosed = (why: Extract<LaneState, { name: 'closed' }>['why']): RefusalCode =>
  why === 'store' ? 'store-failed' : why === 'order' ? 'entry-stopped' : 'lane-closed';

/** Closed or free: nothing is decided. */
export const isShut = ({ name }: LaneState): boolean => name === 'closed' || name === 'free';

export interface LaneHealth {
  readonly state: LaneState['name'];
  readonly why: string | undefined;
  readonly waiting: number;
  /** Presentations not answered: the inbox was full, or the code was out of view when its turn came. */
  readonly dropped: number;
  readonly gone: number;
  /** Uses that could not be given back because the store failed. */
  readonly lapsesLost: number;
  /** Persons who have followed without being let in since the start, and when the last one did, Unix ms. */
  readonly tailgaters: number;
  readonly lastTailgatingMs: number | undefined;
  readonly listenerFaults: number;
  readonly turnstileFaults: number;
  readonly turnstileFault: string | undefined;
}

export interface Lane {
  readonly id: string;
  readonly settings: LaneSettings;
  readonly state: () => LaneState;
  readonly health: () => LaneHealth;
  /** Brings the turnstile to rest and begins to answer. */
  readonly start: () => Promise<void>;
  /** Closes the lane, ends what is under way (an opening without outcome counts as passed) and puts the turnstile to rest. */
  readonly stop: () => Promise<void>;
  /** A reader's delivery. `same`: part of a presentation already answered or waiting; `ignored`: the lane is free or closed. */
  readonly present: (presentation: Presentation) => 'queued' | 'same' | 'dropped' | 'ignored';
  /** Decides again with the person's approval, since the ticket may have been used meanwhile. Resolves with the decision. */
  readonly accept: (holdId: string, by: Operator) => Promise<Result<Decision, LaneActionError>>;
  /** A further proof that the gate itself has looked for while it holds a ticket for one, and not something that somebody presents. */
  readonly prove: (holdId: string, presentation: Presentation) => Promise<Result<Decision, LaneProofError>>;
  readonly decline: (holdId: string, by: Operator, reason: DeclineReason) => Result<void, LaneActionError>;
  /** Lets persons in against or without a decision; names the ticket that is held or was just refused. Resolves when it opens. */
  readonly override: (by: Operator, reason: OverrideReason, persons: number) => Promise<Result<Mark, LaneActionError>>;
  /** Takes back this lane's last entry that was not taken back yet, since this process started. */
  readonly undo: (by: Operator, reason: UndoReason) => Promise<Result<Mark, LaneActionError>>;
  readonly close: () => Result<void, LaneActionError>;
  readonly reopen: () => Result<void, LaneActionError>;
  /** Opens for everybody at once: the fire input, or a person. Latched until `resetFree`. No order holds back a fire. */
  readonly free: (why: 'fire' | 'person') => Result<void, LaneActionError>;
  readonly resetFree: () => Result<void, LaneActionError>;
  /**
   * What is ordered in this lane's zone from now on; undefined when nothing is. An opening under way is let end, nothing new begins.
   * Before `start` it says how the lane will come up.
   */
  readonly obey: (order: OrderMark | undefined) => void;
  /** Whether the lane does what is ordered, with its turnstile at rest there. */
  readonly isObeying: () => boolean;
  /** Whose ticket is held, or was just refused. */
  readonly shownClaim: () => Claim | undefined;
}
