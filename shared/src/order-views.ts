// Orders as people and programs are shown them: gates with their names, who gave and who lifted, who has not acknowledged.
import type { LiftMark, OrderMark, OrderStatus } from './orders.ts';
import type { OrderView } from './wire-orders.ts';

export function toOrderView(
  { order, lift, acknowledged, missing }: OrderStatus,
  gateName: (gate: string) => string,
): OrderView {
  const named = (id: string): OrderView['missing'][number] => ({ id, name: gateName(id) });
  const given = ({ gate, operator, at }: OrderMark | LiftMark): OrderView['given'] => ({
    gate,
    gateName: gateName(gate),
    ...(operator === undefined ? {} : { operator }),
    atMs: at.ms,
  });
  return {
    order: order.order,
    zone: order.zone,
    state: lift === undefined ? 'in-force' : 'lifted',
    given: given(order),
    ...(lift === undefined ? {} : { lifted: given(lift) }),
    acknowledged: acknowledged.map(named),
    missing: missing.map(named),
  };
}
