// All signed chunks of an event as replica.db holds them, or those of one gate, read-only, also while the agent works on it: what is
// carried away.
import { existsSync } from 'node:fs';
import { decodeChunk, type SignedChunk } from '@postern/shared';
import { openDatabase, type DiskKey } from './database.ts';

export interface StoredChunks {
  /** In the order in which they must be taken in; one reading sees one state. */
  readonly chunks: () => Generator<SignedChunk>;
  /** What they hold. */
  readonly count: { readonly marks: number; readonly gates: number };
  readonly close: () => void;
}

/** Throws when the file is there and cannot be read. */
export function openStoredChunks(
  path: string,
  event: number,
  { key, gate }: { readonly key?: DiskKey | undefined; readonly gate?: string } = {},
): StoredChunks {
  if (!existsSync(path)) return { chunks: function* () {}, count: { marks: 0, gates: 0 }, close: () => undefined };
  const database = openDatabase(path, { readonly: true, key });
  database.exec('BEGIN');
  const has = database.prepare("SELECT count(*) FROM sqlite_schema WHERE name = 'chunk'").pluck().get() === 1;
  const marks = has
    ? (database
        .prepare(
          'SELECT count(DISTINCT gate) AS gates, coalesce(sum(count), 0) AS marks FROM segment WHERE event = ? AND gate = coalesce(?, gate)',
        )
        .get(event, gate ?? null) as StoredChunks['count'])
    : { marks: 0, gates: 0 };
  return {
    chunks: function* () {
      if (!has) return;
      const rows = database
        .prepare(
          'SELECT bytes FROM chunk WHERE event = ? AND gate = coalesce(?, gate) ORDER BY gate, boot, segment, id',
        )
        .pluck()
        .iterate(event, gate ?? null) as IterableIterator<Uint8Array>;
      for (const bytes of rows) {
        const chunk = decodeChunk(new Uint8Array(bytes));
        // A flipped bit on the card: what is right goes along, this one is learned again from others.
        if (chunk.ok) yield chunk.value;
      }
    },
    count: marks,
    close: () => void database.close(),
  };
}
