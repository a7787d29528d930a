// What a gate can tell of one event when somebody asks: the cases that it knows of, and the roll-call.
import { setImmediate } from 'node:timers/promises';
import type { Clock, OrderStatus, RollCallView } from '@postern/shared';
import type { EventAtGate } from './event-at-gate.ts';
import type { ListedGateOfFeed } from './gate-orders.ts';
import { createGateRollCall } from './gate-roll-call.ts';
import { createKnownCases, type KnownCasesAnswer } from './known-cases.ts';

export interface EventReports {
  readonly event: number;
  /** Double entries as far as this gate knows; to read only. */
  readonly cases: () => Promise<KnownCasesAnswer>;
  readonly rollCall: () => Promise<RollCallView>;
}

export interface EventReportsDeps {
  readonly gate: string;
  readonly event: EventAtGate;
  readonly orders: () => readonly OrderStatus[];
  readonly gates: () => readonly ListedGateOfFeed[];
  readonly clock: Clock;
  readonly nowMs: () => number;
}

export const createEventReports = ({ gate, event, orders, gates, clock, nowMs }: EventReportsDeps): EventReports => ({
  event: event.event,
  cases: createKnownCases({
    store: event.journal,
    policy: event.feed.policy,
    ticket: event.feed.ticket,
    gates: () => (event.cache.current()?.manifest.gates ?? []).filter(({ id }) => id !== gate),
    heard: () => event.replication.status().gates,
    clock,
    nowMs,
    breathe: () => setImmediate(),
  }),
  rollCall: createGateRollCall({
    gate,
    policy: event.feed.policy,
    gates,
    store: event.journal,
    replication: event.replication.status,
    orders,
    nowMs,
    monotonicMs: clock.monotonicMs,
  }),
});
