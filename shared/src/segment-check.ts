// What a receiver finds out about a chunk's content, and in which order: each change for itself, then their chain, then the marks.
// The size, the signature and the hash have been checked before (segment.ts), and nothing is applied here. How the bytes of a
// change are decoded is the business of ledger.ts.
import { bytesToHex, hexToBytes } from './bytes.ts';
import { cborDecode } from './cbor.ts';
import { compareHybrid } from './clock.ts';
import type { EncodedMark } from './gate/replica-store.ts';
import { encodeMarkChange } from './mark-change.ts';
import { decodeMark, markBytesMax } from './mark-codec.ts';
import { assert, err, ok, type Result } from './result.ts';
import {
  chunkBytesMax,
  emptyHash,
  hashBytes,
  segmentActor,
  segmentMarksMax,
  type Head,
  type HeadError,
  type SegmentId,
  type SegmentState,
  type SignedChunk,
} from './segment.ts';

export type ChunkError =
  | HeadError
  /** The bytes are what was signed, but not a segment as this format has it. */
  | { readonly type: 'segment-invalid'; readonly cause: string }
  /** Its gate has signed two different histories. */
  | { readonly type: 'equivocation'; readonly cause: string }
  /** Marks before this chunk are missing; `have` is how many are held. */
  | { readonly type: 'gap'; readonly have: number };

export interface CheckedChunk {
  /** The state after this chunk: never behind `known`. */
  readonly state: SegmentState;
  /** Marks that `known` does not cover, in sequence. */
  readonly marks: readonly EncodedMark[];
  /** Nothing in it was new. */
  readonly stale: boolean;
}

/** One decoded change: what is known about its place and its mark, before any of it is believed. */
export interface ReadChange {
  readonly hash: string;
  readonly deps: readonly string[];
  readonly mark: Uint8Array;
}

/** How the pieces of a segment are decoded; what comes back has been checked for its own place and content. */
export interface SegmentReader {
  readonly change: (bytes: Uint8Array, actor: string, index: number) => Result<ReadChange, ChunkError>;
  /** Its only head, and the marks in its list. */
  readonly document: (
    bytes: Uint8Array,
  ) => Result<{ readonly head: string; readonly marks: readonly Uint8Array[] }, ChunkError>;
}

export const invalid = (
  cause: string,
): { readonly ok: false; readonly error: { readonly type: 'segment-invalid'; readonly cause: string } } =>
  err({ type: 'segment-invalid', cause });

export function checkContent(
  reader: SegmentReader,
  chunk: SignedChunk,
  known: SegmentState | undefined,
): Result<CheckedChunk, ChunkError> {
  const { head } = chunk;
  const have = known?.count ?? 0;
  if (head.from > have) return err({ type: 'gap', have });
  if (known !== undefined && known.firstSequence !== head.firstSequence)
    return err({ type: 'equivocation', cause: 'two first sequences of one segment' });
  if (known !== undefined && known.count === head.count && known.hash !== head.hash)
    return err({ type: 'equivocation', cause: `two heads after ${head.count} marks` });
  const changes = readChanges(reader, chunk);
  if (!changes.ok) return changes;
  const chained = checkChain(changes.value, chunk, known);
  if (!chained.ok) return chained;
  const marks = readMarks(changes.value, chunk);
  if (!marks.ok) return marks;
  const state = advance(known, head);
  return ok({
    state,
    marks: marks.value.slice(Math.max(0, have - head.from)),
    stale: known !== undefined && sameState(known, state),
  });
}

/**
 * The same without anything known: whether a chunk's own changes chain up to its signed head, and the hash of what they continue. Since
 * a hash commits to all that came before it, a chunk that ends in a trusted head is as good as that head.
 */
export function checkAlone(reader: SegmentReader, chunk: SignedChunk): Result<{ readonly before: string }, ChunkError> {
  const changes = readChanges(reader, chunk);
  if (!changes.ok) return changes;
  const chained = checkChain(changes.value, chunk, undefined);
  if (!chained.ok) return chained;
  const marks = readMarks(changes.value, chunk);
  if (!marks.ok) return marks;
  const [first] = changes.value;
  return ok({ before: first === undefined ? chunk.head.hash : (first.deps[0] ?? emptyHash) });
}

/** The changes of a chunk, each checked for its own place and content; not yet for their chain. */
function readChanges(reader: SegmentReader, chunk: SignedChunk): Result<readonly ReadChange[], ChunkError> {
  const { head, payload } = chunk;
  const changes = head.form === 'whole' ? readDocument(reader, head, payload) : readTail(reader, head, payload);
  if (!changes.ok) return changes;
  return changes.value.length === head.count - head.from
    ? changes
    : invalid(`${changes.value.length} changes where the head says ${head.count - head.from}`);
}

/**
 * A document has no history but that of its heads: where its only head is the one to which its marks lead, it holds nothing but what
 * a segment may hold.
 */
function readDocument(
  reader: SegmentReader,
  head: Head,
  payload: Uint8Array,
): Result<readonly ReadChange[], ChunkError> {
  const document = reader.document(payload);
  if (!document.ok) return document;
  const changes = changesOf(head, 0, emptyHash, document.value.marks);
  if (!changes.ok) return changes;
  return changes.value.at(-1)?.hash === document.value.head
    ? changes
    : invalid('a document that holds more than its marks in their order');
}

