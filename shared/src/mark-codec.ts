// The compact form of a mark: one deterministic CBOR array, 40-60 bytes, the same in journals, segments and on the wire. Event,
// gate and boot belong to the writer and are not repeated in every mark. Decoding takes hostile input.
import { bytesToHex, hexToBytes } from './bytes.ts';
import { cborDecode, cborEncode, type CborValue } from './cbor.ts';
import type { ClockSource } from './clock.ts';
import { overrideReasons, type Mark, type MarkKind } from './mark.ts';
import { err, ok, assert, exhaustive, type Result } from './result.ts';
import { ticketIdPattern } from './ticket.ts';

/** No mark is longer: texts in it are bounded, and free notes live in the cloud. */
export const markBytesMax = 512;
export type MarkError = { readonly type: 'malformed'; readonly cause: string };

/** Who wrote a mark; together with its sequence this is its identity. */
export interface Writer {
  readonly event: number;
  readonly gate: string;
  readonly boot: string;
}

const formatVersion = 1;
/** Numbers on the wire: a kind never changes its number, new ones go at the end. */
const kinds: readonly MarkKind[] = ['admitted', 'exited', 'refused', 'lapsed', 'undone', 'overridden', 'passed-out', 'bound', 'denied', 'corrected', 'recounted'];
const clockSources: readonly ClockSource[] = ['server', 'peer', 'person', 'rtc', 'none'];
const textCharsMax = 64;
const tagHashBytes = 16;

/**
 * `[version, kind, sequence, ms, counter, monotonic ms, clock source, clock uncertainty ms, lane, operator | null,
 *   ticket (bytes, empty for none), epoch, method, …what the kind adds]`; `corrected` and `recounted` have no ticket part.
 */
export function encodeMark(mark: Mark): Uint8Array {
  const base: CborValue[] = [
    formatVersion, kinds.indexOf(mark.kind), mark.sequence, mark.at.ms, mark.at.counter, Math.round(mark.monotonicMs),
    clockSources.indexOf(mark.clock.source), Math.ceil(mark.clock.uncertaintyMs), mark.lane, mark.operator ?? null,
  ];
  const bytes = cborEncode([...base, ...ticketPart(mark), ...ownPart(mark)]);
  assert(bytes.length <= markBytesMax, 'a mark stays under its bound');
  return bytes;
}

function ticketPart(mark: Mark): readonly CborValue[] {
  if (mark.kind === 'corrected' || mark.kind === 'recounted') return [];
  const id = hexToBytes(mark.ticketId);
  assert(id !== undefined && (id.length === 16 || id.length === 0), 'a ticket id has 32 hexadecimal digits or none');
  return [id, mark.epoch, mark.method];
}

function ownPart(mark: Mark): readonly CborValue[] {
  switch (mark.kind) {
    case 'admitted':
      return [mark.ticketType, mark.zone, mark.uses, mark.issuedAtS ?? null, mark.outOfTouch, mark.peersReachable];
    case 'exited':
    case 'passed-out':
      return [mark.zone];
    case 'refused':
      return [mark.code, mark.count];
    case 'lapsed':
      return [encodeHex(mark.of.boot), mark.of.sequence, mark.uses];
    case 'undone':
      return [mark.of.gate, encodeHex(mark.of.boot), mark.of.sequence];
    case 'overridden':
      return [overrideReasons.indexOf(mark.reason), mark.zone, mark.uses];
    case 'bound':
      return [encodeHex(mark.tagHash)];
    case 'denied':
      return [];
    case 'corrected':
      return [mark.offsetMs];
    case 'recounted':
      return [mark.zone, mark.persons];
    default:
      return exhaustive(mark);
  }
}

function encodeHex(text: string): Uint8Array {
  const bytes = hexToBytes(text);
  assert(bytes !== undefined, 'boots and hashes are hexadecimal');
  return bytes;
}

/** `malformed` for anything that `encodeMark` would not have written, to the byte. */
export function decodeMark(bytes: Uint8Array, writer: Writer): Result<Mark, MarkError> {
  const decoded = cborDecode(bytes, markBytesMax, 2);
  if (!decoded.ok) return decoded;
  if (!Array.isArray(decoded.value)) return err({ type: 'malformed', cause: 'a mark is an array' });
  try {
    const fields = createFields(decoded.value);
    const mark = readMark(fields, writer);
    fields.end();
    return ok(mark);
  } catch (cause) {
    if (cause instanceof FieldError) return err({ type: 'malformed', cause: cause.message });
    throw cause;
  }
}

