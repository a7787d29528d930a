// One lane: from a presentation to a turnstile, one at a time. idle -> deciding -> held | (waiting ->) open -> passed | lapsed, or refused;
// beside it closed (nothing opens) and free (anybody may pass, nothing is decided). It promises: nothing opens without a durable
// mark; one mark opens at most once; who did not pass gets the use back; a failed store leaves the gate shut, unless its venue
// said free. Listeners can neither slow nor stop it.
import { isAboutCode, type Claim, type Decision, type Refusal, type RefusalCode } from '../decision.ts';
import {
  declineReasons,
  overrideReasons,
  undoReasons,
  type DeclineReason,
  type Mark,
  type MarkDraft,
} from '../mark.ts';
import { presentationTextCharsMax } from '../presentation.ts';
import { proofsMax } from '../proofs.ts';
import { assert, err, ok, type Result } from '../result.ts';
import {
  isShut,
  refusalOfClosed,
  type Lane,
  type LaneActionError,
  type LaneProofError,
  type LaneSettings,
} from './lane-api.ts';
import { createLaneBooks, type Approval, type LaneBooksDeps } from './lane-books.ts';
import { createLaneInbox } from './lane-inbox.ts';
import { draftOverride, draftRefusal, draftUndo } from './lane-marks.ts';
import { createLanePassages } from './lane-passages.ts';
import { createLaneRest } from './lane-rest.ts';
import { createLaneTeller } from './lane-teller.ts';
import type { Actuator, LaneEvent, LaneState, StoreError, Timer } from './ports.ts';
import type { MethodRegistry } from './registry.ts';
import { createTurnstile } from './turnstile.ts';
import type { View } from './views.ts';

/** How long an answer stays on the display when nobody else comes. */
export const answerShownMs = { refused: 5_000, passed: 2_500, lapsed: 5_000 } as const;
/** Persons that one override lets in. */
export const overridePersonsMax = 20;

export interface LaneDeps extends LaneBooksDeps {
  readonly registry: MethodRegistry;
  readonly actuator: Actuator;
  readonly timer: Timer;
  /** Called synchronously; what it throws is counted and dropped. */
  readonly listener: (event: LaneEvent) => void;
}

type Refused = Extract<Decision, { kind: 'refuse' }>;

/** A proved presentation that asks for a decision; the second time with a person's approval. */
interface Request {
  readonly view: View;
  readonly claim: Claim;
  /** Further proofs of the same ticket, where the first was not enough. */
  readonly others?: readonly Claim[];
  readonly verifyMs: number;
  /** Set once it is or was held. */
  readonly holdId?: string;
  readonly approval?: Approval;
}

/** The person in a refusal: who declined and why, or who had accepted before the rule said no. */
interface Person {
  readonly operator: string;
  readonly reason?: DeclineReason;
}

interface Hold extends Request {
  readonly holdId: string;
  readonly decision: Extract<Decision, { kind: 'hold' }>;
  readonly cancelTimeout: () => void;
}

const isSameTicket = (a: Claim, b: Claim): boolean => a.event === b.event && a.ticketId === b.ticketId;

const nothingToCancel = (): void => undefined;

