// Readings that take long are made again only after a multiple of the time that they took, and shared meanwhile: however large a
// database is, they keep it busy for a small part of the time, and in a small one they are as good as new.
import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '@postern/shared';

/** After a reading that took this long, times so much passes before the next one. */
const restFactor = 20;
/** Where there is an older one, nobody waits longer for a new one. */
const waitMsMax = 300;
/** Events of which readings are kept. */
const keptMax = 200;

export interface SparingRead<T> {
  readonly value: T;
  /** Wall time at which it was begun. */
  readonly atMs: number;
}

interface Kept<T> {
  latest: SparingRead<T> | undefined;
  /** The one that is being made. */
  reading: Promise<SparingRead<T>> | undefined;
  nextMs: number;
}

export function readSparingly<T>(
  clock: Clock,
  read: (event: number) => Promise<T>,
): (event: number) => Promise<SparingRead<T>> {
  const keptByEvent = new Map<number, Kept<T>>();

  const readInto = async (kept: Kept<T>, event: number): Promise<SparingRead<T>> => {
    const beganMs = clock.monotonicMs();
    const atMs = clock.wallMs();
    try {
      kept.latest = { value: await read(event), atMs };
      return kept.latest;
    } finally {
      kept.reading = undefined;
      const endedMs = clock.monotonicMs();
      kept.nextMs = endedMs + restFactor * (endedMs - beganMs);
    }
  };

  return async (event) => {
    const kept = keptByEvent.get(event) ?? { latest: undefined, reading: undefined, nextMs: 0 };
    keptByEvent.delete(event);
    keptByEvent.set(event, kept);
    const [oldest] = keptByEvent.keys();
    if (keptByEvent.size > keptMax && oldest !== undefined) keptByEvent.delete(oldest);
    const { latest } = kept;
    if (latest !== undefined && kept.reading === undefined && clock.monotonicMs() < kept.nextMs) return latest;
    const reading = (kept.reading ??= readInto(kept, event));
    if (latest === undefined) return reading;
    reading.catch(() => {
      // Whoever waits has the rejection; whoever does not has the older reading.
    });
    return Promise.race([reading, delay(waitMsMax, latest, { ref: false })]);
  };
}
