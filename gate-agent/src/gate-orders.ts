// Orders to the venue at this gate, put together: what the journal and the replication thread know of them, the lanes that obey, the
// gates that the ticket list names, and who is told.
import {
  centralGate,
  createConfirmations,
  createGateOrders,
  createStewardOrders,
  toOrderView,
  type Clock,
  type GateOrders,
  type Lane,
  type Logger,
  type OrdersView,
  type Random,
  type StewardOrders,
  type Store,
  type Timer,
} from '@postern/shared';
import type { FeedView } from './feed-view.ts';
import type { FeedCache } from './store/feed-cache.ts';
import type { GateStore } from './store/store.ts';

export interface ListedGateOfFeed {
  readonly id: string;
  readonly name: string;
  readonly zone: string;
}

export interface OrdersAtGateDeps {
  readonly gate: { readonly id: string; readonly name: string; readonly zone: string; readonly event: number };
  readonly lanes: readonly Lane[];
  readonly known: Pick<GateStore, 'newOrderMarks'>;
  readonly store: Store;
  readonly cache: Pick<FeedCache, 'current'>;
  readonly feed: Pick<FeedView, 'policy' | 'gateName'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly timer: Timer;
  readonly logger: Logger;
  readonly tell: (view: OrdersView) => void;
}

export interface OrdersAtGate {
  readonly orders: GateOrders;
  readonly steward: StewardOrders;
  readonly view: () => OrdersView;
  /** Gates of the ticket list, without the cloud; before the first list this one alone. */
  readonly gates: () => readonly ListedGateOfFeed[];
}

/** The lanes stand as ordered when this returns; nobody has started them yet. */
export function createOrdersAtGate(deps: OrdersAtGateDeps): OrdersAtGate {
  const { gate, lanes, known, store, cache, feed, timer, logger, tell } = deps;
  const gates = (): readonly ListedGateOfFeed[] => {
    const listed = cache.current()?.manifest.gates ?? [gate];
    return listed.filter(({ id }) => id !== centralGate).map(({ id, name, zone }) => ({ id, name, zone }));
  };
  let view = (): OrdersView => ({ orders: [] });
  const orders = createGateOrders({
    gate: gate.id,
    zone: gate.zone,
    event: gate.event,
    lanes,
    newMarks: known.newOrderMarks,
    append: store.append,
    gates,
    timer,
    logger,
    changed: () => tell(view()),
  });
  view = () => ({ orders: orders.statuses().map((status) => toOrderView(status, feed.gateName)) });
  return {
    orders,
    steward: createStewardOrders({
      orders,
      confirmations: createConfirmations(deps),
      gates,
      zones: () => feed.policy().zones,
    }),
    view,
    gates,
  };
}
