// The band desk's hold on the readers: the next wristband that is held to one of them goes to the desk and not to a lane, and the desk may
// write onto it until it is taken away or the next one comes.
import { bytesToHex, type Logger, type Random, type TagMedium } from '@postern/shared';
import type { BandPort } from '../readers/ble-band.ts';
import type { BleReader } from '../readers/ble.ts';
import type { NfcReader } from '../readers/nfc.ts';
import { passOnBand, passOnTag, type PassPort } from './pass-port.ts';

export interface HeldBand {
  readonly reader: string;
  readonly medium: TagMedium;
  readonly id: Uint8Array;
}

/** `none` without a reader that could read one; undefined when nobody holds one up until `signal` aborts. */
export type NextBand = (reader: string | undefined, signal: AbortSignal) => Promise<HeldBand | 'none' | undefined>;

export interface BandsInHand {
  readonly next: NextBand;
  /** Of the band that the desk has taken last at its reader; undefined for any other. */
  readonly port: (medium: TagMedium, id: Uint8Array) => PassPort | undefined;
}

interface TakenBand extends Omit<HeldBand, 'reader'> {
  readonly port: PassPort;
}

/** Where a desk can take bands from; undefined when `signal` aborts first. */
export type BandSource = (signal: AbortSignal) => Promise<TakenBand | undefined>;

/** Nobody else's by chance, and short enough to be advertised. */
const newIdBytes = 8;

export const nfcBands =
  ({ nextTag }: Pick<NfcReader, 'nextTag'>): BandSource =>
  async (signal) => {
    const tag = await nextTag(signal);
    return tag === undefined ? undefined : { medium: 'nfc', id: tag.uid, port: passOnTag(tag) };
  };

/** A blank one has no id by which it could be known: it gets one first, written and read back. */
export const bleBands =
  (
    { nextBand }: Pick<BleReader, 'nextBand'>,
    { random, logger }: { readonly random: Random; readonly logger: Logger },
  ): BandSource =>
  async (signal) => {
    for (;;) {
      const band = await nextBand(signal);
      if (band === undefined) return undefined;
      const named = band.id.length > 0 ? band : await nameBlank(band, random(newIdBytes));
      if (named !== undefined) return { medium: 'ble', id: named.id, port: passOnBand(named) };
      logger.info({}, 'A blank wristband has not taken an id: it is waited for again');
    }
  };

async function nameBlank(band: BandPort, id: Uint8Array): Promise<BandPort | undefined> {
  const written = band.canAnswer ? await band.write(id, new Uint8Array(0)) : undefined;
  const read = written?.ok === true ? await band.readBack() : undefined;
  return read?.ok === true && bytesToHex(read.value.id) === bytesToHex(id) ? { ...band, id } : undefined;
}

/** `reader`: one by its id, otherwise whichever sees one first. */
export function createBandsInHand(sources: ReadonlyMap<string, BandSource>): BandsInHand {
  const taken = new Map<string, TakenBand>();
  return {
    next: async (wanted, signal) => {
      const asked = [...sources].filter(([id]) => wanted === undefined || id === wanted);
      if (asked.length === 0) return 'none';
      const found = new AbortController();
      const until = AbortSignal.any([signal, found.signal]);
      const waits = asked.map(async ([reader, take]) => {
        const held = await take(until);
        if (held === undefined) throw new Error('nobody has held one up');
        return { reader, held };
      });
      // All of them give up together.
      const band = await Promise.any(waits).catch(() => undefined);
      found.abort();
      if (band === undefined) return undefined;
      const { reader, held } = band;
      taken.set(reader, held);
      return { reader, medium: held.medium, id: held.id };
    },
    port: (medium, id) =>
      [...taken.values()].find((held) => held.medium === medium && bytesToHex(held.id) === bytesToHex(id))?.port,
  };
}
