// Deterministic CBOR (RFC 8949 4.2) over cborg in strict mode: what does not encode back to the very same bytes is refused,
// so that one value has one byte string. Maps are JavaScript Maps with integer or text keys.
import { decode, encode, rfc8949EncodeOptions } from 'cborg';
import { bytesEqual } from './bytes.ts';
import { fastDecode, fastEncode } from './cbor-fast.ts';
import { err, ok, type Result } from './result.ts';

export type CborValue =
  | number
  | string
  | boolean
  | null
  | Uint8Array
  | readonly CborValue[]
  | ReadonlyMap<number | string, CborValue>;

export type CborError = { readonly type: 'malformed'; readonly cause: string };

/**
 * The value's one encoding, in bytes of its own. A COSE tag (RFC 9052: 18 for COSE_Sign1) in front of a value is handled by cose.ts;
 * here tags are refused.
 */
export const cborEncode = (value: CborValue): Uint8Array =>
  // What cborg returns may be a Node Buffer, whose `slice` is a window, or a window into Node's pool: copied.
  fastEncode(value) ?? new Uint8Array(encode(value, rfc8949EncodeOptions));

/**
 * Decodes at most `bytesMax` bytes. `malformed` for anything longer, truncated, non-deterministic, with duplicate keys,
 * indefinite lengths, tags, floats that are integers, or nested over `depthMax`.
 */
export function cborDecode(bytes: Uint8Array, bytesMax: number, depthMax = 8): Result<CborValue, CborError> {
  if (bytes.length > bytesMax)
    return err({ type: 'malformed', cause: `${bytes.length} bytes of CBOR, at most ${bytesMax} are allowed` });
  const plain = fastDecode(bytes, depthMax);
  if (plain !== undefined) return ok(plain);
  const shape = checkShape(bytes, depthMax);
  if (shape !== undefined) return err({ type: 'malformed', cause: shape });
  try {
    const value: unknown = decode(bytes, {
      strict: true,
      useMaps: true,
      rejectDuplicateMapKeys: true,
      allowIndefinite: false,
      allowUndefined: false,
      allowNaN: false,
      allowInfinity: false,
      allowBigInt: false,
    });
    if (!isCborValue(value)) return err({ type: 'malformed', cause: 'a kind of value that is not used here' });
    if (!bytesEqual(cborEncode(value), bytes))
      return err({ type: 'malformed', cause: 'not in deterministic encoding' });
    return ok(value);
  } catch (cause) {
    return err({ type: 'malformed', cause: cause instanceof Error ? cause.message.slice(0, 200) : 'undecodable' });
  }
}

/** Walks the items' heads without allocating: depth, declared lengths and the end are right before cborg sees a byte. */
function checkShape(bytes: Uint8Array, depthMax: number): string | undefined {
  let offset = 0;
  const walk = (depth: number): string | undefined => {
    if (depth > depthMax) return `nested deeper than ${depthMax}`;
    const head = bytes[offset++];
    if (head === undefined) return 'cut off';
    const major = head >> 5;
    const info = head & 31;
    if (info > 27) return 'indefinite or reserved length';
    const extra = info < 24 ? 0 : 1 << (info - 24);
    if (offset + extra > bytes.length) return 'cut off';
    let argument = info < 24 ? info : 0;
    for (let index = 0; index < extra; index++) argument = argument * 256 + (bytes[offset + index] ?? 0);
    offset += extra;
    if (major === 6) return 'a tag';
    if (major === 2 || major === 3) {
      if (argument > bytes.length - offset) return 'a declared length beyond the end';
      offset += argument;
    } else if (major === 4 || major === 5) {
      const items = major === 4 ? argument : argument * 2;
      if (items > bytes.length - offset) return 'a declared length beyond the end';
      for (let index = 0; index < items; index++) {
        const problem = walk(depth + 1);
        if (problem !== undefined) return problem;
      }
    }
    return undefined;
  };
  return walk(0) ?? (offset === bytes.length ? undefined : 'bytes after the end');
}

function isCborValue(value: unknown): value is CborValue {
  if (value === null || typeof value === 'string' || typeof value === 'boolean' || value instanceof Uint8Array)
    return true;
  if (typeof value === 'number') return Number.isFinite(value);
  if (Array.isArray(value)) return value.every(isCborValue);
  if (value instanceof Map)
    return [...value].every(([key, item]) => (typeof key === 'string' || typeof key === 'number') && isCborValue(item));
  return false;
}
