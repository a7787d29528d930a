// The two messages of a sync exchange in CBOR: the same bytes to a LAN peer, to the cloud and on a USB stick. Each side first says, by
// one short digest a gate, how far it is; only where digests differ do inventory rows travel, and only what rows show to be
// missing travels as chunks. Decoding takes hostile input: bounded, versioned, exact.
import { bytesEqual } from './bytes.ts';
import { cborDecode, cborEncode, type CborValue } from './cbor.ts';
import { compareHybrid, type HybridTimestamp } from './clock.ts';
import { sha256 } from './crypto.ts';
import { assert, err, ok, type Result } from './result.ts';
import {
  chunkFromCbor,
  chunkToCbor,
  gateIdPattern,
  stateFromCbor,
  stateToCbor,
  type SegmentState,
  type SignedChunk,
} from './segment.ts';

/** Bounds of one message; HTTP answers 413 above the first. */
export const syncMessageBytesMax = 2 * 1024 * 1024;
/** Of a message's bytes at most this many are chunks; the rest is room for rows. */
export const syncChunkBytesMax = 1024 * 1024;
export const syncChunksMax = 2_000;
export const syncWantsMax = 200;
export const syncGatesMax = 2_000;
/** A gate with more inventory rows than this (process starts that made marks, in one event) is left out: it must not cut off others. */
export const syncRowsMax = 8_000;
export const syncContentType = 'application/vnd.postern.sync+cbor';
const messageVersion = 1;
const digestBytes = 16;

/** What one gate's marks amount to here. */
export interface GateDigest {
  readonly gate: string;
  /** 16 bytes over the gate's inventory rows, `gateDigests`. */
  readonly digest: Uint8Array;
}

export interface SyncRequest {
  readonly event: number;
  /** One for every gate of which the sender knows anything, before the answer's chunks. */
  readonly gates: readonly GateDigest[];
  /** How far the sender is with writers of which it wants what follows; count 0 for unknown ones. */
  readonly wants: readonly SegmentState[];
  /** What the receiver lacks, as far as the sender knows. */
  readonly chunks: readonly SignedChunk[];
}

/** A gate whose digests differ, with the answering side's rows; no rows where it knows nothing of that gate. */
export interface GateDifference {
  readonly gate: string;
  readonly rows: readonly SegmentState[];
}

/** Why one of the request's chunks was not taken. */
export interface ChunkRefusal {
  /** Index in the request's `chunks`. */
  readonly index: number;
  readonly code: ChunkRefusalCode;
}
export const chunkRefusalCodes = [
  'malformed',
  'signature-invalid',
  'payload-altered',
  'segment-invalid',
  'equivocation',
  'gap',
  'gate-unknown',
  'gate-revoked',
  'no-room',
] as const;
export type ChunkRefusalCode = (typeof chunkRefusalCodes)[number];

export interface SyncAnswer {
  readonly event: number;
  /** After the request's chunks were taken in; empty means: both sides know the same. */
  readonly differences: readonly GateDifference[];
  readonly chunks: readonly SignedChunk[];
  readonly refusals: readonly ChunkRefusal[];
}

export type SyncMessageError = { readonly type: 'malformed'; readonly cause: string };

/** The digest of one gate's rows, in order of boot: SHA-256, the first 16 bytes. */
export type DigestOf = (gate: string, rows: readonly SegmentState[]) => Uint8Array;
const digestOfRows: DigestOf = (_gate, rows) => sha256(cborEncode(rows.map(stateToCbor))).slice(0, digestBytes);

/** The digests of an inventory's gates. */
export const gateDigests = (
  inventory: readonly SegmentState[],
  digestOf: DigestOf = digestOfRows,
): readonly GateDigest[] => [...rowsByGate(inventory)].map(([gate, rows]) => ({ gate, digest: digestOf(gate, rows) }));

