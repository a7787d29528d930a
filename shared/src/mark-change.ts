// The one Automerge change that puts a mark behind a segment's last one, byte for byte as Automerge makes it (a test compares them). A
// segment is a pure function of its marks, so who has these has the changes too, and their hashes: nothing else needs to travel or
// to be believed, and no Automerge is needed to check a tail.
// Format: https://automerge.org/automerge-binary-format-spec/ (chunk container, change chunk, operation columns).
import { concatBytes, utf8 } from './bytes.ts';
import { sha256 } from './crypto.ts';

const magic = Uint8Array.of(0x85, 0x6f, 0x4a, 0x83);
const changeType = 1;
const listName = utf8('marks');
/** Number of a column, and its content where that is the same for every mark. */
type Column = readonly [specification: number, content: Uint8Array];
const literal = (...bytes: readonly number[]): Uint8Array => Uint8Array.of(0x7f, ...bytes);
const nullThen = (byte: number): Uint8Array => Uint8Array.of(0x00, 0x01, 0x7f, byte);

export interface MarkChange {
  readonly bytes: Uint8Array;
  /** 32 bytes: SHA-256, which commits to this mark and all before it. */
  readonly hash: Uint8Array;
}

/**
 * @param actor 16 bytes, of the segment
 * @param index of the mark in its segment, from 0 on
 * @param before hash of the change before; ignored for the first mark
 * @param mark at least one byte
 */
export function encodeMarkChange(actor: Uint8Array, index: number, before: Uint8Array, mark: Uint8Array): MarkChange {
  const columns = index === 0 ? firstColumns(mark) : laterColumns(index, mark);
  const body = concatBytes(
    ...(index === 0 ? [Uint8Array.of(0)] : [Uint8Array.of(1), before]),
    Uint8Array.of(actor.length),
    actor,
    // Sequence of the change, its first operation, and neither time nor message nor other actors.
    Uint8Array.of(...unsigned(index + 1), ...unsigned(index === 0 ? 1 : index + 2), 0, 0, 0),
    Uint8Array.of(
      columns.length,
      ...columns.flatMap(([specification, { length }]) => [specification, ...unsigned(length)]),
    ),
    ...columns.map(([, content]) => content),
  );
  const container = concatBytes(Uint8Array.of(changeType, ...unsigned(body.length)), body);
  const hash = sha256(container);
  return { bytes: concatBytes(magic, hash.subarray(0, 4), container), hash };
}

/** Two operations: the list `marks` is made, the mark inserted at its head. */
const firstColumns = (mark: Uint8Array): readonly Column[] => [
  [0x01, nullThen(0)],
  [0x02, nullThen(1)],
  [0x13, nullThen(0)],
  [0x15, Uint8Array.of(0x7f, listName.length, ...listName, 0x00, 0x01)],
  [0x34, Uint8Array.of(1, 1)],
  [0x42, Uint8Array.of(0x7e, 2, 1)],
  [0x56, Uint8Array.of(0x7e, 0, ...bytesOfLength(mark.length))],
  [0x57, mark],
  [0x70, Uint8Array.of(2, 0)],
];

/** One operation: the mark is inserted behind the last element, whose number follows from the index. */
const laterColumns = (index: number, mark: Uint8Array): readonly Column[] => [
  [0x01, literal(0)],
  [0x02, literal(1)],
  [0x11, literal(0)],
  [0x13, literal(...signed(index + 1))],
  [0x34, Uint8Array.of(0, 1)],
  [0x42, literal(1)],
  [0x56, literal(...bytesOfLength(mark.length))],
  [0x57, mark],
  [0x70, literal(0)],
];

/** A value's type and length: 7 is bytes. */
const bytesOfLength = (length: number): readonly number[] => unsigned(length * 16 + 7);

/** LEB128. */
function unsigned(value: number): readonly number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return [...bytes, rest];
    bytes.push((rest % 128) + 128);
  }
}

/** The same with room for a sign: a positive number must not end in a byte that looks negative. */
function signed(value: number): readonly number[] {
  const bytes = [...unsigned(value)];
  const last = bytes.at(-1) ?? 0;
  return last < 64 ? bytes : [...bytes.slice(0, -1), last + 128, 0];
}
