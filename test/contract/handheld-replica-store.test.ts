// Goal: the handheld's replica keeps the promises of the port too, on an IndexedDB in memory.
import 'fake-indexeddb/auto';
import { onTestFinished } from 'vitest';
import { databaseNames } from '../../gate-agent/src/handheld/core/databases.ts';
import { openJournalReader } from '../../gate-agent/src/handheld/core/journal-reader.ts';
import { openHandheldReplica, type HandheldReplica } from '../../gate-agent/src/handheld/core/replica.ts';
import { describeReplicaStoreContract } from './replica-store.ts';

let replicas = 0;

describeReplicaStoreContract('the handheld on IndexedDB', async () => {
  const names = databaseNames(`replica-${++replicas}`, 'gate-own', 1);
  const journal = await openJournalReader(names.journal, 'gate-own');
  const open = (): Promise<HandheldReplica> => openHandheldReplica({ name: names.replica, journal });
  let store = await open();
  onTestFinished(() => {
    store.close();
    journal.close();
  });
  return {
    events: [1, 2],
    store: () => store,
    restart: async () => {
      store.close();
      store = await open();
    },
  };
});
