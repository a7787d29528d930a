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

/** What orders are given to and by; an order without a zone concerns every event of the gate, one with a zone those that have it. */
export interface OrderableEvent {
  readonly orders: GateOrders;
  readonly gates: () => readonly OrderedGate[];
  readonly zones: () => readonly Pick<Zone, 'id'>[];
}

export interface StewardOrdersDeps {
  readonly events: readonly OrderableEvent[];
  readonly confirmations: Confirmations<OrderChange>;
}

export type StewardOrders = (by: Operator, action: OrderAction) => Promise<Result<OrderOutcome, OrderActionError>>;

export function createStewardOrders({ events, confirmations }: StewardOrdersDeps): StewardOrders {
  /** Events in which `change` would change anything. */
  const concerned = (change: OrderChange): Result<readonly OrderableEvent[], OrderActionError> => {
    const { zone } = change;
    const named = events.filter(({ zones }) => zone === '' || zones().some(({ id }) => id === zone));
    if (named.length === 0) return err({ type: 'zone-unknown' });
    const checks = named.map(({ orders }) => orders.check(change));
    const possible = named.filter((_, index) => checks[index]?.ok === true);
    return possible.length > 0 ? ok(possible) : (checks.find((check) => !check.ok) ?? ok([]));
  };

  const ask = (by: Operator, change: OrderChange): Result<OrderOutcome, OrderActionError> => {
    const possible = concerned(change);
    if (!possible.ok) return possible;
    const told = possible.value.flatMap(({ gates }) =>
      gates().filter((gate) => change.zone === '' || gate.zone === change.zone),
    );
    return ok({
      confirmation: {
        ...confirmations.ask(by.operator, change),
        ...change,
        gates: [...new Set(told.map(({ id }) => id))],
      },
    });
  };

  return async (by, action) => {
    if (action.type !== 'confirm-order')
      return ask(by, { lift: action.type === 'lift-order', order: action.order, zone: action.zone });
    const change = confirmations.take(by.operator, action.token);
    if (change === undefined) return err({ type: 'confirmation-gone' });
    const possible = concerned(change);
    if (!possible.ok) return possible;
    const done = await Promise.all(
      possible.value.map(({ orders }) => orders[change.lift ? 'lift' : 'give'](change.order, change.zone, by)),
    );
    return done.find((result) => !result.ok) ?? ok({ orders: events.flatMap(({ orders }) => orders.statuses()) });
  };
}
