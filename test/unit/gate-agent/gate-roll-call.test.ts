// Goal: a gate's roll-call from what its store and its replication know: others' rates before they fell silent, who left in an evacuation.
import type { Mark, OrderStatus } from '@postern/shared';
import { expect, test } from 'vitest';
import { createGateRollCall } from '../../../gate-agent/src/gate-roll-call.ts';
import { aMark, aPolicy, baseOf } from '../../support/marks.ts';

const minute = 60_000;
const nowMs = 1_790_000_000_000;
const gates = [
  { id: 'gate-a', name: 'Gate A', zone: 'hall' },
  { id: 'gate-b', name: 'Gate B', zone: 'hall' },
  { id: 'gate-c', name: 'Gate C', zone: 'garden' },
];
const at = (minutesAgo: number) => ({ ms: nowMs - minutesAgo * minute, counter: 0 });
const exited = (gate: string, minutesAgo: number, zone = 'hall'): Mark => ({
  ...baseOf({ gate }),
  kind: 'exited',
  zone,
  at: at(minutesAgo),
});

function createBench({
  marks = [] as readonly Mark[],
  throughMinutesAgo = 0,
  orders = [] as readonly OrderStatus[],
} = {}) {
  let monotonicMs = 0;
  let reads = 0;
  const call = createGateRollCall({
    gate: 'gate-a',
    policy: () => aPolicy({ zones: ['hall', 'garden'].map((id) => ({ id, name: id.toUpperCase() })) }),
    gates: () => gates,
    store: {
      occupancy: (zone) => ({ known: zone === 'hall' ? 40 : 7, spentOutOfTouch: 0 }),
      recentMarks: (gate, sinceMs, max) => {
        reads++;
        return marks.filter((mark) => mark.gate === gate && mark.at.ms >= sinceMs).slice(0, max);
      },
    },
    replication: () => ({
      gates: [
        { gate: 'gate-b', through: at(throughMinutesAgo), coveredMs: 0, marks: 1 },
        { gate: 'gate-c', through: at(0), coveredMs: 0, marks: 1 },
      ],
    }),
    orders: () => orders,
    nowMs: () => nowMs,
    monotonicMs: () => monotonicMs,
  });
  return { call, reads: () => reads, pass: (ms: number) => void (monotonicMs += ms) };
}

test('a gate that hears from everybody knows how many are inside, and reads no marks for it', async () => {
  const { call, reads } = createBench();
  expect((await call()).zones).toMatchObject([
    { zone: 'hall', name: 'HALL', inside: 40, insideLeast: 40, insideMost: 40, notHeardFrom: [] },
    { zone: 'garden', inside: 7, insideLeast: 7, insideMost: 7, notHeardFrom: [] },
  ]);
  expect(reads()).toBe(0);
});

test('a silent gate is named with the time since when, and has gone on at the rate that its last marks show', async () => {
  const marks = [aMark({ gate: 'gate-b', zone: 'hall', uses: 30, at: at(6) }), exited('gate-b', 7)];
  const { call } = createBench({ marks, throughMinutesAgo: 5 });
  expect((await call()).zones[0]).toMatchObject({
    inside: 40,
    insideLeast: 39,
    insideMost: 50,
    notHeardFrom: [{ id: 'gate-b', sinceMs: nowMs - 5 * minute, entriesPerMinute: 2, exitsPerMinute: 0.1 }],
  });
});

test('in an evacuation of a zone those are counted who have left it since', async () => {
  const order = {
    ...baseOf({ gate: 'gate-b' }),
    kind: 'ordered',
    order: 'evacuate',
    zone: 'hall',
    at: at(3),
  } as const;
  const marks = [exited('gate-a', 4), exited('gate-a', 2), exited('gate-b', 1), exited('gate-c', 1, 'garden')];
  const { call } = createBench({ marks, orders: [{ order, acknowledged: [], missing: [] }] });
  const [hall, garden] = (await call()).zones;
  expect(hall?.leftSinceEvacuation).toBe(2);
  expect(garden?.leftSinceEvacuation).toBeUndefined();
});

test('many who ask within a moment get one answer', async () => {
  const { call, pass } = createBench();
  const first = await call();
  expect(await call()).toBe(first);
  pass(1_000);
  expect(await call()).not.toBe(first);
});
