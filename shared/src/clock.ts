// Time as a gate can know it: a wall clock that may be wrong, a monotonic clock that may not be compared across
// restarts, hybrid logical timestamps that never fall within a process start, and a statement of how far to trust them.

/** Wall time in Unix milliseconds and monotonic milliseconds since an arbitrary start. Injected everywhere. */
export interface Clock {
  readonly wallMs: () => number;
  readonly monotonicMs: () => number;
}

/**
 * 2100-01-01, Unix ms: a time from here on is a slip or damage, whoever states it. Timestamps of marks never fall again, so one such
 * second would stay with a gate for good.
 */
export const trueTimeMsMax = 4_102_444_800_000;

/** How much a crystal drifts at worst, as a share of the elapsed time: 100 ppm is 8.6 s a day. */
export const driftShare = 100e-6;

/** How the current time was learned; `none` means no source has confirmed it since power-on. */
export type ClockSource = 'server' | 'peer' | 'person' | 'rtc' | 'none';

/** What a mark says about the clock that stamped it. */
export interface ClockQuality {
  readonly source: ClockSource;
  /** Half-width of the interval that contains the true time, in milliseconds. */
  readonly uncertaintyMs: number;
}

/** Hybrid logical timestamp: physical milliseconds and a counter that orders equal ones. Compared pairwise. */
export interface HybridTimestamp {
  readonly ms: number;
  readonly counter: number;
}

/** A remote timestamp further ahead than this is stored and flagged but never advances ours. */
export const remoteAheadMaxMs = 60_000;
const counterMax = 0xffff;

export const compareHybrid = (a: HybridTimestamp, b: HybridTimestamp): number => a.ms - b.ms || a.counter - b.counter;

export interface HybridClock {
  /** The next local timestamp: later than every one given or accepted before. */
  readonly tick: () => HybridTimestamp;
  /** Learns from a remote timestamp; `ahead` when it lies over `remoteAheadMaxMs` in our future and was ignored. */
  readonly observe: (remote: HybridTimestamp) => 'accepted' | 'ahead';
  /** The latest timestamp given or accepted. */
  readonly last: () => HybridTimestamp;
}

/** `floor` is the last timestamp saved before this process start, so that restarts never go backwards. */
export function createHybridClock(nowMs: () => number, floor: HybridTimestamp = { ms: 0, counter: 0 }): HybridClock {
  let last = floor;
  const after = (ms: number): HybridTimestamp => {
    if (ms > last.ms) return { ms, counter: 0 };
    if (last.counter < counterMax) return { ms: last.ms, counter: last.counter + 1 };
    return { ms: last.ms + 1, counter: 0 };
  };
  return {
    tick: () => (last = after(Math.floor(nowMs()))),
    observe: (remote) => {
      if (remote.ms > nowMs() + remoteAheadMaxMs) return 'ahead';
      if (compareHybrid(remote, last) > 0) last = remote;
      return 'accepted';
    },
    last: () => last,
  };
}

/** The clock as `decide` and the screens see it. */
export interface TrustedTime extends ClockQuality {
  readonly nowMs: number;
  readonly trusted: boolean;
}
