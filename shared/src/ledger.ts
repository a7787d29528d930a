// The only file that imports automerge: segments as documents, and what a receiver checks before it believes one.
//
// A segment is a pure function of (event, gate, boot, segment number, marks): its actor is derived from its name, each mark is
// one change with time zero, and nothing else is ever in it. So a gate that rebuilds a segment after a crash, or that continues
// from a restored image, repeats the very same hashes instead of contradicting itself, and two heads of one segment are
// either prefix and continuation, or a proof that its gate has signed two different histories.
import type * as AutomergeModule from 'automerge';
import { bytesToHex, hexToBytes } from './bytes.ts';
import { cborEncode } from './cbor.ts';
import { encodeMarkChange, type MarkChange } from './mark-change.ts';
import { markBytesMax } from './mark-codec.ts';
import { assert, ok, type Result } from './result.ts';
import { checkChangeBounds, checkDocumentBounds } from './segment-bounds.ts';
import {
  checkAlone,
  checkContent,
  hashFromChunks,
  invalid,
  marksFromChunks,
  type CheckedChunk,
  type ChunkError,
  type SegmentReader,
} from './segment-check.ts';
import {
  hashBytes,
  isSegmentFull,
  segmentActor,
  segmentMarksMax,
  verifyChunk,
  type SegmentId,
  type SegmentState,
  type SignedChunk,
} from './segment.ts';

type Automerge = typeof AutomergeModule;
type Content = { marks: Uint8Array[] };

/** A segment being written or rebuilt by its own gate. */
export interface SegmentDocument {
  readonly count: () => number;
  /** Appends marks in sequence; stops when the segment is full. Returns how many it took. */
  readonly append: (marks: readonly Uint8Array[]) => number;
  readonly full: () => boolean;
  /** Payload of a `changes` chunk: the hash after the first `from` marks, then the marks after them and up to `to`. */
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
  /**
   * The same checks for a chunk of which it is not known what came before: as evidence, or as proof of the head that it ends in. `before`:
   * hash of what it continues.
   */
  readonly checkAlone: (chunk: SignedChunk, publicKey: Uint8Array) => Result<{ readonly before: string }, ChunkError>;
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
    checkAlone: (chunk, publicKey) => {
      const signed = verifyChunk(chunk, publicKey);
      return signed.ok ? checkAlone(reader, chunk) : signed;
    },
    hashAt: (chunks, count) => hashFromChunks(reader, chunks, count),
    marks: (chunks) => marksFromChunks(reader, chunks),
    trapped: () => trapped,
  };
}

function createSegmentDocument(automerge: Automerge, id: SegmentId): SegmentDocument {
  const actor = segmentActor(id);
  const actorBytes = hexToBytes(actor);
  assert(actorBytes !== undefined, 'an actor is hexadecimal');
  let markBytes = 0;
  const marks: Uint8Array[] = [];
  const changes: MarkChange[] = [];
  const hashAfter = (count: number): Uint8Array => {
    if (count === 0) return new Uint8Array(hashBytes);
    const change = changes[count - 1];
    assert(change !== undefined, 'the count lies within the segment');
    return change.hash;
  };
  const full = (): boolean => isSegmentFull(changes.length, markBytes);
  return {
    count: () => changes.length,
    hashAt: (count) => bytesToHex(hashAfter(count)),
    full,
    append: (added) => {
      let taken = 0;
      for (const mark of added) {
        if (full()) break;
        changes.push(encodeMarkChange(actorBytes, changes.length, hashAfter(changes.length), mark));
        marks.push(mark);
        markBytes += mark.length;
        taken++;
      }
      return taken;
    },
    changes: (from, to) => (from === to ? new Uint8Array(0) : cborEncode([hashAfter(from), ...marks.slice(from, to)])),
    save: () => {
      // Under the JavaScript objects that Automerge keeps in step with a document, which nobody here looks at.
      const document = automerge.getBackend(automerge.init<Content>({ actor }));
      document.applyChanges(changes.map(({ bytes }) => bytes));
      return document.save();
    },
  };
}

function createReader(automerge: Automerge, onTrap: () => void): SegmentReader {
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
      const loaded = attempt(() => {
        const document = automerge.load<Content>(bytes);
        const marks: unknown = document.marks;
        return { heads: automerge.getHeads(document), marks };
      });
      if (!loaded.ok) return loaded;
      const { heads, marks } = loaded.value;
      const [head] = heads;
      const isListOfBytes =
        Array.isArray(marks) && marks.every((mark): mark is Uint8Array => mark instanceof Uint8Array);
      return head !== undefined && heads.length === 1 && isListOfBytes
        ? ok({ head, marks })
        : invalid('a document that is not one list of bytes');
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
