// What staff may do at a gate: answer a hold, let somebody in, take back the last entry, let a ticket out, block one, close and free
// a lane, give an order to the venue, begin and leave a rehearsal, confirm the clock, say how many are in a zone. Every action is by an
// operator whose PIN was just checked, or who has signed on for a shift, and whose role suffices. The result is either the mark or
// decision it led to, or one typed reason why not.
import { trueTimeMsMax } from '../clock.ts';
import type { decide as decideRule } from '../decide.ts';
import type { Decision, Refusal } from '../decision.ts';
import type { DeclineReason, Mark, OverrideReason, UndoReason } from '../mark.ts';
import type { Presentation } from '../presentation.ts';
import { assert, err, ok, exhaustive, type Result } from '../result.ts';
import { isBandAction, type BandAction, type BandDesk, type BandDeskError } from './band-desk.ts';
import {
  isRehearsalAction,
  type RehearsalAction,
  type RehearsalError,
  type StewardRehearsals,
} from './gate-rehearsal.ts';
import type { Lane, LaneActionError, Operator, StaffRole } from './lane-api.ts';
import { draftDenial, draftPassOut } from './lane-marks.ts';
import type { EventAccess, LaneContext, Logger, Store } from './ports.ts';
import type { MethodRegistry } from './registry.ts';
import type { SignOnError, StaffSignOn, StewardCredentials } from './staff-sign-on.ts';
import {
  isOrderAction,
  type OrderAction,
  type OrderActionError,
  type OrderOutcome,
  type StewardOrders,
} from './steward-orders.ts';

export type StewardAction =
  | { readonly type: 'accept-hold'; readonly lane: string; readonly holdId: string }
  | { readonly type: 'decline-hold'; readonly lane: string; readonly holdId: string; readonly reason: DeclineReason }
  | { readonly type: 'override'; readonly lane: string; readonly reason: OverrideReason; readonly persons: number }
  | { readonly type: 'undo'; readonly lane: string; readonly reason: UndoReason }
  /** Lets the ticket shown out of the lane's zone, so that it may come back. */
  | { readonly type: 'pass-out'; readonly lane: string; readonly presentation: Presentation }
  /** Blocks the ticket shown, or without one that which the lane holds or has just refused, at every gate; a re-issue ends it. */
  | { readonly type: 'deny-ticket'; readonly lane: string; readonly presentation?: Presentation }
  | { readonly type: 'close-lane'; readonly lane: string }
  | { readonly type: 'reopen-lane'; readonly lane: string }
  | { readonly type: 'free-lane'; readonly lane: string }
  | { readonly type: 'reset-free'; readonly lane: string }
  /** `trueMs`: the time that the person vouches for, Unix milliseconds; the shown one when absent. */
  | { readonly type: 'confirm-clock'; readonly trueMs?: number }
  /** So many persons are in the zone, as somebody has counted: occupancy goes on from there, at every gate. */
  | { readonly type: 'recount-zone'; readonly zone: string; readonly persons: number }
  | OrderAction
  | RehearsalAction
  | BandAction;

/** More than any venue holds. */
export const recountedPersonsMax = 1_000_000;

/** Least role an action needs. A held presentation that needs a supervisor is turned down by the rule itself. */
export const roleNeeded: Readonly<Record<StewardAction['type'], StaffRole>> = {
  'accept-hold': 'steward',
  'decline-hold': 'steward',
  override: 'steward',
  undo: 'steward',
  'pass-out': 'steward',
  'deny-ticket': 'steward',
  'close-lane': 'steward',
  'reopen-lane': 'steward',
  'free-lane': 'steward',
  'reset-free': 'supervisor',
  'confirm-clock': 'supervisor',
  'recount-zone': 'supervisor',
  'give-order': 'supervisor',
  'lift-order': 'supervisor',
  'confirm-order': 'supervisor',
  'begin-rehearsal': 'supervisor',
  // Whoever sees that it should be over ends it.
  'leave-rehearsal': 'steward',
  'bind-band': 'steward',
  'unbind-band': 'supervisor',
};

export type StewardError =
  | LaneActionError
  | SignOnError
  | OrderActionError
  | RehearsalError
  | BandDeskError
  | { readonly type: 'lane-unknown' }
  /** Neither shown nor at the lane. */
  | { readonly type: 'no-ticket' }
  | { readonly type: 'time-out-of-range' }
  | { readonly type: 'refused'; readonly refusal: Refusal };

