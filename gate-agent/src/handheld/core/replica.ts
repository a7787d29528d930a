// The handheld's adapter of the ReplicaStore port on IndexedDB, for the worker alone. The scan path reads the marks in it meanwhile, so
// transactions are small. Everything here can be had again, from the journal and from the cloud, so nothing waits for the disk.
import {
  assert,
  bytesEqual,
  bytesToHex,
  compareMarkIds,
  createContentHash,
  decodeChunk,
  decodeMark,
  encodeChunk,
  err,
  isOrderFoldMark,
  marksPerTransactionMax,
  ok,
  quarantineChunksMax,
  sha256,
  type EncodedMark,
  type Ledger,
  type Mark,
  type MarkId,
  type Quarantined,
  type ReplicaStore,
  type SegmentId,
  type SegmentState,
  type SignedChunk,
  type WriterId,
} from '@postern/shared';
import {
  marksOfWriter,
  openReplicaDatabase,
  type LearnedMark,
  type ReplicaDatabase,
  type StoredMark,
} from './databases.ts';
import { toStored } from './journal.ts';
import type { JournalOfWorker } from './journal-reader.ts';

export interface ReplicaDeps {
  /** Of the database. */
  readonly name: string;
  /** This gate's own marks stay in its journal: they count, and are not stored here a second time. */
  readonly journal: JournalOfWorker;
  /** Marks have been stored, or have gone again. */
  readonly changed?: (change: ReplicaChange) => void;
}

export interface ReplicaChange {
  readonly learned: readonly Mark[];
  /** Marks of a revoked gate have left the history. */
  readonly unlearned: boolean;
}

export interface HandheldReplica extends ReplicaStore {
  /**
   * Marks of this gate that are in its segments but no longer in its journal (refusals that the browser had not yet written) are kept here
   * from now on. Called once at the start; resolves with how many there were.
   */
  readonly adoptLostMarks: (gate: string, ledger: Ledger) => Promise<number>;
  /** Every mark of other gates that is stored of an event. */
  readonly forEach: (event: number, visit: (mark: Mark) => void) => Promise<void>;
  /** All that is known of one gate. */
  readonly segmentsOf: (event: number, gate: string) => Promise<readonly SegmentState[]>;
  readonly derive: (key: string, value: unknown) => Promise<void>;
  readonly close: () => void;
}

const pageMarks = 1_000;
const relaxed = { durability: 'relaxed' } as const;