function readMark(fields: Fields, writer: Writer): Mark {
  if (fields.integer('version', 0, 255) !== formatVersion) throw new FieldError('a mark of a version that this software does not know');
  const kind = fields.choice('kind', kinds);
  const sequence = fields.integer('sequence', 1, Number.MAX_SAFE_INTEGER);
  const at = { ms: fields.integer('time', 0, 8_640_000_000_000_000), counter: fields.integer('counter', 0, 0xffff) };
  const monotonicMs = fields.integer('monotonic time', 0, Number.MAX_SAFE_INTEGER);
  const clock = { source: fields.choice('clock source', clockSources), uncertaintyMs: fields.integer('clock uncertainty', 0, Number.MAX_SAFE_INTEGER) };
  const lane = fields.text('lane');
  const operator = fields.optionalText('operator');
  const base = { ...writer, sequence, at, monotonicMs, clock, lane, ...(operator === undefined ? {} : { operator }) };
  if (kind === 'corrected') return { ...base, kind, offsetMs: fields.integer('offset', -8_640_000_000_000_000, 8_640_000_000_000_000) };
  if (kind === 'recounted') return { ...base, kind, zone: fields.text('zone'), persons: fields.integer('persons', 0, 0xffff_ffff) };

  const ticketId = fields.hex('ticket', [0, 16]);
  const ticket = { ...base, ticketId, epoch: fields.integer('epoch', 0, 0xffff_ffff), method: fields.text('method') };
  switch (kind) {
    case 'admitted': {
      if (!ticketIdPattern.test(ticketId)) throw new FieldError('an admitted mark without a ticket');
      const admitted = { ...ticket, kind, ticketType: fields.integer('ticket type', 0, 0xffff_ffff), zone: fields.text('zone'), uses: fields.integer('uses', 1, 0xffff) };
      const issuedAtS = fields.optionalInteger('issued at', 0, 253_402_300_799);
      return { ...admitted, ...(issuedAtS === undefined ? {} : { issuedAtS }), outOfTouch: fields.flag('out of touch'), peersReachable: fields.integer('peers', 0, 0xffff) };
    }
    case 'exited':
    case 'passed-out':
      return { ...ticket, kind, zone: fields.text('zone') };
    case 'refused':
      return { ...ticket, kind, code: fields.text('code'), count: fields.integer('count', 1, 0xffff_ffff) };
    case 'lapsed':
      return { ...ticket, kind, of: { boot: fields.hex('boot', [8]), sequence: fields.integer('sequence', 1, Number.MAX_SAFE_INTEGER) }, uses: fields.integer('uses', 1, 0xffff) };
    case 'undone':
      return { ...ticket, kind, of: { gate: fields.text('gate'), boot: fields.hex('boot', [8]), sequence: fields.integer('sequence', 1, Number.MAX_SAFE_INTEGER) } };
    case 'overridden':
      return { ...ticket, kind, reason: fields.choice('reason', overrideReasons), zone: fields.text('zone'), uses: fields.integer('uses', 1, 0xffff) };
    case 'bound':
      return { ...ticket, kind, tagHash: fields.hex('tag', [tagHashBytes]) };
    case 'denied':
      return { ...ticket, kind };
    default:
      return exhaustive(kind);
  }
}

class FieldError extends Error {}

interface Fields {
  readonly integer: (name: string, min: number, max: number) => number;
  readonly optionalInteger: (name: string, min: number, max: number) => number | undefined;
  readonly text: (name: string) => string;
  readonly optionalText: (name: string) => string | undefined;
  readonly flag: (name: string) => boolean;
  readonly choice: <T>(name: string, of: readonly T[]) => T;
  readonly hex: (name: string, lengths: readonly number[]) => string;
  readonly end: () => void;
}

/** Reads an array from its front, each field in its range; FieldError otherwise, caught in `decodeMark`. */
function createFields(values: readonly CborValue[]): Fields {
  let index = 0;
  const take = (): CborValue | undefined => values[index++];
  const checkInteger = (value: CborValue | undefined, name: string, min: number, max: number): number => {
    if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max) throw new FieldError(`${name} out of range`);
    return value;
  };
  const checkText = (value: CborValue | undefined, name: string): string => {
    if (typeof value !== 'string' || value.length > textCharsMax) throw new FieldError(`${name} is no short text`);
    return value;
  };
  return {
    integer: (name, min, max) => checkInteger(take(), name, min, max),
    optionalInteger: (name, min, max) => {
      const value = take();
      return value === null ? undefined : checkInteger(value, name, min, max);
    },
    text: (name) => checkText(take(), name),
    optionalText: (name) => {
      const value = take();
      return value === null ? undefined : checkText(value, name);
    },
    flag: (name) => {
      const value = take();
      if (typeof value !== 'boolean') throw new FieldError(`${name} is no flag`);
      return value;
    },
    choice: (name, of) => {
      const chosen = of[checkInteger(take(), name, 0, of.length - 1)];
      assert(chosen !== undefined, 'an index in range has an item');
      return chosen;
    },
    hex: (name, lengths) => {
      const value = take();
      if (!(value instanceof Uint8Array) || !lengths.includes(value.length)) throw new FieldError(`${name} of a wrong length`);
      return bytesToHex(value);
    },
    end: () => {
      if (index !== values.length) throw new FieldError('more fields than a mark of this kind has');
    },
  };
}
