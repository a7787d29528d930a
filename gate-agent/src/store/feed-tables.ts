// What feed.db holds: the manifest in use with whoever signed it, the deltas with the bytes that its hashes sign; where the disk is sealed,
// what the snapshot's file holds since it was sealed, since the manifest only knows it unsealed; and what is kept about the cloud.
import type { FileReference, Manifest } from '@postern/shared';
import { keptSchema, type Kept } from '../feed-store.ts';
import { isPlainDatabase, type Database, type DiskKey } from './database.ts';

export const feedTablesSql = `
  CREATE TABLE IF NOT EXISTS feed (id INTEGER PRIMARY KEY CHECK (id = 1), manifest BLOB NOT NULL, signer_id TEXT NOT NULL, signer BLOB NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS delta (sha256 TEXT PRIMARY KEY, bytes BLOB NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS kept (id INTEGER PRIMARY KEY CHECK (id = 1), json TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS sealed_snapshot (id INTEGER PRIMARY KEY CHECK (id = 1), sha256 TEXT NOT NULL, bytes INTEGER NOT NULL) STRICT;
`;

export const snapshotName = ({ snapshot }: Pick<Manifest, 'snapshot'>): string =>
  `snapshot-${snapshot.database.sha256}.db`;

export const noteSealedSnapshot = (state: Database, { sha256, bytes }: FileReference): void =>
  void state.prepare('INSERT OR REPLACE INTO sealed_snapshot (id, sha256, bytes) VALUES (1, ?, ?)').run(sha256, bytes);

/** In a file of an earlier version there is no such table. */
const hasTable = (state: Database, name: string): boolean =>
  state.prepare('SELECT 1 FROM sqlite_schema WHERE name = ?').get(name) !== undefined;

export const readSealedSnapshot = (state: Database): FileReference | undefined =>
  hasTable(state, 'sealed_snapshot')
    ? (state.prepare('SELECT sha256, bytes FROM sealed_snapshot').get() as FileReference | undefined)
    : undefined;

/** Damaged it is as if there were none: the signed list has the last word anyway. */
export function readKept(state: Database): Kept {
  if (!hasTable(state, 'kept')) return {};
  const json = state.prepare('SELECT json FROM kept').pluck().get() as string | undefined;
  try {
    return keptSchema.parse(JSON.parse(json ?? '{}'));
  } catch {
    // What was written here was whole; only somebody who has altered the file gets here.
    return {};
  }
}

export const writeKept = (state: Database, kept: Kept): void =>
  void state.prepare('INSERT OR REPLACE INTO kept (id, json) VALUES (1, ?)').run(JSON.stringify(kept));

/** What the file of a snapshot must hold to be the one that was signed. */
export const snapshotOnDisk = (
  state: Database,
  path: string,
  manifest: Manifest,
  key: DiskKey | undefined,
): FileReference => writtenAs(readSealedSnapshot(state), path, manifest, key);

/** A sealed file of which nobody has noted what it holds is none that was signed: then its hash differs. */
export const writtenAs = (
  sealed: FileReference | undefined,
  path: string,
  { snapshot }: Manifest,
  key: DiskKey | undefined,
): FileReference => (key === undefined || sealed === undefined || isPlainDatabase(path) ? snapshot.database : sealed);
