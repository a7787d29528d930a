// What lamps and buzzer at a lane say about its state: green to walk, red to stop, both for somebody who is asked to wait.
import type { LaneState } from '@postern/shared';

export interface SignalPattern {
  readonly green: boolean;
  readonly red: boolean;
  /** Sounds once, for so long, when the state begins. */
  readonly beepMs: number;
}

const pattern = (green: boolean, red: boolean, beepMs = 0): SignalPattern => ({ green, red, beepMs });

const patterns: Readonly<Record<LaneState['name'], SignalPattern>> = {
  idle: pattern(false, false),
  deciding: pattern(false, false),
  held: pattern(true, true, 150),
  waiting: pattern(true, true),
  open: pattern(true, false),
  passed: pattern(true, false),
  lapsed: pattern(false, true),
  refused: pattern(false, true, 400),
  closed: pattern(false, true),
  free: pattern(true, false),
};

export const signalPattern = ({ name }: LaneState): SignalPattern => patterns[name];
