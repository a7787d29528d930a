// The only file that imports automerge: segments as documents, and what a receiver checks before it believes one.
//
// A segment is a pure function of (event, gate, boot, segment number, marks): its actor is derived from its name, each mark is
// one change with time zero, and nothing else is ever in it. So a gate that rebuilds a segment after a crash, or that continues
// from a restored image, repeats the very same hashes instead of contradicting itself, and two heads of one segment are
// either prefix and continuation, or a proof that its gate has signed two different histories.
import type * as AutomergeModule from 'automerge';
import { bytesToHex, utf8 } from './bytes.ts';
import { cborDecode, cborEncode } from './cbor.ts';
import { compareHybrid } from './clock.ts';
import { sha256 } from './crypto.ts';
import type { EncodedMark } from './gate/replica-store.ts';
import { decodeMark, markBytesMax } from './mark-codec.ts';
import { assert, err, ok, type Result } from './result.ts';
import { checkChangeBounds, checkDocumentBounds } from './segment-bounds.ts';
import {
  chunkBytesMax,
  emptyHash,
  isSegmentFull,
  segmentKey,
  segmentMarksMax,
  verifyChunk,
  type HeadError,
  type SegmentId,
  type SegmentState,
  type SignedChunk,
} from './segment.ts';

type Automerge = typeof AutomergeModule;
type Content = { marks: Uint8Array[] };

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

/** A segment being written or rebuilt by its own gate. */
export interface SegmentDocument {
  readonly count: () => number;
  /** Appends marks in sequence; stops when the segment is full. Returns how many it took. */
  readonly append: (marks: readonly Uint8Array[]) => number;
  readonly full: () => boolean;
  /** Payload of a `changes` chunk with the marks after the first `from` and up to `to`. */
  readonly changes: (from: number, to: number) => Uint8Array;
  /** Hash after `count` marks: 64 hexadecimal digits, zeros after none. */
  readonly hashAt: (count: number) => string;
  /** Payload of a `whole` chunk, about 25 bytes a mark. */
  readonly save: () => Uint8Array;
}

export interface Ledger {
  readonly createSegment: (id: SegmentId) => SegmentDocument;
  /**
   * A receiver's checks in their order: size bound; signature; length and SHA-256; how far it would expand; then the changes,
   * without applying them: the segment's actor, an unbroken chain from what is `known`, nothing but the list's creation and bytes
   * inserted behind the last element, the last hash equal to the signed one; then every mark. Never throws for any content.
   */
  readonly check: (
    chunk: SignedChunk,
    publicKey: Uint8Array,
    known: SegmentState | undefined,
  ) => Result<CheckedChunk, ChunkError>;
  /** Hash after `count` marks according to stored, already checked chunks; undefined where they do not say. */
  readonly hashAt: (chunks: readonly SignedChunk[], count: number) => string | undefined;
  /** The marks' bytes in stored, already checked chunks, from the segment's first on. */
  readonly marks: (chunks: readonly SignedChunk[]) => readonly Uint8Array[];
  /** True once Automerge's WebAssembly has trapped: this process should be replaced before it goes on. */
  readonly trapped: () => boolean;
}

/** One change holds one mark: what is longer than this is not one. */
const changeBytesMax = markBytesMax + 512;
const listName = 'marks';

/** Loads Automerge (about 0.1 s and 20 MB, so only where segments are handled) and resolves with the ledger. */
export async function loadLedger(): Promise<Ledger> {
  const automerge = await import('automerge');
  let trapped = false;
  const reader = createReader(automerge, () => (trapped = true));
  return {
    createSegment: (id) => createSegmentDocument(automerge, id),
    check: (chunk, publicKey, known) => {
      const signed = verifyChunk(chunk, publicKey);
      return signed.ok ? checkContent(reader, chunk, known) : signed;
    },
    hashAt: (chunks, count) => hashFromChunks(reader, chunks, count),
    marks: (chunks) => marksFromChunks(reader, chunks),
    trapped: () => trapped,
  };
}

/** Actor of a segment's document: 32 hexadecimal digits. */
export const segmentActor = (id: SegmentId): string =>
  bytesToHex(sha256(utf8(`postern-segment-v1\0${segmentKey(id)}`)).slice(0, 16));

