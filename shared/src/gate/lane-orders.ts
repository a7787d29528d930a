// What an order to the venue means for one lane. An entry closes; an exit stays as it is when entry is stopped, and stands free in an
// evacuation. Fire is stronger than any order, and who can walk out in an evacuation is not locked in: a lane that stands free stays so.
import { markKey } from '../mark.ts';
import type { OrderMark } from '../orders.ts';
import type { LaneState } from './ports.ts';

export type OrderedState = Extract<LaneState, { why: 'order' }>;
type Direction = 'entry' | 'exit';

/** How a lane stands under `order` when nothing else is wrong; undefined where the order leaves it at work. */
export function orderedState(order: OrderMark | undefined, direction: Direction): OrderedState | undefined {
  if (order === undefined) return undefined;
  if (direction === 'entry') return { name: 'closed', why: 'order', order };
  return order.order === 'evacuate' ? { name: 'free', why: 'order', order } : undefined;
}

/** What `state` has to become for `order`; undefined when it is as good already. */
export function changeFor(
  state: LaneState,
  order: OrderMark | undefined,
  direction: Direction,
): OrderedState | undefined {
  const wanted = orderedState(order, direction);
  return wanted === undefined || isAsOrdered(state, wanted) ? undefined : wanted;
}

function isAsOrdered(state: LaneState, wanted: OrderedState): boolean {
  if ('order' in state) return markKey(state.order) === markKey(wanted.order);
  if (state.name === 'free') return state.why === 'fire' || wanted.order.order === 'evacuate';
  // What a failure or a switch-off has closed comes back into what is ordered.
  return state.name === 'closed' && (state.why === 'stopping' || (state.why !== 'person' && wanted.name === 'closed'));
}

/** Whether nobody can pass here whom the order forbids, and everybody can whom it lets out. */
export function obeys(state: LaneState, order: OrderMark | undefined, direction: Direction): boolean {
  const wanted = orderedState(order, direction);
  if (wanted === undefined || state.name === wanted.name) return true;
  return order?.order === 'evacuate' && state.name === 'free';
}
