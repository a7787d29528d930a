// The compact form of a mark: one deterministic CBOR array, 40-60 bytes, the same in journals, segments and on the wire. Event,
// gate and boot belong to the writer and are not repeated in every mark. Decoding takes hostile input.
import { bytesToHex, hexToBytes } from './bytes.ts';
import { cborDecode, cborEncode, type CborValue } from './cbor.ts';
import type { ClockSource } from './clock.ts';
import { tapCounterMax, type TagTap } from './decision.ts';
import {
  declineReasons,
  orders,
  overrideReasons,
  practisedKinds,
  settlesMax,
  undoReasons,
  type Mark,
  type MarkKind,
  type MarkName,
  type PractisedMark,
} from './mark.ts';
import { partOf, practisedMark } from './rehearsed-mark.ts';
import { err, ok, assert, exhaustive, type Result } from './result.ts';
import { holdReasons, ticketIdPattern, type HoldReason } from './ticket.ts';

/** No mark is longer: texts in it are bounded, and free notes live in the cloud. */
export const markBytesMax = 512;
export type MarkError = { readonly type: 'malformed'; readonly cause: string };

/** Who wrote a mark; together with its sequence this is its identity. */
export interface Writer {
  readonly event: number;
  readonly gate: string;
  readonly boot: string;
}

/** Marks of version 1 have the monotonic time itself; it changes with every mark, which costs a closed segment three bytes of each. */
const formatVersion = 2;
const oldFormatVersion = 1;
/** Numbers on the wire: a kind never changes its number, new ones go at the end. */
const kinds: readonly MarkKind[] = [
  'admitted',
  'exited',
  'refused',
  'lapsed',
  'undone',
  'overridden',
  'passed-out',
  'bound',
  'denied',
  'corrected',
  'recounted',
  'ordered',
  'lifted',
  'acknowledged',
  'prechecked',
  'rehearsed',
  'rehearsal-begun',
  'rehearsal-left',
];
/** They are of a gate or of the whole venue. */
const kindsWithoutTicket = [
  'corrected',
  'recounted',
  'ordered',
  'lifted',
  'acknowledged',
  'rehearsal-begun',
  'rehearsal-left',
] as const;
type WithoutTicket = Extract<Mark, { kind: (typeof kindsWithoutTicket)[number] }>;
const isWithoutTicket = (mark: Mark): mark is WithoutTicket => kindsWithoutTicket.some((kind) => kind === mark.kind);

/** Where a kind stands in the compact form: its third byte, as long as a mark has fewer than 24 fields. */
export const kindNumber = (kind: MarkKind): number => kinds.indexOf(kind);
const clockSources: readonly ClockSource[] = ['server', 'peer', 'person', 'rtc', 'none'];
const textCharsMax = 64;
const tagHashBytes = 16;
const tapTagBytes = 4;

/**
 * `[version, kind, sequence, ms, counter, ms - monotonic ms, clock source, clock uncertainty ms, lane, operator | null,
 *   ticket (bytes, empty for none), epoch, method, …what the kind adds]`; marks of no ticket (`kindsWithoutTicket`) have no ticket
 * part. A `rehearsed` mark adds `[session, practised kind, …what that kind adds]`.
 */
export function encodeMark(mark: Mark): Uint8Array {
  const base: CborValue[] = [
    formatVersion,
    kinds.indexOf(mark.kind),
    mark.sequence,
    mark.at.ms,
    mark.at.counter,
    mark.at.ms - Math.round(mark.monotonicMs),
    clockSources.indexOf(mark.clock.source),
    Math.ceil(mark.clock.uncertaintyMs),
    mark.lane,
    mark.operator ?? null,
  ];
  const bytes = cborEncode([...base, ...ticketPart(mark), ...ownPart(mark)]);
  assert(bytes.length <= markBytesMax, 'a mark stays under its bound');
  return bytes;
}

function ticketPart(mark: Mark): readonly CborValue[] {
  if (isWithoutTicket(mark)) return [];
  assert(mark.kind === 'rehearsed' || mark.rehearsal === undefined, 'what was practised is never written as real');
  const id = hexToBytes(mark.ticketId);
  assert(id !== undefined && (id.length === 16 || id.length === 0), 'a ticket id has 32 hexadecimal digits or none');
  return [id, mark.epoch, mark.method];
}

