// Commands to a tag and its answers, as the reader passes them (ISO/IEC 7816-4; for tags that know no commands of their own the
// reader translates: PC/SC 2.01, part 3, 3.2.2). Only what reading and writing NDEF needs.
import { err, ok, type Result } from '@postern/shared';

/** What can go wrong between the reader and a tag. */
export type TagError =
  /** Taken away, or moved too far off. */
  | { readonly type: 'tag-gone' }
  /** It answered, and said no: four hexadecimal digits, `6a82` for "there is no such file". */
  | { readonly type: 'tag-refused'; readonly status: string }
  | { readonly type: 'tag-malformed'; readonly cause: string }
  | { readonly type: 'tag-too-small'; readonly bytesMax: number }
  | { readonly type: 'tag-read-only' }
  /** Of a kind that we can tell the UID of, and no more. */
  | { readonly type: 'tag-unknown' };

/** Sends one command and resolves with the whole answer, status word included; `tag-gone` once there is nobody to answer. */
export type Transmit = (command: Uint8Array) => Promise<Result<Uint8Array, TagError>>;

/** A tag's answer has at most this many bytes, status word included. */
export const answerBytesMax = 258;
const statusBytes = 2;
const statusOk = '9000';

export const getUid = (): Uint8Array => Uint8Array.of(0xff, 0xca, 0x00, 0x00, 0x00);

/** `length` bytes from a page of four on: readers give at most 16 at once. */
export const readPages = (page: number, length: number): Uint8Array =>
  Uint8Array.of(0xff, 0xb0, page >> 8, page & 0xff, length);

/** Exactly one page of four bytes. */
export const writePage = (page: number, bytes: Uint8Array): Uint8Array =>
  Uint8Array.of(0xff, 0xd6, page >> 8, page & 0xff, bytes.length, ...bytes);

export const selectApplication = (id: Uint8Array): Uint8Array =>
  Uint8Array.of(0x00, 0xa4, 0x04, 0x00, id.length, ...id, 0x00);

export const selectFile = (id: number): Uint8Array => Uint8Array.of(0x00, 0xa4, 0x00, 0x0c, 0x02, id >> 8, id & 0xff);

export const readBinary = (offset: number, length: number): Uint8Array =>
  Uint8Array.of(0x00, 0xb0, offset >> 8, offset & 0xff, length);

export const updateBinary = (offset: number, bytes: Uint8Array): Uint8Array =>
  Uint8Array.of(0x00, 0xd6, offset >> 8, offset & 0xff, bytes.length, ...bytes);

/** Sends, and takes the status word off. `bytesMin` and `bytesMax` bound what a good answer has besides it. */
export async function ask(
  transmit: Transmit,
  command: Uint8Array,
  { bytesMin = 0, bytesMax = answerBytesMax - statusBytes }: { readonly bytesMin?: number; readonly bytesMax?: number },
): Promise<Result<Uint8Array, TagError>> {
  const answer = await transmit(command);
  return answer.ok ? readAnswer(answer.value, bytesMin, bytesMax) : answer;
}

export function readAnswer(answer: Uint8Array, bytesMin: number, bytesMax: number): Result<Uint8Array, TagError> {
  // What a reader says whose tag has left while it was asked.
  if (answer.length === 0) return err({ type: 'tag-gone' });
  if (answer.length < statusBytes || answer.length > answerBytesMax)
    return err({ type: 'tag-malformed', cause: `an answer of ${answer.length} bytes` });
  const status = Buffer.from(answer.subarray(-statusBytes)).toString('hex');
  if (status !== statusOk) return err({ type: 'tag-refused', status });
  const bytes = answer.subarray(0, -statusBytes);
  return bytes.length < bytesMin || bytes.length > bytesMax
    ? err({ type: 'tag-malformed', cause: `${bytes.length} bytes where ${bytesMin} to ${bytesMax} were asked for` })
    : ok(bytes);
}