export function createLane(settings: LaneSettings, deps: LaneDeps): Lane {
  const { context, registry, timer, logger } = deps;
  const { id, direction } = settings;
  const turnstile = createTurnstile({ actuator: deps.actuator, direction, timer, logger });
  const inbox = createLaneInbox();
  const books = createLaneBooks(settings, deps);
  const stopping = new AbortController();
  const tell = createLaneTeller(id, deps);
  let state: LaneState = { name: 'closed', why: 'stopping' };
  /** True from taking a presentation or an action until its outcome is known; a hold is not work, it waits. */
  let working = false;
  let work: Promise<void> = Promise.resolve();
  let hold: Hold | undefined;
  let holdCount = 0;
  let shown: View | undefined;
  let cancelShown = nothingToCancel;

  const nowMs = (): number => context.clock.monotonicMs();
  /** Nobody is asked for a ticket on the way out of an evacuation; whoever shows one is counted. */
  const isEvacuating = (): boolean => state.name === 'free' && state.why === 'order';
  const stopped = (): boolean => stopping.signal.aborted;

  // ---- telling

  const enter = (next: LaneState): void => {
    state = next;
    cancelShown();
    cancelShown = nothingToCancel;
    tell.state(state);
    showForAWhile();
  };

  /** Answers go away by themselves; each sighting of the same code keeps its first answer on the display. */
  const showForAWhile = (): void => {
    if (state.name !== 'refused' && state.name !== 'passed' && state.name !== 'lapsed') return;
    cancelShown();
    cancelShown = timer.after(answerShownMs[state.name], () => enter({ name: 'idle' }));
  };

  // ---- one presentation after the other

  const pump = (): void => {
    if (working || (isShut(state) && !isEvacuating())) return;
    const held = hold;
    if (held !== undefined && held.decision.reason !== 'second-factor') return;
    const view = inbox.next(nowMs());
    if (view !== undefined) begin(() => lookAt(view, held));
  };

  /** Runs one piece of work; the next begins when it has ended. A rejection is a bug and surfaces as an unhandled one. */
  const begin = (task: () => Promise<void>): void => {
    assert(!working, 'a lane does one thing at a time');
    working = true;
    work = task().finally(() => {
      working = false;
      rest.followOrder();
      pump();
    });
  };

  /** As `begin`, for actions: resolves as soon as the action's own result is known, while the passage goes on. */
  const beginAction = <T>(task: (answerWith: (result: T) => void) => Promise<void>): Promise<T> =>
    new Promise((resolve) => begin(() => task(resolve)));

  /** The work that led to this hold may still be ending, and what others have shown since is looked at, one after the other. */
  const restOfWork = async (holdId: string): Promise<void> => {
    while (hold?.holdId === holdId && working) await work;
  };

  const lookAt = async (view: View, held: Hold | undefined): Promise<void> => {
    const startedMs = nowMs();
    const verified = await registry.verify(view.presentation, stopping.signal);
    const verifyMs = nowMs() - startedMs;
    return held === undefined ? answer(view, verified, verifyMs) : addProof(held, view, verified, verifyMs);
  };

  const answer = async (view: View, verified: Result<Claim, Refusal>, verifyMs: number): Promise<void> => {
    if (isEvacuating()) return countOut(view, verified);
    if (isShut(state)) return inbox.forget(view);
    if (!verified.ok) return refuse(view, { kind: 'refuse', refusal: verified.error }, verifyMs);
    const earlier = inbox.identify(view, verified.value.ticketId);
    if (earlier !== undefined) return keepShowing(earlier);
    enter({ name: 'deciding' });
    await decideAndAct({ view, claim: verified.value, verifyMs }, () => undefined);
  };

  /**
   * Somebody is held for another proof, and something is presented: that proof, or what somebody else shows meanwhile, who then is told to
   * wait and may show it again. The hold goes on as it was unless the ticket is the same.
   */
  const addProof = async (
    held: Hold,
    view: View,
    verified: Result<Claim, Refusal>,
    verifyMs: number,
  ): Promise<void> => {
    // Answered, timed out or shut meanwhile.
    if (hold !== held) return inbox.forget(view);
    const isOfTicket = verified.ok && isSameTicket(verified.value, held.claim);
    if (isOfTicket) inbox.identify(view, held.claim.ticketId);
    if (!verified.ok || !isOfTicket) {
      const refusal = verified.ok ? ({ type: 'other-ticket' } as const) : verified.error;
      const other = verified.ok ? verified.value : undefined;
      books.appendLater(draftRefusal(books.place(other?.event), other, refusal.type, undefined));
      tell.decision({ kind: 'refuse', refusal }, view, verifyMs);
      return inbox.forget(view);
    }
    await decideWith(held, verified.value, () => undefined);
  };

  const decideWith = async (
    held: Hold,
    claim: Claim,
    decided: (result: Result<Decision, StoreError> | undefined) => void,
  ): Promise<void> => {
    const proofs = [held.claim, ...(held.others ?? [])];
    // The same code again, as readers deliver it, or the next one of a rotating code.
    if (proofs.some(({ method }) => method === claim.method) || proofs.length >= proofsMax) return decided(undefined);
    takeHold();
    enter({ name: 'deciding' });
    // A yes to the hold was given without this proof: it does not make one good that is not.
    const { approval: _approval, ...request } = held;
    await decideAndAct({ ...request, others: [...(held.others ?? []), claim] }, decided);
  };

  const countOut = async (view: View, verified: Result<Claim, Refusal>): Promise<void> => {
    const committed = verified.ok ? await books.admit(verified.value, undefined) : undefined;
    if (committed?.ok === true && committed.value.decision.kind === 'admit')
      tell.decision(committed.value.decision, view, 0, committed.value.commitMs, committed.value.mark);
    inbox.settle(view, nowMs());
  };

  const keepShowing = (view: View): void => {
    if (view === shown) showForAWhile();
  };

  const refuse = (view: View, decision: Refused, verifyMs: number, commitMs = 0, person?: Person): void => {
    books.appendLater(draftRefusal(books.place(decision.claim?.event), decision.claim, decision.refusal.type, person));
    tell.decision(decision, view, verifyMs, commitMs);
    inbox.settle(view, nowMs());
    // "Wait for the next code" must not keep the next code from being answered.
    if (isAboutCode(decision.refusal)) inbox.release(view);
    shown = view;
    if (!isShut(state)) enter({ name: 'refused', decision });
  };

  const decideAndAct = async (
    request: Request,
    decided: (result: Result<Decision, StoreError>) => void,
  ): Promise<void> => {
    const { view, claim, others, verifyMs, approval } = request;
    const committed = await books.admit(claim, approval, others);
    if (!committed.ok) {
      tell.decision({ kind: 'refuse', claim, refusal: { type: 'store-failed' } }, view, verifyMs);
      inbox.settle(view, nowMs());
      rest.fail('store');
      return decided(committed);
    }
    const { decision, mark, commitMs } = committed.value;
    decided(ok(decision));
    switch (decision.kind) {
      case 'refuse':
        return refuse(view, decision, verifyMs, commitMs, approval?.by);
      case 'hold':
        tell.decision(decision, view, verifyMs, commitMs);
        return isShut(state) ? inbox.forget(view) : holdFor(request, decision);
      case 'admit':
        assert(mark?.kind === 'admitted' || mark?.kind === 'exited', 'an admission has its mark');
        tell.decision(decision, view, verifyMs, commitMs, mark);
        shown = view;
        await passages.letThrough(mark, decision.persons, decision);
        inbox.settle(view, nowMs());
    }
  };

  // ---- a person has to say yes

  const holdFor = (request: Request, decision: Extract<Decision, { kind: 'hold' }>): void => {
    const cancelTimeout = timer.after(settings.holdTimeoutMs, () => endHold('hold-timed-out', undefined));
    const holdId = request.holdId ?? `${id}-${++holdCount}`;
    hold = { ...request, holdId, cancelTimeout, decision };
    enter({ name: 'held', decision, holdId });
  };

  const takeHold = (): Hold | undefined => {
    const taken = hold;
    taken?.cancelTimeout();
    hold = undefined;
    return taken;
  };

  const endHold = (code: RefusalCode, person: Person | undefined): void => {
    const ended = takeHold();
    assert(ended !== undefined, 'only a hold can end');
    const { language } = ended.decision;
    const spoken = language === undefined ? {} : { language };
    const decision = { kind: 'refuse', claim: ended.claim, refusal: { type: code }, ...spoken } as const;
    refuse(ended.view, decision, ended.verifyMs, 0, person);
    pump();
  };

  // ---- closed or free, and back

  const busyError = (): Result<never, LaneActionError> | undefined => {
    if (state.name === 'free') return err({ type: 'lane-free' });
    if (state.name === 'closed') return err({ type: 'lane-closed' });
    return working ? err({ type: 'lane-busy' }) : undefined;
  };

  const dropEverything = (): void => {
    const dropped = takeHold();
    if (dropped !== undefined) inbox.forget(dropped.view);
    inbox.clear();
  };

  const appended = async (draft: MarkDraft): Promise<Mark | undefined> => {
    const result = await books.append(draft);
    if (result.ok) return result.value;
    rest.fail('store');
    return undefined;
  };

  const rest = createLaneRest(settings, {
    turnstile,
    timer,
    storeWorks: books.work,
    state: () => state,
    busyError,
    enter: (next) => {
      if (next.name !== 'idle') dropEverything();
      enter(next);
      pump();
    },
  });
  const reach = { turnstile, tell, state: () => state, enter, settle: rest.settle, append: appended };
  const passages = createLanePassages(settings, { ...deps, ...reach });

  const shownClaim = (): Claim | undefined =>
    hold?.claim ?? (state.name === 'refused' ? state.decision.claim : undefined);

  return {
    id,
    settings,
    state: () => state,
    health: () => ({
      state: state.name,
      why: 'why' in state ? state.why : undefined,
      ...inbox.counts(),
      ...passages.counts(),
      listenerFaults: tell.faults(),
      turnstileFaults: turnstile.faults().count,
      turnstileFault: turnstile.faults().last,
    }),

    start: rest.start,
    stop: async () => {
      if (stopped()) return;
      stopping.abort(new Error('the lane is stopping'));
      await rest.stop();
      await work;
    },

    present: (presentation) => {
      if (stopped() || (state.name === 'free' && !isEvacuating())) return 'ignored';
      if (presentation.text.length > presentationTextCharsMax) return 'dropped';
      const { type, view } = inbox.offer(presentation, nowMs());
      if (type === 'same') keepShowing(view);
      if (type !== 'queued') return type;
      if (state.name === 'closed') {
        inbox.next(nowMs());
        inbox.settle(view, nowMs());
        tell.decision({ kind: 'refuse', refusal: { type: refusalOfClosed(state.why) } }, view, 0);
        return 'ignored';
      }
      pump();
      return 'queued';
    },

    accept: async (holdId, by) => {
      await restOfWork(holdId);
      const held = hold?.holdId === holdId ? takeHold() : undefined;
      if (held === undefined) return err({ type: 'hold-gone' });
      enter({ name: 'deciding' });
      return beginAction<Result<Decision, LaneActionError>>((answerWith) =>
        decideAndAct({ ...held, approval: { by, reason: held.decision.reason } }, (result) =>
          answerWith(result.ok && result.value.kind === 'hold' ? err({ type: 'role-too-low' }) : result),
        ),
      );
    },

    prove: async (holdId, presentation) => {
      await restOfWork(holdId);
      const held = hold;
      if (held?.holdId !== holdId || held.decision.reason !== 'second-factor' || working)
        return err({ type: 'hold-gone' });
      return beginAction<Result<Decision, LaneProofError>>(async (answerWith) => {
        const verified = await registry.verify(presentation, stopping.signal);
        if (hold !== held) return answerWith(err({ type: 'hold-gone' }));
        if (!verified.ok) return answerWith(err({ type: 'proof-refused', refusal: verified.error }));
        if (!isSameTicket(verified.value, held.claim))
          return answerWith(err({ type: 'proof-refused', refusal: { type: 'other-ticket' } }));
        await decideWith(held, verified.value, (result) => answerWith(result ?? err({ type: 'hold-gone' })));
      });
    },

    decline: (holdId, by, reason) => {
      if (!declineReasons.includes(reason)) return err({ type: 'reason-unknown' });
      if (hold?.holdId !== holdId) return err({ type: 'hold-gone' });
      endHold('declined', { operator: by.operator, reason });
      return ok(undefined);
    },

    override: async (by, reason, persons) => {
      const busy = busyError();
      if (busy !== undefined) return busy;
      if (!Number.isInteger(persons) || persons < 1 || persons > overridePersonsMax)
        return err({ type: 'persons-out-of-range' });
      if (!overrideReasons.includes(reason)) return err({ type: 'reason-unknown' });
      const claim = shownClaim();
      const held = takeHold();
      enter({ name: 'deciding' });
      return beginAction<Result<Mark, LaneActionError>>(async (answerWith) => {
        const place = books.place(claim?.event);
        const named = claim?.event === place.event ? claim : undefined;
        const mark = await appended(draftOverride(place, named, reason, persons, by.operator));
        if (mark === undefined) answerWith(err({ type: 'store-failed', cause: 'the override was not recorded' }));
        else {
          assert(mark.kind === 'overridden', 'the store returns the mark it was given');
          answerWith(ok(mark));
          await passages.letThrough(mark, persons, undefined);
        }
        if (held !== undefined) inbox.settle(held.view, nowMs());
      });
    },

    undo: async (by, reason) => {
      if (!undoReasons.includes(reason)) return err({ type: 'reason-unknown' });
      if (stopped()) return err({ type: 'lane-closed' });
      if (working || hold !== undefined) return err({ type: 'lane-busy' });
      const last = passages.lastEntry();
      if (last === undefined) return err({ type: 'nothing-to-undo' });
      return beginAction<Result<Mark, LaneActionError>>(async (answerWith) => {
        const mark = await appended(draftUndo(last, by.operator, reason));
        if (mark === undefined) return answerWith(err({ type: 'store-failed', cause: 'the entry was not taken back' }));
        passages.takenBack(last);
        answerWith(ok(mark));
      });
    },

    close: rest.close,
    reopen: rest.reopen,
    free: rest.free,
    resetFree: rest.resetFree,
    obey: rest.obey,
    isObeying: rest.isObeying,
    shownClaim,
  };
}