function ownPart(mark: Mark): readonly CborValue[] {
  switch (mark.kind) {
    case 'admitted':
      return [
        mark.ticketType,
        mark.zone,
        mark.uses,
        mark.issuedAtS ?? null,
        mark.outOfTouch,
        mark.peersReachable,
        ...admissionTail(mark),
      ];
    case 'exited':
    case 'passed-out':
      return [mark.zone];
    case 'refused':
      return [mark.code, mark.count, ...optionalChoice(mark.reason, declineReasons)];
    case 'lapsed':
      return [encodeHex(mark.of.boot), mark.of.sequence, mark.uses];
    case 'undone':
      return [...namePart(mark.of), undoReasons.indexOf(mark.reason)];
    case 'overridden':
      return [overrideReasons.indexOf(mark.reason), mark.zone, mark.uses];
    case 'bound':
      return [encodeHex(mark.tagHash), ...(mark.settles ?? []).flatMap(namePart)];
    case 'denied':
      return [];
    case 'corrected':
      return mark.trueMs === undefined ? [mark.offsetMs] : [mark.offsetMs, mark.trueMs];
    case 'recounted':
      return [mark.zone, mark.persons];
    case 'ordered':
      return [orders.indexOf(mark.order), mark.zone];
    case 'lifted':
    case 'acknowledged':
      return namePart(mark.of);
    case 'prechecked':
      return [mark.zone, mark.untilS, ...(mark.forGate === undefined ? [] : [mark.forGate])];
    case 'rehearsal-begun':
      return [encodeHex(mark.session), mark.untilS];
    case 'rehearsal-left':
      return [encodeHex(mark.session)];
    case 'rehearsed':
      return [encodeHex(mark.session), kinds.indexOf(mark.practised.kind), ...ownPart(practisedMark(mark))];
    default:
      return exhaustive(mark);
  }
}

const namePart = ({ gate, boot, sequence }: MarkName): readonly CborValue[] => [gate, encodeHex(boot), sequence];

/** A last field that is only there when it says something. */
const optionalChoice = <T>(value: T | undefined, of: readonly T[]): readonly CborValue[] =>
  value === undefined ? [] : [of.indexOf(value)];

/** Approval, feed age, tag and its count; what says nothing is null, and is not written where nothing follows it. */
function admissionTail({ approved, feedAgeS, tap }: Extract<Mark, { kind: 'admitted' }>): readonly CborValue[] {
  const approval = approved === undefined ? null : holdReasons.indexOf(approved);
  if (tap !== undefined) return [approval, feedAgeS ?? null, encodeHex(tap.tag), tap.counter];
  if (feedAgeS !== undefined) return [approval, feedAgeS];
  return approval === null ? [] : [approval];
}

function encodeHex(text: string): Uint8Array {
  const bytes = hexToBytes(text);
  assert(bytes !== undefined, 'boots and hashes are hexadecimal');
  return bytes;
}

/** `malformed` for anything that `encodeMark`, of this version or the first, would not have written, to the byte. */
export function decodeMark(bytes: Uint8Array, writer: Writer): Result<Mark, MarkError> {
  const decoded = cborDecode(bytes, markBytesMax, 2);
  if (!decoded.ok) return decoded;
  if (!Array.isArray(decoded.value)) return err({ type: 'malformed', cause: 'a mark is an array' });
  try {
    const fields: Fields = { values: decoded.value, index: 0 };
    const mark = readMark(fields, writer);
    takeEnd(fields);
    return ok(mark);
  } catch (cause) {
    if (cause instanceof FieldError) return err({ type: 'malformed', cause: cause.message });
    throw cause;
  }
}