function createSegmentDocument(automerge: Automerge, id: SegmentId): SegmentDocument {
  const actor = segmentActor(id);
  let document: AutomergeModule.Doc<Content> = automerge.init<Content>({ actor });
  let markBytes = 0;
  const changes: { readonly bytes: Uint8Array; readonly hash: string }[] = [];
  const appendOne = (mark: Uint8Array): void => {
    document = automerge.change(document, { time: 0 }, (content) => {
      if (content.marks === undefined) content.marks = [];
      content.marks.push(mark);
    });
    const bytes = automerge.getLastLocalChange(document);
    const hash = automerge.getHeads(document)[0];
    assert(bytes !== undefined && hash !== undefined, 'a change has bytes and a hash');
    changes.push({ bytes, hash });
    markBytes += mark.length;
  };
  const full = (): boolean => isSegmentFull(changes.length, markBytes);
  return {
    count: () => changes.length,
    hashAt: (count) => {
      if (count === 0) return emptyHash;
      const change = changes[count - 1];
      assert(change !== undefined, 'the count lies within the segment');
      return change.hash;
    },
    full,
    append: (marks) => {
      let taken = 0;
      for (const mark of marks) {
        if (full()) break;
        appendOne(mark);
        taken++;
      }
      return taken;
    },
    changes: (from, to) =>
      from === to
        ? new Uint8Array(0)
        : new Uint8Array(cborEncode(changes.slice(from, to).map((change) => change.bytes))),
    save: () => automerge.save(document),
  };
}

/** One decoded change: what is known about its place and its mark, before any of it is believed. */
interface ReadChange {
  readonly hash: string;
  readonly deps: readonly string[];
  readonly mark: Uint8Array;
}

interface Reader {
  readonly change: (bytes: Uint8Array, actor: string, index: number) => Result<ReadChange, ChunkError>;
  readonly document: (bytes: Uint8Array) => Result<readonly Uint8Array[], ChunkError>;
}

const invalid = (
  cause: string,
): { readonly ok: false; readonly error: { readonly type: 'segment-invalid'; readonly cause: string } } =>
  err({ type: 'segment-invalid', cause });

function createReader(automerge: Automerge, onTrap: () => void): Reader {
  const attempt = <T>(read: () => T): Result<T, ChunkError> => {
    try {
      return ok(read());
    } catch (cause) {
      // Automerge refuses by throwing; a WebAssembly trap is different, its memory may be broken from then on.
      if (cause instanceof WebAssembly.RuntimeError) onTrap();
      return invalid(
        `Automerge refuses it: ${cause instanceof Error ? cause.message.slice(0, 120) : 'no reason given'}`,
      );
    }
  };
  return {
    change: (bytes, actor, index) => {
      if (bytes.length > changeBytesMax) return invalid('a change longer than one mark can be');
      const bounds = checkChangeBounds(bytes, 2);
      if (!bounds.ok) return bounds;
      const decoded = attempt(() => automerge.decodeChange(bytes));
      if (!decoded.ok) return decoded;
      const change = decoded.value;
      const firstOperation = index === 0 ? 1 : index + 2;
      if (change.actor !== actor) return invalid('a change by another actor');
      if (change.seq !== index + 1 || change.startOp !== firstOperation) return invalid('a change out of its place');
      if (change.time !== 0 || (change.message ?? '') !== '') return invalid('a change with a time or a message');
      const operations: readonly unknown[] = change.ops;
      if (operations.length !== (index === 0 ? 2 : 1)) return invalid('a change that does not insert exactly one mark');
      if (index === 0 && !isListCreation(operations[0])) return invalid('a segment that does not begin with its list');
      const mark = insertedBytes(operations.at(-1), `1@${actor}`, index === 0 ? '_head' : `${index + 1}@${actor}`);
      if (mark === undefined || typeof change.hash !== 'string')
        return invalid('an operation that is not an insertion of bytes behind the last element');
      return ok({ hash: change.hash, deps: change.deps, mark });
    },
    document: (bytes) => {
      const bounds = checkDocumentBounds(bytes, segmentMarksMax + 1);
      if (!bounds.ok) return bounds;
      return attempt(() => automerge.getAllChanges(automerge.load<Content>(bytes)));
    },
  };
}

