// Where a gate keeps what belongs to one event: `events/NUMBER` in its data folder, with the journal, the replica and the ticket list.
// Events share nothing, so each can be looked at, carried away and deleted alone.
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';

export const eventFolder = (data: string, event: number): string => join(data, 'events', String(event));
export const journalPath = (data: string, event: number): string => join(eventFolder(data, event), 'journal.db');
export const replicaPath = (data: string, event: number): string => join(eventFolder(data, event), 'replica.db');
export const feedFolder = (data: string, event: number): string => join(eventFolder(data, event), 'feed');

/** What a gate of one event kept in the data folder itself; the databases last, so that a move that was cut off goes on. */
const formerNames = ['feed', 'replica.db-shm', 'replica.db-wal', 'replica.db', 'journal.db-shm', 'journal.db-wal'];

/** Makes the folder; brings in what an earlier version has left outside of it. Throws what the file system says. */
export function prepareEventFolder(data: string, event: number): void {
  const folder = eventFolder(data, event);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (!existsSync(join(data, 'journal.db'))) return;
  for (const name of [...formerNames, 'journal.db'])
    if (existsSync(join(data, name)) && !existsSync(join(folder, name)))
      renameSync(join(data, name), join(folder, name));
}
