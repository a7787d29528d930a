// How a lane uses the store: the rule decides inside the transaction, and a store that throws is a store that failed. It never
// confirms an admission without its mark. Of several events each has a store of its own; what concerns a ticket goes to its event's.
import type { decide as decideRule } from '../decide.ts';
import type { Claim, Decision } from '../decision.ts';
import type { Mark, MarkDraft } from '../mark.ts';
import { err, type Result } from '../result.ts';
import type { HoldReason } from '../ticket.ts';
import type { LaneSettings, Operator } from './lane-api.ts';
import { draftAdmission, type MarkPlace } from './lane-marks.ts';
import type { EventAccess, LaneContext, Logger, Store, StoreError } from './ports.ts';

export interface LaneBooksDeps {
  readonly context: LaneContext;
  readonly store: Store;
  /** Further events whose tickets this lane admits; what names no ticket of theirs belongs to the lane's own event. */
  readonly furtherEvents?: readonly EventAccess[];
  readonly decide: typeof decideRule;
  readonly logger: Logger;
}

export interface Committed {
  readonly decision: Decision;
  readonly mark: Mark | undefined;
  readonly commitMs: number;
}

/** A person's yes to what a hold asked. */
export interface Approval {
  readonly by: Operator;
  readonly reason: HoldReason;
}

export interface LaneBooks {
  /** Where marks about a ticket of `event` are made; of no event, or of one that is not admitted here, in the lane's own. */
  readonly place: (event: number | undefined) => MarkPlace;
  /**
   * Decides on the ticket as it is at this instant; `approval` says who has accepted a hold of it, and of what kind, `others` what has been
   * proved of it besides.
   */
  readonly admit: (
    claim: Claim,
    approval: Approval | undefined,
    others?: readonly Claim[],
  ) => Promise<Result<Committed, StoreError>>;
  readonly append: (draft: MarkDraft) => Promise<Result<Mark, StoreError>>;
  readonly appendLater: (draft: MarkDraft) => void;
  /** Whether every store works, after an attempt to repair it. */
  readonly work: () => Promise<boolean>;
}

export function createLaneBooks(settings: LaneSettings, deps: LaneBooksDeps): LaneBooks {
  const own = createEventBooks(settings, deps);
  const further = (deps.furtherEvents ?? []).map((access) =>
    createEventBooks({ ...settings, zone: access.zone }, { ...deps, ...access }),
  );
  const of = (event: number | undefined): EventBooks => further.find((books) => books.place().event === event) ?? own;
  return {
    place: (event) => of(event).place(),
    admit: (claim, approval, others) => of(claim.event).admit(claim, approval, others),
    append: (draft) => of(draft.event).append(draft),
    appendLater: (draft) => of(draft.event).appendLater(draft),
    work: async () => (await Promise.all([own, ...further].map((books) => books.work()))).every((works) => works),
  };
}

interface EventBooks extends Omit<LaneBooks, 'place'> {
  readonly place: () => MarkPlace;
}

function createEventBooks(
  { id, zone, direction }: LaneSettings,
  { context, store, decide, logger }: LaneBooksDeps,
): EventBooks {
  const place = (): MarkPlace => ({ event: context.policy().event, lane: id, zone });

  let reported: string | undefined;
  /** A store that stays broken is asked again every second: each cause is said once, until the store has worked again. */
  const report = (cause: string, message: string): void => {
    if (cause !== reported) logger.error({ lane: id, cause }, message);
    reported = cause;
  };

  const guarded = async <T>(call: () => Promise<Result<T, StoreError>>): Promise<Result<T, StoreError>> => {
    try {
      const result = await call();
      if (result.ok) reported = undefined;
      else report('cause' in result.error ? result.error.cause : result.error.type, 'The store failed');
      return result;
    } catch (cause) {
      report(String(cause), 'The store threw');
      return err({ type: 'store-failed', cause: String(cause) });
    }
  };

  const admit: LaneBooks['admit'] = async (claim, approval, others = []) => {
    const reach = context.inTouch();
    const known = {
      claim,
      ...(others.length === 0 ? {} : { others, wasHeld: true as const }),
      policy: context.policy(),
      time: context.time(),
      feedAgeMs: context.feedAgeMs(),
      inTouch: reach.inTouch,
    };
    const lane = { id, gate: context.gate, zone, direction };
    const from = { ...reach, feedAgeMs: known.feedAgeMs };
    const approved = approval === undefined ? undefined : { operator: approval.by.operator, reason: approval.reason };
    const committed = await guarded(() =>
      store.admit(claim.ticketId, (view) => {
        const decision = decide({
          ...known,
          ...view,
          lane,
          ...(approval === undefined ? {} : { approval: approval.by.role }),
        });
        return {
          decision,
          mark: decision.kind === 'admit' ? draftAdmission(place(), decision, from, approved) : undefined,
        };
      }),
    );
    if (committed.ok && committed.value.decision.kind === 'admit' && committed.value.mark === undefined)
      return err({ type: 'store-failed', cause: 'the store confirmed an admission without its mark' });
    return committed;
  };

  return {
    place,
    admit,
    append: (draft) => guarded(() => store.append(draft)),
    appendLater: (draft) => store.appendLater(draft),
    work: async () => store.healthy() || (await guarded(() => store.reopen())).ok,
  };
}