/** Digests for who is asked all the time: a gate's is made again only when its rows have changed. For one event. */
export function createDigestMemo(): DigestOf {
  const known = new Map<string, { readonly rows: readonly SegmentState[]; readonly digest: Uint8Array }>();
  return (gate, rows) => {
    const before = known.get(gate);
    if (before !== undefined && sameRows(before.rows, rows)) return before.digest;
    const digest = digestOfRows(gate, rows);
    known.set(gate, { rows, digest });
    return digest;
  };
}

const sameRows = (a: readonly SegmentState[], b: readonly SegmentState[]): boolean =>
  a.length === b.length &&
  a.every((row, index) => {
    const other = b[index];
    return (
      other !== undefined &&
      row.boot === other.boot &&
      row.segment === other.segment &&
      row.firstSequence === other.firstSequence &&
      row.count === other.count &&
      row.hash === other.hash &&
      row.closed === other.closed &&
      compareHybrid(row.through, other.through) === 0
    );
  });

export function rowsByGate(frontier: readonly SegmentState[]): ReadonlyMap<string, readonly SegmentState[]> {
  const rows = new Map<string, SegmentState[]>();
  for (const state of frontier.toSorted((a, b) => (a.boot < b.boot ? -1 : 1))) {
    const ofGate = rows.get(state.gate);
    if (ofGate === undefined) rows.set(state.gate, [state]);
    else ofGate.push(state);
  }
  return rows;
}

/**
 * The rows that two sides compare: all of a frontier but the starts of a gate that made no mark and of which a later row says more.
 * So a gate that is started again and again all night does not grow everybody's inventory.
 */
export function inventoryOf(frontier: readonly SegmentState[]): readonly SegmentState[] {
  const newest = new Map<string, HybridTimestamp>();
  for (const { gate, through } of frontier) {
    const known = newest.get(gate);
    if (known === undefined || compareHybrid(through, known) > 0) newest.set(gate, through);
  }
  const saysNothing = ({ gate, segment, count, through }: SegmentState): boolean =>
    segment === 0 && count === 0 && compareHybrid(through, newest.get(gate) ?? through) < 0;
  return frontier.filter((row) => !saysNothing(row));
}

/** Where `inventory` differs from the digests of the other side; gates with few rows first, so that none crowds the others out. */
export function differencesTo(
  theirs: readonly GateDigest[],
  inventory: readonly SegmentState[],
  digestOf: DigestOf = digestOfRows,
): readonly GateDifference[] {
  const mine = new Map(gateDigests(inventory, digestOf).map(({ gate, digest }) => [gate, digest]));
  const rows = rowsByGate(inventory);
  const said = new Map(theirs.map(({ gate, digest }) => [gate, digest]));
  const differences: GateDifference[] = [];
  let rowsLeft = syncRowsMax;
  const rowsOf = (gate: string): number => rows.get(gate)?.length ?? 0;
  const gates = [...new Set([...said.keys(), ...mine.keys()])].toSorted();
  for (const gate of gates.toSorted((a, b) => rowsOf(a) - rowsOf(b))) {
    if (sameDigest(said.get(gate), mine.get(gate))) continue;
    const ofGate = rows.get(gate) ?? [];
    rowsLeft -= ofGate.length;
    // What does not fit comes up again as soon as the gates before it agree.
    if (rowsLeft < 0 || differences.length === syncGatesMax) break;
    differences.push({ gate, rows: ofGate });
  }
  return differences;
}

const sameDigest = (a: Uint8Array | undefined, b: Uint8Array | undefined): boolean =>
  a !== undefined && b !== undefined && bytesEqual(a, b);

export function encodeSyncRequest(request: SyncRequest): Uint8Array {
  return sized(
    cborEncode([
      messageVersion,
      request.event,
      request.gates.map(({ gate, digest }) => [gate, digest]),
      request.wants.map(stateToCbor),
      request.chunks.map(chunkToCbor),
    ]),
  );
}

export function encodeSyncAnswer(answer: SyncAnswer): Uint8Array {
  return sized(
    cborEncode([
      messageVersion,
      answer.event,
      answer.differences.map(({ gate, rows }) => [gate, rows.map(stateToCbor)]),
      answer.chunks.map(chunkToCbor),
      answer.refusals.map(({ index, code }) => [index, chunkRefusalCodes.indexOf(code)]),
    ]),
  );
}

