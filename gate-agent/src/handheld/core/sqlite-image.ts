// Reads an SQLite file that lies in memory, as much as the ticket list needs: rows of tables WITHOUT ROWID by their first column, and by a
// range of it (https://sqlite.org/fileformat2.html). So a phone uses the very file whose hash the manifest has signed, at once and without
// unpacking fifty thousand rows. It throws `ImageDamaged` for whatever is not such a file.

type SqliteValue = number | string | Uint8Array | null;
export type SqliteRow = readonly SqliteValue[];

export interface SqliteImage {
  readonly tables: readonly string[];
  readonly all: (table: string) => readonly SqliteRow[];
  /** The row whose first column is these bytes. */
  readonly find: (table: string, key: Uint8Array) => SqliteRow | undefined;
  /** Rows with `from <= first column < until`, in order, at most `max`. */
  readonly range: (table: string, from: Uint8Array, until: Uint8Array, max: number) => readonly SqliteRow[];
}

export class ImageDamaged extends Error {}

const magic = 'SQLite format 3\0';
const pageTypes = { interiorIndex: 2, leafIndex: 10, leafTable: 13 } as const;
/** A tree of pages of 512 bytes or more with 2^32 rows has fewer levels. */
const levelsMax = 20;
const schemaRowsMax = 100;
const allRowsMax = 1_000;

/** A page's cells, and what is below them. */
interface Page {
  readonly type: number;
  readonly cells: number;
  /** Where a cell begins in the file. */
  readonly cellAt: (index: number) => number;
  readonly rightmost: number;
}

