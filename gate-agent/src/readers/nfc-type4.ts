// The files of NFC Forum Type 4 tags, such as NTAG 424 DNA: select the NDEF application, its capability container, then the NDEF file,
// which begins with the message's length (Type 4 Tag Operation 2.0). Reading is what makes a 424 count and sign (SUN).
import { concatBytes, err, ndefBytesMax, ok, type Result } from '@postern/shared';
import {
  ask,
  readBinary,
  selectApplication,
  selectFile,
  updateBinary,
  type TagError,
  type Transmit,
} from './nfc-apdu.ts';

const ndefApplication = Uint8Array.of(0xd2, 0x76, 0x00, 0x00, 0x85, 0x01, 0x01);
const capabilityFile = 0xe103;
const capabilityBytes = 15;
const lengthBytes = 2;
const ndefFileControl = 0x04;
const ndefFileControlBytes = 6;
const accessFree = 0x00;
/** What every reader and tag passes at once, whatever they say. */
const chunkBytesMax = 128;
const noSuchFile = '6a82';

interface NdefFile {
  readonly id: number;
  /** Of the file: the message and its length. */
  readonly bytes: number;
  readonly readChunk: number;
  readonly writeChunk: number;
  readonly writable: boolean;
}

/** Selects the NDEF file; undefined where the tag has no NDEF application. */
async function openFile(transmit: Transmit): Promise<Result<NdefFile | undefined, TagError>> {
  const application = await ask(transmit, selectApplication(ndefApplication), {});
  if (!application.ok)
    return application.error.type === 'tag-refused' && application.error.status === noSuchFile
      ? ok(undefined)
      : application;
  const capability = await select(transmit, capabilityFile);
  if (!capability.ok) return capability;
  const read = await ask(transmit, readBinary(0, capabilityBytes), {
    bytesMin: capabilityBytes,
    bytesMax: capabilityBytes,
  });
  if (!read.ok) return read;
  const file = readCapability(read.value);
  if (!file.ok) return file;
  const selected = await select(transmit, file.value.id);
  return selected.ok ? file : selected;
}

function readCapability(bytes: Uint8Array): Result<NdefFile, TagError> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (view.getUint8(7) !== ndefFileControl || view.getUint8(8) !== ndefFileControlBytes)
    return malformed('a capability container without an NDEF file');
  const chunk = (said: number): number => Math.max(1, Math.min(said, chunkBytesMax));
  const size = view.getUint16(11);
  if (size <= lengthBytes) return malformed(`an NDEF file of ${size} bytes`);
  if (view.getUint8(13) !== accessFree) return err({ type: 'tag-unknown' });
  return ok({
    id: view.getUint16(9),
    bytes: size,
    readChunk: chunk(view.getUint16(3)),
    writeChunk: chunk(view.getUint16(5)),
    writable: view.getUint8(14) === accessFree,
  });
}

/** The NDEF message; undefined where there is none, or an empty one. */
export async function readType4(transmit: Transmit): Promise<Result<Uint8Array | undefined, TagError>> {
  const file = await openFile(transmit);
  if (!file.ok || file.value === undefined) return file.ok ? ok(undefined) : file;
  const head = await ask(transmit, readBinary(0, lengthBytes), { bytesMin: lengthBytes, bytesMax: lengthBytes });
  if (!head.ok) return head;
  const [high = 0, low = 0] = head.value;
  const length = high * 256 + low;
  if (length === 0) return ok(undefined);
  if (length > Math.min(file.value.bytes - lengthBytes, ndefBytesMax)) return malformed(`a message of ${length} bytes`);
  let message = new Uint8Array(0);
  while (message.length < length) {
    const wanted = Math.min(file.value.readChunk, length - message.length);
    const read = await ask(transmit, readBinary(lengthBytes + message.length, wanted), {
      bytesMin: wanted,
      bytesMax: wanted,
    });
    if (!read.ok) return read;
    message = Uint8Array.from(concatBytes(message, read.value));
  }
  return ok(message);
}

/** As `TagPort.roomForNdef`. */
export async function roomOnType4(transmit: Transmit): Promise<Result<number, TagError>> {
  const file = await openFile(transmit);
  if (!file.ok) return file;
  if (file.value === undefined) return err({ type: 'tag-unknown' });
  return file.value.writable ? ok(roomIn(file.value)) : err({ type: 'tag-read-only' });
}

const roomIn = ({ bytes }: NdefFile): number => Math.min(bytes - lengthBytes, ndefBytesMax);

/** Replaces the message. Its length is set to 0 first and to what it is last: torn away in between, the tag holds none. */
export async function writeType4(transmit: Transmit, message: Uint8Array): Promise<Result<void, TagError>> {
  const file = await openFile(transmit);
  if (!file.ok) return file;
  if (file.value === undefined) return err({ type: 'tag-unknown' });
  if (!file.value.writable) return err({ type: 'tag-read-only' });
  const bytesMax = roomIn(file.value);
  if (message.length > bytesMax) return err({ type: 'tag-too-small', bytesMax });
  const parts: (readonly [offset: number, bytes: Uint8Array])[] = [[0, Uint8Array.of(0, 0)]];
  for (let at = 0; at < message.length; at += file.value.writeChunk)
    parts.push([lengthBytes + at, message.subarray(at, at + file.value.writeChunk)]);
  parts.push([0, Uint8Array.of(message.length >> 8, message.length & 0xff)]);
  for (const [offset, bytes] of parts) {
    const written = await ask(transmit, updateBinary(offset, bytes), { bytesMax: 0 });
    if (!written.ok) return written;
  }
  return ok(undefined);
}

const select = (transmit: Transmit, file: number): Promise<Result<Uint8Array, TagError>> =>
  ask(transmit, selectFile(file), {});

const malformed = (cause: string): ReturnType<typeof err<TagError>> => err({ type: 'tag-malformed', cause });
