// Turns the gate's own journal into signed segments. It owns no state that matters: what is not yet in a segment is still in the
// journal, and a segment is a pure function of its marks (ledger.ts), so after a crash at any point, or in a data folder
// restored from an older copy, draining again gives the same hashes and at worst repeats work.
//
// A process start never continues the writer of an earlier one (`boot` is random). What an earlier start left in the journal is
// drained into that start's own segments and closed. If peers know more of that start than a restored journal does, their
// longer segment simply continues ours.
import type { Logger } from './ports.ts';
import { dayOf, drainBatchMarksMax, readBatch, sameRow, throughOf, type OpenSegment } from './open-segment.ts';
import type { EncodedMark, ReplicaStore } from './replica-store.ts';
import { compareHybrid, type HybridTimestamp } from '../clock.ts';
import type { Ledger } from '../ledger.ts';
import { decodeMark } from '../mark-codec.ts';
import { err, ok, type Result } from '../result.ts';
import { signChunk, writerKey, type SegmentState, type SignedChunk, type WriterId } from '../segment.ts';

/** A writer's own log, read only: at a gate its journal, in the cloud the marks of its central verify. */
export interface JournalReader {
  /** Those that are this process's to drain: its own, and earlier ones that nobody writes any more. */
  readonly writers: () => Awaitable<readonly WriterId[]>;
  /** At most `limit` marks in sequence, the first one `sequence + 1`; no gaps. */
  readonly marksAfter: (writer: WriterId, sequence: number, limit: number) => Awaitable<readonly Uint8Array[]>;
  /** Whether another process is writing under this boot just now; a gate has one process, so never there. */
  readonly isBusy?: (writer: WriterId) => Awaitable<boolean>;
}

type Awaitable<T> = T | Promise<T>;

/** A journal that answers at once: a file of this machine, or memory. */
export interface LocalJournalReader extends JournalReader {
  readonly writers: () => readonly WriterId[];
  readonly marksAfter: (writer: WriterId, sequence: number, limit: number) => readonly Uint8Array[];
}

export interface OwnSegmentsDeps {
  readonly gate: string;
  /** This process start. */
  readonly boot: string;
  /** Ed25519, 64 bytes. */
  readonly secretKey: Uint8Array;
  readonly ledger: Ledger;
  readonly store: ReplicaStore;
  readonly journal: JournalReader;
  readonly log: Logger;
  /** Called between batches, so that whoever else needs the processor gets it. */
  readonly breathe: () => Promise<void>;
}

export interface OwnSegments {
  /** Brings everything in the journal into segments and closes those of earlier starts. Resolves with the marks it took. */
  readonly drain: () => Promise<Result<number, DrainError>>;
  /**
   * Drains, then signs for this start's writer of `event`: no later mark will be older than `at`. A segment of a day that is over is
   * closed by the way.
   */
  readonly sayThrough: (event: number, at: HybridTimestamp) => Promise<Result<void, DrainError>>;
  /** Drains, then closes this start's segments. */
  readonly close: () => Promise<Result<void, DrainError>>;
}

export type DrainError =
  /** The replica's copy of a segment of ours does not fit the journal, or the journal cannot be read as marks. */
  { readonly type: 'own-history-damaged'; readonly writer: WriterId; readonly cause: string };

