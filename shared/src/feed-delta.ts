// A delta: the tickets, codes and tokens that changed between two versions of a feed. Deterministic CBOR, in chunks of at most a
// thousand rows so that a gate can apply a large one without pausing its lanes. A delta carries no signature: the manifest names
// its SHA-256, and a gate checks that before it decodes a byte.
import { cborDecode, cborEncode, type CborValue } from './cbor.ts';
import { deltaBytesMax, deltaRowsMax, type FeedError } from './feed.ts';
import { decodeTicketRow, encodeTicketRow, isCodeHash, isCodeReference, type CodeRow } from './feed-snapshot.ts';
import { isTokenRow, type TokenRow } from './feed-token.ts';
import { assert, err, ok, type Result } from './result.ts';
import type { Ticket } from './ticket.ts';

export const deltaChunkRowsMax = 1_000;
const deltaChunkBytesMax = 256 * 1024;
const deltaVersion = 1;

/** A code that now leads to a ticket, or (`ticket` null) to none any more. */
export type CodeChange = CodeRow | readonly [Uint8Array, null];

export interface DeltaRows {
  readonly tickets: readonly Ticket[];
  readonly codes: readonly CodeChange[];
  /** Absent where there are none. */
  readonly tokens?: readonly TokenRow[];
}

export const rowsIn = ({ tickets, codes, tokens = [] }: DeltaRows): number =>
  tickets.length + codes.length + tokens.length;

export interface DeltaHeader {
  readonly event: number;
  /** The version that it changes, and the version that it makes. */
  readonly from: number;
  readonly to: number;
}

export interface Delta extends DeltaHeader {
  /** Each decodes by `decodeDeltaChunk`, in order. */
  readonly chunks: readonly Uint8Array[];
}

/** At most `deltaRowsMax` rows (a bug otherwise: more calls for a new snapshot). */
export function encodeDelta(header: DeltaHeader, rows: DeltaRows): Uint8Array {
  assert(rowsIn(rows) <= deltaRowsMax, `a delta has at most ${deltaRowsMax} rows`);
  const items: readonly CborValue[] = [...rows.tickets.map(encodeTicketRow), ...rows.codes, ...(rows.tokens ?? [])];
  const chunks: Uint8Array[] = [];
  for (let start = 0; start < items.length; start += deltaChunkRowsMax)
    chunks.push(cborEncode(items.slice(start, start + deltaChunkRowsMax)));
  const bytes = cborEncode([deltaVersion, header.event, header.from, header.to, chunks]);
  assert(bytes.length <= deltaBytesMax, `a delta has at most ${deltaBytesMax} bytes`);
  return bytes;
}

export function decodeDelta(bytes: Uint8Array): Result<Delta, FeedError> {
  if (bytes.length > deltaBytesMax)
    return err({ type: 'feed-too-large', what: 'delta', bytes: bytes.length, bytesMax: deltaBytesMax });
  const decoded = cborDecode(bytes, deltaBytesMax, 3);
  if (!decoded.ok) return malformed(decoded.error.cause);
  if (!Array.isArray(decoded.value) || decoded.value.length !== 5) return malformed('not a delta');
  const [version, event, from, to, chunks] = decoded.value as readonly CborValue[];
  if (version !== deltaVersion) return malformed('a version of delta that is not known here');
  if (!isNumber(event) || !isNumber(from) || !isNumber(to) || from >= to)
    return malformed('a delta that leads nowhere');
  if (!Array.isArray(chunks) || chunks.length > deltaRowsMax / deltaChunkRowsMax) return malformed('too many chunks');
  if (!chunks.every((chunk) => chunk instanceof Uint8Array)) return malformed('a chunk that is not bytes');
  return ok({ event, from, to, chunks });
}

export function decodeDeltaChunk(chunk: Uint8Array): Result<DeltaRows, FeedError> {
  const decoded = cborDecode(chunk, deltaChunkBytesMax, 3);
  if (!decoded.ok) return malformed(decoded.error.cause);
  if (!Array.isArray(decoded.value) || decoded.value.length > deltaChunkRowsMax)
    return malformed('not a chunk of rows');
  const tickets: Ticket[] = [];
  const codes: CodeChange[] = [];
  const tokens: TokenRow[] = [];
  for (const row of decoded.value as readonly CborValue[]) {
    if (!Array.isArray(row)) return malformed('a row that is not an array');
    const code = asCodeChange(row);
    const ticket = code === undefined ? decodeTicketRow(row) : undefined;
    if (code !== undefined) codes.push(code);
    else if (ticket !== undefined) tickets.push(ticket);
    else if (isTokenRow(row)) tokens.push(row);
    else return malformed('a row that is neither ticket nor code nor token');
  }
  return ok({ tickets, codes, ...(tokens.length === 0 ? {} : { tokens }) });
}

function asCodeChange(row: readonly CborValue[]): CodeChange | undefined {
  const [hash, ticket] = row;
  if (row.length !== 2 || !isCodeHash(hash)) return undefined;
  if (ticket === null) return [hash, null];
  return isCodeReference(ticket) ? [hash, ticket] : undefined;
}

const isNumber = (value: CborValue | undefined): value is number =>
  Number.isSafeInteger(value) && (value as number) >= 0;
const malformed = (cause: string): Result<never, FeedError> => err({ type: 'feed-malformed', what: 'delta', cause });
