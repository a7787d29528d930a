// The roll-call as this gate can make it: its own counts, what it has heard of the others, and how long ago that was.
import { setImmediate } from 'node:timers/promises';
import {
  concerns,
  countExits,
  heardWithinMs,
  rateOf,
  rateWindowMs,
  rollCall,
  type AdmissionPolicy,
  type GateActivity,
  type Mark,
  type OrderStatus,
  type RollCallView,
} from '@postern/shared';
import type { ListedGateOfFeed } from './gate-orders.ts';
import type { ReplicationStatus } from './peers/replication-status.ts';
import type { GateStore } from './store/store.ts';

/** Marks that one gate's rate is taken from, and that are looked through for those who went out. */
const rateMarksMax = 200;
const exitMarksMax = 5_000;
/** Whoever asks within this time of another gets the same answer: no screen can keep the gate counting. */
const sharedForMs = 1_000;

export interface GateRollCallDeps {
  readonly gate: string;
  readonly policy: () => AdmissionPolicy;
  readonly gates: () => readonly ListedGateOfFeed[];
  readonly store: Pick<GateStore, 'occupancy' | 'recentMarks'>;
  readonly replication: () => Pick<ReplicationStatus, 'gates'>;
  readonly orders: () => readonly OrderStatus[];
  readonly nowMs: () => number;
  readonly monotonicMs: () => number;
}

/** Reads one gate at a time, so that whoever stands at the turnstile comes in between. */
export function createGateRollCall(deps: GateRollCallDeps): () => Promise<RollCallView> {
  const { gate: ownGate, store } = deps;

  const activityOf = (
    { id, name, zone }: ListedGateOfFeed,
    throughMs: number | undefined,
    nowMs: number,
  ): GateActivity => {
    const quiet = { id, name, zone, throughMs, entriesPerMinute: 0, exitsPerMinute: 0 };
    if (throughMs === undefined || nowMs - throughMs <= heardWithinMs) return quiet;
    const marks = store.recentMarks(id, throughMs - rateWindowMs, rateMarksMax);
    return { ...quiet, ...rateOf(marks, throughMs, marks.length < rateMarksMax) };
  };

  const call = async (): Promise<RollCallView> => {
    const nowMs = deps.nowMs();
    const { event, zones } = deps.policy();
    const through = new Map(deps.replication().gates.map(({ gate, through: { ms } }) => [gate, ms]));
    const evacuations = deps.orders().filter(({ order, lift }) => order.order === 'evacuate' && lift === undefined);
    const sinceOf = (zone: string): number | undefined =>
      evacuations.find(({ order }) => concerns(order, zone))?.order.at.ms;
    const activities: GateActivity[] = [];
    const leftByZone = new Map<string, number>();
    for (const gate of deps.gates()) {
      activities.push(activityOf(gate, gate.id === ownGate ? nowMs : through.get(gate.id), nowMs));
      const sinceMs = sinceOf(gate.zone);
      if (sinceMs !== undefined) {
        const left = countExits(store.recentMarks(gate.id, sinceMs, exitMarksMax).filter(isIn(gate.zone)));
        leftByZone.set(gate.zone, (leftByZone.get(gate.zone) ?? 0) + left);
      }
      await setImmediate();
    }
    const counts = zones.map(({ id, name }) => ({
      id,
      name,
      inside: store.occupancy(id).known,
      ...(sinceOf(id) === undefined ? {} : { leftSinceEvacuation: leftByZone.get(id) ?? 0 }),
    }));
    return rollCall(event, counts, activities, nowMs);
  };

  let shared: { readonly answer: Promise<RollCallView>; readonly untilMs: number } | undefined;
  return () => {
    const monotonicMs = deps.monotonicMs();
    if (shared === undefined || monotonicMs >= shared.untilMs)
      shared = { answer: call(), untilMs: monotonicMs + sharedForMs };
    return shared.answer;
  };
}

const isIn =
  (zone: string) =>
  (mark: Mark): boolean =>
    'zone' in mark && mark.zone === zone;
