// What happens when somebody who can be believed has stated the time: the clock takes it or not, and marks that carry a time which was
// clearly wrong get one that says by how much, in the journal of every event that has any; also where the time was certain from the
// first moment, and an earlier start has left timestamps ahead of it.
import type { HybridClock, HybridTimestamp, Logger, Store } from '@postern/shared';
import type { ClockTrust, Learned, TimeSample } from './clock-trust.ts';

/** A clock that was wrong by less is not worth a mark. */
export const correctionMsMin = 2_000;

/** An event's journal, and the store through which it is written. */
export interface TimedEvent {
  readonly event: number;
  readonly store: Pick<Store, 'append'>;
  readonly journal: { readonly lastSequence: () => number; readonly hybrid: Pick<HybridClock, 'last'> };
}

export interface TimeListener {
  readonly trust: ClockTrust;
  readonly events: readonly TimedEvent[];
  readonly logger: Logger;
}

/**
 * To be called when an event's journal has been opened, before anything else is written to it: where the time is certain already, nothing
 * that is learned later says that this start's timestamps went on from those of an earlier one which a wrong clock had driven ahead.
 */
export function correctHandedOn({ event, store, journal }: TimedEvent, trust: Pick<ClockTrust, 'now'>): void {
  const { nowMs, trusted } = trust.now();
  const aheadMs = journal.hybrid.last().ms - nowMs;
  if (trusted && aheadMs >= correctionMsMin)
    void store.append({ kind: 'corrected', event, lane: '', offsetMs: -aheadMs, trueMs: nowMs });
}

/** A person has compared. Gives by how much the timestamps of an event were off until then, which is for that person's mark to say. */
export function confirmTime(
  trueMs: number,
  { trust, events }: Pick<TimeListener, 'trust' | 'events'>,
): (event: number) => number {
  const shownMs = trust.now().nowMs;
  const lasts = new Map(events.map(({ event, journal }) => [event, journal.hybrid.last()]));
  const learned = trust.confirm(trueMs);
  return (event) => {
    const last = lasts.get(event);
    return learned.type !== 'taken' || last === undefined ? 0 : offsetBefore(learned, shownMs, last);
  };
}

/**
 * Until the time was certain, timestamps went on from those of earlier starts where these were later than what was shown; with a time that
 * was certain from the start, `correctHandedOn` has said so.
 */
function offsetBefore(
  { correctionMs, wasTrusted }: Extract<Learned, { type: 'taken' }>,
  shownMs: number,
  last: HybridTimestamp,
): number {
  const heldUpMs = wasTrusted ? 0 : Math.max(0, last.ms - shownMs);
  return correctionMs - heldUpMs;
}

/** The mark is appended in the background: a store that has failed meanwhile says so itself. */
export function learnTime(sample: TimeSample, { trust, events, logger }: TimeListener): void {
  const shownMs = trust.now().nowMs;
  const learned = trust.learn(sample);
  if (learned.type === 'refused-before-floor')
    logger.warn(
      { beforeMs: learned.beforeMs },
      'The cloud states a time before one that was certain already; it is not believed',
    );
  if (learned.type !== 'taken') return;
  if (Math.abs(learned.correctionMs) >= correctionMsMin)
    logger.info({ correctionMs: learned.correctionMs, source: sample.source }, 'The time was corrected');
  const trueMs = trust.now().nowMs;
  for (const { event, store, journal } of events) {
    const offsetMs = offsetBefore(learned, shownMs, journal.hybrid.last());
    if (Math.abs(offsetMs) < correctionMsMin) continue;
    // They do not fall with a clock that is set back: then even a start without marks says when its first ones will be made.
    if (journal.lastSequence() > 0 || offsetMs < 0)
      void store.append({ kind: 'corrected', event, lane: '', offsetMs, trueMs });
  }
}
