// The one Automerge change that puts a mark behind a segment's last one, byte for byte as Automerge makes it (a test compares them). A
// segment is a pure function of its marks, so who has these has the changes too, and their hashes: nothing else needs to travel or
// to be believed, and no Automerge is needed to check a tail.
// Format: https://automerge.org/automerge-binary-format-spec/ (chunk container, change chunk, operation columns).
import { sha256 } from './crypto.ts';

const magic = Uint8Array.of(0x85, 0x6f, 0x4a, 0x83);
const changeType = 1;
const checksumBytes = 4;
/** Room before a change's body for what is known last: magic, checksum, type and the body's length. */
const headRoomBytes = 16;
/** More than a body has beside its mark. */
const bodyBytesMax = 160;

/**
 * The parts of a change's columns that are the same for every mark, in order. Between them stand what differs: the lengths of the
 * element's number, of the value's type and of the value, then the first two and the mark themselves. The first change of a segment has
 * two operations, making the list `marks` and inserting at its head; a later one inserts behind the last element.
 */
const first = {
  numberLength: undefined,
  beforeTypeLength: [9, 0x01, 4, 0x02, 4, 0x13, 4, 0x15, 9, 0x34, 2, 0x42, 3, 0x56],
  beforeNumber: [],
  beforeType: [
    0, 1, 0x7f, 0, 0, 1, 0x7f, 1, 0, 1, 0x7f, 0, 0x7f, 5, 0x6d, 0x61, 0x72, 0x6b, 0x73, 0, 1, 1, 1, 0x7e, 2, 1, 0x7e, 0,
  ],
  afterMark: [2, 0],
} as const;
const later = {
  numberLength: [9, 0x01, 2, 0x02, 2, 0x11, 2, 0x13],
  beforeTypeLength: [0x34, 2, 0x42, 2, 0x56],
  beforeNumber: [0x7f, 0, 0x7f, 1, 0x7f, 0, 0x7f],
  beforeType: [0, 1, 0x7f, 1, 0x7f],
  afterMark: [0x7f, 0],
} as const;

export interface MarkChange {
  readonly bytes: Uint8Array;
  /** 32 bytes: SHA-256, which commits to this mark and all before it. */
  readonly hash: Uint8Array;
}

interface Output {
  readonly bytes: Uint8Array;
  at: number;
}

/**
 * @param actor 16 bytes, of the segment
 * @param index of the mark in its segment, from 0 on
 * @param before hash of the change before; ignored for the first mark
 * @param mark at least one byte
 */
export function encodeMarkChange(actor: Uint8Array, index: number, before: Uint8Array, mark: Uint8Array): MarkChange {
  const out = { bytes: new Uint8Array(headRoomBytes + bodyBytesMax + mark.length), at: headRoomBytes };
  putBody(out, actor, index, before, mark);
  const bodyBytes = out.at - headRoomBytes;
  const start = headRoomBytes - 1 - unsignedBytes(bodyBytes);
  const end = out.at;
  out.at = start;
  put(out, [changeType]);
  putUnsigned(out, bodyBytes);
  const hash = sha256(out.bytes.subarray(start, end));
  out.at = start - checksumBytes - magic.length;
  const bytes = out.bytes.subarray(out.at, end);
  put(out, magic);
  put(out, hash.subarray(0, checksumBytes));
  return { bytes, hash };
}

function putBody(out: Output, actor: Uint8Array, index: number, before: Uint8Array, mark: Uint8Array): void {
  const fixed = index === 0 ? first : later;
  /** A value's type and length: 7 is bytes. */
  const type = mark.length * 16 + 7;
  put(out, [index === 0 ? 0 : 1]);
  if (index > 0) put(out, before);
  put(out, [actor.length]);
  put(out, actor);
  // Sequence of the change, its first operation, and neither time nor message nor other actors.
  putUnsigned(out, index + 1);
  putUnsigned(out, index === 0 ? 1 : index + 2);
  put(out, [0, 0, 0]);
  if (fixed.numberLength !== undefined) {
    put(out, fixed.numberLength);
    put(out, [1 + signedBytes(index + 1)]);
  }
  put(out, fixed.beforeTypeLength);
  put(out, [(index === 0 ? 2 : 1) + unsignedBytes(type), 0x57]);
  putUnsigned(out, mark.length);
  put(out, [0x70, 2]);
  put(out, fixed.beforeNumber);
  if (index > 0) putSigned(out, index + 1);
  put(out, fixed.beforeType);
  putUnsigned(out, type);
  put(out, mark);
  put(out, fixed.afterMark);
}

function put(out: Output, bytes: ArrayLike<number>): void {
  out.bytes.set(bytes, out.at);
  out.at += bytes.length;
}

/** LEB128. */
function putUnsigned(out: Output, value: number): void {
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) out.bytes[out.at++] = (rest % 128) + 128;
  out.bytes[out.at++] = rest;
}

/** The same with room for a sign: a positive number must not end in a byte that looks negative. */
function putSigned(out: Output, value: number): void {
  putUnsigned(out, value);
  const last = out.bytes[out.at - 1] ?? 0;
  if (last < 64) return;
  out.bytes[out.at - 1] = last + 128;
  out.bytes[out.at++] = 0;
}

const unsignedBytes = (value: number): number => (value < 128 ? 1 : 1 + unsignedBytes(Math.floor(value / 128)));
const signedBytes = (value: number): number => (value < 64 ? 1 : 1 + signedBytes(Math.floor(value / 128)));