/** The hash of what comes before, then marks; or, as the format's long form, Automerge's own changes. */
function readTail(reader: SegmentReader, head: Head, payload: Uint8Array): Result<readonly ReadChange[], ChunkError> {
  const list = listOfBytes(payload);
  if (!list.ok) return list;
  const [before, ...marks] = list.value;
  if (before === undefined) return ok([]);
  if (before.length === hashBytes) return changesOf(head, head.from, bytesToHex(before), marks);
  const actor = segmentActor(head);
  const changes: ReadChange[] = [];
  for (const bytes of list.value) {
    const change = reader.change(bytes, actor, head.from + changes.length);
    if (!change.ok) return change;
    changes.push(change.value);
  }
  return ok(changes);
}

/** The changes that a segment's gate must have made of these marks. */
function changesOf(
  id: SegmentId,
  from: number,
  before: string,
  marks: readonly Uint8Array[],
): Result<readonly ReadChange[], ChunkError> {
  const actor = hexToBytes(segmentActor(id));
  let previous = hexToBytes(before);
  assert(actor !== undefined && previous !== undefined, 'actor and hash are hexadecimal');
  if (from === 0 && before !== emptyHash) return invalid('something before the first mark');
  if (from + marks.length > segmentMarksMax) return invalid('more marks than a segment holds');
  const changes: ReadChange[] = [];
  let previousHash = before;
  for (const mark of marks) {
    if (mark.length === 0 || mark.length > markBytesMax) return invalid('a mark of no or too great length');
    const index = from + changes.length;
    previous = encodeMarkChange(actor, index, previous, mark).hash;
    const hash = bytesToHex(previous);
    changes.push({ hash, deps: index === 0 ? [] : [previousHash], mark });
    previousHash = hash;
  }
  return ok(changes);
}

function listOfBytes(payload: Uint8Array): Result<readonly Uint8Array[], ChunkError> {
  if (payload.length === 0) return ok([]);
  const value = cborDecode(payload, chunkBytesMax, 1);
  if (!value.ok) return invalid('not a list of marks or changes');
  const list = value.value;
  if (!Array.isArray(list) || !list.every((item) => item instanceof Uint8Array))
    return invalid('not a list of marks or changes');
  return ok(list as readonly Uint8Array[]);
}

/** Every change depends on exactly the one before; where the chunk overlaps what is known it must agree with it. */
function checkChain(
  changes: readonly ReadChange[],
  { head }: SignedChunk,
  known: SegmentState | undefined,
): Result<void, ChunkError> {
  let before: string | undefined = known !== undefined && known.count === head.from ? known.hash : undefined;
  for (const [index, change] of changes.entries()) {
    const dependencies = head.from + index === 0 ? 0 : 1;
    if (change.deps.length !== dependencies) return invalid('a change without exactly its predecessor as dependency');
    if (before !== undefined && dependencies === 1 && change.deps[0] !== before) {
      return index === 0
        ? err({ type: 'equivocation', cause: `another history before mark ${head.from + 1}` })
        : invalid('a broken chain of changes');
    }
    before = change.hash;
    if (known !== undefined && head.from + index + 1 === known.count && change.hash !== known.hash)
      return err({ type: 'equivocation', cause: `two histories up to mark ${known.count}` });
  }
  if (changes.length > 0 && before !== head.hash) return invalid('another last hash than was signed');
  if (head.count === 0 && head.hash !== emptyHash) return invalid('a hash of no marks');
  return ok(undefined);
}

function readMarks(changes: readonly ReadChange[], { head }: SignedChunk): Result<readonly EncodedMark[], ChunkError> {
  const marks: EncodedMark[] = [];
  for (const { mark: bytes } of changes) {
    const mark = decodeMark(bytes, head);
    if (!mark.ok) return invalid(`a mark that cannot be read: ${mark.error.cause}`);
    if (mark.value.sequence !== head.firstSequence + head.from + marks.length)
      return invalid('a mark out of its sequence');
    const previous = marks.at(-1);
    if (previous !== undefined && compareHybrid(previous.mark.at, mark.value.at) > 0)
      return invalid('a mark older than the one before it');
    marks.push({ mark: mark.value, bytes });
  }
  return ok(marks);
}

/**
 * What is known is always what one head has said, the longest's, closing or latest, so that whoever gets its chunk knows the same. A
 * shorter one that claims to be closed comes from a restored image and must not touch what is known of the longer one.
 */
export function advance(known: SegmentState | undefined, head: SegmentState): SegmentState {
  if (known !== undefined && isBehind(head, known)) return known;
  const { event, gate, boot, segment, firstSequence, count, hash, closed, through } = head;
  return { event, gate, boot, segment, firstSequence, count, hash, closed, through };
}

const isBehind = (head: SegmentState, known: SegmentState): boolean =>
  (head.count - known.count ||
    Number(head.closed) - Number(known.closed) ||
    compareHybrid(head.through, known.through)) < 0;

const sameState = (a: SegmentState, b: SegmentState): boolean =>
  a.count === b.count && a.closed === b.closed && compareHybrid(a.through, b.through) === 0;

export function hashFromChunks(
  reader: SegmentReader,
  chunks: readonly SignedChunk[],
  count: number,
): string | undefined {
  for (const chunk of chunks) {
    if (chunk.head.count === count) return chunk.head.hash;
    if (chunk.head.from >= count || chunk.head.count < count) continue;
    const changes = readChanges(reader, chunk);
    if (changes.ok) return changes.value[count - chunk.head.from - 1]?.hash;
  }
  return undefined;
}

export function marksFromChunks(reader: SegmentReader, chunks: readonly SignedChunk[]): readonly Uint8Array[] {
  const marks: Uint8Array[] = [];
  for (const chunk of chunks) {
    const changes = readChanges(reader, chunk);
    assert(changes.ok && chunk.head.from <= marks.length, 'stored chunks were checked and follow one another');
    marks.push(...changes.value.slice(marks.length - chunk.head.from).map((change) => change.mark));
  }
  return marks;
}
