// The journal as the worker reads it, while the page writes it: bytes only, in order.
import type { JournalReader, MarkId, WriterId } from '@postern/shared';
import { marksOfWriter, openJournalDatabase, type StoredMark } from './databases.ts';

export interface JournalOfWorker extends JournalReader {
  /** Whose journal it is. */
  readonly gate: string;
  readonly find: (id: MarkId) => Promise<Uint8Array | undefined>;
  readonly marksOf: (writer: WriterId) => Promise<readonly StoredMark[]>;
  /** 0 where there is none. */
  readonly lastSequence: (writer: WriterId) => Promise<number>;
  readonly writers: () => Promise<readonly WriterId[]>;
  readonly close: () => void;
}

export async function openJournalReader(name: string, gate: string): Promise<JournalOfWorker> {
  const database = await openJournalDatabase(name);
  return {
    gate,
    writers: () => database.getAll('start'),
    marksAfter: async ({ event, gate: of, boot }, sequence, limit) => {
      const range = IDBKeyRange.bound([event, of, boot, sequence], [event, of, boot, []], true);
      return (await database.getAll('mark', range, limit)).map(({ bytes }) => bytes);
    },
    find: async ({ event, gate: of, boot, sequence }) =>
      (await database.get('mark', [event, of, boot, sequence]))?.bytes,
    lastSequence: async (writer) =>
      (await database.transaction('mark').store.openKeyCursor(marksOfWriter(writer), 'prev'))?.key[3] ?? 0,
    marksOf: (writer) => database.getAll('mark', marksOfWriter(writer)),
    close: () => database.close(),
  };
}
