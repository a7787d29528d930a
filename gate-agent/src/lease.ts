// How long this gate may keep an event's list without hearing from its cloud, as the event's signed rules say. Over it is by trusted time
// only, and not by a time that a person has typed: then the gate forgets the list, and has it again as soon as it hears the cloud.
import { leaseEndMs, type AdmissionPolicy, type Logger, type Mark, type TrustedTime } from '@postern/shared';
import type { FeedStore } from './feed-store.ts';

export interface Lease {
  /** Unix ms; undefined without one. */
  readonly endsMs: () => number | undefined;
  /** The cloud has been heard, and its signature says that it was the cloud. */
  readonly heard: (atMs: number) => void;
  /** Ends it if its time is over; true when it has just ended. Cheap; called every clock round. */
  readonly check: () => boolean;
}

export interface LeaseDeps {
  readonly event: number;
  readonly cache: Pick<FeedStore, 'current' | 'contactMs' | 'noteContact' | 'endLease'>;
  /** The last marks of this gate, newest first by start. */
  readonly recentMarks: (sinceMs: number, max: number) => readonly Mark[];
  readonly time: () => TrustedTime;
  readonly logger: Logger;
}

/** Looked through for the last entry; refusals count little among them. */
const marksMax = 5_000;

export function createLease({ event, cache, recentMarks, time, logger }: LeaseDeps): Lease {
  let entryMs: number | undefined;
  let lookAgainMs = 0;
  const policy = (): AdmissionPolicy | undefined => cache.current()?.manifest.policy;

  const endsMs = (): number | undefined => {
    const rules = policy();
    const contactMs = cache.contactMs();
    return rules === undefined || contactMs === undefined ? undefined : leaseEndMs(rules, { contactMs, entryMs });
  };
  /** The earliest that it may be now, as far as that is certain. */
  const certainMs = (): number => {
    const { nowMs, trusted, source, uncertaintyMs } = time();
    return trusted && source !== 'person' && source !== 'none' ? nowMs - uncertaintyMs : 0;
  };

  /** Once nothing else keeps the lease: a gate at work finds an entry at once, and need not look again for days. */
  const lookForEntry = (): void => {
    const entries = recentMarks(0, marksMax).filter(
      ({ kind, clock }) => kind === 'admitted' && isCertain(clock.source),
    );
    entryMs = entries.reduce((latest, { at }) => Math.max(latest, at.ms), entryMs ?? 0);
  };

  const end = (): boolean => {
    if (certainMs() < (endsMs() ?? Number.POSITIVE_INFINITY)) return false;
    lookForEntry();
    if (certainMs() < (endsMs() ?? Number.POSITIVE_INFINITY)) return false;
    logger.error(
      { event, contactMs: cache.contactMs() },
      'The cloud has not been heard for so long that the ticket list is forgotten',
    );
    cache.endLease(certainMs());
    return true;
  };

  return {
    endsMs: () => {
      const ends = endsMs();
      if (ends === undefined || certainMs() < ends - lookAheadMs || certainMs() < lookAgainMs) return ends;
      lookAgainMs = certainMs() + lookEveryMs;
      lookForEntry();
      return endsMs();
    },
    heard: (atMs) => {
      try {
        cache.noteContact(atMs);
      } catch (cause) {
        // A full disk must not keep the clock from hearing the time.
        logger.warn({ event, cause: String(cause) }, 'That the cloud was heard could not be noted');
      }
    },
    check: () => {
      try {
        return end();
      } catch (cause) {
        logger.error({ event, cause: String(cause) }, 'The ticket list could not be forgotten; it is tried again');
        return false;
      }
    },
  };
}

/** Its end is said so long before. */
export const lookAheadMs = 3 * 86_400_000;
/** Meanwhile it is looked whether somebody has come in. */
const lookEveryMs = 600_000;
const isCertain = (source: Mark['clock']['source']): boolean => source !== 'none' && source !== 'person';