export interface StewardOutcome extends OrderOutcome {
  readonly mark?: Mark;
  readonly decision?: Decision;
  /** Whose band it is now, or was. */
  readonly ticketId?: string;
}

export interface StewardDeps {
  readonly lanes: readonly Lane[];
  readonly signOn: StaffSignOn;
  /** Tells the clock that `trueMs` is right now. Gives by how much the timestamps of an event were off until then: true minus stamped, ms. */
  readonly confirmClock: (trueMs: number) => (event: number) => number;
  readonly context: LaneContext;
  readonly registry: MethodRegistry;
  readonly store: Store;
  /** As its lanes have them. */
  readonly furtherEvents?: readonly EventAccess[];
  readonly decide: typeof decideRule;
  readonly orders: StewardOrders;
  readonly rehearsals: StewardRehearsals;
  readonly bandDesk: BandDesk;
  readonly logger: Logger;
}

export interface Steward {
  /** Never rejects for anything a person can type. */
  readonly act: (
    credentials: StewardCredentials,
    action: StewardAction,
    signal: AbortSignal,
  ) => Promise<Result<StewardOutcome, StewardError>>;
}

export function createSteward(deps: StewardDeps): Steward {
  const { lanes, signOn, confirmClock, context, registry, store, furtherEvents = [], decide, logger } = deps;
  const furtherOf = (event: number): EventAccess | undefined =>
    furtherEvents.find((access) => access.context.policy().event === event);

  /** In every event's journal: its marks carry the wrong times, too. */
  const correctClock = async (by: Operator, trueMs: number): Promise<Result<StewardOutcome, StewardError>> => {
    if (!Number.isSafeInteger(trueMs) || trueMs < 0 || trueMs >= trueTimeMsMax)
      return err({ type: 'time-out-of-range' });
    const offsetOf = confirmClock(trueMs);
    const written = await Promise.all(
      [{ context, store }, ...furtherEvents].map((access) => {
        const { event } = access.context.policy();
        return access.store.append({
          kind: 'corrected',
          event,
          lane: '',
          operator: by.operator,
          offsetMs: Math.round(offsetOf(event)),
          trueMs: access.context.time().nowMs,
        });
      }),
    );
    const [first] = written;
    assert(first !== undefined, 'a gate has an event');
    return marked(written.find((result) => !result.ok) ?? first);
  };

  /** In the first event of this gate that has the zone. */
  const recount = async (
    by: Operator,
    zone: string,
    persons: number,
  ): Promise<Result<StewardOutcome, StewardError>> => {
    if (!Number.isInteger(persons) || persons < 0 || persons > recountedPersonsMax)
      return err({ type: 'persons-out-of-range' });
    const access = [{ context, store }, ...furtherEvents].find(({ context: of }) =>
      of.policy().zones.some(({ id }) => id === zone),
    );
    if (access === undefined) return err({ type: 'zone-unknown' });
    const { event } = access.context.policy();
    const { operator } = by;
    return marked(await access.store.append({ kind: 'recounted', event, lane: '', operator, zone, persons }));
  };

  /** The exit rule decides: a live credential whose ticket is inside this zone. */
  const passOut = async (
    lane: Lane,
    by: Operator,
    presentation: Presentation,
    signal: AbortSignal,
  ): Promise<Result<StewardOutcome, StewardError>> => {
    const verified = await registry.verify(presentation, signal);
    if (!verified.ok) return err({ type: 'refused', refusal: verified.error });
    const claim = verified.value;
    const of = furtherOf(claim.event) ?? { zone: lane.settings.zone, context, store };
    const { zone } = of;
    const policy = of.context.policy();
    const rest = {
      policy,
      time: of.context.time(),
      feedAgeMs: of.context.feedAgeMs(),
      inTouch: of.context.inTouch().inTouch,
    };
    const exit = { id: lane.id, gate: of.context.gate, zone, direction: 'exit' } as const;
    const committed = await of.store.admit(claim.ticketId, ({ ticket, history, occupancy }) => {
      const decision = decide({ claim, ticket, history, occupancy, lane: exit, ...rest });
      const place = { event: policy.event, lane: lane.id, zone };
      return { decision, mark: decision.kind === 'admit' ? draftPassOut(place, claim, by.operator) : undefined };
    });
    if (!committed.ok) return committed;
    const { decision, mark } = committed.value;
    if (decision.kind === 'refuse') return err({ type: 'refused', refusal: decision.refusal });
    return ok(mark === undefined ? {} : { mark });
  };

  /**
   * Blocks what was shown and everything older; whoever has a newer credential of the ticket by now keeps it. A hold of what is blocked is
   * decided again.
   */
  const deny = async (
    lane: Lane,
    by: Operator,
    presentation: Presentation | undefined,
    signal: AbortSignal,
  ): Promise<Result<StewardOutcome, StewardError>> => {
    const verified = presentation === undefined ? undefined : await registry.verify(presentation, signal);
    if (verified?.ok === false) return err({ type: 'refused', refusal: verified.error });
    const claim = verified?.value ?? lane.shownClaim();
    if (claim === undefined) return err({ type: 'no-ticket' });
    const of = furtherOf(claim.event) ?? { context, store };
    const { event } = of.context.policy();
    if (claim.event !== event) return err({ type: 'refused', refusal: { type: 'other-event' } });
    const denied = await of.store.append(draftDenial(event, lane.id, claim, by.operator));
    if (!denied.ok) return denied;
    const state = lane.state();
    const held = lane.shownClaim();
    const isBlocked = held?.event === event && held.ticketId === claim.ticketId && held.epoch <= claim.epoch;
    if (state.name === 'held' && isBlocked) await lane.accept(state.holdId, by);
    return marked(denied);
  };

  const dispatch = async (
    by: Operator,
    action: StewardAction,
    signal: AbortSignal,
  ): Promise<Result<StewardOutcome, StewardError>> => {
    if (action.type === 'confirm-clock') return correctClock(by, action.trueMs ?? context.time().nowMs);
    if (action.type === 'recount-zone') return recount(by, action.zone, action.persons);
    if (isOrderAction(action)) return deps.orders(by, action);
    if (isRehearsalAction(action)) return deps.rehearsals.act(by, action);
    if (isBandAction(action)) return deps.bandDesk.act(by, action, signal);
    const lane = lanes.find((candidate) => candidate.id === action.lane);
    return lane === undefined ? err({ type: 'lane-unknown' }) : perform(by, action, lane, signal);
  };

  const perform = async (
    by: Operator,
    action: Exclude<
      StewardAction,
      OrderAction | RehearsalAction | BandAction | { type: 'confirm-clock' | 'recount-zone' }
    >,
    lane: Lane,
    signal: AbortSignal,
  ): Promise<Result<StewardOutcome, StewardError>> => {
    switch (action.type) {
      case 'accept-hold': {
        const accepted = await lane.accept(action.holdId, by);
        return accepted.ok ? ok({ decision: accepted.value }) : accepted;
      }
      case 'decline-hold':
        return done(lane.decline(action.holdId, by, action.reason));
      case 'override':
        return marked(await lane.override(by, action.reason, action.persons));
      case 'undo':
        return marked(await lane.undo(by, action.reason));
      case 'pass-out':
        return passOut(lane, by, action.presentation, signal);
      case 'deny-ticket':
        return deny(lane, by, action.presentation, signal);
      case 'close-lane':
        return done(lane.close());
      case 'reopen-lane':
        return done(lane.reopen());
      case 'free-lane':
        return done(lane.free('person'));
      case 'reset-free':
        return done(lane.resetFree());
      default:
        return exhaustive(action);
    }
  };

  return {
    act: async (credentials, action, signal) => {
      const by = await signOn.check(credentials);
      if (!by.ok) return by;
      if (roleNeeded[action.type] === 'supervisor' && by.value.role !== 'supervisor')
        return err({ type: 'role-too-low' });
      const result = await dispatch(by.value, action, signal);
      logger.info(
        { action: action.type, operator: by.value.operator, result: result.ok ? 'done' : result.error.type },
        'A steward acted',
      );
      return result;
    },
  };
}

const done = (result: Result<void, LaneActionError>): Result<StewardOutcome, LaneActionError> =>
  result.ok ? ok({}) : result;

const marked = <E extends { readonly type: string }>(result: Result<Mark, E>): Result<StewardOutcome, E> =>
  result.ok ? ok({ mark: result.value }) : result;
