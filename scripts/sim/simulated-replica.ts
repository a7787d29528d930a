// A replica on a simulated disk: the memory replica with every change written to a log, out of which a new process builds it again. Like
// replica.db it is synced only now and then, since all of it can be had again.
import {
  createContentHash,
  type Acceptance,
  type CutBack,
  type EncodedMark,
  type Mark,
  type MarkId,
  type Quarantined,
  type ReplicaStore,
} from '@postern/shared';
import type { LogFile } from './disk.ts';
import type { MemoryJournal } from './gate-marks.ts';
import { createMarkIndex, type FoldedMarks } from './mark-index.ts';
import type { Seams } from './planted-bugs.ts';
import { createSimulatedCounts, type SimulatedCounts } from './simulated-counts.ts';
import { createMemoryReplicaStore } from './memory-replica-store.ts';

export type ReplicaTransaction =
  | { readonly type: 'append'; readonly acceptance: Acceptance }
  | { readonly type: 'cut'; readonly cut: CutBack }
  | { readonly type: 'quarantine'; readonly item: Quarantined };

export interface SimulatedReplica extends ReplicaStore, Pick<SimulatedCounts, 'find' | 'zone' | 'close'> {
  /** Marks that others made, in the order in which they arrived. */
  readonly index: FoldedMarks;
  /** Every mark known, the own journal's among them, in the order of the content hash. */
  readonly marks: (event: number) => readonly EncodedMark[];
  /** The own journal's marks, too. */
  readonly has: (mark: MarkId) => boolean;
  /** The content hash over those marks only for which `counts` holds. */
  readonly hashOf: (event: number, counts: (mark: Mark) => boolean) => string;
}

export interface SimulatedReplicaDeps {
  readonly file: LogFile<ReplicaTransaction>;
  readonly journal: MemoryJournal;
  readonly seams: Pick<Seams, 'asCounted'>;
  /** Something was merged, cut back or put aside. */
  readonly onChange: (transaction: ReplicaTransaction) => void;
}

export async function openSimulatedReplica({
  file,
  journal,
  seams,
  onChange,
}: SimulatedReplicaDeps): Promise<SimulatedReplica> {
  const inner = createMemoryReplicaStore({
    own: {
      mark: (mark) => journal.find(mark),
      marks: (event) => journal.all().filter(({ mark }) => mark.event === event),
    },
  });
  const marksOfOthers = createMarkIndex();
  const counts = createSimulatedCounts(journal, seams);
  /** Asked for at every exchange, changed far less often. */
  const frontiers = new Map<number, ReturnType<ReplicaStore['frontier']>>();

  const index = ({ marks }: Acceptance): void => {
    for (const { mark } of marks) if (journal.find(mark) === undefined) marksOfOthers.add(mark);
    counts.learn(marks.map(({ mark }) => mark));
  };
  const unindex = (cut: CutBack): void => {
    const { event, gate, boot } = cut.before;
    const { from, to } = cut.marks;
    marksOfOthers.removeAll(
      (mark) =>
        mark.event === event &&
        mark.gate === gate &&
        mark.boot === boot &&
        mark.sequence >= from &&
        mark.sequence <= to,
    );
    counts.unlearn(cut);
  };
  const apply = async (transaction: ReplicaTransaction): Promise<void> => {
    if (transaction.type === 'quarantine') await inner.quarantine(transaction.item);
    else if (transaction.type === 'cut') {
      if ((await inner.cutBack(transaction.cut)).ok) unindex(transaction.cut);
    } else if ((await inner.append(transaction.acceptance)).ok) index(transaction.acceptance);
  };
  const write = (transaction: ReplicaTransaction): void => {
    file.append(transaction);
    onChange(transaction);
  };

  for (const transaction of file.all()) await apply(transaction);
  return {
    ...inner,
    frontier: (event) => {
      const known = frontiers.get(event) ?? inner.frontier(event);
      frontiers.set(event, known);
      return known;
    },
    append: async (acceptance) => {
      const appended = await inner.append(acceptance);
      if (!appended.ok) return appended;
      frontiers.clear();
      index(acceptance);
      write({ type: 'append', acceptance });
      return appended;
    },
    cutBack: async (cut) => {
      const done = await inner.cutBack(cut);
      if (!done.ok) return done;
      frontiers.clear();
      unindex(cut);
      write({ type: 'cut', cut });
      return done;
    },
    quarantine: async (item) => {
      const kept = await inner.quarantine(item);
      if (kept) write({ type: 'quarantine', item });
      return kept;
    },
    index: marksOfOthers,
    find: counts.find,
    zone: counts.zone,
    close: counts.close,
    has: (mark) => journal.find(mark) !== undefined || inner.has(mark),
    hashOf: (event, counts) => {
      const hash = createContentHash();
      for (const { mark, bytes } of inner.marks(event)) if (counts(mark)) hash.add(mark, bytes);
      return hash.digest();
    },
  };
}