export function createOwnSegments(deps: OwnSegmentsDeps): OwnSegments {
  const { ledger, store, journal, gate, boot, secretKey } = deps;
  const openByWriter = new Map<string, OpenSegment>();
  let tail: Promise<unknown> = Promise.resolve();
  const serially = <T>(task: () => Promise<T>): Promise<T> => {
    const result = tail.then(task);
    tail = result.catch(() => {
      // The caller has the rejection; the next task must not inherit it.
    });
    return result;
  };

  const start = (
    writer: WriterId,
    segment: number,
    firstSequence: number,
    latest: SegmentState | undefined,
  ): OpenSegment => {
    const id = { event: writer.event, gate: writer.gate, boot: writer.boot, segment };
    return {
      id,
      firstSequence,
      document: ledger.createSegment(id),
      state: undefined,
      latest,
      pending: [],
      day: undefined,
    };
  };

  /** The writer's last segment as it is stored, rebuilt; or a new one. */
  const open = async (writer: WriterId): Promise<Result<OpenSegment, DrainError>> => {
    const cached = openByWriter.get(writerKey(writer));
    const state = (await store.frontier(writer.event)).find((row) => writerKey(row) === writerKey(writer));
    if (cached !== undefined && sameRow(cached.latest, state)) return ok(cached);
    if (state === undefined) return ok(start(writer, 0, 1, undefined));
    const fresh = start(writer, state.segment, state.firstSequence, state);
    const marks = ledger.marks(await store.chunks(state));
    fresh.document.append(marks);
    if (fresh.document.count() !== state.count || fresh.document.hashAt(state.count) !== state.hash)
      return err({
        type: 'own-history-damaged',
        writer,
        cause: `segment ${state.segment} cannot be rebuilt from its chunks`,
      });
    const [first] = marks;
    const mark = first === undefined ? undefined : decodeMark(first, writer);
    return ok({ ...fresh, state, day: mark?.ok === true ? dayOf(mark.value.at) : undefined });
  };

  /** Stores `chunk` and answers with the segment as it is then; undefined when somebody else was quicker. */
  const append = async (
    current: OpenSegment,
    chunk: SignedChunk,
    marks: readonly EncodedMark[],
  ): Promise<Result<OpenSegment | undefined, DrainError>> => {
    const { form: _form, from: _from, byteLength: _byteLength, sha256: _sha256, ...after } = chunk.head;
    const appended = await store.append({ chunk, before: current.state, after, marks });
    if (appended.ok)
      return ok({ ...current, state: after, latest: after, pending: current.pending.slice(marks.length) });
    openByWriter.delete(writerKey(current.id));
    if (appended.error.type === 'segment-moved') return ok(undefined);
    return err({
      type: 'own-history-damaged',
      writer: current.id,
      cause: `mark ${appended.error.sequence} differs from what is known of it`,
    });
  };

  const stateAt = (current: OpenSegment, count: number, closed: boolean, through: HybridTimestamp): SegmentState => ({
    ...current.id,
    firstSequence: current.firstSequence,
    count,
    hash: current.document.hashAt(count),
    closed,
    through,
  });

  const storeWhole = (current: OpenSegment): Promise<Result<OpenSegment | undefined, DrainError>> => {
    const count = current.document.count();
    const state = stateAt(current, count, true, throughOf(current, current.pending));
    const chunk =
      count === 0
        ? signChunk(secretKey, state, 'changes', 0, new Uint8Array(0))
        : signChunk(secretKey, state, 'whole', 0, current.document.save());
    return append(current, chunk, current.pending);
  };

  const storeTail = async (current: OpenSegment): Promise<Result<OpenSegment | undefined, DrainError>> => {
    let at: OpenSegment | undefined = current;
    while (at !== undefined && at.pending.length > 0) {
      const marks = at.pending.slice(0, drainBatchMarksMax);
      const from: number = at.state?.count ?? 0;
      const to = from + marks.length;
      const chunk = signChunk(
        secretKey,
        stateAt(at, to, false, throughOf(at, marks)),
        'changes',
        from,
        at.document.changes(from, to),
      );
      const next: Result<OpenSegment | undefined, DrainError> = await append(at, chunk, marks);
      if (!next.ok) return next;
      at = next.value;
    }
    return ok(at);
  };

  /** Closes a segment that is full or whose day is over, and begins the next one; undefined when somebody else was quicker. */
  const goOn = async (current: OpenSegment): Promise<Result<OpenSegment | undefined, DrainError>> => {
    const stored =
      current.pending.length > 0 || current.state?.closed !== true ? await storeWhole(current) : ok(current);
    if (!stored.ok || stored.value === undefined) return stored;
    const { id, firstSequence, document } = current;
    return ok(start(id, id.segment + 1, firstSequence + document.count(), stored.value.latest));
  };

  /** Drains one writer to the journal's end; resolves with its open segment and how many marks it took. */
  const drainWriter = async (
    writer: WriterId,
  ): Promise<Result<{ readonly current: OpenSegment | undefined; readonly taken: number }, DrainError>> => {
    const opened = await open(writer);
    if (!opened.ok) return opened;
    let current: OpenSegment | undefined = opened.value;
    let taken = 0;
    while (current !== undefined) {
      const batch: Result<readonly EncodedMark[], DrainError> = current.document.full()
        ? ok([])
        : await readBatch(journal, writer, current);
      if (!batch.ok) return batch;
      const [next] = batch.value;
      const isOver: boolean = next !== undefined && current.day !== undefined && dayOf(next.mark.at) !== current.day;
      if (isOver || current.document.full()) {
        const following: Result<OpenSegment | undefined, DrainError> = await goOn(current);
        if (!following.ok) return following;
        current = following.value;
        continue;
      }
      if (next === undefined) break;
      const day: number = dayOf(next.mark.at);
      const marks = batch.value.filter((mark) => dayOf(mark.mark.at) === day);
      const took: number = current.document.append(marks.map((mark) => mark.bytes));
      current = { ...current, day, pending: [...current.pending, ...marks.slice(0, took)] };
      taken += took;
      await deps.breathe();
    }
    if (current === undefined) return ok({ current, taken });
    const stored = await storeTail(current);
    if (!stored.ok) return stored;
    if (stored.value !== undefined) openByWriter.set(writerKey(writer), stored.value);
    return ok({ current: stored.value, taken });
  };

  const closeWriter = async (writer: WriterId): Promise<Result<void, DrainError>> => {
    const opened = await open(writer);
    if (!opened.ok) return opened;
    openByWriter.delete(writerKey(writer));
    const { state } = opened.value;
    if (state === undefined || state.closed) return ok(undefined);
    const stored = await storeWhole(opened.value);
    return stored.ok ? ok(undefined) : stored;
  };

  const drain = async (): Promise<Result<number, DrainError>> => {
    let total = 0;
    let problem: DrainError | undefined;
    for (const writer of await unfinishedWriters()) {
      const drained = await drainWriter(writer);
      const closed = !drained.ok ? drained : writer.boot === boot ? ok(undefined) : await closeWriter(writer);
      if (drained.ok) total += drained.value.taken;
      if (!closed.ok) {
        // One damaged writer must not keep the others from being drained.
        problem = closed.error;
        deps.log.error(
          { writer: writerKey(writer), cause: closed.error.cause },
          'a part of the journal cannot be replicated',
        );
      }
    }
    return problem === undefined ? ok(total) : err(problem);
  };

  /**
   * This start's writers; those of earlier starts that are not closed or have marks behind their last segment; and those that only
   * the replica knows of, learned back from peers into a restored image.
   */
  const unfinishedWriters = async (): Promise<readonly WriterId[]> => {
    const inJournal = (await journal.writers()).filter((writer) => writer.gate === gate);
    const unfinished = new Map(inJournal.map((writer) => [writerKey(writer), writer]));
    for (const event of new Set(inJournal.map((writer) => writer.event))) {
      for (const row of await store.frontier(event)) {
        if (row.gate !== gate || row.boot === boot) continue;
        const finished =
          row.closed && (await journal.marksAfter(row, row.firstSequence + row.count - 1, 1)).length === 0;
        if (finished || (await journal.isBusy?.(row)) === true) unfinished.delete(writerKey(row));
        else unfinished.set(writerKey(row), row);
      }
    }
    return [...unfinished.values()];
  };

  return {
    drain: () => serially(drain),
    sayThrough: (event, at) =>
      serially(async () => {
        const writer = { event, gate, boot };
        const drained = await drainWriter(writer);
        if (!drained.ok) return drained;
        let { current } = drained.value;
        if (current?.day !== undefined && dayOf(at) > current.day) {
          const following = await goOn(current);
          if (!following.ok) return following;
          current = following.value;
        }
        if (current === undefined || (current.state !== undefined && compareHybrid(current.state.through, at) >= 0))
          return ok(undefined);
        const count = current.document.count();
        const stored = await append(
          current,
          signChunk(secretKey, stateAt(current, count, false, at), 'changes', count, new Uint8Array(0)),
          [],
        );
        if (!stored.ok) return stored;
        if (stored.value !== undefined) openByWriter.set(writerKey(writer), stored.value);
        return ok(undefined);
      }),
    close: () =>
      serially(async () => {
        const drained = await drain();
        for (const writer of await unfinishedWriters()) {
          const closed = await closeWriter(writer);
          if (!closed.ok) return closed;
        }
        return drained.ok ? ok(undefined) : drained;
      }),
  };
}