export function decodeSyncRequest(bytes: Uint8Array): Result<SyncRequest, SyncMessageError> {
  return decoded(bytes, ([event, gates, wants, chunks]) => ({
    event: readEvent(event),
    gates: readList(gates, syncGatesMax, readDigest),
    wants: readList(wants, syncWantsMax, readState),
    chunks: readList(chunks, syncChunksMax, readChunk),
  }));
}

export function decodeSyncAnswer(bytes: Uint8Array): Result<SyncAnswer, SyncMessageError> {
  return decoded(bytes, ([event, differences, chunks, refusals]) => {
    let rowsLeft = syncRowsMax;
    const readDifference = (value: CborValue | undefined): GateDifference => {
      const [gate, rows] = readTuple(value, 2);
      const list = readList(rows, rowsLeft, readState);
      rowsLeft -= list.length;
      return { gate: readGate(gate), rows: list };
    };
    return {
      event: readEvent(event),
      differences: readList(differences, syncGatesMax, readDifference),
      chunks: readList(chunks, syncChunksMax, readChunk),
      refusals: readList(refusals, syncChunksMax, readRefusal),
    };
  });
}

class Malformed extends Error {}

function decoded<T>(bytes: Uint8Array, read: (fields: readonly CborValue[]) => T): Result<T, SyncMessageError> {
  const value = cborDecode(bytes, syncMessageBytesMax, 6);
  if (!value.ok) return value;
  try {
    const [version, ...fields] = readTuple(value.value, 5);
    if (version !== messageVersion) throw new Malformed('not version 1 of this message');
    return ok(read(fields));
  } catch (cause) {
    if (cause instanceof Malformed) return err({ type: 'malformed', cause: cause.message });
    throw cause;
  }
}

function sized(message: Uint8Array): Uint8Array {
  assert(message.length <= syncMessageBytesMax, 'a sync message stays within its bound');
  return message;
}

function readTuple(value: CborValue | undefined, length: number): readonly CborValue[] {
  if (!Array.isArray(value) || value.length !== length) throw new Malformed(`not a list of ${length}`);
  return value as readonly CborValue[];
}

function readList<T>(
  value: CborValue | undefined,
  itemsMax: number,
  read: (item: CborValue | undefined) => T,
): readonly T[] {
  if (!Array.isArray(value)) throw new Malformed('not a list');
  if (value.length > itemsMax) throw new Malformed(`a list of ${value.length} where at most ${itemsMax} are allowed`);
  return (value as readonly CborValue[]).map(read);
}

function readEvent(value: CborValue | undefined): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > 0xffff_ffff)
    throw new Malformed('not an event');
  return value;
}

function readGate(value: CborValue | undefined): string {
  if (typeof value !== 'string' || !gateIdPattern.test(value)) throw new Malformed('not a gate id');
  return value;
}

function readDigest(value: CborValue | undefined): GateDigest {
  const [gate, digest] = readTuple(value, 2);
  if (!(digest instanceof Uint8Array) || digest.length !== digestBytes) throw new Malformed('not a digest');
  return { gate: readGate(gate), digest };
}

function readState(value: CborValue | undefined): SegmentState {
  const state = stateFromCbor(value);
  if (state === undefined) throw new Malformed('not an inventory row');
  return state;
}

function readChunk(value: CborValue | undefined): SignedChunk {
  const chunk = chunkFromCbor(value);
  if (!chunk.ok) throw new Malformed('cause' in chunk.error ? chunk.error.cause : chunk.error.type);
  return chunk.value;
}

function readRefusal(value: CborValue | undefined): ChunkRefusal {
  const [index, number] = readTuple(value, 2);
  const code = typeof number === 'number' ? chunkRefusalCodes[number] : undefined;
  if (
    typeof index !== 'number' ||
    !Number.isInteger(index) ||
    index < 0 ||
    index >= syncChunksMax ||
    code === undefined
  )
    throw new Malformed('not a refusal');
  return { index, code };
}