export async function openHandheldReplica({ name, journal, changed }: ReplicaDeps): Promise<HandheldReplica> {
  const database = await openReplicaDatabase(name);

  const storeMarks = async (marks: readonly EncodedMark[]): Promise<void> => {
    const transaction = database.transaction('mark', 'readwrite', relaxed);
    for (const { mark } of marks) void quiet(transaction.store.put(toLearned(mark)));
    await transaction.done;
  };

  const segment = async (id: SegmentId): Promise<SegmentState | undefined> =>
    database.get('segment', [id.event, id.gate, id.boot, id.segment]);

  const chunks = async (id: SegmentId): Promise<readonly SignedChunk[]> =>
    (await database.getAllFromIndex('chunk', 'segment', [id.event, id.gate, id.boot, id.segment])).map(({ bytes }) => {
      const chunk = decodeChunk(bytes);
      assert(chunk.ok, 'what was stored as a chunk is one');
      return chunk.value;
    });

  const begin = () => database.transaction(['mark', 'segment', 'chunk', 'quarantine'], 'readwrite', relaxed);
  type Writing = ReturnType<typeof begin>;

  const storeChunk = async (transaction: Writing, chunk: SignedChunk): Promise<void> => {
    const { event, gate, boot, segment: number, form, from, count } = chunk.head;
    const kind = form === 'whole' ? 'whole' : from === count ? 'empty' : 'changes';
    const store = transaction.objectStore('chunk');
    let cursor = await store.index('segment').openCursor([event, gate, boot, number]);
    while (cursor !== null) {
      if (kind === 'whole' || cursor.value.kind === 'empty') void quiet(cursor.delete());
      cursor = await cursor.continue();
    }
    void quiet(store.add({ event, gate, boot, segment: number, kind, bytes: encodeChunk(chunk) }));
  };

  const clearChunks = async (transaction: Writing, id: SegmentId): Promise<void> => {
    const store = transaction.objectStore('chunk');
    for (const key of await store.index('segment').getAllKeys([id.event, id.gate, id.boot, id.segment]))
      void quiet(store.delete(key));
  };

  const toAside = ({ chunk, reason, from }: Quarantined) => {
    const { event, gate, boot } = chunk.head;
    const bytes = encodeChunk(chunk);
    return { event, gate, boot, sha256: bytesToHex(sha256(bytes)), reason: reason.slice(0, 500), from, bytes };
  };

  /** In one transaction, as long as the segment is as `before` says. */
  const change = async (
    before: SegmentState | undefined,
    id: SegmentId,
    write: (transaction: Writing) => Promise<void>,
  ): Promise<boolean> => {
    const transaction = begin();
    transaction.done.catch(() => undefined);
    const now = await transaction.objectStore('segment').get([id.event, id.gate, id.boot, id.segment]);
    if (!isSameState(now, before)) return false;
    await write(transaction);
    await transaction.done;
    return true;
  };

  return {
    frontier: async (event) => {
      const latest = new Map<string, SegmentState>();
      // In order of (gate, boot, segment).
      for (const state of await database.getAll('segment', ofEvent(event)))
        latest.set(`${state.gate}/${state.boot}`, state);
      return [...latest.values()];
    },
    segment,
    chunks,
    append: async ({ chunk, before, after, marks }) => {
      const foreign: EncodedMark[] = [];
      const isOwn = journal.gate === after.gate;
      for (const one of marks) {
        const inJournal = isOwn ? await journal.find(one.mark) : undefined;
        const stored = inJournal ?? (await database.get('mark', keyOf(one.mark)))?.bytes;
        if (stored !== undefined && !bytesEqual(stored, one.bytes))
          return err({ type: 'mark-conflict', sequence: one.mark.sequence });
        if (inJournal === undefined) foreign.push(one);
      }
      let start = 0;
      for (; foreign.length - start > marksPerTransactionMax; start += marksPerTransactionMax)
        await storeMarks(foreign.slice(start, start + marksPerTransactionMax));
      const stored = await change(before, after, async (transaction) => {
        for (const { mark } of foreign.slice(start)) void quiet(transaction.objectStore('mark').put(toLearned(mark)));
        await storeChunk(transaction, chunk);
        void quiet(transaction.objectStore('segment').put(toSegment(after)));
      });
      if (foreign.length > 0) changed?.({ learned: foreign.map(({ mark }) => mark), unlearned: false });
      return stored ? ok(undefined) : err({ type: 'segment-moved' });
    },
    cutBack: async ({ before, after, kept, marks, aside }) => {
      const stored = await change(before, before, async (transaction) => {
        const { event, gate, boot, segment: number } = before;
        if (marks.from <= marks.to)
          void quiet(
            transaction
              .objectStore('mark')
              .delete(IDBKeyRange.bound([event, gate, boot, marks.from], [event, gate, boot, marks.to])),
          );
        await clearChunks(transaction, before);
        for (const chunk of kept) await storeChunk(transaction, chunk);
        const segments = transaction.objectStore('segment');
        void quiet(after === undefined ? segments.delete([event, gate, boot, number]) : segments.put(toSegment(after)));
        for (const item of aside) void quiet(transaction.objectStore('quarantine').put(toAside(item)));
      });
      if (stored) changed?.({ learned: [], unlearned: true });
      return stored ? ok(undefined) : err({ type: 'segment-moved' });
    },
    quarantine: async (item) => {
      const row = toAside(item);
      const { event, gate, boot } = row;
      const transaction = database.transaction('quarantine', 'readwrite', relaxed);
      const range = IDBKeyRange.bound([event, gate, boot], [event, gate, boot, []]);
      const kept = await transaction.store.getAllKeys(range);
      if (kept.length >= quarantineChunksMax || kept.some(([, , , hash]) => hash === row.sha256)) return false;
      void quiet(transaction.store.add(row));
      await transaction.done;
      return true;
    },
    quarantined: async (event) =>
      (await database.getAll('quarantine', ofEvent(event))).flatMap(({ reason, from, bytes }) => {
        const chunk = decodeChunk(bytes);
        return chunk.ok ? [{ chunk: chunk.value, reason, from }] : [];
      }),
    contentHash: async (event) => {
      const hash = createContentHash();
      const segments = await database.getAll('segment', ofEvent(event));
      const adopted = await database.getAllKeys('mark', ofEvent(event));
      const writers = new Map<string, WriterId>();
      for (const { gate, boot } of [...segments, ...(await journal.writers())])
        writers.set(`${gate}/${boot}`, { event, gate, boot });
      for (const [, gate, boot] of adopted) writers.set(`${gate}/${boot}`, { event, gate, boot });
      const inOrder = [...writers.values()].toSorted((a, b) =>
        compareMarkIds({ ...a, sequence: 0 }, { ...b, sequence: 0 }),
      );
      for (const writer of inOrder)
        for (const [id, bytes] of await marksOf(database, journal, writer)) hash.add(id, bytes);
      return hash.digest();
    },
    adoptLostMarks: async (gate, ledger) => {
      let adopted = 0;
      for (const state of (await database.getAll('segment')).filter((one) => one.gate === gate)) {
        // Whatever a journal has lost it has lost at its end.
        const inJournal = await journal.lastSequence(state);
        if (state.firstSequence + state.count - 1 <= inJournal) continue;
        const missing: EncodedMark[] = [];
        for (const [index, bytes] of ledger.marks(await chunks(state)).entries()) {
          const id = { event: state.event, gate, boot: state.boot, sequence: state.firstSequence + index };
          const isLost = id.sequence > inJournal && (await database.get('mark', keyOf(id))) === undefined;
          const mark = isLost ? decodeMark(bytes, id) : undefined;
          if (mark?.ok === true) missing.push({ mark: mark.value, bytes });
        }
        for (let start = 0; start < missing.length; start += marksPerTransactionMax)
          await storeMarks(missing.slice(start, start + marksPerTransactionMax));
        adopted += missing.length;
      }
      return adopted;
    },
    forEach: async (event, visit) => {
      let after: IDBKeyRange | undefined = ofEvent(event);
      while (after !== undefined) {
        const page: readonly LearnedMark[] = await database.getAll('mark', after, pageMarks);
        for (const stored of page) {
          const mark = decodeMark(stored.bytes, stored);
          if (mark.ok) visit(mark.value);
        }
        const last: LearnedMark | undefined = page.at(-1);
        after =
          last === undefined || page.length < pageMarks ? undefined : IDBKeyRange.bound(keyOf(last), [event, []], true);
      }
    },
    segmentsOf: (event, gate) => database.getAll('segment', IDBKeyRange.bound([event, gate], [event, gate, []])),
    derive: async (key, value) => void (await database.put('derived', value, key)),
    close: () => database.close(),
  };
}

