// Segments and the signed heads under which their bytes travel. A segment holds up to 1,000 consecutive marks of one writer; it is
// a pure function of those marks (see ledger.ts), so that whoever rebuilds it after a crash or from a restored image gets the
// same hashes. A chunk is a piece of a segment exactly as its gate signed it: relays forward it unchanged.
import { bytesEqual, bytesToHex, concatBytes, hexToBytes, utf8 } from './bytes.ts';
import { cborDecode, cborEncode, type CborValue } from './cbor.ts';
import { compareHybrid, type HybridTimestamp } from './clock.ts';
import { sha256, sign, signatureBytes, verifySignature } from './crypto.ts';
import { assert, err, ok, type Result } from './result.ts';

/** One process start of one gate in one event. */
export interface WriterId {
  readonly event: number;
  readonly gate: string;
  /** 16 hexadecimal digits. */
  readonly boot: string;
}

export interface SegmentId extends WriterId {
  /** 0, 1, 2 … within the writer. */
  readonly segment: number;
}

/** How far a segment is known: what an inventory row says and what a replica stores beside the chunks. */
export interface SegmentState extends SegmentId {
  /** Sequence of the segment's first mark. */
  readonly firstSequence: number;
  /** Marks held, from the first on without a gap. 0 where its gate has only said that it made none. */
  readonly count: number;
  /** Hash of the last Automerge change, 64 hexadecimal digits: it commits to every mark before it. `emptyHash` for none. */
  readonly hash: string;
  /** Its gate knows of no further mark for it and ships it whole. After an image is restored a longer one may still turn up. */
  readonly closed: boolean;
  /** No later mark of this writer will be older. */
  readonly through: HybridTimestamp;
}

/** What a gate signs: a state and exactly the bytes that are shipped under it. */
export interface Head extends SegmentState {
  /** `whole`: a closed segment's saved document. `changes`: the marks after the first `from` ones, and the hash that they continue. */
  readonly form: 'whole' | 'changes';
  /** 0 for `whole`; equal to `count` when the chunk carries only a newer `through`. */
  readonly from: number;
  readonly byteLength: number;
  /** 32 bytes. */
  readonly sha256: Uint8Array;
}

export interface SignedChunk {
  readonly head: Head;
  /** The encoded head as it was signed. */
  readonly headBytes: Uint8Array;
  /** 64 bytes, Ed25519 by the gate's key over `headDomain`, a zero byte and `headBytes`. */
  readonly signature: Uint8Array;
  readonly payload: Uint8Array;
}

/** A segment is full, and the next one begins, at whichever comes first. Both are functions of the marks alone. */
export const segmentMarksMax = 1_000;
export const segmentMarkBytesMax = 128 * 1024;
/** No chunk is longer than this; a full segment of ordinary marks has about 28 kB. */
export const chunkBytesMax = 160 * 1024;
/** Of the hash after a mark. */
export const hashBytes = 32;
/** The hash of a segment without marks. */
export const emptyHash = '0'.repeat(64);
export const headBytesMax = 256;
export const gateIdPattern = /^[a-z0-9-]{1,32}$/;
const bootPattern = /^[0-9a-f]{16}$/;
const headDomain = concatBytes(utf8('postern-head-v1'), new Uint8Array(1));
const headVersion = 1;
const segmentsMax = 1_000_000;
const sequenceMax = 0xffff_ffff;

export type HeadError =
  | { readonly type: 'malformed'; readonly cause: string }
  | { readonly type: 'signature-invalid' }
  | { readonly type: 'payload-altered'; readonly cause: string };

export const segmentKey = (id: SegmentId): string => `${id.event}/${id.gate}/${id.boot}/${id.segment}`;
/** Actor of a segment's document: 32 hexadecimal digits. */
export const segmentActor = (id: SegmentId): string =>
  bytesToHex(sha256(utf8(`postern-segment-v1\0${segmentKey(id)}`)).slice(0, 16));
export const writerKey = (id: WriterId): string => `${id.event}/${id.gate}/${id.boot}`;
export const isSegmentFull = (count: number, markBytes: number): boolean =>
  count >= segmentMarksMax || markBytes >= segmentMarkBytesMax;

/** Orders two states of one writer by how much they know: by segment, marks, closed, then `through`. */
export const compareProgress = (a: SegmentState, b: SegmentState): number =>
  a.segment - b.segment ||
  a.count - b.count ||
  Number(a.closed) - Number(b.closed) ||
  compareHybrid(a.through, b.through);

/** Signs `payload` under a head. `head.byteLength` and `head.sha256` are computed here. */
export function signChunk(
  secretKey: Uint8Array,
  state: SegmentState,
  form: Head['form'],
  from: number,
  payload: Uint8Array,
): SignedChunk {
  assert(payload.length <= chunkBytesMax, 'a chunk stays within its bound');
  const head: Head = { ...state, form, from, byteLength: payload.length, sha256: sha256(payload) };
  const headBytes = encodeHead(head);
  return { head, headBytes, signature: sign(secretKey, concatBytes(headDomain, headBytes)), payload };
}

