// Orders to the venue at a simulated gate: the real bookkeeping of them over what its journal and its replica hold, and lanes that obey at
// once. Idle looks are rarer than a real gate's; what is merged is looked at there and then.
import {
  createGateOrders,
  markKey,
  type GateOrders,
  type Order,
  type OrderFoldMark,
  type OrderMark,
  type OrderNews,
  type Timer,
} from '@postern/shared';
import type { EventQueue } from './event-queue.ts';
import { quietLogger } from './replica.ts';
import type { SimulatedStore } from './simulated-store.ts';
import { simulatedZone, type World } from './world.ts';

export interface SimulatedOrders extends Pick<GateOrders, 'look'> {
  /** What the lanes obey. */
  readonly obeyed: () => OrderMark | undefined;
  readonly give: (order: Order) => Promise<void>;
  /** Ends whatever is in force here. */
  readonly liftAll: () => Promise<void>;
}

export interface SimulatedOrdersDeps {
  readonly world: World;
  readonly gate: string;
  readonly queue: EventQueue;
  readonly store: SimulatedStore;
}

const retryMsMin = 5_000;
const operator = { operator: 'staff-1', role: 'supervisor' } as const;

export function createSimulatedOrders({ world, gate, queue, store }: SimulatedOrdersDeps): SimulatedOrders {
  const { event, seams } = world;
  let told = new Map<string, OrderFoldMark>();
  let obeyed: OrderMark | undefined;
  const timer: Timer = { after: (ms, run) => queue.after(Math.max(ms, retryMsMin), run) };

  /** The difference between what is known now and what was known at the last look. */
  const news = (): readonly OrderNews[] => {
    const known = new Map(store.known.orders().map((mark) => [markKey(mark), mark]));
    const learned = [...known].filter(([key]) => !told.has(key));
    const gone = [...told].filter(([key]) => !known.has(key));
    told = known;
    return seams.newsOfOrders([
      ...gone.map(([, id]) => ({ type: 'unlearned' as const, id })),
      ...learned.map(([, mark]) => ({ type: 'learned' as const, mark })),
    ]);
  };

  const orders = createGateOrders({
    gate,
    zone: simulatedZone,
    event,
    lanes: [{ obey: (order) => (obeyed = order), isObeying: () => true }],
    news,
    append: store.append,
    gates: () => world.enrolledGates.map((id) => ({ id, zone: simulatedZone })),
    timer,
    logger: quietLogger,
    changed: () => undefined,
  });
  return {
    look: orders.look,
    obeyed: () => obeyed,
    give: async (order) => void (await orders.give(order, '', operator)),
    liftAll: async () => {
      for (const { order, lift } of orders.statuses())
        if (lift === undefined) await orders.lift(order.order, order.zone, operator);
    },
  };
}
