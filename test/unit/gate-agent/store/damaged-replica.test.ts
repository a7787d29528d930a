// What counts as a damaged replica, and what happens to its files.
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { setAsideDamagedReplica } from '../../../../gate-agent/src/store/damaged-replica.ts';
import { replicaTablesSql } from '../../../../gate-agent/src/store/replica-tables.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'postern-damaged-'));
  path = join(folder, 'replica.db');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function makeReplica(chunk?: Uint8Array): void {
  const database = new Sqlite(path);
  database.exec(replicaTablesSql);
  if (chunk !== undefined)
    database
      .prepare("INSERT INTO chunk (event, gate, boot, segment, kind, bytes) VALUES (7, 'a', 'b', 0, 'whole', ?)")
      .run(chunk);
  database.close();
}

test('none, a new one and a good one stay where they are', () => {
  expect(setAsideDamagedReplica(path)).toBeUndefined();
  writeFileSync(path, '');
  expect(setAsideDamagedReplica(path)).toBeUndefined();
  makeReplica();
  expect(setAsideDamagedReplica(path)).toBeUndefined();
  expect(existsSync(path)).toBe(true);
});

test('one that is no database goes, and its log with it', () => {
  writeFileSync(path, Buffer.alloc(20_000, 7));
  writeFileSync(`${path}-wal`, Buffer.alloc(5_000, 7));
  expect(setAsideDamagedReplica(path)).toBe('file is not a database');
  expect(readdirSync(folder)).toEqual(['replica.db.damaged']);
});

test('one with a chunk that no gate has signed goes', () => {
  makeReplica(Uint8Array.of(1, 2, 3));
  expect(setAsideDamagedReplica(path)).toMatch(/chunk/);
  expect(existsSync(path)).toBe(false);
});