function isListCreation(operation: unknown): boolean {
  const fields = operation as Readonly<Record<string, unknown>>;
  return (
    fields['action'] === 'makeList' &&
    fields['obj'] === '_root' &&
    fields['key'] === listName &&
    fields['insert'] !== true &&
    isEmptyList(fields['pred'])
  );
}

function insertedBytes(operation: unknown, list: string, after: string): Uint8Array | undefined {
  const fields = operation as Readonly<Record<string, unknown>>;
  const inserts =
    fields['action'] === 'set' &&
    fields['obj'] === list &&
    fields['elemId'] === after &&
    fields['insert'] === true &&
    isEmptyList(fields['pred']);
  const value = fields['value'];
  if (!inserts || value === null || typeof value !== 'object') return undefined;
  if (value instanceof Uint8Array) return value;
  return Array.isArray(value) && value.every((byte) => Number.isInteger(byte) && byte >= 0 && byte <= 255)
    ? Uint8Array.from(value as number[])
    : undefined;
}

const isEmptyList = (value: unknown): boolean => Array.isArray(value) && value.length === 0;

function checkContent(
  reader: Reader,
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

/** The changes of a chunk, each checked for its own place and content; not yet for their chain. */
function readChanges(reader: Reader, chunk: SignedChunk): Result<readonly ReadChange[], ChunkError> {
  const { head } = chunk;
  const list = head.form === 'whole' ? reader.document(chunk.payload) : listOfChanges(chunk.payload);
  if (!list.ok) return list;
  if (list.value.length !== head.count - head.from)
    return invalid(`${list.value.length} changes where the head says ${head.count - head.from}`);
  const actor = segmentActor(head);
  const changes: ReadChange[] = [];
  for (const bytes of list.value) {
    const change = reader.change(bytes, actor, head.from + changes.length);
    if (!change.ok) return change;
    changes.push(change.value);
  }
  return ok(changes);
}

function listOfChanges(payload: Uint8Array): Result<readonly Uint8Array[], ChunkError> {
  if (payload.length === 0) return ok([]);
  const value = cborDecode(payload, chunkBytesMax, 1);
  if (!value.ok) return invalid('not a list of changes');
  const list = value.value;
  if (!Array.isArray(list) || !list.every((item) => item instanceof Uint8Array))
    return invalid('not a list of changes');
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
 * Only a head with at least as many marks says anything new. A shorter one that claims to be closed comes from a restored image and
 * must not touch what is known of the longer one.
 */
function advance(known: SegmentState | undefined, head: SegmentState): SegmentState {
  if (known !== undefined && head.count < known.count) return known;
  const { event, gate, boot, segment, firstSequence, count, hash } = head;
  const through = known !== undefined && compareHybrid(known.through, head.through) > 0 ? known.through : head.through;
  const closed = head.closed || (known?.closed === true && known.count === head.count);
  return { event, gate, boot, segment, firstSequence, count, hash, closed, through };
}

const sameState = (a: SegmentState, b: SegmentState): boolean =>
  a.count === b.count && a.closed === b.closed && compareHybrid(a.through, b.through) === 0;

function hashFromChunks(reader: Reader, chunks: readonly SignedChunk[], count: number): string | undefined {
  for (const chunk of chunks) {
    if (chunk.head.count === count) return chunk.head.hash;
    if (chunk.head.from >= count || chunk.head.count < count) continue;
    const changes = readChanges(reader, chunk);
    if (changes.ok) return changes.value[count - chunk.head.from - 1]?.hash;
  }
  return undefined;
}

function marksFromChunks(reader: Reader, chunks: readonly SignedChunk[]): readonly Uint8Array[] {
  const marks: Uint8Array[] = [];
  for (const chunk of chunks) {
    const changes = readChanges(reader, chunk);
    assert(changes.ok && chunk.head.from <= marks.length, 'stored chunks were checked and follow one another');
    marks.push(...changes.value.slice(marks.length - chunk.head.from).map((change) => change.mark));
  }
  return marks;
}
