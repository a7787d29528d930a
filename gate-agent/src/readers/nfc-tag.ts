// A tag that lies on a reader: its UID, its NDEF message, and writing another one. Which kind of tag it is, its answer to reset says
// (PC/SC 2.01, part 3, 3.1.3.2.3).
import { bytesToHex, err, ok, type Result } from '@postern/shared';
import { ask, getUid, type TagError, type Transmit } from './nfc-apdu.ts';
import { readType2, roomOnType2, writeType2 } from './nfc-type2.ts';
import { readType4, roomOnType4, writeType4 } from './nfc-type4.ts';

/** What the lane's reader and the band desk do with a tag. Every call may end in `tag-gone`; a new tap is a new `TagPort`. */
export interface TagPort {
  /** 4, 7 or 10 bytes. */
  readonly uid: Uint8Array;
  /** As written, not parsed; undefined where there is none. Each reading of an NTAG 424 DNA counts. */
  readonly readNdef: () => Promise<Result<Uint8Array | undefined, TagError>>;
  /** Bytes that a message may have here; `tag-read-only`, or `tag-unknown` where the tag holds none. */
  readonly roomForNdef: () => Promise<Result<number, TagError>>;
  /** Replaces what is there. Torn away meanwhile the tag holds no message; read back before you say done. */
  readonly writeNdef: (message: Uint8Array) => Promise<Result<void, TagError>>;
}

const uidLengths: readonly number[] = [4, 7, 10];
const uidBytesMax = 10;

export async function openTag(atr: Uint8Array, transmit: Transmit): Promise<Result<TagPort, TagError>> {
  const uid = await ask(transmit, getUid(), { bytesMin: 4, bytesMax: uidBytesMax });
  if (!uid.ok) return uid;
  if (!uidLengths.includes(uid.value.length))
    return err({ type: 'tag-malformed', cause: `a UID of ${uid.value.length} bytes` });
  const kind = kindOf(atr);
  return ok({
    uid: Uint8Array.from(uid.value),
    readNdef: async () => {
      if (kind === 'other') return ok(undefined);
      return kind === 'type-2' ? readType2(transmit) : readType4(transmit);
    },
    roomForNdef: async () => {
      if (kind === 'other') return err({ type: 'tag-unknown' });
      return kind === 'type-2' ? roomOnType2(transmit) : roomOnType4(transmit);
    },
    writeNdef: async (message) => {
      if (kind === 'other') return err({ type: 'tag-unknown' });
      return kind === 'type-2' ? writeType2(transmit, message) : writeType4(transmit, message);
    },
  });
}

/** The application id by which readers name storage cards, from the fifth byte of their historical bytes on. */
const storageCard = '804f0ca000000306';
/** MIFARE Classic 1K, 4K and Mini: their memory is behind keys, we know them by their UID. */
const classicCards: readonly string[] = ['0001', '0002', '0026'];

function kindOf(atr: Uint8Array): 'type-2' | 'type-4' | 'other' {
  const text = bytesToHex(atr);
  const at = text.indexOf(storageCard);
  // Not a storage card: it speaks ISO/IEC 14443-4, and will say so itself where it has no NDEF.
  if (at < 0) return 'type-4';
  const standardAndName = text.slice(at + storageCard.length, at + storageCard.length + 6);
  return classicCards.includes(standardAndName.slice(2)) ? 'other' : 'type-2';
}
