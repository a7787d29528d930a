import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { feedFolder, journalPath, prepareEventFolder, replicaPath } from '../../../gate-agent/src/event-folder.ts';
import { temporaryFolder } from '../../support/gate-store-harness.ts';

const names = ['journal.db', 'journal.db-wal', 'journal.db-shm', 'replica.db', 'replica.db-wal', 'replica.db-shm'];

test('what an earlier version kept in the data folder itself is brought into the event it is of, whole', () => {
  const data = temporaryFolder();
  mkdirSync(join(data, 'feed'));
  writeFileSync(join(data, 'feed/feed.db'), 'list');
  for (const name of names) writeFileSync(join(data, name), name);
  prepareEventFolder(data, 7);
  expect(readFileSync(join(feedFolder(data, 7), 'feed.db'), 'utf8')).toBe('list');
  for (const name of names) {
    expect(readFileSync(join(data, 'events/7', name), 'utf8')).toBe(name);
    expect(existsSync(join(data, name))).toBe(false);
  }
  prepareEventFolder(data, 8);
  expect([existsSync(journalPath(data, 8)), existsSync(replicaPath(data, 8))]).toEqual([false, false]);
});

test('a move that was cut off goes on at the next start', () => {
  const data = temporaryFolder();
  for (const name of names) writeFileSync(join(data, name), name);
  prepareEventFolder(data, 7);
  // As if only the log had been moved.
  writeFileSync(join(data, 'journal.db'), 'journal.db');
  rmSync(journalPath(data, 7));
  prepareEventFolder(data, 7);
  expect(readFileSync(journalPath(data, 7), 'utf8')).toBe('journal.db');
});
