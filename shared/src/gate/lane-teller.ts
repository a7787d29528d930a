// What a lane tells the outside: states, decisions, passages. Synchronous, and a listener that fails changes nothing.
import type { Decision } from '../decision.ts';
import type { Mark } from '../mark.ts';
import type { LaneContext, LaneEvent, LaneState, Logger, Passage } from './ports.ts';
import type { View } from './views.ts';

export interface LaneTellerDeps {
  readonly context: LaneContext;
  readonly logger: Logger;
  readonly listener: (event: LaneEvent) => void;
}

export interface LaneTeller {
  readonly state: (state: LaneState) => void;
  readonly decision: (decision: Decision, view: View, verifyMs: number, commitMs?: number, mark?: Mark) => void;
  readonly passage: (passage: Passage) => void;
  readonly tailgating: (persons: number) => void;
  /** How often a listener has failed. */
  readonly faults: () => number;
}

export function createLaneTeller(lane: string, { context, logger, listener }: LaneTellerDeps): LaneTeller {
  let faults = 0;
  const atMs = (): number => context.time().nowMs;
  const tell = (event: LaneEvent): void => {
    try {
      listener(event);
    } catch (cause) {
      // A display must not decide whether a gate opens.
      faults++;
      logger.warn({ lane, cause: String(cause) }, 'A listener of the lane failed');
    }
  };
  return {
    state: (state) => tell({ type: 'state', lane, state, atMs: atMs() }),
    decision: (decision, { presentation: { decodeMs } }, verifyMs, commitMs = 0, mark) =>
      tell({ type: 'decision', lane, decision, mark, verifyMs, commitMs, decodeMs, atMs: atMs() }),
    passage: (passage) => tell({ type: 'passage', lane, passage, atMs: atMs() }),
    tailgating: (persons) => tell({ type: 'tailgating', lane, persons, atMs: atMs() }),
    faults: () => faults,
  };
}
