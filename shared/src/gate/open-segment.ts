// The segment that a gate is writing: what is known of it, what of the journal goes into it next, and where it ends.
import type { EncodedMark } from './replica-store.ts';
import type { DrainError, JournalReader } from './own-segments.ts';
import { compareHybrid, type HybridTimestamp } from '../clock.ts';
import type { SegmentDocument } from '../ledger.ts';
import { decodeMark } from '../mark-codec.ts';
import { assert, err, ok, type Result } from '../result.ts';
import { writerKey, type SegmentId, type SegmentState, type WriterId } from '../segment.ts';

/** Marks read from the journal, and put into one chunk, at a time. */
export const drainBatchMarksMax = 200;

export interface OpenSegment {
  readonly id: SegmentId;
  readonly firstSequence: number;
  readonly document: SegmentDocument;
  /** As it is stored; undefined for one that is not yet. */
  readonly state: SegmentState | undefined;
  /** The writer's last stored segment: this one, or the full one before it. */
  readonly latest: SegmentState | undefined;
  /** Marks after `state.count`, in the document but not yet stored. */
  readonly pending: readonly EncodedMark[];
  /** Of its first mark; undefined while it has none. */
  readonly day: number | undefined;
}

/**
 * A segment ends with its day, by UTC and whatever the event's own days are: rules may change, and whoever rebuilds a segment from the
 * journal must cut it where everybody else has it cut.
 */
export const dayOf = (at: HybridTimestamp): number => Math.floor(at.ms / 86_400_000);

export async function readBatch(
  journal: JournalReader,
  writer: WriterId,
  current: OpenSegment,
): Promise<Result<readonly EncodedMark[], DrainError>> {
  const last = current.firstSequence + current.document.count() - 1;
  const marks: EncodedMark[] = [];
  for (const bytes of await journal.marksAfter(writer, last, drainBatchMarksMax)) {
    const mark = decodeMark(bytes, writer);
    if (!mark.ok)
      return err({
        type: 'own-history-damaged',
        writer,
        cause: `mark ${last + marks.length + 1} cannot be read: ${mark.error.cause}`,
      });
    if (mark.value.sequence !== last + marks.length + 1)
      return err({ type: 'own-history-damaged', writer, cause: `mark ${last + marks.length + 1} is missing` });
    marks.push({ mark: mark.value, bytes });
  }
  return ok(marks);
}

/** Timestamps never fall within a process start, so nothing later is older than the last mark. */
export function throughOf(current: OpenSegment, marks: readonly EncodedMark[]): HybridTimestamp {
  const said = current.state?.through ?? { ms: 0, counter: 0 };
  const last = marks.at(-1)?.mark.at ?? said;
  return compareHybrid(last, said) > 0 ? last : said;
}

export function sameRow(a: SegmentState | undefined, b: SegmentState | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  assert(writerKey(a) === writerKey(b), 'rows of one writer');
  return (
    a.segment === b.segment &&
    a.count === b.count &&
    a.hash === b.hash &&
    a.closed === b.closed &&
    compareHybrid(a.through, b.through) === 0
  );
}
