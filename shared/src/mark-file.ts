// Signed marks in a file, to carry on a USB stick where no network works: a line of text that says what it is, then sync messages as they
// would go over the network, each behind its length, then how many there were. Whoever reads it trusts nothing but the signatures. A revoked
// gate seals each message to a key of its cloud (`sealTo`), and the first line says so.
import { concatBytes, utf8 } from './bytes.ts';
import { sealedBytesMore } from './crypto.ts';
import { err, ok, type Result } from './result.ts';
import { gateIdPattern, headBytesMax, type SignedChunk } from './segment.ts';
import { encodeSyncRequest, syncChunksMax, syncMessageBytesMax } from './sync-messages.ts';

export interface MarkFileHeader {
  readonly event: number;
  /** Who wrote the file; the marks in it say for themselves whose they are. */
  readonly gate: string;
}

export interface ReadMarkFileHeader extends MarkFileHeader {
  /** Each message is a sealed box. */
  readonly sealed: boolean;
}

export type MarkFileError =
  /** Something else, or an empty file. */
  | { readonly type: 'mark-file-unknown' }
  | { readonly type: 'mark-file-newer'; readonly version: number }
  /** It ends early: the stick was pulled, or the copy broken off. What came before is good. */
  | { readonly type: 'mark-file-torn' }
  | { readonly type: 'mark-file-damaged' };

export const markFileEnding = '.marks';
/** Of one gate for one event there is one: a later export holds all of an earlier one. */
export const markFileName = ({ event, gate }: MarkFileHeader): string =>
  `postern-event-${event}-${gate}${markFileEnding}`;
export const sealedMarkFileName = ({ event, gate }: MarkFileHeader): string => `postern-event-${event}-${gate}.sealed`;

const version = 1;
/** Of one message: some ten thousand marks, which even a small gate takes in within seconds. */
const messageChunkBytesMax = 256 * 1024;
const headerBytesMax = 96;
const headerPattern = /^postern-(sealed-)?marks (\d{1,4}) event (\d{1,10}) gate ([a-z0-9-]{1,32})$/;
const lengthBytes = 4;
const lineFeed = 10;

/** The file's bytes, piece by piece. Chunks of one writer come in their order. `seal`: of each message, for a file that only the cloud opens. */
export function* encodeMarkFile(
  header: MarkFileHeader,
  chunks: Iterable<SignedChunk>,
  seal?: (message: Uint8Array) => Uint8Array,
): Generator<Uint8Array> {
  yield utf8(
    `postern-${seal === undefined ? '' : 'sealed-'}marks ${version} event ${header.event} gate ${header.gate}\n`,
  );
  let messages = 0;
  let batch: SignedChunk[] = [];
  let batchBytes = 0;
  const message = (): Uint8Array => {
    const plain = encodeSyncRequest({ event: header.event, gates: [], wants: [], chunks: batch });
    const bytes = seal === undefined ? plain : seal(plain);
    messages += 1;
    batch = [];
    batchBytes = 0;
    return concatBytes(lengthOf(bytes.length), bytes);
  };
  for (const chunk of chunks) {
    const bytes = chunk.payload.length + headBytesMax;
    if (batch.length === syncChunksMax || batchBytes + bytes > messageChunkBytesMax) yield message();
    batch.push(chunk);
    batchBytes += bytes;
  }
  if (batch.length > 0) yield message();
  yield concatBytes(lengthOf(0), lengthOf(messages));
}

export interface MarkFileVisitor {
  /** False ends the reading. */
  readonly header: (header: ReadMarkFileHeader) => boolean;
  /** One encoded sync request, or a box with one; nothing about it has been checked but its length. */
  readonly message: (message: Uint8Array) => Promise<void>;
}

/** Reads a file as it comes, holding one message at a time. Rejects when `source` or the visitor does. */
export async function readMarkFile(
  source: AsyncIterable<Uint8Array>,
  visitor: MarkFileVisitor,
): Promise<Result<void, MarkFileError>> {
  const input = createInput(source);
  const header = await readHeader(input);
  if (!header.ok) return header;
  if (!visitor.header(header.value)) return ok(undefined);
  for (let messages = 0; ; messages++) {
    const length = readLength(await input.take(lengthBytes));
    if (length === undefined) return err({ type: 'mark-file-torn' });
    if (length === 0) {
      const count = readLength(await input.take(lengthBytes));
      if (count === undefined) return err({ type: 'mark-file-torn' });
      return count === messages ? ok(undefined) : err({ type: 'mark-file-damaged' });
    }
    if (length > syncMessageBytesMax + (header.value.sealed ? sealedBytesMore : 0))
      return err({ type: 'mark-file-damaged' });
    const message = await input.take(length);
    if (message === undefined) return err({ type: 'mark-file-torn' });
    await visitor.message(message);
  }
}

async function readHeader(input: Input): Promise<Result<ReadMarkFileHeader, MarkFileError>> {
  let line = '';
  for (;;) {
    const byte = (await input.take(1))?.[0];
    if (byte === undefined || line.length >= headerBytesMax) return err({ type: 'mark-file-unknown' });
    if (byte === lineFeed) break;
    line += String.fromCharCode(byte);
  }
  const [, sealed, said, event, gate] = headerPattern.exec(line) ?? [];
  if (said === undefined || gate === undefined || !gateIdPattern.test(gate) || Number(event) > 0xffff_ffff)
    return err({ type: 'mark-file-unknown' });
  return Number(said) === version
    ? ok({ event: Number(event), gate, sealed: sealed !== undefined })
    : err({ type: 'mark-file-newer', version: Number(said) });
}

interface Input {
  /** Exactly so many bytes; undefined when there are no more that many. */
  readonly take: (bytes: number) => Promise<Uint8Array | undefined>;
}

function createInput(source: AsyncIterable<Uint8Array>): Input {
  const iterator = source[Symbol.asyncIterator]();
  let parts: Uint8Array[] = [];
  let held = 0;
  return {
    take: async (bytes) => {
      while (held < bytes) {
        const next = await iterator.next();
        if (next.done === true) return undefined;
        parts.push(next.value);
        held += next.value.length;
      }
      const all = parts.length === 1 && parts[0] !== undefined ? parts[0] : concatBytes(...parts);
      parts = [all.subarray(bytes)];
      held -= bytes;
      return all.subarray(0, bytes);
    },
  };
}

function lengthOf(value: number): Uint8Array {
  const bytes = new Uint8Array(lengthBytes);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}

const readLength = (bytes: Uint8Array | undefined): number | undefined =>
  bytes === undefined ? undefined : new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