export function openSqliteImage(bytes: Uint8Array): SqliteImage {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const pageBytes = bytes.length < 100 ? 0 : view.getUint16(16) === 1 ? 65_536 : view.getUint16(16);
  const isSqlite = new TextDecoder('latin1').decode(bytes.subarray(0, magic.length)) === magic;
  if (!isSqlite || pageBytes < 512 || bytes.length % pageBytes !== 0) throw new ImageDamaged('not an SQLite file');
  const usableBytes = pageBytes - (bytes[20] ?? 0);
  /** What is longer continues on another page, which no row of ours does. */
  const payloadBytesMax = Math.floor(((usableBytes - 12) * 64) / 255) - 23;

  const pageAt = (number: number): Page => {
    const start = (number - 1) * pageBytes;
    if (number < 1 || start >= bytes.length) throw new ImageDamaged(`no page ${number}`);
    const head = number === 1 ? start + 100 : start;
    const type = view.getUint8(head);
    const isInterior = type === pageTypes.interiorIndex;
    const cells = view.getUint16(head + 3);
    const pointers = head + (isInterior ? 12 : 8);
    if (pointers + cells * 2 > start + pageBytes) throw new ImageDamaged(`page ${number} has too many cells`);
    return {
      type,
      cells,
      rightmost: isInterior ? view.getUint32(head + 8) : 0,
      cellAt: (index) => {
        const offset = view.getUint16(pointers + index * 2);
        if (offset >= pageBytes) throw new ImageDamaged(`a cell of page ${number} lies outside`);
        return start + offset;
      },
    };
  };

  const varint = (at: number): readonly [value: number, next: number] => {
    let value = 0;
    for (let index = 0; index < 8; index++) {
      const byte = view.getUint8(at + index);
      value = value * 128 + (byte & 0x7f);
      if (byte < 0x80) return [value, at + index + 1];
    }
    return [value * 256 + view.getUint8(at + 8), at + 9];
  };

  /** Where the record of an index cell begins. */
  const recordAt = (page: Page, index: number): number => {
    const cell = page.cellAt(index) + (page.type === pageTypes.interiorIndex ? 4 : 0);
    const [payload, start] = varint(cell);
    if (payload > payloadBytesMax || start + payload > bytes.length) throw new ImageDamaged('a row that is too long');
    return start;
  };

  const readValue = (type: number, at: number): readonly [value: SqliteValue, bytes: number] => {
    if (type === 0) return [null, 0];
    if (type === 1) return [view.getInt8(at), 1];
    if (type === 2) return [view.getInt16(at), 2];
    if (type === 3) return [view.getInt8(at) * 65_536 + view.getUint16(at + 1), 3];
    if (type === 4) return [view.getInt32(at), 4];
    if (type === 5) return [view.getInt16(at) * 2 ** 32 + view.getUint32(at + 2), 6];
    if (type === 6) return [view.getInt32(at) * 2 ** 32 + view.getUint32(at + 4), 8];
    if (type === 8 || type === 9) return [type - 8, 0];
    if (type < 12) throw new ImageDamaged('a value of a kind that no list has');
    const length = (type - (type % 2 === 0 ? 12 : 13)) / 2;
    if (at + length > bytes.length) throw new ImageDamaged('a value that is cut off');
    const content = bytes.subarray(at, at + length);
    return [type % 2 === 0 ? content : new TextDecoder().decode(content), length];
  };

  const readRow = (record: number): SqliteRow => {
    const [headBytes, first] = varint(record);
    const row: SqliteValue[] = [];
    let content = record + headBytes;
    for (let at = first; at < record + headBytes;) {
      const [type, next] = varint(at);
      const [value, length] = readValue(type, content);
      row.push(value);
      content += length;
      at = next;
    }
    return row;
  };

  /** Of the first column and `key`, as SQLite orders BLOBs. */
  const compareKey = (record: number, key: Uint8Array): number => {
    const [headBytes, first] = varint(record);
    const [type] = varint(first);
    if (type < 12 || type % 2 !== 0) throw new ImageDamaged('a key that is no BLOB');
    const length = (type - 12) / 2;
    const start = record + headBytes;
    for (let index = 0; index < Math.min(length, key.length); index++) {
      const difference = view.getUint8(start + index) - (key[index] ?? 0);
      if (difference !== 0) return difference;
    }
    return length - key.length;
  };

  /** The first cell of a page whose key is not below `key`. */
  const lowerBound = (page: Page, key: Uint8Array): number => {
    let [low, high] = [0, page.cells];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (compareKey(recordAt(page, middle), key) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  };

  const childOf = (page: Page, index: number): number =>
    index === page.cells ? page.rightmost : view.getUint32(page.cellAt(index));

  const indexPage = (number: number, level: number): Page => {
    const page = pageAt(number);
    if (level > levelsMax || (page.type !== pageTypes.interiorIndex && page.type !== pageTypes.leafIndex))
      throw new ImageDamaged(`page ${number} belongs to no list`);
    return page;
  };

  const roots = new Map<string, number>();
  const schema = pageAt(1);
  if (schema.type !== pageTypes.leafTable || schema.cells > schemaRowsMax)
    throw new ImageDamaged('more in it than the tables of a snapshot');
  for (let index = 0; index < schema.cells; index++) {
    // Payload size and rowid go before the record.
    const [kind, name, , root] = readRow(varint(varint(schema.cellAt(index))[1])[1]);
    if (kind !== 'table' || typeof name !== 'string' || typeof root !== 'number')
      throw new ImageDamaged('more in it than the tables of a snapshot');
    roots.set(name, root);
  }
  const rootOf = (table: string): number => {
    const root = roots.get(table);
    if (root === undefined) throw new ImageDamaged(`no table ${table}`);
    return root;
  };

  /** In order, from the first key that is not below `from` on, until `visit` says that it is enough. */
  const walk = (
    number: number,
    from: Uint8Array | undefined,
    visit: (record: number) => boolean,
    level = 0,
  ): boolean => {
    const page = indexPage(number, level);
    const isInterior = page.type === pageTypes.interiorIndex;
    for (let index = from === undefined ? 0 : lowerBound(page, from); index <= page.cells; index++) {
      if (isInterior && !walk(childOf(page, index), from, visit, level + 1)) return false;
      if (index < page.cells && !visit(recordAt(page, index))) return false;
    }
    return true;
  };

  return {
    tables: [...roots.keys()],
    all: (table) => {
      const rows: SqliteRow[] = [];
      walk(rootOf(table), undefined, (record) => rows.push(readRow(record)) < allRowsMax);
      return rows;
    },
    find: (table, key) => {
      let number = rootOf(table);
      for (let level = 0; ; level++) {
        const page = indexPage(number, level);
        const index = lowerBound(page, key);
        if (index < page.cells) {
          const record = recordAt(page, index);
          if (compareKey(record, key) === 0) return readRow(record);
        }
        if (page.type === pageTypes.leafIndex) return undefined;
        number = childOf(page, index);
      }
    },
    range: (table, from, until, max) => {
      const rows: SqliteRow[] = [];
      walk(rootOf(table), from, (record) => {
        if (rows.length >= max || compareKey(record, until) >= 0) return false;
        rows.push(readRow(record));
        return true;
      });
      return rows;
    },
  };
}
