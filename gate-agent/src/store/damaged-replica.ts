// Moves a damaged replica.db out of the way, so that an empty one is filled again from the journal and from peers: without it, a
// gate whose card has lost a page would admit but never exchange a mark again. Looks at every page and every chunk, which takes
// seconds with millions of marks: only for a replication thread that has died before.
import { existsSync, renameSync, rmSync } from 'node:fs';
import { bytesEqual, decodeChunk, sha256 } from '@postern/shared';
import { openDatabase } from './database.ts';

/** What is wrong with the file, when it had to be moved to `PATH.damaged` (in place of an earlier one); undefined when it is good. */
export function setAsideDamagedReplica(path: string): string | undefined {
  if (!existsSync(path)) return undefined;
  const damage = findDamage(path);
  if (damage === undefined) return undefined;
  // The log goes first: a new database must never find the pages of the old one in it.
  for (const suffix of ['-wal', '-shm']) rmSync(path + suffix, { force: true });
  renameSync(path, `${path}.damaged`);
  return damage;
}

function findDamage(path: string): string | undefined {
  try {
    const database = openDatabase(path);
    try {
      const answer = String(database.pragma('quick_check(1)', { simple: true }));
      if (answer !== 'ok') return answer.slice(0, 200);
      const hasChunks = database.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'chunk'").get() !== undefined;
      const chunks = hasChunks ? database.prepare('SELECT bytes FROM chunk').pluck().iterate() : [];
      for (const bytes of chunks as Iterable<Uint8Array>) if (!isWhole(new Uint8Array(bytes))) return 'a chunk that is not what was stored';
      return undefined;
    } finally {
      database.close();
    }
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
    // Anything else (a full disk, no rights) would not be better with an empty file.
    if (/^SQLITE_(?:CORRUPT|NOTADB)/.test(code)) return code;
    throw cause;
  }
}

function isWhole(bytes: Uint8Array): boolean {
  const chunk = decodeChunk(bytes);
  return chunk.ok && bytesEqual(sha256(chunk.value.payload), chunk.value.head.sha256);
}
