// Goal: the cloud's replica store passes the same acceptance suite as a gate's, and derives from every mark once.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import type { ReplicaStore } from '@postern/shared';
import { migrate, openDatabase, type Database } from '../../cloud-sync/src/store/database.ts';
import { createReplicaStore } from '../../cloud-sync/src/store/replica.ts';
import { createTestDatabase, databaseKind } from '../support/database.ts';
import { describeReplicaStoreContract } from './replica-store.ts';

const folder = mkdtempSync(join(tmpdir(), 'postern-cloud-replica-'));
const opened: Database[] = [];
let folders = 0;
afterAll(async () => {
  await Promise.all(opened.map((database) => database.destroy()));
  rmSync(folder, { recursive: true });
});

describeReplicaStoreContract(`the cloud on ${databaseKind()}`, async () => {
  const own = join(folder, String(folders++));
  mkdirSync(own);
  const { url } = await createTestDatabase(own);
  const open = async (): Promise<ReplicaStore> => {
    const database = openDatabase(url);
    if (!database.ok) throw new Error(JSON.stringify(database.error));
    opened.push(database.value);
    await migrate(database.value);
    return createReplicaStore({
      database: database.value,
      clock: { wallMs: () => 1_700_000_000_000, monotonicMs: () => 0 },
      derive: async () => undefined,
      underive: async () => undefined,
    });
  };
  let store = await open();
  return { events: [1, 2], store: () => store, restart: async () => void (store = await open()) };
});
