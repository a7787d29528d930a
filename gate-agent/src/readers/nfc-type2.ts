// The memory of NFC Forum Type 2 tags: MIFARE Ultralight and its kin, NTAG213, 215 and 216. Pages of four bytes; page 3 says how many
// there are, from page 4 on NDEF lies in a list of tag-length-value blocks (Type 2 Tag Operation 1.1). What a tag says of lengths is
// checked against its size, and its size against ours.
import { concatBytes, err, ndefBytesMax, ok, type Result } from '@postern/shared';
import { ask, readPages, writePage, type TagError, type Transmit } from './nfc-apdu.ts';

const pageBytes = 4;
const capabilityPage = 3;
const firstDataPage = 4;
/** Readers give four pages at once. */
const readBytes = 16;
const ndefMagic = 0xe1;
const writeAccessMask = 0x0f;

const tlvNull = 0x00;
const tlvNdef = 0x03;
const tlvEnd = 0xfe;
/** A length of one byte ends here; then 0xff and two bytes follow. */
const shortLengthMax = 0xfe;

interface Capability {
  /** Bytes of the data area. */
  readonly bytes: number;
  readonly writable: boolean;
}

/** Undefined where the tag was never made to hold NDEF. */
async function readCapability(transmit: Transmit): Promise<Result<Capability | undefined, TagError>> {
  const read = await ask(transmit, readPages(capabilityPage, pageBytes), { bytesMin: pageBytes, bytesMax: readBytes });
  if (!read.ok) return read;
  const [magic, version = 0, size = 0, access = 0] = read.value;
  if (magic !== ndefMagic || version >> 4 !== 1) return ok(undefined);
  return ok({ bytes: size * 8, writable: (access & writeAccessMask) === 0 });
}

/** The NDEF message; undefined where there is none, or an empty one. */
export async function readType2(transmit: Transmit): Promise<Result<Uint8Array | undefined, TagError>> {
  const capability = await readCapability(transmit);
  if (!capability.ok || capability.value === undefined) return capability.ok ? ok(undefined) : capability;
  const area = createArea(transmit, capability.value.bytes);
  for (let at = 0; at < area.bytes;) {
    const head = await area.upTo(Math.min(at + 4, area.bytes));
    if (!head.ok) return head;
    const [tag, short = 0, high = 0, low = 0] = head.value.subarray(at);
    if (tag === tlvEnd) return ok(undefined);
    if (tag === tlvNull) {
      at++;
      continue;
    }
    const isLong = short > shortLengthMax;
    const start = at + (isLong ? 4 : 2);
    const end = start + (isLong ? high * 256 + low : short);
    if (end > area.bytes) return malformed(`a block that ends at byte ${end} of ${area.bytes}`);
    if (tag !== tlvNdef) {
      at = end;
      continue;
    }
    if (end - start > ndefBytesMax) return malformed(`a message of ${end - start} bytes`);
    const all = await area.upTo(end);
    if (!all.ok) return all;
    return ok(end === start ? undefined : all.value.slice(start, end));
  }
  return ok(undefined);
}

/** The data area, read as far as somebody wants to know it. */
function createArea(
  transmit: Transmit,
  bytes: number,
): { readonly bytes: number; readonly upTo: (end: number) => Promise<Result<Uint8Array, TagError>> } {
  let known = new Uint8Array(0);
  return {
    bytes,
    upTo: async (end) => {
      while (known.length < end) {
        const length = Math.min(readBytes, bytes - known.length);
        const page = firstDataPage + known.length / pageBytes;
        const read = await ask(transmit, readPages(page, length), { bytesMin: length, bytesMax: readBytes });
        if (!read.ok) return read;
        known = Uint8Array.from(concatBytes(known, read.value.subarray(0, length)));
      }
      return ok(known);
    },
  };
}

/** Bytes that a message may have here, framing taken off. */
const roomFor = (areaBytes: number): number => {
  const short = areaBytes - 2;
  return Math.max(0, Math.min(ndefBytesMax, short <= shortLengthMax ? short : areaBytes - 4));
};

/** As `TagPort.roomForNdef`. */
export async function roomOnType2(transmit: Transmit): Promise<Result<number, TagError>> {
  const area = await readWritableArea(transmit);
  return area.ok ? ok(roomFor(area.value)) : area;
}

/** Bytes of the data area of a tag that may be written. */
async function readWritableArea(transmit: Transmit): Promise<Result<number, TagError>> {
  const capability = await readCapability(transmit);
  if (!capability.ok) return capability;
  if (capability.value === undefined) return err({ type: 'tag-unknown' });
  return capability.value.writable ? ok(capability.value.bytes) : err({ type: 'tag-read-only' });
}

/**
 * Replaces whatever the tag holds. The first page, which holds the length, is emptied first and filled last: torn away in between, the
 * tag holds no message rather than half of one.
 */
export async function writeType2(transmit: Transmit, message: Uint8Array): Promise<Result<void, TagError>> {
  const area = await readWritableArea(transmit);
  if (!area.ok) return area;
  if (message.length > roomFor(area.value)) return err({ type: 'tag-too-small', bytesMax: roomFor(area.value) });
  const pages = toPages(frame(message, area.value));
  const emptied = await write(transmit, firstDataPage, Uint8Array.of(tlvNdef, 0, tlvEnd, 0));
  if (!emptied.ok) return emptied;
  for (const [index, page] of [...pages.entries()].toReversed()) {
    const written = await write(transmit, firstDataPage + index, page);
    if (!written.ok) return written;
  }
  return ok(undefined);
}

function frame(message: Uint8Array, areaBytes: number): Uint8Array {
  const { length } = message;
  const head = length <= shortLengthMax ? [tlvNdef, length] : [tlvNdef, 0xff, length >> 8, length & 0xff];
  // A message that fills the area to the last byte has no end mark (2.3.6).
  const end = head.length + length < areaBytes ? [tlvEnd] : [];
  return concatBytes(Uint8Array.from(head), message, Uint8Array.from(end));
}

function toPages(bytes: Uint8Array): readonly Uint8Array[] {
  const count = Math.ceil(bytes.length / pageBytes);
  const padded = new Uint8Array(count * pageBytes);
  padded.set(bytes);
  return Array.from({ length: count }, (_, index) => padded.subarray(index * pageBytes, (index + 1) * pageBytes));
}

async function write(transmit: Transmit, page: number, bytes: Uint8Array): Promise<Result<void, TagError>> {
  const written = await ask(transmit, writePage(page, bytes), { bytesMax: 0 });
  return written.ok ? ok(undefined) : written;
}

const malformed = (cause: string): ReturnType<typeof err<TagError>> => err({ type: 'tag-malformed', cause });
