// What a supervisor orders from a gate, in two steps: the press answers with whom it would concern and a token, the confirmation
// gives or lifts the order and answers with who has not acknowledged yet.
import type { Order } from '../mark.ts';
import type { OrderedGate, OrderStatus } from '../orders.ts';
import { err, ok, type Result } from '../result.ts';
import type { Zone } from '../ticket.ts';
import type { Confirmations } from './confirmations.ts';
import type { GateOrders, OrderChange, OrderError } from './gate-orders.ts';
import type { Operator } from './lane-api.ts';

export type OrderAction =
  /** `zone` empty: all zones. */
  | { readonly type: 'give-order' | 'lift-order'; readonly order: Order; readonly zone: string }
  | { readonly type: 'confirm-order'; readonly token: string };

export const isOrderAction = <A extends { readonly type: string }>(action: A): action is A & OrderAction =>
  action.type === 'give-order' || action.type === 'lift-order' || action.type === 'confirm-order';

export type OrderActionError =
  | OrderError
  | { readonly type: 'zone-unknown' }
  /** Confirmed too late, twice, by somebody else, or never asked for. */
  | { readonly type: 'confirmation-gone' };

/** What a press would do, to be confirmed. */
export interface Confirmation extends OrderChange {
  readonly token: string;
  readonly expiresInMs: number;
  /** Gates that would be told, by id. */
  readonly gates: readonly string[];
}

export interface OrderOutcome {
  readonly confirmation?: Confirmation;
  readonly orders?: readonly OrderStatus[];
}

export interface StewardOrdersDeps {
  readonly orders: GateOrders;
  readonly confirmations: Confirmations<OrderChange>;
  readonly gates: () => readonly OrderedGate[];
  readonly zones: () => readonly Pick<Zone, 'id'>[];
}

export type StewardOrders = (by: Operator, action: OrderAction) => Promise<Result<OrderOutcome, OrderActionError>>;

export function createStewardOrders({
  orders: gateOrders,
  confirmations,
  gates,
  zones,
}: StewardOrdersDeps): StewardOrders {
  const ask = (by: Operator, change: OrderChange): Result<OrderOutcome, OrderActionError> => {
    const { zone } = change;
    if (zone !== '' && !zones().some(({ id }) => id === zone)) return err({ type: 'zone-unknown' });
    const possible = gateOrders.check(change);
    if (!possible.ok) return possible;
    const told = gates().filter((gate) => zone === '' || gate.zone === zone);
    return ok({
      confirmation: { ...confirmations.ask(by.operator, change), ...change, gates: told.map(({ id }) => id) },
    });
  };

  return async (by, action) => {
    if (action.type !== 'confirm-order')
      return ask(by, { lift: action.type === 'lift-order', order: action.order, zone: action.zone });
    const change = confirmations.take(by.operator, action.token);
    if (change === undefined) return err({ type: 'confirmation-gone' });
    const done = await gateOrders[change.lift ? 'lift' : 'give'](change.order, change.zone, by);
    return done.ok ? ok({ orders: gateOrders.statuses() }) : done;
  };
}
