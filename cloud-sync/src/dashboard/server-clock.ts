// The cloud's time on a page whose own clock may be wrong: the offset is learned from each answer and each state that the cloud sends, and carried on
// by a clock that nobody sets.

export interface ServerClock {
  /** The cloud said that it is `atMs`. */
  readonly heard: (atMs: number) => void;
  /** It said so to the second only, and some time ago: enough to see that the browser's clock is wrong. */
  readonly heardRoughly: (atMs: number) => void;
  /** Unix ms by the cloud's clock; by the browser's until the cloud has said anything. */
  readonly nowMs: () => number;
  /** By how much the browser's clock is ahead of the cloud's; 0 until that is known. */
  readonly aheadMs: () => number;
}

export interface Clocks {
  readonly wallMs: () => number;
  readonly monotonicMs: () => number;
}

const roughMs = 3_000;

export function createServerClock({ wallMs, monotonicMs }: Clocks): ServerClock {
  let startMs: number | undefined;
  const nowMs = (): number => (startMs === undefined ? wallMs() : startMs + monotonicMs());
  const heard = (atMs: number): void => {
    startMs = atMs - monotonicMs();
  };
  return {
    heard,
    heardRoughly: (atMs) => {
      if (Math.abs(nowMs() - atMs) > roughMs) heard(atMs);
    },
    nowMs,
    aheadMs: () => wallMs() - nowMs(),
  };
}

let used: ServerClock | undefined;

/** Once, by the page's beginning. */
export function useServerClock(clock: ServerClock): void {
  used = clock;
}

export const serverClock: ServerClock = {
  heard: (atMs) => used?.heard(atMs),
  heardRoughly: (atMs) => used?.heardRoughly(atMs),
  nowMs: () => used?.nowMs() ?? 0,
  aheadMs: () => used?.aheadMs() ?? 0,
};
