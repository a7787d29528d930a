// A replica in memory that a simulated crash can cut back: the port's adapter for the simulation and for tests of what stands on it.
import {
  compareMarkIds,
  createContentHash,
  markKey,
  quarantineChunksMax,
  segmentKey,
  writerKey,
  bytesEqual,
  err,
  ok,
  type EncodedMark,
  type MarkId,
  type Quarantined,
  type ReplicaStore,
  type SegmentState,
  type SignedChunk,
} from '@postern/shared';

export interface MemoryReplicaStore extends ReplicaStore {
  /** Everything stored, to be handed to `createMemoryReplicaStore` after a crash or as an old copy of a disk. */
  readonly image: () => ReplicaImage;
  readonly marks: (event: number) => readonly EncodedMark[];
  /** Whether it has been learned from others. */
  readonly has: (id: MarkId) => boolean;
}

export interface ReplicaImage {
  readonly states: ReadonlyMap<string, SegmentState>;
  readonly chunks: ReadonlyMap<string, readonly SignedChunk[]>;
  readonly marks: ReadonlyMap<string, EncodedMark>;
  readonly quarantined: readonly Quarantined[];
}

export interface MemoryReplicaOptions {
  readonly image?: ReplicaImage;
  /** The store's own marks, that live elsewhere (a gate's journal): they count, and are not stored twice. */
  readonly own?: {
    readonly mark: (id: MarkId) => Uint8Array | undefined;
    readonly marks: (event: number) => readonly EncodedMark[];
  };
}

export function createMemoryReplicaStore({ image, own }: MemoryReplicaOptions = {}): MemoryReplicaStore {
  const states = new Map(image?.states);
  const chunks = new Map(image?.chunks);
  const marks = new Map(image?.marks);
  const quarantined = [...(image?.quarantined ?? [])];

  const known = (event: number): readonly EncodedMark[] =>
    [...[...marks.values()].filter(({ mark }) => mark.event === event), ...(own?.marks(event) ?? [])].toSorted((a, b) =>
      compareMarkIds(a.mark, b.mark),
    );

  const isAside = (item: Quarantined): boolean =>
    quarantined.some(
      ({ chunk }) => bytesEqual(chunk.signature, item.chunk.signature) && bytesEqual(chunk.payload, item.chunk.payload),
    );

  return {
    frontier: async (event) => {
      const latest = new Map<string, SegmentState>();
      for (const state of states.values()) {
        if (state.event === event && state.segment >= (latest.get(writerKey(state))?.segment ?? 0))
          latest.set(writerKey(state), state);
      }
      return [...latest.values()].toSorted((a, b) => (writerKey(a) < writerKey(b) ? -1 : 1));
    },
    segment: async (id) => states.get(segmentKey(id)),
    chunks: async (id) => chunks.get(segmentKey(id)) ?? [],
    append: async ({ chunk, before, after, marks: added }) => {
      const key = segmentKey(after);
      if (!sameState(states.get(key), before)) return err({ type: 'segment-moved' });
      for (const { mark, bytes } of added) {
        const stored = own?.mark(mark) ?? marks.get(markKey(mark))?.bytes;
        if (stored !== undefined && !bytesEqual(stored, bytes))
          return err({ type: 'mark-conflict', sequence: mark.sequence });
      }
      for (const item of added) if (own?.mark(item.mark) === undefined) marks.set(markKey(item.mark), item);
      const kept =
        chunk.head.form === 'whole'
          ? []
          : (chunks.get(key) ?? []).filter(({ head }) => head.form === 'whole' || head.from !== head.count);
      chunks.set(key, [...kept, chunk]);
      states.set(key, after);
      return ok(undefined);
    },
    cutBack: async ({ before, after, kept, marks: gone, aside }) => {
      const key = segmentKey(before);
      if (!sameState(states.get(key), before)) return err({ type: 'segment-moved' });
      for (let sequence = gone.from; sequence <= gone.to; sequence++) marks.delete(markKey({ ...before, sequence }));
      if (after === undefined) states.delete(key);
      else states.set(key, after);
      if (kept.length === 0) chunks.delete(key);
      else chunks.set(key, kept);
      for (const item of aside) if (!isAside(item)) quarantined.push(item);
      return ok(undefined);
    },
    quarantine: async (item) => {
      const ofWriter = quarantined.filter(({ chunk }) => writerKey(chunk.head) === writerKey(item.chunk.head));
      if (isAside(item) || ofWriter.length >= quarantineChunksMax) return false;
      quarantined.push(item);
      return true;
    },
    quarantined: async (event) => quarantined.filter(({ chunk }) => chunk.head.event === event),
    contentHash: async (event) => {
      const hash = createContentHash();
      for (const { mark, bytes } of known(event)) hash.add(mark, bytes);
      return hash.digest();
    },
    image: () => ({
      states: new Map(states),
      chunks: new Map(chunks),
      marks: new Map(marks),
      quarantined: [...quarantined],
    }),
    marks: known,
    has: (id) => marks.has(markKey(id)),
  };
}

const sameState = (a: SegmentState | undefined, b: SegmentState | undefined): boolean =>
  a === undefined || b === undefined
    ? a === b
    : a.count === b.count &&
      a.hash === b.hash &&
      a.closed === b.closed &&
      a.through.ms === b.through.ms &&
      a.through.counter === b.through.counter;
