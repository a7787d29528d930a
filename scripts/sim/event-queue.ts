// Simulated time: a queue of what is to happen, in order. The clock stands still while an event and everything that it sets off runs
// (promises of the real code resolve without time passing), then jumps to the next one. No real timer is ever waited for.
import type { Timer } from '@postern/shared';

export interface EventQueue extends Timer {
  /** Milliseconds since the simulation began; the true time, which no simulated clock has to know. */
  readonly nowMs: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  /** Runs everything due up to and including `untilMs`, then stands there; ends early once `stop` says so. */
  readonly runUntil: (untilMs: number, stop?: () => boolean) => Promise<void>;
}

interface Entry {
  readonly atMs: number;
  /** Equal times run in the order in which they were asked for. */
  readonly order: number;
  cancelled: boolean;
  readonly run: () => void;
}

export function createEventQueue(): EventQueue {
  const heap: Entry[] = [];
  let nowMs = 0;
  let order = 0;

  const after = (ms: number, run: () => void): (() => void) => {
    const entry = { atMs: nowMs + Math.max(0, ms), order: order++, cancelled: false, run };
    push(heap, entry);
    return () => void (entry.cancelled = true);
  };

  return {
    nowMs: () => nowMs,
    after,
    sleep: (ms) => new Promise((resolve) => void after(ms, resolve)),
    runUntil: async (untilMs, stop = () => false) => {
      for (let next = heap[0]; next !== undefined && next.atMs <= untilMs && !stop(); next = heap[0]) {
        pop(heap);
        if (next.cancelled) continue;
        nowMs = next.atMs;
        next.run();
        await settled();
      }
      if (!stop()) nowMs = Math.max(nowMs, untilMs);
    },
  };
}

/** Resolves once every promise that can go on has gone on: nothing in the simulation waits for anything but its queue. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const isBefore = (a: Entry, b: Entry): boolean => a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);

function push(heap: Entry[], entry: Entry): void {
  let index = heap.length;
  heap.push(entry);
  while (index > 0) {
    const parent = (index - 1) >> 1;
    const above = heap[parent] as Entry;
    if (!isBefore(entry, above)) break;
    heap[index] = above;
    index = parent;
  }
  heap[index] = entry;
}

function pop(heap: Entry[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  let index = 0;
  for (;;) {
    let child = index * 2 + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && isBefore(heap[child + 1] as Entry, heap[child] as Entry)) child++;
    const below = heap[child] as Entry;
    if (!isBefore(below, last)) break;
    heap[index] = below;
    index = child;
  }
  heap[index] = last;
}

/** The same time for something that can end: what it asked for no longer happens then. */
export const mortalQueue = (queue: EventQueue, isAlive: () => boolean): EventQueue => {
  const after: EventQueue['after'] = (ms, run) =>
    queue.after(ms, () => {
      if (isAlive()) run();
    });
  return { ...queue, after, sleep: (ms) => new Promise((resolve) => void after(ms, resolve)) };
};
