// The short way through deterministic CBOR for what passes, marks and heads are made of: integers, short ASCII text, bytes, arrays
// and maps. It only ever says yes; whatever is unusual or wrong it leaves (undefined) to cbor.ts, which knows all rules and reasons.
// A scan decodes several such items, and the general library takes longer over them than a disk over a page.
import type { CborValue } from './cbor.ts';

const scratch = new Uint8Array(8_192);
/** Texts up to here are looked at character by character. */
const textBytesMax = 128;
/** Where the decoder or encoder stands; both run to their end without yielding. */
let source: Uint8Array = scratch;
let offset = 0;
let failed = false;

/** The value, or undefined where the bytes are not plainly deterministic CBOR of the usual kinds. */
export function fastDecode(bytes: Uint8Array, depthMax: number): CborValue | undefined {
  source = bytes;
  offset = 0;
  failed = false;
  const value = readItem(depthMax);
  const whole = !failed && offset === bytes.length;
  source = scratch;
  return whole ? value : undefined;
}

function fail(): null {
  failed = true;
  return null;
}

/** The argument of a head whose low five bits are `info`, in its shortest form only; -1 fails. */
function readArgument(info: number): number {
  if (info < 24) return info;
  const size = info === 24 ? 1 : info === 25 ? 2 : info === 26 ? 4 : info === 27 ? 8 : 0;
  if (size === 0 || offset + size > source.length) return -1;
  let value = 0;
  const end = offset + size;
  for (; offset < end; offset++) value = value * 256 + (source[offset] ?? 0);
  const least = size === 1 ? 24 : size === 2 ? 0x100 : size === 4 ? 0x1_0000 : 0x1_0000_0000;
  return value < least || value > Number.MAX_SAFE_INTEGER ? -1 : value;
}

function readItem(depthLeft: number): CborValue {
  if (depthLeft < 0 || offset >= source.length) return fail();
  const head = source[offset++] ?? 0;
  const major = head >> 5;
  if (major === 7) return head === 0xf4 ? false : head === 0xf5 ? true : head === 0xf6 ? null : fail();
  const argument = readArgument(head & 31);
  if (argument < 0) return fail();
  switch (major) {
    case 0:
      return argument;
    case 1:
      return argument === Number.MAX_SAFE_INTEGER ? fail() : -1 - argument;
    case 2:
      if (argument > source.length - offset) return fail();
      offset += argument;
      // A copy of its own: `slice` of a Node Buffer would be a window into the whole row or frame.
      return new Uint8Array(source.subarray(offset - argument, offset));
    case 3:
      return readText(argument);
    case 4:
      return readArray(argument, depthLeft);
    case 5:
      return readMap(argument, depthLeft);
    default:
      return fail();
  }
}

function readText(length: number): CborValue {
  if (length > textBytesMax || length > source.length - offset) return fail();
  let text = '';
  const end = offset + length;
  for (; offset < end; offset++) {
    const byte = source[offset] ?? 0;
    if (byte > 0x7f) return fail();
    text += String.fromCharCode(byte);
  }
  return text;
}

function readArray(length: number, depthLeft: number): CborValue {
  // An item has at least one byte: what cannot be there is not allocated.
  if (length > source.length - offset) return fail();
  const items: CborValue[] = [];
  for (let index = 0; index < length; index++) {
    items.push(readItem(depthLeft - 1));
    if (failed) return null;
  }
  return items;
}

function readMap(length: number, depthLeft: number): CborValue {
  if (length * 2 > source.length - offset) return fail();
  const entries = new Map<number | string, CborValue>();
  let keyBefore = offset;
  let keyBeforeEnd = offset;
  for (let index = 0; index < length; index++) {
    const keyStart = offset;
    const key = readItem(depthLeft - 1);
    if (failed || (typeof key !== 'number' && typeof key !== 'string')) return fail();
    if (index > 0 && !isBefore(keyBefore, keyBeforeEnd, keyStart, offset)) return fail();
    keyBefore = keyStart;
    keyBeforeEnd = offset;
    entries.set(key, readItem(depthLeft - 1));
    if (failed) return null;
  }
  return entries;
}

/** Bytewise order of two encoded keys (RFC 8949 4.2.1); equal ones are not in order. */
function isBefore(a: number, aEnd: number, b: number, bEnd: number): boolean {
  for (; a < aEnd && b < bEnd; a++, b++) {
    const difference = (source[a] ?? 0) - (source[b] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return aEnd - a < bEnd - b;
}

/** The one encoding, or undefined for values (long ones, floats, other alphabets, unsorted maps) that are left to cbor.ts. */
export function fastEncode(value: CborValue): Uint8Array | undefined {
  source = scratch;
  offset = 0;
  failed = false;
  writeItem(value);
  return failed ? undefined : scratch.slice(0, offset);
}

function writeHead(major: number, argument: number): void {
  if (offset + 9 > scratch.length) return void fail();
  if (argument < 24) {
    scratch[offset++] = (major << 5) | argument;
    return;
  }
  const size = argument < 0x100 ? 1 : argument < 0x1_0000 ? 2 : argument < 0x1_0000_0000 ? 4 : 8;
  scratch[offset++] = (major << 5) | (size === 1 ? 24 : size === 2 ? 25 : size === 4 ? 26 : 27);
  for (let position = offset + size - 1, rest = argument; position >= offset; position--, rest = Math.floor(rest / 256))
    scratch[position] = rest % 256;
  offset += size;
}

function writeItem(value: CborValue): void {
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value) || Object.is(value, -0)) return void fail();
    writeHead(value < 0 ? 1 : 0, value < 0 ? -1 - value : value);
  } else if (typeof value === 'string') writeText(value);
  else if (value === null) writeHead(7, 22);
  else if (typeof value === 'boolean') writeHead(7, value ? 21 : 20);
  else if (value instanceof Uint8Array) {
    writeHead(2, value.length);
    if (failed || offset + value.length > scratch.length) return void fail();
    scratch.set(value, offset);
    offset += value.length;
  } else if (value instanceof Map) writeMap(value);
  else if (Array.isArray(value)) {
    writeHead(4, value.length);
    for (let index = 0; index < value.length && !failed; index++) writeItem(value[index] as CborValue);
  } else fail();
}

function writeText(text: string): void {
  writeHead(3, text.length);
  if (failed || offset + text.length > scratch.length) return void fail();
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code > 0x7f) return void fail();
    scratch[offset++] = code;
  }
}

function writeMap(entries: ReadonlyMap<number | string, CborValue>): void {
  writeHead(5, entries.size);
  let keyBefore = offset;
  let keyBeforeEnd = offset;
  let first = true;
  for (const [key, value] of entries) {
    const keyStart = offset;
    writeItem(key);
    if (failed || (!first && !isBefore(keyBefore, keyBeforeEnd, keyStart, offset))) return void fail();
    first = false;
    keyBefore = keyStart;
    keyBeforeEnd = offset;
    writeItem(value);
    if (failed) return;
  }
}