function readMark(fields: Fields, writer: Writer): Mark {
  const version = takeInteger(fields, 'version', 0, 255);
  if (version !== formatVersion && version !== oldFormatVersion)
    throw new FieldError('a mark of a version that this software does not know');
  const kind = takeChoice(fields, 'kind', kinds);
  const sequence = takeInteger(fields, 'sequence', 1, Number.MAX_SAFE_INTEGER);
  const at = {
    ms: takeInteger(fields, 'time', 0, 8_640_000_000_000_000),
    counter: takeInteger(fields, 'counter', 0, 0xffff),
  };
  const time = takeInteger(fields, 'monotonic time', -Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
  const monotonicMs = version === formatVersion ? at.ms - time : time;
  if (monotonicMs < 0 || monotonicMs > Number.MAX_SAFE_INTEGER) throw new FieldError('a monotonic time out of range');
  const clock = {
    source: takeChoice(fields, 'clock source', clockSources),
    uncertaintyMs: takeInteger(fields, 'clock uncertainty', 0, Number.MAX_SAFE_INTEGER),
  };
  const lane = takeText(fields, 'lane');
  const operator = takeOptionalText(fields, 'operator');
  const { event, gate, boot } = writer;
  const base =
    operator === undefined
      ? { event, gate, boot, sequence, at, monotonicMs, clock, lane }
      : { event, gate, boot, sequence, at, monotonicMs, clock, lane, operator };
  if (kind === 'corrected') {
    const offsetMs = takeInteger(fields, 'offset', -8_640_000_000_000_000, 8_640_000_000_000_000);
    if (isAtEnd(fields)) return { ...base, kind, offsetMs };
    return { ...base, kind, offsetMs, trueMs: takeInteger(fields, 'true time', 0, 8_640_000_000_000_000) };
  }
  if (kind === 'recounted')
    return { ...base, kind, zone: takeText(fields, 'zone'), persons: takeInteger(fields, 'persons', 0, 0xffff_ffff) };
  if (kind === 'ordered')
    return { ...base, kind, order: takeChoice(fields, 'order', orders), zone: takeText(fields, 'zone') };
  if (kind === 'lifted' || kind === 'acknowledged') return { ...base, kind, of: takeName(fields) };
  if (kind === 'rehearsal-begun')
    return { ...base, kind, session: takeSession(fields), untilS: takeInteger(fields, 'until', 0, 253_402_300_799) };
  if (kind === 'rehearsal-left') return { ...base, kind, session: takeSession(fields) };

  const ticketId = takeHex(fields, 'ticket', [0, 16]);
  const ticket = {
    ...base,
    ticketId,
    epoch: takeInteger(fields, 'epoch', 0, 0xffff_ffff),
    method: takeText(fields, 'method'),
  };
  if (kind !== 'rehearsed') return readTicketMark(fields, kind, ticket);
  const session = takeSession(fields);
  const practisedKind = takeChoice(fields, 'practised kind', kinds);
  if (!isPractised(practisedKind)) throw new FieldError('a kind that nobody practises');
  return { ...ticket, kind, session, practised: partOf(readTicketMark(fields, practisedKind, ticket)) };
}

const isPractised = (kind: MarkKind): kind is PractisedMark['kind'] => practisedKinds.some((one) => one === kind);

type TicketBase = Omit<Extract<Mark, { kind: 'denied' }>, 'kind' | 'rehearsal'>;

function readTicketMark<K extends PractisedMark['kind'] | 'bound'>(
  fields: Fields,
  kind: K,
  ticket: TicketBase,
): Extract<Mark, { kind: K }>;
function readTicketMark(fields: Fields, kind: PractisedMark['kind'] | 'bound', ticket: TicketBase): Mark {
  const { ticketId } = ticket;
  switch (kind) {
    case 'admitted': {
      if (!ticketIdPattern.test(ticketId)) throw new FieldError('an admitted mark without a ticket');
      const ticketType = takeInteger(fields, 'ticket type', 0, 0xffff_ffff);
      const zone = takeText(fields, 'zone');
      const uses = takeInteger(fields, 'uses', 1, 0xffff);
      const issuedAtS = takeOptionalInteger(fields, 'issued at', 0, 253_402_300_799);
      const outOfTouch = takeFlag(fields, 'out of touch');
      const peersReachable = takeInteger(fields, 'peers', 0, 0xffff);
      const admitted = { ...ticket, kind, ticketType, zone, uses, outOfTouch, peersReachable };
      if (isAtEnd(fields)) return issuedAtS === undefined ? admitted : { ...admitted, issuedAtS };
      const approved = takeApproval(fields);
      const feedAgeS = isAtEnd(fields) ? undefined : takeOptionalInteger(fields, 'feed age', 0, 0xffff_ffff);
      const tap = isAtEnd(fields) ? undefined : takeTap(fields);
      if (fields.values.at(-1) === null) throw new FieldError('a last field that says nothing');
      return {
        ...admitted,
        ...(issuedAtS === undefined ? {} : { issuedAtS }),
        ...(approved === undefined ? {} : { approved }),
        ...(feedAgeS === undefined ? {} : { feedAgeS }),
        ...(tap === undefined ? {} : { tap }),
      };
    }
    case 'exited':
    case 'passed-out':
      return { ...ticket, kind, zone: takeText(fields, 'zone') };
    case 'refused': {
      const refused = {
        ...ticket,
        kind,
        code: takeText(fields, 'code'),
        count: takeInteger(fields, 'count', 1, 0xffff_ffff),
      };
      const reason = takeLastChoice(fields, 'reason', declineReasons);
      return reason === undefined ? refused : { ...refused, reason };
    }
    case 'lapsed':
      return {
        ...ticket,
        kind,
        of: {
          boot: takeHex(fields, 'boot', [8]),
          sequence: takeInteger(fields, 'sequence', 1, Number.MAX_SAFE_INTEGER),
        },
        uses: takeInteger(fields, 'uses', 1, 0xffff),
      };
    case 'undone':
      return {
        ...ticket,
        kind,
        of: takeName(fields),
        reason: takeChoice(fields, 'reason', undoReasons),
      };
    case 'overridden':
      return {
        ...ticket,
        kind,
        reason: takeChoice(fields, 'reason', overrideReasons),
        zone: takeText(fields, 'zone'),
        uses: takeInteger(fields, 'uses', 1, 0xffff),
      };
    case 'bound': {
      const tagHash = takeHex(fields, 'tag', [tagHashBytes]);
      const settles = takeSettles(fields);
      return settles.length === 0 ? { ...ticket, kind, tagHash } : { ...ticket, kind, tagHash, settles };
    }
    case 'denied':
      return { ...ticket, kind };
    case 'prechecked': {
      if (!ticketIdPattern.test(ticketId)) throw new FieldError('a prechecked mark without a ticket');
      const prechecked = {
        ...ticket,
        kind,
        zone: takeText(fields, 'zone'),
        untilS: takeInteger(fields, 'until', 0, 253_402_300_799),
      };
      return isAtEnd(fields) ? prechecked : { ...prechecked, forGate: takeText(fields, 'gate') };
    }
    default:
      return exhaustive(kind);
  }
}

class FieldError extends Error {}

/** An array that is read from its front, each field in its range; FieldError otherwise, caught in `decodeMark`. */
interface Fields {
  readonly values: readonly CborValue[];
  index: number;
}

const take = (fields: Fields): CborValue | undefined => fields.values[fields.index++];

function checkInteger(value: CborValue | undefined, name: string, min: number, max: number): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max)
    throw new FieldError(`${name} out of range`);
  return value;
}