/** The receiver's first checks, in order: size, signature, length and hash. Automerge has not seen a byte when they pass. */
export function verifyChunk(chunk: SignedChunk, publicKey: Uint8Array): Result<void, HeadError> {
  if (chunk.payload.length > chunkBytesMax || chunk.headBytes.length > headBytesMax)
    return err({ type: 'malformed', cause: 'a chunk over its size bound' });
  if (!verifySignature(publicKey, concatBytes(headDomain, chunk.headBytes), chunk.signature))
    return err({ type: 'signature-invalid' });
  if (chunk.payload.length !== chunk.head.byteLength)
    return err({ type: 'payload-altered', cause: `${chunk.payload.length} bytes, ${chunk.head.byteLength} signed` });
  if (!bytesEqual(sha256(chunk.payload), chunk.head.sha256))
    return err({ type: 'payload-altered', cause: 'other bytes than were signed' });
  return ok(undefined);
}

/** [head, signature, payload]: the form on the wire and in a replica's chunk table. */
export const chunkToCbor = (chunk: SignedChunk): CborValue => [chunk.headBytes, chunk.signature, chunk.payload];
export const encodeChunk = (chunk: SignedChunk): Uint8Array => cborEncode(chunkToCbor(chunk));

export function decodeChunk(bytes: Uint8Array): Result<SignedChunk, HeadError> {
  const value = cborDecode(bytes, chunkBytesMax + headBytesMax + signatureBytes + 16);
  return value.ok ? chunkFromCbor(value.value) : value;
}

export function chunkFromCbor(value: CborValue | undefined): Result<SignedChunk, HeadError> {
  if (!Array.isArray(value) || value.length !== 3)
    return err({ type: 'malformed', cause: 'a chunk is a head, a signature and a payload' });
  const [headBytes, signature, payload] = value as readonly CborValue[];
  if (!(headBytes instanceof Uint8Array) || !(signature instanceof Uint8Array) || !(payload instanceof Uint8Array))
    return err({ type: 'malformed', cause: 'a chunk is three byte strings' });
  if (signature.length !== signatureBytes || payload.length > chunkBytesMax)
    return err({ type: 'malformed', cause: 'a chunk over its size bound' });
  const head = decodeHead(headBytes);
  return head.ok ? ok({ head: head.value, headBytes, signature, payload }) : head;
}

const encodeHead = (head: Head): Uint8Array =>
  cborEncode([
    headVersion,
    ...stateToCbor(head),
    head.form === 'whole' ? 1 : 0,
    head.from,
    head.byteLength,
    head.sha256,
  ]);

function decodeHead(bytes: Uint8Array): Result<Head, HeadError> {
  const value = cborDecode(bytes, headBytesMax, 2);
  if (!value.ok) return value;
  const fields = value.value;
  if (!Array.isArray(fields) || fields.length !== 14 || fields[0] !== headVersion)
    return err({ type: 'malformed', cause: 'not a head of version 1' });
  const state = stateFromCbor(fields.slice(1, 10));
  const [form, from, byteLength, hash] = fields.slice(10) as readonly CborValue[];
  if (
    state === undefined ||
    (form !== 0 && form !== 1) ||
    !isCount(from, state.count) ||
    !isCount(byteLength, chunkBytesMax)
  )
    return err({ type: 'malformed', cause: 'a head with fields out of range' });
  if (
    !(hash instanceof Uint8Array) ||
    hash.length !== 32 ||
    (form === 1 && from !== 0) ||
    state.closed !== (form === 1 || (state.closed && state.count === 0))
  )
    return err({ type: 'malformed', cause: 'a head with fields out of range' });
  return ok({ ...state, form: form === 1 ? 'whole' : 'changes', from, byteLength, sha256: hash });
}

/** Nine fields: event, gate, boot, segment, first sequence, count, hash, closed, through. */
export function stateToCbor(state: SegmentState): readonly CborValue[] {
  const boot = hexToBytes(state.boot);
  const hash = hexToBytes(state.hash);
  assert(boot !== undefined && hash !== undefined, 'boot and hash are hexadecimal');
  return [
    state.event,
    state.gate,
    boot,
    state.segment,
    state.firstSequence,
    state.count,
    hash,
    state.closed,
    [state.through.ms, state.through.counter],
  ];
}

export function stateFromCbor(value: CborValue | undefined): SegmentState | undefined {
  if (!Array.isArray(value) || value.length !== 9) return undefined;
  const [event, gate, bootBytes, segment, firstSequence, count, hashBytes, closed, through] =
    value as readonly CborValue[];
  if (
    !isCount(event, 0xffff_ffff) ||
    typeof gate !== 'string' ||
    !gateIdPattern.test(gate) ||
    !(bootBytes instanceof Uint8Array) ||
    !(hashBytes instanceof Uint8Array)
  )
    return undefined;
  if (
    !isCount(segment, segmentsMax) ||
    !isCount(firstSequence, sequenceMax) ||
    firstSequence < 1 ||
    !isCount(count, segmentMarksMax) ||
    typeof closed !== 'boolean'
  )
    return undefined;
  if (!Array.isArray(through) || through.length !== 2) return undefined;
  const [ms, counter] = through as readonly CborValue[];
  if (!isCount(ms, Number.MAX_SAFE_INTEGER) || !isCount(counter, 0xffff)) return undefined;
  const boot = bytesToHex(bootBytes);
  if (!bootPattern.test(boot) || hashBytes.length !== 32) return undefined;
  return {
    event,
    gate,
    boot,
    segment,
    firstSequence,
    count,
    hash: bytesToHex(hashBytes),
    closed,
    through: { ms, counter },
  };
}

const isCount = (value: CborValue | undefined, max: number): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value <= max;
