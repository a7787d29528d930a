// The band desk's hold on the readers: the next wristband that is held to one of them goes to the desk and not to a lane.
import type { TagMedium } from '@postern/shared';
import type { BleReader } from './readers/ble.ts';
import type { NfcReader } from './readers/nfc.ts';

export interface HeldBand {
  readonly reader: string;
  readonly medium: TagMedium;
  readonly id: Uint8Array;
}

/** `none` without a reader that could read one; undefined when nobody holds one up until `signal` aborts. */
export type NextBand = (reader: string | undefined, signal: AbortSignal) => Promise<HeldBand | 'none' | undefined>;

/** Where a desk can take bands from; undefined when `signal` aborts first. */
export type BandSource = (signal: AbortSignal) => Promise<Omit<HeldBand, 'reader'> | undefined>;

export const nfcBands =
  ({ nextTag }: Pick<NfcReader, 'nextTag'>): BandSource =>
  async (signal) => {
    const tag = await nextTag(signal);
    return tag === undefined ? undefined : { medium: 'nfc', id: tag.uid };
  };

/** A blank one has no id by which it could be known. */
export const bleBands =
  ({ nextBand }: Pick<BleReader, 'nextBand'>): BandSource =>
  async (signal) => {
    let band = await nextBand(signal);
    while (band !== undefined && band.id.length === 0) band = await nextBand(signal);
    return band === undefined ? undefined : { medium: 'ble', id: band.id };
  };

/** `reader`: one by its id, otherwise whichever sees one first. */
export function createNextBand(sources: ReadonlyMap<string, BandSource>): NextBand {
  return async (wanted, signal) => {
    const asked = [...sources].filter(([id]) => wanted === undefined || id === wanted);
    if (asked.length === 0) return 'none';
    const found = new AbortController();
    const until = AbortSignal.any([signal, found.signal]);
    const waits = asked.map(async ([reader, take]): Promise<HeldBand> => {
      const held = await take(until);
      if (held === undefined) throw new Error('nobody has held one up');
      return { reader, ...held };
    });
    // All of them give up together.
    const band = await Promise.any(waits).catch(() => undefined);
    found.abort();
    return band;
  };
}
