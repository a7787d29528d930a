// What to do with a database file that SQLite calls damaged and that can be had again from elsewhere: it is kept beside under another
// name, in place of an earlier one, and a new one takes its place. Never used for the journal.
import { renameSync, rmSync } from 'node:fs';

/** Whether an error of the driver says that the file is at fault; a full disk or missing rights would not be better with an empty file. */
export const isDamage = (cause: unknown): boolean =>
  cause instanceof Error && 'code' in cause && /^SQLITE_(?:CORRUPT|NOTADB)/.test(String(cause.code));

/** Moves a closed database to `PATH.damaged`. Its log goes first: a new database must never find the pages of the old one in it. */
export function setAside(path: string): void {
  for (const suffix of ['-wal', '-shm']) rmSync(path + suffix, { force: true });
  renameSync(path, `${path}.damaged`);
}
