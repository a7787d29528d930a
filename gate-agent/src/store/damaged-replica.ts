// Moves a damaged replica.db out of the way, so that an empty one is filled again from the journal and from peers: without it, a
// gate whose card has lost a page would admit but never exchange a mark again. Looks at every page and every chunk, which takes
// seconds with millions of marks: only for a replication thread that has died before.
import { existsSync } from 'node:fs';
import { bytesEqual, decodeChunk, sha256 } from '@postern/shared';
import { openDatabase, type DiskKey } from './database.ts';
import { isDamage, setAside } from './set-aside.ts';

/** What is wrong with the file, when it had to be moved aside; undefined when it is good. */
export function setAsideDamagedReplica(path: string, key?: DiskKey): string | undefined {
  if (!existsSync(path)) return undefined;
  const damage = findDamage(path, key);
  if (damage === undefined) return undefined;
  setAside(path);
  return damage;
}

function findDamage(path: string, key: DiskKey | undefined): string | undefined {
  try {
    const database = openDatabase(path, { key });
    try {
      const answer = String(database.pragma('quick_check(1)', { simple: true }));
      if (answer !== 'ok') return answer.slice(0, 200);
      const hasChunks =
        database.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'chunk'").get() !== undefined;
      const chunks = hasChunks ? database.prepare('SELECT bytes FROM chunk').pluck().iterate() : [];
      for (const bytes of chunks as Iterable<Uint8Array>)
        if (!isWhole(new Uint8Array(bytes))) return 'a chunk that is not what was stored';
      return undefined;
    } finally {
      database.close();
    }
  } catch (cause) {
    if (!isDamage(cause)) throw cause;
    return cause instanceof Error ? cause.message : 'damaged';
  }
}

function isWhole(bytes: Uint8Array): boolean {
  const chunk = decodeChunk(bytes);
  return chunk.ok && bytesEqual(sha256(chunk.value.payload), chunk.value.head.sha256);
}