function checkText(value: CborValue | undefined, name: string): string {
  // Not every database can keep a NUL, and no honest text has one.
  if (typeof value !== 'string' || value.length > textCharsMax || value.includes('\0'))
    throw new FieldError(`${name} is no short text`);
  return value;
}

const takeInteger = (fields: Fields, name: string, min: number, max: number): number =>
  checkInteger(take(fields), name, min, max);

function takeOptionalInteger(fields: Fields, name: string, min: number, max: number): number | undefined {
  const value = take(fields);
  return value === null ? undefined : checkInteger(value, name, min, max);
}

const takeText = (fields: Fields, name: string): string => checkText(take(fields), name);

function takeOptionalText(fields: Fields, name: string): string | undefined {
  const value = take(fields);
  return value === null ? undefined : checkText(value, name);
}

function takeFlag(fields: Fields, name: string): boolean {
  const value = take(fields);
  if (typeof value !== 'boolean') throw new FieldError(`${name} is no flag`);
  return value;
}

function takeChoice<T>(fields: Fields, name: string, of: readonly T[]): T {
  const chosen = of[checkInteger(take(fields), name, 0, of.length - 1)];
  assert(chosen !== undefined, 'an index in range has an item');
  return chosen;
}

const isAtEnd = (fields: Fields): boolean => fields.index >= fields.values.length;

/** A last field that may be missing. */
const takeLastChoice = <T>(fields: Fields, name: string, of: readonly T[]): T | undefined =>
  isAtEnd(fields) ? undefined : takeChoice(fields, name, of);

function takeApproval(fields: Fields): HoldReason | undefined {
  if (fields.values[fields.index] !== null) return takeChoice(fields, 'approval', holdReasons);
  fields.index++;
  return undefined;
}

const takeTap = (fields: Fields): TagTap => ({
  tag: takeHex(fields, 'tag', [tapTagBytes]),
  counter: takeInteger(fields, 'counter', 0, tapCounterMax),
});

function takeSettles(fields: Fields): readonly MarkName[] {
  const settles: MarkName[] = [];
  while (!isAtEnd(fields)) {
    if (settles.length === settlesMax) throw new FieldError('more bindings than one mark can name');
    settles.push(takeName(fields));
  }
  return settles;
}

function takeHex(fields: Fields, name: string, lengths: readonly number[]): string {
  const value = take(fields);
  if (!(value instanceof Uint8Array) || !lengths.includes(value.length))
    throw new FieldError(`${name} of a wrong length`);
  return bytesToHex(value);
}

const takeSession = (fields: Fields): string => takeHex(fields, 'session', [8]);

const takeName = (fields: Fields): MarkName => ({
  gate: takeText(fields, 'gate'),
  boot: takeHex(fields, 'boot', [8]),
  sequence: takeInteger(fields, 'sequence', 1, Number.MAX_SAFE_INTEGER),
});

function takeEnd(fields: Fields): void {
  if (fields.index !== fields.values.length) throw new FieldError('more fields than a mark of this kind has');
}
