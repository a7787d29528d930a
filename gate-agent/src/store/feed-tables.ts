// What feed.db holds: the manifest in use with whoever signed it, the deltas with the bytes that its hashes sign, and, where the disk is
// sealed, what the snapshot's file holds since it was sealed: the manifest only knows it unsealed.
import type { FileReference, Manifest } from '@postern/shared';
import { isPlainDatabase, type Database, type DiskKey } from './database.ts';

export const feedTablesSql = `
  CREATE TABLE IF NOT EXISTS feed (id INTEGER PRIMARY KEY CHECK (id = 1), manifest BLOB NOT NULL, signer_id TEXT NOT NULL, signer BLOB NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS delta (sha256 TEXT PRIMARY KEY, bytes BLOB NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS sealed_snapshot (id INTEGER PRIMARY KEY CHECK (id = 1), sha256 TEXT NOT NULL, bytes INTEGER NOT NULL) STRICT;
`;

export const snapshotName = ({ snapshot }: Pick<Manifest, 'snapshot'>): string =>
  `snapshot-${snapshot.database.sha256}.db`;

export const noteSealedSnapshot = (state: Database, { sha256, bytes }: FileReference): void =>
  void state.prepare('INSERT OR REPLACE INTO sealed_snapshot (id, sha256, bytes) VALUES (1, ?, ?)').run(sha256, bytes);

/** Undefined in a file of an earlier version, too. */
export function readSealedSnapshot(state: Database): FileReference | undefined {
  const isThere = state.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'sealed_snapshot'").get() !== undefined;
  return isThere
    ? (state.prepare('SELECT sha256, bytes FROM sealed_snapshot').get() as FileReference | undefined)
    : undefined;
}

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
