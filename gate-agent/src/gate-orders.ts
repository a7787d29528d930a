// The orders of one event at this gate, put together: what the journal and the replication thread know of them, the lanes that obey,
// the gates that the ticket list names, and who is told.
import {
  centralGate,
  createGateOrders,
  toOrderView,
  type GateOrders,
  type Logger,
  type OrderNews,
  type OrderedLane,
  type OrderView,
  type Store,
  type Timer,
} from '@postern/shared';
import type { FeedView } from './feed-view.ts';
import type { FeedStore } from './feed-store.ts';

export interface ListedGateOfFeed {
  readonly id: string;
  readonly name: string;
  readonly zone: string;
}

export interface OrdersAtGateDeps {
  readonly gate: { readonly id: string; readonly name: string; readonly zone: string; readonly event: number };
  readonly lanes: readonly OrderedLane[];
  readonly known: { readonly newsOfOrders: () => readonly OrderNews[] };
  readonly store: Store;
  readonly cache: Pick<FeedStore, 'current'>;
  readonly feed: Pick<FeedView, 'policy' | 'gateName'>;
  readonly timer: Timer;
  readonly logger: Logger;
  /** What is in force, or who has acknowledged, has changed. */
  readonly changed: () => void;
}

export interface OrdersAtGate {
  readonly orders: GateOrders;
  readonly view: () => readonly OrderView[];
  /** Gates of the ticket list, without the cloud; before the first list this one alone. */
  readonly gates: () => readonly ListedGateOfFeed[];
}

/** The lanes stand as ordered when this returns; nobody has started them yet. */
export function createOrdersAtGate(deps: OrdersAtGateDeps): OrdersAtGate {
  const { gate, lanes, known, store, cache, feed, timer, logger, changed } = deps;
  const gates = (): readonly ListedGateOfFeed[] => {
    const listed = cache.current()?.manifest.gates ?? [gate];
    return listed.filter(({ id }) => id !== centralGate).map(({ id, name, zone }) => ({ id, name, zone }));
  };
  const orders = createGateOrders({
    gate: gate.id,
    zone: gate.zone,
    event: gate.event,
    lanes,
    news: known.newsOfOrders,
    append: store.append,
    gates,
    timer,
    logger,
    changed,
  });
  return {
    orders,
    view: () => orders.statuses().map((status) => toOrderView(status, feed.gateName)),
    gates,
  };
}
