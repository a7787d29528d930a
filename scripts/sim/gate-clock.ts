// The operating system's clock of one simulated device: off by some time, a little too fast or too slow, and now and then it jumps. It keeps its faults over
// restarts of its process.
import type { Clock } from '@postern/shared';

export interface GateClock extends Clock {
  readonly jump: (ms: number) => void;
  /** Another device with the same faults: a clone. */
  readonly copy: () => GateClock;
}

export function createGateClock(nowMs: () => number, startWallMs: number, offsetMs: number, drift: number): GateClock {
  let offByMs = offsetMs;
  return {
    wallMs: () => Math.floor(startWallMs + nowMs() * (1 + drift) + offByMs),
    monotonicMs: () => Math.floor(nowMs() * (1 + drift)),
    jump: (ms) => void (offByMs += ms),
    copy: () => createGateClock(nowMs, startWallMs, offByMs, drift),
  };
}
