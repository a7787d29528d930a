// Backups of a SQLite deployment: a copy of the database as it is at one moment, checked and on the disk before it has its name. Whatever
// goes wrong, nothing half-done lies there under that name, and a backup never takes the place of anything.
import {
  chmodSync,
  closeSync,
  copyFileSync,
  existsSync,
  fsyncSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { err, ok, type Result } from '@postern/shared';
import { appliedMigrations, openDatabase } from './database.ts';
import { migrations } from './migrations/index.ts';
import { checkSqlite, copySqlite } from './sqlite.ts';

export type BackupError =
  | { readonly type: 'file-exists'; readonly file: string }
  | { readonly type: 'folder-missing'; readonly folder: string }
  | { readonly type: 'disk-full'; readonly folder: string }
  | { readonly type: 'copy-damaged'; readonly cause: string }
  | { readonly type: 'not-a-backup'; readonly file: string; readonly cause: string }
  /** A newer program has made it; `migrations` are the ones that this one does not know. */
  | { readonly type: 'backup-newer'; readonly migrations: readonly string[] }
  | { readonly type: 'backup-failed'; readonly cause: string };

export interface Backup {
  readonly file: string;
  readonly bytes: number;
}
export type BackupProgress = (done: number, total: number) => void;

/** Copies the database in `from` to `file`, also while the service runs. */
export const backupSqlite = (
  from: string,
  file: string,
  progress: BackupProgress = () => undefined,
): Promise<Result<Backup, BackupError>> =>
  writeNew(file, async (partial) => {
    await copySqlite(from, partial, progress);
    const flaw = checkSqlite(partial);
    return flaw === undefined ? undefined : { type: 'copy-damaged', cause: flaw };
  });

/**
 * Puts a copy of the backup in `from` where `file` is to be. `prepare` gets its name before that: what it makes of the database is there
 * with the file, or not at all. Refuses what is no whole database of this program or an earlier one.
 */
export async function restoreSqlite<E extends { readonly type: string }>(
  from: string,
  file: string,
  prepare: (partial: string) => Promise<E | undefined>,
): Promise<Result<Backup, BackupError | E>> {
  if (!existsSync(from)) return err({ type: 'not-a-backup', file: from, cause: 'there is no such file' });
  // A database that is in use, or was copied by hand: part of it lies there.
  if ((statSync(`${from}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0)
    return err({ type: 'not-a-backup', file: from, cause: 'it is a database in use, of which a part lies beside it' });
  return writeNew<E>(file, async (partial) => {
    copyFileSync(from, partial);
    const flaw = checkSqlite(partial);
    if (flaw !== undefined) return { type: 'not-a-backup', file: from, cause: flaw };
    return (await refuseForeign(partial, from)) ?? prepare(partial);
  });
}

async function refuseForeign(partial: string, file: string): Promise<BackupError | undefined> {
  const opened = openDatabase(`sqlite:${partial}`);
  if (!opened.ok) return { type: 'not-a-backup', file, cause: opened.error.type };
  try {
    const applied = await appliedMigrations(opened.value);
    if (applied.length === 0) return { type: 'not-a-backup', file, cause: 'no cloud-sync has made this database' };
    const unknown = applied.filter((name) => migrations[name] === undefined);
    return unknown.length === 0 ? undefined : { type: 'backup-newer', migrations: unknown };
  } finally {
    await opened.value.destroy();
  }
}

/** Gives `file` its name once all of it is on the disk. */
async function writeNew<E extends { readonly type: string }>(
  file: string,
  write: (partial: string) => Promise<BackupError | E | undefined>,
): Promise<Result<Backup, BackupError | E>> {
  const path = resolve(file);
  const folder = dirname(path);
  if (existsSync(path)) return err({ type: 'file-exists', file: path });
  if (!existsSync(folder)) return err({ type: 'folder-missing', folder });
  const partial = join(folder, `.${basename(path)}.${process.pid}.partial`);
  try {
    // It holds what only the service may read.
    closeSync(openSync(partial, 'wx', 0o600));
    const failed = await write(partial);
    if (failed !== undefined) return err(failed);
    chmodSync(partial, 0o600);
    sync(partial);
    // Whoever has made one meanwhile keeps it.
    if (existsSync(path)) return err({ type: 'file-exists', file: path });
    renameSync(partial, path);
    sync(folder);
    return ok({ file: path, bytes: statSync(path).size });
  } catch (cause) {
    return err(explainCause(cause, folder));
  } finally {
    for (const suffix of ['', '-journal', '-wal', '-shm']) rmSync(partial + suffix, { force: true });
  }
}

function sync(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function explainCause(cause: unknown, folder: string): BackupError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  if (code === 'SQLITE_FULL' || code === 'ENOSPC' || code === 'EDQUOT') return { type: 'disk-full', folder };
  return { type: 'backup-failed', cause: cause instanceof Error ? cause.message : String(cause) };
}
