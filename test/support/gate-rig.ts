// What surrounds a gate's store in tests: a policy, a logger that says nothing, and a clock and a timer in the test's hands. Needs no
// test runner, so that child processes can use it too.
import { admissionPolicySchema, type AdmissionPolicy, type Logger, type Timer } from '@postern/shared';

export const silentLogger: Logger = { info: () => undefined, warn: () => undefined, error: () => undefined };

export const samplePolicy: AdmissionPolicy = admissionPolicySchema.parse({
  event: 7,
  name: 'Sample',
  types: [{ id: 1, name: 'Adult' }],
  zones: [{ id: 'main', name: 'Main', exitsScanned: true }],
});

/** Wall and monotonic time that only `advance` moves; monotonic time never goes back. */
export function createTestClock(): {
  readonly wallMs: () => number;
  readonly monotonicMs: () => number;
  readonly advance: (ms: number) => void;
} {
  let wall = 1_750_000_000_000;
  let monotonic = 1_000;
  return {
    wallMs: () => wall,
    monotonicMs: () => monotonic,
    advance: (ms) => {
      wall += ms;
      monotonic += Math.max(0, ms);
    },
  };
}

/** Calls what is due when a test says so: by time, or all of it. */
export function createTestTimer(): Timer & {
  readonly runAll: () => void;
  readonly advance: (ms: number) => void;
  /** Milliseconds until each thing that waits. */
  readonly waitsMs: () => readonly number[];
} {
  let nowMs = 0;
  let pending: { readonly dueMs: number; readonly fn: () => void }[] = [];
  const runUntil = (untilMs: number): void => {
    const due = pending.filter((entry) => entry.dueMs <= untilMs);
    pending = pending.filter((entry) => entry.dueMs > untilMs);
    for (const { fn } of due) fn();
  };
  return {
    after: (ms, fn) => {
      const entry = { dueMs: nowMs + ms, fn };
      pending.push(entry);
      return () => void (pending = pending.filter((other) => other !== entry));
    },
    waitsMs: () => pending.map(({ dueMs }) => dueMs - nowMs),
    runAll: () => runUntil(Number.POSITIVE_INFINITY),
    advance: (ms) => {
      nowMs += ms;
      runUntil(nowMs);
    },
  };
}
