// The orders to a venue as one gate knows and obeys them: folds what is new into what is in force, sets every lane accordingly before
// anything else happens, and writes an `acknowledged` mark once all its lanes obey. It asks nobody: orders come as marks, from its own
// journal and from other gates, and survive a restart with them.
import type { Mark, MarkId, MarkName, Order } from '../mark.ts';
import { markKey } from '../mark.ts';
import { liftable, orderFor, orderStatuses, ordersInForce, type OrderedGate, type OrderStatus } from '../orders.ts';
import { err, ok, type Result } from '../result.ts';
import type { Operator } from './lane-api.ts';
import type { OrderedLane } from './ordered-lanes.ts';
import type { Logger, Store, StoreError, Timer } from './ports.ts';

/** Between two tries to acknowledge, and two looks at the store that nobody has asked for. */
export const acknowledgeEveryMs = 250;
export const lookEveryMs = 1_000;
/** Marks of orders that one gate's word is taken for: far more than any night has, few enough that no gate can keep the lanes busy. */
export const orderMarksPerGateMax = 5_000;

/**
 * What a gate hears of marks of orders: one, or that one does not count any more, since its gate has been revoked and the cloud had not
 * taken it in.
 */
export type OrderNews =
  | { readonly type: 'learned'; readonly mark: Mark }
  | { readonly type: 'unlearned'; readonly id: MarkId };

export interface GateOrdersDeps {
  readonly gate: string;
  readonly zone: string;
  readonly event: number;
  readonly lanes: readonly OrderedLane[];
  /** At least what is new since the last call; of one mark in the order in which it happened. */
  readonly news: () => readonly OrderNews[];
  readonly append: Store['append'];
  /** Gates that have to acknowledge. */
  readonly gates: () => readonly OrderedGate[];
  readonly timer: Timer;
  readonly logger: Logger;
  /** What is in force, or who has acknowledged, has changed. */
  readonly changed: () => void;
}

export type OrderError = StoreError | { readonly type: 'order-in-force' | 'order-not-in-force' };

export interface GateOrders {
  /** There may be new marks. When this returns the lanes stand as ordered, or are on their way there. */
  readonly look: () => void;
  readonly statuses: () => readonly OrderStatus[];
  /** Whether `give` or `lift` would change anything. */
  readonly check: (change: OrderChange) => Result<void, OrderError>;
  readonly give: (order: Order, zone: string, by: Operator) => Promise<Result<readonly Mark[], OrderError>>;
  /** Ends every order of this kind for exactly this zone; for all zones where `zone` is empty. */
  readonly lift: (order: Order, zone: string, by: Operator) => Promise<Result<readonly Mark[], OrderError>>;
  readonly stop: () => void;
}

export interface OrderChange {
  readonly lift: boolean;
  readonly order: Order;
  /** Empty for all zones. */
  readonly zone: string;
}

export function createGateOrders(deps: GateOrdersDeps): GateOrders {
  const { gate, zone: ownZone, event, lanes, logger, timer } = deps;
  const marks = new Map<string, Mark>();
  const countsByGate = new Map<string, number>();
  const here: OrderedGate = { id: gate, zone: ownZone };
  let obeyed: string | undefined;
  let acknowledging = false;
  let stopped = false;
  let cancelTry: (() => void) | undefined;
  let cancelLook: (() => void) | undefined;

  const inForce = (): ReturnType<typeof ordersInForce> => ordersInForce(marks.values());

  /** False for what is known, and for a gate that has said too much. */
  const note = (mark: Mark): boolean => {
    const key = markKey(mark);
    if (marks.has(key)) return false;
    const count = (countsByGate.get(mark.gate) ?? 0) + 1;
    countsByGate.set(mark.gate, count);
    if (count === orderMarksPerGateMax + 1)
      logger.error({ gate: mark.gate }, 'A gate floods the venue with orders; what more it says of them is ignored');
    if (count > orderMarksPerGateMax) return false;
    marks.set(key, mark);
    return true;
  };

  const look = (): void => {
    let isNew = false;
    for (const news of deps.news())
      isNew = (news.type === 'learned' ? note(news.mark) : marks.delete(markKey(news.id))) || isNew;
    if (!isNew) return;
    const order = orderFor(inForce(), ownZone);
    const key = order === undefined ? undefined : markKey(order);
    if (key !== obeyed) {
      obeyed = key;
      logger.warn(
        order === undefined ? {} : { order: order.order, zone: order.zone, by: order.gate },
        order === undefined ? 'No order holds here any more' : 'The lanes obey an order',
      );
    }
    for (const lane of lanes) lane.obey(order);
    deps.changed();
    void acknowledge();
  };

  /** What this gate has not acknowledged yet, of what concerns it. */
  const due = (): readonly OrderStatus[] =>
    orderStatuses(marks.values(), [here]).filter(({ missing }) => missing.length > 0);

  const acknowledge = async (): Promise<void> => {
    if (acknowledging || stopped) return;
    acknowledging = true;
    cancelTry?.();
    for (const { order, lift } of due()) {
      // Lifted, there is nothing left to obey; what else is ordered has its own acknowledgement.
      if (lift === undefined && !lanes.every((lane) => lane.isObeying())) continue;
      const written = await deps.append({ kind: 'acknowledged', event, lane: '', of: nameOf(lift ?? order) });
      if (!written.ok) break;
    }
    acknowledging = false;
    look();
    if (!stopped && due().length > 0) cancelTry = timer.after(acknowledgeEveryMs, () => void acknowledge());
  };

  const lookNowAndThen = (): void => {
    if (stopped) return;
    look();
    cancelLook = timer.after(lookEveryMs, lookNowAndThen);
  };

  const check: GateOrders['check'] = ({ lift, order, zone }) => {
    if (lift) return liftable(inForce(), order, zone).length > 0 ? ok(undefined) : err({ type: 'order-not-in-force' });
    const isGiven = inForce().some((mark) => mark.order === order && mark.zone === zone);
    return isGiven ? err({ type: 'order-in-force' }) : ok(undefined);
  };

  lookNowAndThen();
  return {
    look,
    statuses: () => orderStatuses(marks.values(), deps.gates()),
    check,
    give: async (order, zone, by) => {
      const given = check({ lift: false, order, zone });
      if (!given.ok) return given;
      const written = await deps.append({ kind: 'ordered', event, lane: '', operator: by.operator, order, zone });
      look();
      return written.ok ? ok([written.value]) : written;
    },
    lift: async (order, zone, by) => {
      const lifted: Mark[] = [];
      const standing = liftable(inForce(), order, zone);
      if (standing.length === 0) return err({ type: 'order-not-in-force' });
      for (const mark of standing) {
        const written = await deps.append({
          kind: 'lifted',
          event,
          lane: '',
          operator: by.operator,
          of: nameOf(mark),
        });
        look();
        if (!written.ok) return written;
        lifted.push(written.value);
      }
      return ok(lifted);
    },
    stop: () => {
      stopped = true;
      cancelTry?.();
      cancelLook?.();
    },
  };
}

const nameOf = ({ gate, boot, sequence }: Mark): MarkName => ({ gate, boot, sequence });
