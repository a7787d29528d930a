// What happens when somebody who can be believed has stated the time: the clock takes it or not, and marks that carry a time which was
// clearly wrong get one that says by how much, in the journal of every event that has any.
import type { Logger, Store } from '@postern/shared';
import type { ClockTrust, TimeSample } from './clock-trust.ts';

/** A clock that was wrong by less is not worth a mark. */
export const correctionMsMin = 2_000;

export interface TimeListener {
  readonly trust: ClockTrust;
  readonly events: readonly {
    readonly event: number;
    readonly store: Store;
    readonly journal: { readonly lastSequence: () => number };
  }[];
  readonly logger: Logger;
}

/** The mark is appended in the background: a store that has failed meanwhile says so itself. */
export function learnTime(sample: TimeSample, { trust, events, logger }: TimeListener): void {
  const learned = trust.learn(sample);
  if (learned.type === 'refused-before-floor')
    logger.warn(
      { beforeMs: learned.beforeMs },
      'The cloud states a time before one that was certain already; it is not believed',
    );
  if (learned.type !== 'taken' || Math.abs(learned.correctionMs) < correctionMsMin) return;
  logger.info({ correctionMs: learned.correctionMs, source: sample.source }, 'The time was corrected');
  for (const { event, store, journal } of events)
    // Timestamps do not fall with a clock that is set back: then even a start without marks says when its first ones will be made.
    if (journal.lastSequence() > 0 || learned.correctionMs < 0)
      void store.append({
        kind: 'corrected',
        event,
        lane: '',
        offsetMs: learned.correctionMs,
        trueMs: trust.now().nowMs,
      });
}
