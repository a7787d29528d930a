// The compact form of a mark: one deterministic CBOR array, 40-60 bytes, the same in journals, segments and on the wire. Event,
// gate and boot belong to the writer and are not repeated in every mark. Decoding takes hostile input.
import { hexToBytes } from './bytes.ts';
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
import {
  fail,
  isAtEnd,
  readFields,
  takeChoice,
  takeFlag,
  takeHex,
  takeInteger,
  takeOptional,
  takeText,
  type MarkError,
  type MarkFields,
} from './mark-fields.ts';
import { partOf, practisedMark } from './rehearsed-mark.ts';
import { err, assert, exhaustive, type Result } from './result.ts';
import { holdReasons, ticketIdPattern } from './ticket.ts';

/** No mark is longer: texts in it are bounded, and free notes live in the cloud. */
export const markBytesMax = 512;

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
type OfTicket = Exclude<Mark, WithoutTicket>;
const isWithoutTicket = (mark: Mark): mark is WithoutTicket => kindsWithoutTicket.some((kind) => kind === mark.kind);

/** Where a kind stands in the compact form: its third byte, as long as a mark has fewer than 24 fields. */
export const kindNumber = (kind: MarkKind): number => kinds.indexOf(kind);
const clockSources: readonly ClockSource[] = ['server', 'peer', 'person', 'rtc', 'none'];
const ticketIdBytes = 16;
const bootBytes = 8;
const tagHashBytes = 16;
const tapTagBytes = 4;
const unixMsMax = 8_640_000_000_000_000;
const unixSMax = 253_402_300_799;

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
  assert(
    id !== undefined && (id.length === ticketIdBytes || id.length === 0),
    'a ticket id has 32 hexadecimal digits or none',
  );
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
        ...optionalTail(
          indexOf(mark.approved, holdReasons),
          mark.feedAgeS,
          mark.tap && encodeHex(mark.tap.tag),
          mark.tap?.counter,
        ),
      ];
    case 'exited':
    case 'passed-out':
      return [mark.zone];
    case 'refused':
      return [mark.code, mark.count, ...optionalTail(indexOf(mark.reason, declineReasons))];
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
      return [mark.offsetMs, ...optionalTail(mark.trueMs)];
    case 'recounted':
      return [mark.zone, mark.persons];
    case 'ordered':
      return [orders.indexOf(mark.order), mark.zone];
    case 'lifted':
    case 'acknowledged':
      return namePart(mark.of);
    case 'prechecked':
      return [mark.zone, mark.untilS, ...optionalTail(mark.forGate)];
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

/** Last fields that are only there when they say something: null where another one follows. */
const optionalTail = (...values: readonly (CborValue | undefined)[]): readonly CborValue[] =>
  values.slice(0, values.findLastIndex((value) => value !== undefined) + 1).map((value) => value ?? null);

const indexOf = <T>(value: T | undefined, of: readonly T[]): number | undefined =>
  value === undefined ? undefined : of.indexOf(value);

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
  return readFields(decoded.value, (fields) => readMark(fields, writer));
}

