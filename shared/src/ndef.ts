// NDEF messages (NFC Forum, NFC Data Exchange Format 1.0), as tags carry them: records of a type and a payload. Decoding takes hostile
// input: bounded, to the byte, no chunks and no reserved types, nothing is allocated that the input dictates.
import { concatBytes } from './bytes.ts';
import { ndefBytesMax } from './presentation.ts';
import { assert, err, ok, type Result } from './result.ts';

/** Type name formats that records are told apart by (2.3.1); others are read and left alone. */
export const ndefWellKnown = 1;
export const ndefExternal = 4;
const ndefEmpty = 0;
const ndefUnknown = 5;
const ndefUnchanged = 6;
const ndefReserved = 7;

export interface NdefRecord {
  /** Type name format, 0 to 5. */
  readonly format: number;
  /** `U` for a URI; of an external record `domain:type`. One character a byte. */
  readonly type: string;
  readonly payload: Uint8Array;
}

export type NdefError = { readonly type: 'malformed'; readonly cause: string };

/** More records than any tag of ours or of anybody's ticketing has. */
export const ndefRecordsMax = 16;
const typeBytesMax = 255;

const flagBegin = 0x80;
const flagEnd = 0x40;
const flagChunk = 0x20;
const flagShort = 0x10;
const flagHasId = 0x08;
const formatMask = 0x07;
/** A payload of up to 255 bytes has its length in one byte. */
const shortPayloadBytesMax = 255;

/** The message of these records, at least one; type and payload must be in range: that is the writer's duty. */
export function encodeNdef(records: readonly NdefRecord[]): Uint8Array {
  assert(records.length > 0 && records.length <= ndefRecordsMax, 'a message has 1 to 16 records');
  const message = concatBytes(
    ...records.map((record, index) => encodeRecord(record, index === 0, index === records.length - 1)),
  );
  assert(message.length <= ndefBytesMax, 'a message stays under its bound');
  return message;
}

function encodeRecord({ format, type, payload }: NdefRecord, isFirst: boolean, isLast: boolean): Uint8Array {
  const typeBytes = Uint8Array.from(type, (character) => character.charCodeAt(0));
  assert(typeBytes.length <= typeBytesMax && format <= ndefUnknown, 'a record has a type of one byte’s length');
  const isShort = payload.length <= shortPayloadBytesMax;
  const flags = (isFirst ? flagBegin : 0) | (isLast ? flagEnd : 0) | (isShort ? flagShort : 0) | format;
  const length = isShort ? [payload.length] : [0, 0, payload.length >> 8, payload.length & 0xff];
  return concatBytes(Uint8Array.of(flags, typeBytes.length, ...length), typeBytes, payload);
}

/** All records, or `malformed`. Never throws; payloads are views into `bytes`. */
export function decodeNdef(bytes: Uint8Array): Result<readonly NdefRecord[], NdefError> {
  if (bytes.length > ndefBytesMax) return malformed(`${bytes.length} bytes, at most ${ndefBytesMax} are read`);
  const records: NdefRecord[] = [];
  let start = 0;
  for (let isLast = false; !isLast;) {
    if (records.length === ndefRecordsMax) return malformed(`more than ${ndefRecordsMax} records`);
    const decoded = decodeRecord(bytes, start);
    if (!decoded.ok) return decoded;
    if (decoded.value.isFirst !== (records.length === 0)) return malformed('a record in the wrong place');
    records.push(decoded.value.record);
    ({ end: start, isLast } = decoded.value);
  }
  return start === bytes.length ? ok(records) : malformed('bytes behind the last record');
}

interface DecodedRecord {
  readonly record: NdefRecord;
  readonly isFirst: boolean;
  readonly isLast: boolean;
  /** Where the next record begins. */
  readonly end: number;
}

function decodeRecord(bytes: Uint8Array, start: number): Result<DecodedRecord, NdefError> {
  const [flags, typeLength] = bytes.subarray(start, start + 2);
  if (flags === undefined || typeLength === undefined) return malformed('a record without a header');
  const format = flags & formatMask;
  if ((flags & flagChunk) !== 0 || format === ndefUnchanged) return malformed('a record in chunks');
  if (format === ndefReserved) return malformed('a record of a reserved form');
  const lengthBytes = (flags & flagShort) === 0 ? 4 : 1;
  const idLengthBytes = (flags & flagHasId) === 0 ? 0 : 1;
  const typeAt = start + 2 + lengthBytes + idLengthBytes;
  if (typeAt > bytes.length) return malformed('a header that is cut off');
  const length = bytes.subarray(start + 2, start + 2 + lengthBytes).reduce((sum, byte) => sum * 256 + byte, 0);
  const idLength = idLengthBytes === 0 ? 0 : (bytes[typeAt - 1] ?? 0);
  const payloadAt = typeAt + typeLength + idLength;
  const end = payloadAt + length;
  if (end > bytes.length) return malformed('a record that says to be longer than its message');
  if (format === ndefEmpty && end !== typeAt) return malformed('an empty record that is not empty');
  if (format === ndefUnknown && typeLength > 0) return malformed('an unknown type that has a name');
  const type = String.fromCharCode(...bytes.subarray(typeAt, typeAt + typeLength));
  return ok({
    record: { format, type, payload: bytes.subarray(payloadAt, end) },
    isFirst: (flags & flagBegin) !== 0,
    isLast: (flags & flagEnd) !== 0,
    end,
  });
}

const malformed = (cause: string): ReturnType<typeof err<NdefError>> => err({ type: 'malformed', cause });

/** What the first byte of a URI record's payload stands for (NFC Forum, URI RTD 1.0, table 3): the web's; others name no web address. */
const uriPrefixes: readonly string[] = ['', 'http://www.', 'https://www.', 'http://', 'https://'];

/** The web address of a record; undefined where it is none. */
export function ndefUri({ format, type, payload }: NdefRecord): string | undefined {
  const prefix = uriPrefixes[payload[0] ?? uriPrefixes.length];
  if (format !== ndefWellKnown || type !== 'U' || prefix === undefined) return undefined;
  return prefix + String.fromCharCode(...payload.subarray(1));
}

/** Its record, without an abbreviation but https. */
export function ndefUriRecord(uri: string): NdefRecord {
  const https = uriPrefixes[4] ?? '';
  const [code, rest] = uri.startsWith(https) ? [4, uri.slice(https.length)] : [0, uri];
  const payload = Uint8Array.from([code, ...Array.from(rest, (character) => character.charCodeAt(0))]);
  return { format: ndefWellKnown, type: 'U', payload };
}
