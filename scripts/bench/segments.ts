// Marks of one gate as full segments, as an ingest hands them to the store once it has checked them.
import { createOwnSegments, loadLedger, type Acceptance, type EncodedMark, type WriterId } from '@postern/shared';
import { createMemoryJournal, simulatedKeys } from '../sim/gate-marks.ts';
import { createMemoryReplicaStore } from '../sim/memory-replica-store.ts';
import { quietLogger } from '../sim/replica.ts';

export async function makeSegments(writer: WriterId, marks: Iterable<EncodedMark>): Promise<readonly Acceptance[]> {
  const journal = createMemoryJournal();
  for (const mark of marks) journal.add(mark);
  const store = createMemoryReplicaStore();
  const segments: Acceptance[] = [];
  const own = createOwnSegments({
    ...writer,
    secretKey: simulatedKeys(writer.gate).secretKey,
    ledger: await loadLedger(),
    store: {
      ...store,
      append: (acceptance) => {
        segments.push(acceptance);
        return store.append(acceptance);
      },
    },
    journal,
    log: quietLogger,
    breathe: async () => {},
  });
  await own.drain();
  return segments.filter((segment) => segment.marks.length > 0);
}