/** A writer's marks in sequence: the journal's, then those that only the replica has. */
async function marksOf(
  database: ReplicaDatabase,
  journal: JournalOfWorker,
  writer: WriterId,
): Promise<readonly (readonly [MarkId, Uint8Array])[]> {
  const bySequence = new Map<number, StoredMark>();
  for (const stored of await database.getAll('mark', marksOfWriter(writer))) bySequence.set(stored.sequence, stored);
  if (writer.gate === journal.gate)
    for (const stored of await journal.marksOf(writer)) bySequence.set(stored.sequence, stored);
  return [...bySequence.values()]
    .toSorted((a, b) => a.sequence - b.sequence)
    .map(({ sequence, bytes }) => [{ ...writer, sequence }, bytes] as const);
}

const keyOf = ({ event, gate, boot, sequence }: MarkId): [number, string, string, number] => [
  event,
  gate,
  boot,
  sequence,
];
const ofEvent = (event: number): IDBKeyRange => IDBKeyRange.bound([event], [event, []]);

const toLearned = (mark: Mark): LearnedMark => ({
  ...toStored(mark),
  ...(mark.kind === 'bound' ? { tag: mark.tagHash } : {}),
  ...(isOrderFoldMark(mark) ? { order: 1 as const } : {}),
  ...(mark.kind === 'corrected' || mark.kind === 'recounted' ? { ofGate: 1 as const } : {}),
});

/** Nothing but the state: what is stored is what is compared. */
const toSegment = ({
  event,
  gate,
  boot,
  segment,
  firstSequence,
  count,
  hash,
  closed,
  through,
}: SegmentState): SegmentState => ({
  event,
  gate,
  boot,
  segment,
  firstSequence,
  count,
  hash,
  closed,
  through,
});

const isSameState = (a: SegmentState | undefined, b: SegmentState | undefined): boolean =>
  a === undefined || b === undefined
    ? a === b
    : a.count === b.count &&
      a.hash === b.hash &&
      a.closed === b.closed &&
      a.through.ms === b.through.ms &&
      a.through.counter === b.through.counter;

/** A request that fails fails its transaction, and that is waited for. */
const quiet = (request: Promise<unknown>): Promise<unknown> => request.catch(() => undefined);
