// The two files in which faces come to gates: sealed templates, and the data keys that open them. Apart, so that templates may lie in caches
// and backups; whoever withdraws is in the next version of neither. Records of one size in rising order of ticket, so that a gate finds
// one in the bytes as they came. Like deltas they carry no signature: the manifest names their SHA-256.
import { bytesToHex, concatBytes, hexToBytes, utf8 } from './bytes.ts';
import { faceGenerationBytes, faceKeyBytes, sealedFaceBytes, type FaceBinding } from './face-seal.ts';
import { assert, err, ok, type Result } from './result.ts';

/** Faces of one event. */
export const facesMax = 100_000;

/** A ticket's sealed template as the feed carries it. */
export interface SealedFace extends Omit<FaceBinding, 'event'> {
  /** `sealFace`: 168 bytes. */
  readonly sealed: Uint8Array;
}

export interface FaceKey {
  readonly ticketId: string;
  /** 32 bytes: the subject's, the same for each of the subject's tickets. */
  readonly key: Uint8Array;
}

const ticketBytes = 16;
/** Ticket, epoch (4), model (2), version (2), sealed template. */
const templateRecordBytes = ticketBytes + 8 + sealedFaceBytes;
const keyRecordBytes = ticketBytes + faceKeyBytes;
/** Four letters that say which file it is, and the event. */
const headBytes = 8;
export const faceTemplatesBytesMax = headBytes + facesMax * templateRecordBytes;
export const faceKeysBytesMax = headBytes + facesMax * keyRecordBytes;

const templatesMagic = 'PFT1';
const keysMagic = 'PFK1';

/** In any order, one for each ticket. */
export const encodeFaceTemplates = (event: number, faces: readonly SealedFace[]): Uint8Array =>
  encodeFile(
    templatesMagic,
    event,
    faces.map((face) => {
      assert(face.sealed.length === sealedFaceBytes, 'a sealed template has 168 bytes');
      return [face.ticketId, concatBytes(faceGenerationBytes(face), face.sealed)];
    }),
  );

export const encodeFaceKeys = (event: number, keys: readonly FaceKey[]): Uint8Array =>
  encodeFile(
    keysMagic,
    event,
    keys.map(({ ticketId, key }) => {
      assert(key.length === faceKeyBytes, 'a data key has 32 bytes');
      return [ticketId, key];
    }),
  );

function encodeFile(magic: string, event: number, records: readonly (readonly [string, Uint8Array])[]): Uint8Array {
  assert(records.length <= facesMax, `an event has at most ${facesMax} faces`);
  const sorted = records.toSorted(([a], [b]) => (a < b ? -1 : 1));
  assert(
    sorted.every(([ticketId], index) => index === 0 || (sorted[index - 1]?.[0] ?? '') < ticketId),
    'a ticket has one face',
  );
  return concatBytes(head(magic, event), ...sorted.flatMap(([ticketId, bytes]) => [ticketOf(ticketId), bytes]));
}

export interface FaceTemplates {
  readonly count: number;
  readonly find: (ticketId: string) => SealedFace | undefined;
}

export interface FaceKeys {
  readonly count: number;
  readonly find: (ticketId: string) => Uint8Array | undefined;
}

export type FaceFileError = { readonly type: 'face-file-malformed'; readonly cause: string };

/** Looks into `bytes` from then on: nobody may change them. */
export function readFaceTemplates(bytes: Uint8Array, event: number): Result<FaceTemplates, FaceFileError> {
  const records = readFile(bytes, templatesMagic, event, templateRecordBytes);
  if (!records.ok) return records;
  return ok({
    count: records.value.count,
    find: (ticketId) => {
      const record = records.value.find(ticketId);
      if (record === undefined) return undefined;
      const numbers = new DataView(record.buffer, record.byteOffset, record.length);
      return {
        ticketId,
        epoch: numbers.getUint32(ticketBytes),
        model: numbers.getUint16(ticketBytes + 4),
        version: numbers.getUint16(ticketBytes + 6),
        sealed: record.slice(ticketBytes + 8),
      };
    },
  });
}

/** Looks into `bytes` from then on: nobody may change them. */
export function readFaceKeys(bytes: Uint8Array, event: number): Result<FaceKeys, FaceFileError> {
  const records = readFile(bytes, keysMagic, event, keyRecordBytes);
  if (!records.ok) return records;
  return ok({ count: records.value.count, find: (ticketId) => records.value.find(ticketId)?.slice(ticketBytes) });
}

interface Records {
  readonly count: number;
  readonly find: (ticketId: string) => Uint8Array | undefined;
}

function readFile(
  bytes: Uint8Array,
  magic: string,
  event: number,
  recordBytes: number,
): Result<Records, FaceFileError> {
  const count = (bytes.length - headBytes) / recordBytes;
  if (!Number.isInteger(count) || count < 0 || count > facesMax) return malformed(`${bytes.length} bytes are no file`);
  if (bytesToHex(bytes.subarray(0, headBytes)) !== bytesToHex(head(magic, event)))
    return malformed('another file, or of another event');
  const recordAt = (index: number): Uint8Array =>
    bytes.subarray(headBytes + index * recordBytes, headBytes + (index + 1) * recordBytes);
  for (let index = 1; index < count; index++)
    if (compareTickets(recordAt(index - 1), recordAt(index)) >= 0) return malformed('tickets out of order');
  return ok({
    count,
    find: (ticketId) => {
      const wanted = hexToBytes(ticketId);
      if (wanted?.length !== ticketBytes) return undefined;
      let [low, high] = [0, count];
      while (low < high) {
        const middle = (low + high) >> 1;
        const order = compareTickets(recordAt(middle), wanted);
        if (order === 0) return recordAt(middle);
        if (order < 0) low = middle + 1;
        else high = middle;
      }
      return undefined;
    },
  });
}

function compareTickets(a: Uint8Array, b: Uint8Array): number {
  for (let index = 0; index < ticketBytes; index++) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function head(magic: string, event: number): Uint8Array {
  const number = new DataView(new ArrayBuffer(4));
  number.setUint32(0, event);
  return concatBytes(utf8(magic), new Uint8Array(number.buffer));
}

function ticketOf(ticketId: string): Uint8Array {
  const bytes = hexToBytes(ticketId);
  assert(bytes?.length === ticketBytes, 'a ticket id has 32 hexadecimal digits');
  return bytes;
}

const malformed = (cause: string): Result<never, FaceFileError> => err({ type: 'face-file-malformed', cause });
