import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { createJournalReader } from '../../gate-agent/src/store/journal-reader.ts';
import { openReplica, type GateReplica } from '../../gate-agent/src/store/replica.ts';
import { createMemoryReplicaStore, type MemoryReplicaStore } from '../../scripts/sim/memory-replica-store.ts';
import { describeReplicaStoreContract } from './replica-store.ts';

const folder = mkdtempSync(join(tmpdir(), 'postern-replica-'));
let files = 0;
let opened: GateReplica | undefined;
afterAll(() => {
  opened?.close();
  rmSync(folder, { recursive: true });
});

describeReplicaStoreContract('memory', async () => {
  let store: MemoryReplicaStore = createMemoryReplicaStore();
  return {
    events: [1, 2],
    store: () => store,
    restart: async () => void (store = createMemoryReplicaStore({ image: store.image() })),
  };
});

describeReplicaStoreContract('the gate on SQLite', async () => {
  const path = join(folder, `replica-${files++}.db`);
  const journal = createJournalReader(join(folder, 'no-journal.db'));
  const open = (): GateReplica => {
    opened?.close();
    opened = openReplica({ path, journal, breathe: async () => {} });
    return opened;
  };
  let store = open();
  return { events: [1, 2], store: () => store, restart: async () => void (store = open()) };
});
