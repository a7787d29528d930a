// Seals what an earlier start has left unsealed in a data folder. Each file is copied, the copy is sealed, checked and made durable,
// and only then takes the file's place: a power cut at any point leaves the one or the other whole, and the next start goes on.
// What cannot be sealed (no room) stays as it is and works on: a gate has to start.
import { closeSync, copyFileSync, existsSync, fsyncSync, openSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { verifyManifest, type FileReference, type Logger, type Manifest } from '@postern/shared';
import { feedTablesSql, noteSealedSnapshot, snapshotName } from './feed-tables.ts';
import { checkFile } from './feed-file.ts';
import { isPlainDatabase, openDatabase, sealInPlace, type DiskKey } from './database.ts';
import { sealSnapshot } from './unpacked-snapshot.ts';

export interface SealDeps {
  readonly key: DiskKey;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

const databaseNames = ['journal.db', 'replica.db'];

/** Of every event that has a folder in `data`, whether gate.toml names it or not. Nobody else may have them open. */
export async function sealFolder(data: string, deps: SealDeps): Promise<void> {
  for (const folder of eventFolders(data)) {
    for (const path of leftovers(folder)) rmSync(path, { force: true });
    for (const name of databaseNames) await attempt(join(folder, name), deps, (path) => sealFile(path, deps.key));
    await attempt(join(folder, 'feed', 'feed.db'), deps, (path) => sealFeed(path, deps));
  }
}

/** What is still unsealed, for the doctor. */
export const unsealedFiles = (data: string): readonly string[] =>
  eventFolders(data)
    .flatMap((folder) => [
      ...databaseNames.map((name) => join(folder, name)),
      ...listed(join(folder, 'feed')).filter((path) => path.endsWith('.db')),
    ])
    .filter(isPlainDatabase);

async function attempt(
  path: string,
  { logger }: SealDeps,
  seal: (path: string) => Promise<void> | void,
): Promise<void> {
  if (!isPlainDatabase(path)) return;
  try {
    await seal(path);
    logger.info({ path }, 'A database has been sealed');
  } catch (cause) {
    rmSync(copyOf(path), { force: true });
    logger.error({ path, cause: String(cause) }, 'A database could not be sealed and is used as it is');
  }
}

const copyOf = (path: string): string => `${path}.sealing`;

function sealFile(path: string, key: DiskKey): void {
  const plain = openDatabase(path);
  try {
    // Folds the log into the file; refused while another process has it open.
    const mode: unknown = plain.pragma('journal_mode = DELETE', { simple: true });
    if (mode !== 'delete') throw new Error('another process has it open');
  } finally {
    plain.close();
  }
  const copy = copyOf(path);
  copyFileSync(path, copy);
  sealInPlace(copy, key);
  const sealed = openDatabase(copy, { key });
  try {
    const answer = String(sealed.pragma('quick_check(1)', { simple: true }));
    if (answer !== 'ok') throw new Error(answer);
    sealed.pragma('journal_mode = DELETE');
  } finally {
    sealed.close();
  }
  syncSync(copy);
  renameSync(copy, path);
  syncSync(dirname(path));
}

/** The snapshot first: while feed.db is unsealed there is something to be done. */
async function sealFeed(path: string, deps: SealDeps): Promise<void> {
  const folder = dirname(path);
  const manifest = readManifest(path);
  const snapshotPath = manifest && join(folder, snapshotName(manifest));
  if (manifest !== undefined && snapshotPath !== undefined && isPlainDatabase(snapshotPath)) {
    const right = await checkFile(snapshotPath, manifest.snapshot.database, 'snapshot', deps.signal);
    const copy = copyOf(snapshotPath);
    const sealed = right.ok ? await sealSnapshot(snapshotPath, copy, { manifest, ...deps }) : right;
    if (!sealed.ok) throw new Error(`the ticket list is not what was signed: ${sealed.error.type}`);
    note(path, sealed.value);
    renameSync(copy, snapshotPath);
    syncSync(folder);
  }
  sealFile(path, deps.key);
}

/** Holds for the sealed file only, so it may come before that. */
function note(path: string, file: FileReference): void {
  const state = openDatabase(path);
  try {
    state.exec(feedTablesSql);
    noteSealedSnapshot(state, file);
  } finally {
    state.close();
  }
}

function readManifest(path: string): Manifest | undefined {
  const database = openDatabase(path, { readonly: true });
  try {
    const row = database.prepare('SELECT manifest, signer_id, signer FROM feed').get() as
      | { manifest: Uint8Array; signer_id: string; signer: Uint8Array }
      | undefined;
    const verified = row && verifyManifest(row.manifest, [{ keyId: row.signer_id, publicKey: row.signer }]);
    return verified?.ok === true ? verified.value : undefined;
  } finally {
    database.close();
  }
}

/** Copies that were broken off, downloads, and what was set aside before there was a key. */
const leftovers = (folder: string): readonly string[] =>
  [...listed(folder), ...listed(join(folder, 'feed'))].filter(
    (path) =>
      /\.(?:sealing|part|plain)(?:-wal|-shm)?$|\/download-[0-9a-f]+$/.test(path) ||
      (path.endsWith('.damaged') && isPlainDatabase(path)),
  );

const eventFolders = (data: string): readonly string[] => listed(join(data, 'events'));
const listed = (folder: string): readonly string[] =>
  existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [];

function syncSync(path: string): void {
  const file = openSync(path, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
