// The band desk's hold on the readers: the next wristband that is held to one of them goes to the desk and not to a lane.
import type { NfcReader } from './readers/nfc.ts';

export interface HeldBand {
  readonly reader: string;
  readonly medium: 'nfc';
  readonly id: Uint8Array;
}

/** `none` without a reader that could read one; undefined when nobody holds one up until `signal` aborts. */
export type NextBand = (reader: string | undefined, signal: AbortSignal) => Promise<HeldBand | 'none' | undefined>;

/** `reader`: one by its id, otherwise whichever sees one first. */
export function createNextBand(readers: ReadonlyMap<string, Pick<NfcReader, 'nextTag'>>): NextBand {
  return async (wanted, signal) => {
    const asked = [...readers].filter(([id]) => wanted === undefined || id === wanted);
    if (asked.length === 0) return 'none';
    const found = new AbortController();
    const until = AbortSignal.any([signal, found.signal]);
    const waits = asked.map(async ([reader, { nextTag }]): Promise<HeldBand> => {
      const tag = await nextTag(until);
      if (tag === undefined) throw new Error('nobody has held one up');
      return { reader, medium: 'nfc', id: tag.uid };
    });
    // All of them give up together.
    const band = await Promise.any(waits).catch(() => undefined);
    found.abort();
    return band;
  };
}
