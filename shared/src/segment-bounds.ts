// How much a piece of Automerge's binary format would expand to, read from its column heads without expanding anything: 108 bytes
// can decode to a million operations and a gigabyte. A receiver asks here before Automerge sees a byte.
// Format: https://automerge.org/automerge-binary-format-spec/ (chunk container, change chunk, document chunk, columns).
import { err, ok, type Result } from './result.ts';

export type BoundsError = { readonly type: 'segment-invalid'; readonly cause: string };

const magic = [0x85, 0x6f, 0x4a, 0x83];
const chunkTypes = { document: 0, change: 1 } as const;
/** Column specification bits: three of type, one that says deflated, the rest an id. */
const deflatedBit = 8;
const columnTypes = { delta: 3, boolean: 4, text: 5, raw: 7 } as const;
/** A segment's marks repeat, so two columns of a saved one are deflated: the values and their lengths. */
const deflatedAllowed: readonly number[] = [0x56, 0x57];
const columnsMax = 64;

/** Refuses a change (uncompressed, one chunk, nothing behind it) in which any column has more than `rowsMax` rows. */
export function checkChangeBounds(bytes: Uint8Array, rowsMax: number): Result<void, BoundsError> {
  return guarded(() => {
    const cursor = openChunk(bytes, chunkTypes.change);
    skipMany(cursor, readUnsigned(cursor), 32); // dependencies
    skip(cursor, readUnsigned(cursor)); // actor
    readUnsigned(cursor); // sequence
    readUnsigned(cursor); // first operation
    readUnsigned(cursor); // time: zero, where signed and unsigned look alike; anything longer is refused by the ledger
    skip(cursor, readUnsigned(cursor)); // message
    const actors = readUnsigned(cursor);
    if (actors !== 0) throw new Refused('a change that names other actors');
    const columns = readColumns(cursor, []);
    if (cursor.offset + columns.reduce((sum, column) => sum + column.length, 0) !== bytes.length)
      throw new Refused('bytes behind the columns of a change');
    checkColumns(cursor, columns, rowsMax);
  });
}

/** Refuses a saved document (one chunk, nothing behind it) in which any column has more than `rowsMax` rows. */
export function checkDocumentBounds(bytes: Uint8Array, rowsMax: number): Result<void, BoundsError> {
  return guarded(() => {
    const cursor = openChunk(bytes, chunkTypes.document);
    const actors = readUnsigned(cursor);
    if (actors !== 1) throw new Refused('a document of several actors');
    skip(cursor, readUnsigned(cursor));
    const heads = readUnsigned(cursor);
    if (heads !== 1) throw new Refused('a document with several heads');
    skip(cursor, 32);
    const changeColumns = readColumns(cursor, []);
    const operationColumns = readColumns(cursor, deflatedAllowed);
    checkColumns(cursor, changeColumns, rowsMax);
    checkColumns(cursor, operationColumns, rowsMax);
  });
}

interface Cursor {
  readonly bytes: Uint8Array;
  offset: number;
}

interface Column {
  readonly specification: number;
  readonly length: number;
}

class Refused extends Error {}

function guarded(check: () => void): Result<void, BoundsError> {
  try {
    check();
    return ok(undefined);
  } catch (cause) {
    if (cause instanceof Refused) return err({ type: 'segment-invalid', cause: cause.message });
    throw cause;
  }
}

function openChunk(bytes: Uint8Array, type: number): Cursor {
  if (magic.some((byte, index) => bytes[index] !== byte)) throw new Refused('not an Automerge chunk');
  if (bytes[8] !== type) throw new Refused('an Automerge chunk of another type');
  const cursor = { bytes, offset: 9 };
  if (readUnsigned(cursor) !== bytes.length - cursor.offset) throw new Refused('an Automerge chunk of another length');
  return cursor;
}

function readColumns(cursor: Cursor, deflated: readonly number[]): readonly Column[] {
  const count = readUnsigned(cursor);
  if (count > columnsMax) throw new Refused('more columns than the format has');
  const columns: Column[] = [];
  for (let index = 0; index < count; index++) {
    const specification = readUnsigned(cursor);
    const length = readUnsigned(cursor);
    if ((specification & deflatedBit) !== 0 && !deflated.includes(specification & ~deflatedBit))
      throw new Refused('a deflated column where none belongs');
    columns.push({ specification, length });
  }
  return columns;
}

function checkColumns(cursor: Cursor, columns: readonly Column[], rowsMax: number): void {
  for (const { specification, length } of columns) {
    const start = cursor.offset;
    skip(cursor, length);
    const type = specification & 7;
    if (type === columnTypes.raw || (specification & deflatedBit) !== 0) continue;
    if (countRows({ bytes: cursor.bytes.subarray(0, cursor.offset), offset: start }, type, rowsMax) > rowsMax)
      throw new Refused(`more than ${rowsMax} rows in a column`);
  }
}

/** Rows that a run-length encoded column claims; stops counting beyond `rowsMax`. */
function countRows(cursor: Cursor, type: number, rowsMax: number): number {
  let rows = 0;
  const skipValue = (): void => {
    if (type === columnTypes.text) skip(cursor, readUnsigned(cursor));
    else if (type === columnTypes.delta) readSigned(cursor);
    else readUnsigned(cursor);
  };
  while (cursor.offset < cursor.bytes.length && rows <= rowsMax) {
    if (type === columnTypes.boolean) {
      rows += readUnsigned(cursor);
      continue;
    }
    const run = readSigned(cursor);
    if (run > 0) {
      rows += run;
      skipValue();
    } else if (run < 0) {
      for (let index = 0; index < -run && rows <= rowsMax; index++, rows++) skipValue();
    } else {
      rows += readUnsigned(cursor);
    }
  }
  return rows;
}

function skip(cursor: Cursor, count: number): void {
  if (count > cursor.bytes.length - cursor.offset) throw new Refused('an Automerge chunk that is cut off');
  cursor.offset += count;
}

function skipMany(cursor: Cursor, count: number, size: number): void {
  if (count > 1) throw new Refused('a change with several dependencies');
  skip(cursor, count * size);
}

/** LEB128, at most 2^53 - 1; as a float, so that no length wraps round. */
function readUnsigned(cursor: Cursor): number {
  let value = 0;
  for (let scale = 1; ; scale *= 128) {
    const byte = cursor.bytes[cursor.offset++];
    if (byte === undefined) throw new Refused('an Automerge chunk that is cut off');
    value += (byte & 127) * scale;
    if (value > Number.MAX_SAFE_INTEGER) throw new Refused('a number out of range');
    if (byte < 128) return value;
  }
}

function readSigned(cursor: Cursor): number {
  let value = 0;
  for (let scale = 1; ; scale *= 128) {
    const byte = cursor.bytes[cursor.offset++];
    if (byte === undefined) throw new Refused('an Automerge chunk that is cut off');
    value += (byte & 127) * scale;
    if (value > Number.MAX_SAFE_INTEGER) throw new Refused('a number out of range');
    if (byte < 128) return (byte & 64) !== 0 ? value - scale * 128 : value;
  }
}