function readMark(fields: MarkFields, { event, gate, boot }: Writer): Mark {
  const version = takeInteger(fields, 'version', 0, 255);
  if (version !== formatVersion && version !== oldFormatVersion)
    return fail('a mark of a version that this software does not know');
  const kind = takeChoice(fields, 'kind', kinds);
  const sequence = takeSequence(fields);
  const at = { ms: takeInteger(fields, 'time', 0, unixMsMax), counter: takeInteger(fields, 'counter', 0, 0xffff) };
  const time = takeInteger(fields, 'monotonic time', -Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
  const monotonicMs = version === formatVersion ? at.ms - time : time;
  if (monotonicMs < 0 || monotonicMs > Number.MAX_SAFE_INTEGER) return fail('a monotonic time out of range');
  const clock = {
    source: takeChoice(fields, 'clock source', clockSources),
    uncertaintyMs: takeInteger(fields, 'clock uncertainty', 0, Number.MAX_SAFE_INTEGER),
  };
  const lane = takeText(fields, 'lane');
  const operator = takeOptional(fields, () => takeText(fields, 'operator'));
  const base =
    operator === undefined
      ? { event, gate, boot, sequence, at, monotonicMs, clock, lane }
      : { event, gate, boot, sequence, at, monotonicMs, clock, lane, operator };
  switch (kind) {
    case 'corrected': {
      const offsetMs = takeInteger(fields, 'offset', -unixMsMax, unixMsMax);
      const trueMs = takeOptional(fields, () => takeInteger(fields, 'true time', 0, unixMsMax));
      return trueMs === undefined ? { ...base, kind, offsetMs } : { ...base, kind, offsetMs, trueMs };
    }
    case 'recounted':
      return { ...base, kind, zone: takeText(fields, 'zone'), persons: takeInteger(fields, 'persons', 0, 0xffff_ffff) };
    case 'ordered':
      return { ...base, kind, order: takeChoice(fields, 'order', orders), zone: takeText(fields, 'zone') };
    case 'lifted':
    case 'acknowledged':
      return { ...base, kind, of: takeName(fields) };
    case 'rehearsal-begun':
      return { ...base, kind, session: takeSession(fields), untilS: takeInteger(fields, 'until', 0, unixSMax) };
    case 'rehearsal-left':
      return { ...base, kind, session: takeSession(fields) };
    default:
      return readTicketMark(fields, kind, {
        ...base,
        ticketId: takeHex(fields, 'ticket', 0, ticketIdBytes),
        epoch: takeInteger(fields, 'epoch', 0, 0xffff_ffff),
        method: takeText(fields, 'method'),
      });
  }
}

type TicketBase = Omit<Extract<Mark, { kind: 'denied' }>, 'kind' | 'rehearsal'>;

function readTicketMark(fields: MarkFields, kind: OfTicket['kind'], ticket: TicketBase): OfTicket {
  if (kind === 'bound') {
    const tagHash = takeHex(fields, 'tag', tagHashBytes);
    const settles = takeSettles(fields);
    return settles.length === 0 ? { ...ticket, kind, tagHash } : { ...ticket, kind, tagHash, settles };
  }
  if (kind !== 'rehearsed') return readPractisedMark(fields, kind, ticket);
  const session = takeSession(fields);
  const practisedKind = takeChoice(fields, 'practised kind', kinds);
  if (!isPractised(practisedKind)) return fail('a kind that nobody practises');
  return { ...ticket, kind, session, practised: partOf(readPractisedMark(fields, practisedKind, ticket)) };
}

const isPractised = (kind: MarkKind): kind is PractisedMark['kind'] => practisedKinds.some((one) => one === kind);

/** A mark of a kind that can be practised, real or in a rehearsal. */
function readPractisedMark(fields: MarkFields, kind: PractisedMark['kind'], ticket: TicketBase): PractisedMark {
  switch (kind) {
    case 'admitted': {
      if (!ticketIdPattern.test(ticket.ticketId)) return fail('an admitted mark without a ticket');
      const ticketType = takeInteger(fields, 'ticket type', 0, 0xffff_ffff);
      const zone = takeText(fields, 'zone');
      const uses = takeUses(fields);
      const issuedAtS = takeOptional(fields, () => takeInteger(fields, 'issued at', 0, unixSMax));
      const outOfTouch = takeFlag(fields, 'out of touch');
      const peersReachable = takeInteger(fields, 'peers', 0, 0xffff);
      const admitted = { ...ticket, kind, ticketType, zone, uses, outOfTouch, peersReachable };
      if (isAtEnd(fields)) return issuedAtS === undefined ? admitted : { ...admitted, issuedAtS };
      const approved = takeOptional(fields, () => takeChoice(fields, 'approval', holdReasons));
      const feedAgeS = takeOptional(fields, () => takeInteger(fields, 'feed age', 0, 0xffff_ffff));
      const tap = takeOptional(fields, takeTap);
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
      const reason = takeOptional(fields, () => takeChoice(fields, 'reason', declineReasons));
      return reason === undefined ? refused : { ...refused, reason };
    }
    case 'lapsed':
      return {
        ...ticket,
        kind,
        of: { boot: takeHex(fields, 'boot', bootBytes), sequence: takeSequence(fields) },
        uses: takeUses(fields),
      };
    case 'undone':
      return { ...ticket, kind, of: takeName(fields), reason: takeChoice(fields, 'reason', undoReasons) };
    case 'overridden':
      return {
        ...ticket,
        kind,
        reason: takeChoice(fields, 'reason', overrideReasons),
        zone: takeText(fields, 'zone'),
        uses: takeUses(fields),
      };
    case 'denied':
      return { ...ticket, kind };
    case 'prechecked': {
      if (!ticketIdPattern.test(ticket.ticketId)) return fail('a prechecked mark without a ticket');
      const prechecked = {
        ...ticket,
        kind,
        zone: takeText(fields, 'zone'),
        untilS: takeInteger(fields, 'until', 0, unixSMax),
      };
      const forGate = takeOptional(fields, () => takeText(fields, 'gate'));
      return forGate === undefined ? prechecked : { ...prechecked, forGate };
    }
    default:
      return exhaustive(kind);
  }
}

const takeSequence = (fields: MarkFields): number => takeInteger(fields, 'sequence', 1, Number.MAX_SAFE_INTEGER);
const takeUses = (fields: MarkFields): number => takeInteger(fields, 'uses', 1, 0xffff);
const takeSession = (fields: MarkFields): string => takeHex(fields, 'session', bootBytes);

const takeTap = (fields: MarkFields): TagTap => ({
  tag: takeHex(fields, 'tag', tapTagBytes),
  counter: takeInteger(fields, 'counter', 0, tapCounterMax),
});

const takeName = (fields: MarkFields): MarkName => ({
  gate: takeText(fields, 'gate'),
  boot: takeHex(fields, 'boot', bootBytes),
  sequence: takeSequence(fields),
});

function takeSettles(fields: MarkFields): readonly MarkName[] {
  const settles: MarkName[] = [];
  while (!isAtEnd(fields)) {
    if (settles.length === settlesMax) return fail('more bindings than one mark can name');
    settles.push(takeName(fields));
  }
  return settles;
}
