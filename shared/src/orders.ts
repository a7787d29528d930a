// Orders to a whole venue, stop entry and evacuate, as a pure function of the SET of marks: an order is in force until a `lifted`
// mark names it. No clock has a say in it, so neither a wrong clock nor a late message can undo an order or bring one back; an order
// that whoever lifted did not know of stays in force. Who has not acknowledged is the list of gates minus those that have.
import { compareMarks } from './history.ts';
import { markKey, type Mark, type MarkName, type Order } from './mark.ts';

export type OrderMark = Extract<Mark, { kind: 'ordered' }>;
export type LiftMark = Extract<Mark, { kind: 'lifted' }>;
export type AcknowledgeMark = Extract<Mark, { kind: 'acknowledged' }>;
/** What the fold looks at. */
export type OrderFoldMark = OrderMark | LiftMark | AcknowledgeMark;

export const isOrderFoldMark = (mark: Mark): mark is OrderFoldMark =>
  mark.kind === 'ordered' || mark.kind === 'lifted' || mark.kind === 'acknowledged';

/** A gate as far as orders go. */
export interface OrderedGate {
  readonly id: string;
  readonly zone: string;
}

export interface OrderStatus {
  readonly order: OrderMark;
  /** The lift that counts; absent while the order is in force. */
  readonly lift?: LiftMark;
  /** Gates that it concerns, by whether their lanes are known to obey: the order, or its lift. */
  readonly acknowledged: readonly string[];
  readonly missing: readonly string[];
}

/** Evacuation outranks stop-entry; of equals the first one given counts. */
const rank: Readonly<Record<Order, number>> = { evacuate: 0, 'stop-entry': 1 };

/** Orders that no known mark lifts, in the fold's order. */
export function ordersInForce(marks: Iterable<Mark>): readonly OrderMark[] {
  const all = [...marks];
  const lifted = new Set(all.flatMap((mark) => (mark.kind === 'lifted' ? [nameKey(mark.of)] : [])));
  const inForce = all.filter((mark) => mark.kind === 'ordered').filter((mark) => !lifted.has(nameKey(mark)));
  return [...new Map(inForce.map((mark) => [markKey(mark), mark])).values()].toSorted(compareMarks);
}

/** What holds in a zone: of `inForce` (as `ordersInForce` gives them) the strongest that concerns it. */
export const orderFor = (inForce: readonly OrderMark[], zone: string): OrderMark | undefined =>
  strongestOrder(inForce.filter((mark) => concerns(mark, zone)));

/** Of equally strong ones the first. */
export const strongestOrder = (orders: readonly OrderMark[]): OrderMark | undefined =>
  orders.toSorted((a, b) => rank[a.order] - rank[b.order])[0];

/** Whether an order, which may be for all zones, is one for `zone`. */
export const concerns = (mark: OrderMark, zone: string): boolean => mark.zone === '' || mark.zone === zone;

/** What `lifts` with the same words would end: in every zone where `zone` is empty. */
export const liftable = (inForce: readonly OrderMark[], order: Order, zone: string): readonly OrderMark[] =>
  inForce.filter((mark) => mark.order === order && (zone === '' || mark.zone === zone));

/** Every order in force; then, by order and zone, the last lift of what is not in force again. */
export function orderStatuses(marks: Iterable<Mark>, gates: readonly OrderedGate[]): readonly OrderStatus[] {
  const all = [...marks];
  const inForce = ordersInForce(all);
  const gatesByName = new Map<string, Set<string>>();
  for (const mark of all) {
    if (mark.kind !== 'acknowledged') continue;
    const key = nameKey(mark.of);
    gatesByName.set(key, (gatesByName.get(key) ?? new Set()).add(mark.gate));
  }
  const statusOf = (order: OrderMark, lift: LiftMark | undefined): OrderStatus => {
    const have = gatesByName.get(nameKey(lift ?? order));
    const asked = gates.filter(({ zone }) => concerns(order, zone)).map(({ id }) => id);
    return {
      order,
      ...(lift === undefined ? {} : { lift }),
      acknowledged: asked.filter((id) => have?.has(id) === true),
      missing: asked.filter((id) => have?.has(id) !== true),
    };
  };
  const standing = new Set(inForce.map(subject));
  const lastLifts = [...liftsBySubject(all)].filter(([key]) => !standing.has(key));
  return [
    ...inForce.map((order) => statusOf(order, undefined)),
    ...lastLifts.map(([, { order, lift }]) => statusOf(order, lift)),
  ];
}

/** The last lift, in the fold's order, of each order and zone. */
function liftsBySubject(
  marks: readonly Mark[],
): ReadonlyMap<string, { readonly order: OrderMark; readonly lift: LiftMark }> {
  const orders = new Map(marks.flatMap((mark) => (mark.kind === 'ordered' ? [[nameKey(mark), mark] as const] : [])));
  const lifts = marks.filter((mark) => mark.kind === 'lifted').toSorted(compareMarks);
  return new Map(
    lifts
      .flatMap((lift) => {
        const order = orders.get(nameKey(lift.of));
        return order === undefined ? [] : [{ order, lift }];
      })
      .map((pair) => [subject(pair.order), pair] as const),
  );
}

const subject = ({ order, zone }: OrderMark): string => `${order} ${zone}`;
const nameKey = ({ gate, boot, sequence }: MarkName): string => `${gate}/${boot}/${sequence}`;
