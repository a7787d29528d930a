// Readings that take long are made again only after a multiple of the time that they took, and shared meanwhile: however large a
// database is, they keep it busy for a small part of the time, and in a small one they are as good as new.
import type { Clock } from '@postern/shared';

/** After a reading that took this long, times so much passes before the next one. */
const restFactor = 20;
/** Events of which readings are kept. */
const keptMax = 200;

export interface SparingRead<T> {
  readonly value: T;
  /** Wall time at which it was begun. */
  readonly atMs: number;
}

interface Kept<T> {
  readonly reading: Promise<SparingRead<T>>;
  untilMs: number;
}

/** A reading that fails is shared and kept like any other. `restMsMin`: so long passes at least. */
export function readSparingly<T>(
  clock: Clock,
  read: (event: number) => Promise<T>,
  restMsMin = 0,
): (event: number) => Promise<SparingRead<T>> {
  const kept = new Map<number, Kept<T>>();
  return (event) => {
    const known = kept.get(event);
    if (known !== undefined && clock.monotonicMs() < known.untilMs) return known.reading;
    const beganMs = clock.monotonicMs();
    const atMs = clock.wallMs();
    const entry: Kept<T> = {
      reading: read(event).then((value) => ({ value, atMs })),
      untilMs: Number.POSITIVE_INFINITY,
    };
    kept.delete(event);
    kept.set(event, entry);
    const [oldest] = kept.keys();
    if (kept.size > keptMax && oldest !== undefined) kept.delete(oldest);
    void entry.reading
      .catch(() => undefined)
      .then(() => {
        const endedMs = clock.monotonicMs();
        entry.untilMs = endedMs + Math.max(restMsMin, restFactor * (endedMs - beganMs));
        return undefined;
      });
    return entry.reading;
  };
}
