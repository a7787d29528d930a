// A band that the desk has in hand, as something that a pass can be written onto: an NFC tag by its NDEF message, a BLE wristband over
// GATT. What is on it already is looked at first: nothing of anybody else's is ever replaced unless a person has said so.
import {
  bytesToHex,
  decodeNdef,
  err,
  ndefExternal,
  ndefPassType,
  ndefUri,
  ok,
  parseSunUri,
  type Result,
} from '@postern/shared';
import type { TagError } from '../readers/nfc-apdu.ts';
import type { TagPort } from '../readers/nfc-tag.ts';
import type { BandPort } from '../readers/ble-band.ts';

/** Why there is no pass on a band; the binding holds all the same, so it counts by its number. */
export type NotWritten =
  /** Taken away; it can be held there again. */
  | 'band-gone'
  | 'band-failed'
  /** It says something else than what was written. */
  | 'band-differs'
  | 'band-locked'
  | 'band-too-small'
  /** Of a kind that carries no pass. */
  | 'band-takes-no-pass'
  /** Something that we have not written is on it. */
  | 'band-holds-other'
  /** It signs what it says, which is worth as much. */
  | 'band-proves-itself'
  /** A cashless supplier's: known by its number and never written. */
  | 'band-by-number'
  | 'cloud-unreachable'
  /** The cloud knows of another ticket that has it, or of another desk that is giving it away. */
  | 'band-elsewhere'
  | 'cloud-refused';

export interface NoPass {
  readonly type: NotWritten;
  /** In the words of whoever refuses it. */
  readonly cause?: string;
  /** The ticket is let in on what is proved only, so not on this band. */
  readonly isNeeded?: boolean;
}

/** Every call may end in `band-gone`. */
export interface PassPort {
  /** Looks whether a pass may be written; `key` is the public key of a band that signs, hexadecimal. */
  readonly look: (overwrite: boolean) => Promise<Result<{ readonly key?: string }, NoPass>>;
  readonly write: (pass: Uint8Array) => Promise<Result<void, NoPass>>;
  readonly readBack: () => Promise<Result<Uint8Array, NoPass>>;
}

const noPass = (type: NotWritten): Result<never, NoPass> => err({ type });

const reasons: Readonly<Record<TagError['type'], NotWritten>> = {
  'tag-gone': 'band-gone',
  'tag-refused': 'band-failed',
  'tag-malformed': 'band-failed',
  'tag-too-small': 'band-too-small',
  'tag-read-only': 'band-locked',
  'tag-unknown': 'band-takes-no-pass',
};

export const passOnTag = (tag: Pick<TagPort, 'readNdef' | 'roomForNdef' | 'writeNdef'>): PassPort => ({
  look: async (overwrite) => {
    const room = await tag.roomForNdef();
    if (!room.ok) return noPass(reasons[room.error.type]);
    const read = await tag.readNdef();
    if (!read.ok && read.error.type !== 'tag-malformed') return noPass(reasons[read.error.type]);
    const found = read.ok ? contentOf(read.value) : 'other';
    if (found === 'proof') return noPass('band-proves-itself');
    return found === 'other' && !overwrite ? noPass('band-holds-other') : ok({});
  },
  write: async (pass) => {
    // Whoever answers in the cloud's place gets nothing onto a tag that a telephone would open.
    if (contentOf(pass) !== 'ours') return noPass('cloud-refused');
    const written = await tag.writeNdef(pass);
    if (written.ok) return ok(undefined);
    // Pages can be locked one by one, which shows only now.
    return noPass(written.error.type === 'tag-refused' ? 'band-locked' : reasons[written.error.type]);
  },
  readBack: async () => {
    const read = await tag.readNdef();
    return read.ok ? ok(read.value ?? new Uint8Array(0)) : noPass(reasons[read.error.type]);
  },
});

/** A pass of ours is of whoever had the band before. */
function contentOf(message: Uint8Array | undefined): 'ours' | 'proof' | 'other' {
  if (message === undefined) return 'ours';
  const records = decodeNdef(message);
  if (!records.ok) return 'other';
  if (records.value.some((record) => parseSunUri(ndefUri(record) ?? '') !== undefined)) return 'proof';
  const isOurs = records.value.every(
    ({ format, type }) => format === ndefExternal && type.toLowerCase() === ndefPassType,
  );
  return isOurs ? 'ours' : 'other';
}

/** What is in a wristband's own service is always ours to replace. */
export const passOnBand = (band: BandPort): PassPort => ({
  look: async () => {
    if (!band.canAnswer) return noPass('band-takes-no-pass');
    const key = await band.key();
    if (!key.ok) return noPass('band-failed');
    // One that cannot sign is worth its number, whatever it carries.
    return key.value === undefined ? noPass('band-takes-no-pass') : ok({ key: bytesToHex(key.value) });
  },
  write: async (pass) => ((await band.write(band.id, pass)).ok ? ok(undefined) : noPass('band-failed')),
  readBack: async () => {
    const read = await band.readBack();
    if (!read.ok) return noPass('band-failed');
    return bytesToHex(read.value.id) === bytesToHex(band.id) ? ok(read.value.credential) : noPass('band-differs');
  },
});
