// The content of a table as one number that is the same on every database: rows in a canonical form, hashed one by one and summed, so
// that it does not matter in which order they are read.
import { createHash } from 'node:crypto';
import { assert } from '@postern/shared';

export type Row = Readonly<Record<string, unknown>>;

export interface TableHash {
  readonly add: (row: Row) => void;
  readonly rows: () => number;
  /** Hexadecimal, 256 bits. */
  readonly digest: () => string;
}

const modulus = 2n ** 256n;

/** `columns`: the names of all of them; their order in a row does not matter. */
export function createTableHash(columns: readonly string[]): TableHash {
  const ordered = columns.toSorted();
  let rows = 0;
  let sum = 0n;
  return {
    add: (row) => {
      rows += 1;
      sum = (sum + hashRow(ordered, row)) % modulus;
    },
    rows: () => rows,
    digest: () => sum.toString(16).padStart(64, '0'),
  };
}

function hashRow(columns: readonly string[], row: Row): bigint {
  const hash = createHash('sha256');
  // Every value says its kind and its length, so that no two different rows are written alike.
  for (const column of columns) {
    const value = row[column];
    if (value === null) hash.update('n;');
    else if (typeof value === 'number') hash.update(`i${value};`);
    else if (typeof value === 'string') hash.update(`t${Buffer.byteLength(value)};${value}`);
    else {
      assert(value instanceof Uint8Array, `column ${column} has numbers, texts or bytes`);
      hash.update(`b${value.length};`).update(value);
    }
  }
  return BigInt(`0x${hash.digest('hex')}`);
}
