// Lanes as orders to a venue see them. A gate with several events has one set of turnstiles and the orders of every event: each lane
// obeys the strongest of them, so that nobody walks into what another event's staff have closed or are evacuating.
import { strongestOrder, type OrderMark } from '../orders.ts';
import type { Lane } from './lane-api.ts';

export type OrderedLane = Pick<Lane, 'obey' | 'isObeying'>;

/** One view of the lanes an event: `obey` says what that event orders. */
export function shareLanes(lanes: readonly OrderedLane[], events: number): readonly (readonly OrderedLane[])[] {
  const orders = lanes.map(() => Array.from({ length: events }, (): OrderMark | undefined => undefined));
  return Array.from({ length: events }, (_, event) =>
    lanes.map((lane, index) => ({
      obey: (order) => {
        const ofLane = orders[index] ?? [];
        ofLane[event] = order;
        lane.obey(strongestOrder(ofLane.filter((other) => other !== undefined)));
      },
      isObeying: lane.isObeying,
    })),
  );
}
