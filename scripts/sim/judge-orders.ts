// Orders to the venue, judged at the end by a count of its own: an order stands as long as no known lift names it. Every replica knows the
// same ones, every gate obeys the strongest of them, and every gate that still belongs to the venue has said so.
import { compareMarks, markKey, orderStatuses, type OrderFoldMark, type OrderMark } from '@postern/shared';
import type { Judgement } from './judgement.ts';
import { simulatedZone } from './world.ts';

type Parts = Pick<Judgement, 'referee' | 'witnesses'>;

export function judgeOrders({ referee, witnesses }: Parts): void {
  const [reference] = witnesses;
  if (reference === undefined) return;
  const due = standingOrders(reference.known.orders());
  for (const { address, known, obeyed } of witnesses) {
    const found = describe(standingOrders(known.orders()));
    if (found !== describe(due))
      referee.violate('orders-wrong', `${address} knows of [${found}] where [${describe(due)}] stand`);
    if (obeyed !== undefined && describe([obeyed()]) !== describe([due[0]]))
      referee.violate('orders-wrong', `${address} obeys ${describe([obeyed()])} where ${describe([due[0]])} is due`);
  }
}

/** Who has not yet said of which order, or of its lift, that the lanes obey. */
export function unacknowledged({ witnesses }: Pick<Judgement, 'witnesses'>): readonly string[] {
  const gates = witnesses.flatMap(({ gate }) => (gate === undefined ? [] : [{ id: gate, zone: simulatedZone }]));
  return witnesses.flatMap(({ address, known }) =>
    orderStatuses(known.orders(), gates)
      .filter(({ missing }) => missing.length > 0)
      .map(({ order, missing }) => `${address} has heard nothing of ${missing.join(', ')} about ${markKey(order)}`),
  );
}

/** The strongest first. */
export const standingOrders = (marks: readonly OrderFoldMark[]): readonly OrderMark[] => {
  const lifted = new Set(
    marks.flatMap((mark) => (mark.kind === 'lifted' ? [markKey({ event: mark.event, ...mark.of })] : [])),
  );
  return marks
    .filter((mark) => mark.kind === 'ordered')
    .filter((mark) => !lifted.has(markKey(mark)))
    .toSorted((a, b) => Number(b.order === 'evacuate') - Number(a.order === 'evacuate') || compareMarks(a, b));
};

const describe = (orders: readonly (OrderMark | undefined)[]): string =>
  orders.map((order) => (order === undefined ? 'nothing' : markKey(order))).join(' ');
