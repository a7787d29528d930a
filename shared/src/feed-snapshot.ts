// The snapshot: an SQLite file (VACUUM INTO, gzip) with every ticket of an event, built by the cloud, read by gates. Here are its
// tables and the one encoding of a ticket and of a code as rows, also used by deltas. Sizes matter: a million tickets take
// at most 20 MB compressed, so nothing is stored twice and what is usual takes no byte at all.
import { concatBytes } from './bytes.ts';
import { codeHashBytes, epochBytes, ticketIdBytes, ticketIdOfKey, ticketKey } from './code-hash.ts';
import { languages } from './languages.ts';
import { holdReasons, ticketStatuses, type Ticket } from './ticket.ts';

export const snapshotFormat = 1;
/** Bytes a page: larger pages waste less; set before the tables are made. */
export const snapshotPageBytes = 8_192;

/**
 * `ticket.key` is the id's bytes in reverse (see `ticketKey`), `status` and `hold` are positions in `ticketStatuses` and
 * `holdReasons`. `code.hash` is `codeHash` of a foreign code; `code.ticket` is the first 8 bytes of the key of its ticket,
 * followed by the epoch under which the code was printed (4 bytes, left out for 0): a code of an epoch below its ticket's is dead.
 * `meta` has `format`, `event`, `version` and `tickets`.
 */
export const snapshotTablesSql = `
  CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE ticket (
    key BLOB PRIMARY KEY,
    type INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    status INTEGER NOT NULL,
    party INTEGER NOT NULL,
    hold INTEGER,
    valid_from INTEGER,
    valid_until INTEGER
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE code (hash BLOB PRIMARY KEY, ticket BLOB NOT NULL) STRICT, WITHOUT ROWID;
`;

/**
 * Run in a snapshot before the first ticket that has a language (a position in `languages`): a gate too old to know the column takes every
 * other one.
 */
export const languageColumnSql = 'ALTER TABLE ticket ADD COLUMN language INTEGER;';

export const insertMetaSql = 'INSERT INTO meta (name, value) VALUES (?, ?)';
/** Takes what `encodeTicketRow` gives of a ticket without a language. */
export const insertTicketSql =
  'INSERT OR REPLACE INTO ticket (key, type, epoch, status, party, hold, valid_from, valid_until) VALUES (?, ?, ?, ?, ?, ?, ?, ?)';
/** The same of one that has a language. */
export const insertSpokenTicketSql =
  'INSERT OR REPLACE INTO ticket (key, type, epoch, status, party, hold, valid_from, valid_until, language) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)';
/** Takes what `encodeCodeRow` gives. */
export const insertCodeSql = 'INSERT OR REPLACE INTO code (hash, ticket) VALUES (?, ?)';

/** Values for `insertTicketSql`: key, type, epoch, status, party, hold, valid from, valid until. */
type UnspokenTicketRow = readonly [
  Uint8Array,
  number,
  number,
  number,
  number,
  number | null,
  number | null,
  number | null,
];
/** Values for `insertSpokenTicketSql`: the same, and the language. */
type SpokenTicketRow = readonly [...UnspokenTicketRow, number];
export type TicketRow = UnspokenTicketRow | SpokenTicketRow;
export const hasLanguage = (row: TicketRow): row is SpokenTicketRow => row.length === ticketFields + 1;
/** Values for `insertCodeSql`: hash of the code, and what it leads to (`readCodeReference`). */
export type CodeRow = readonly [Uint8Array, Uint8Array];

/** Of a ticket without a language. */
const ticketFields = 8;
/** 64 random bits tell two tickets of an event apart but once in tens of millions of events with a million tickets each. */
const codePrefixBytes = 8;
const codeReferenceBytesMax = codePrefixBytes + 4;
const epochMax = 4_294_967_295;

export function encodeTicketRow(ticket: Ticket): TicketRow {
  const row: UnspokenTicketRow = [
    ticketKey(ticket.id),
    ticket.type,
    ticket.epoch,
    ticketStatuses.indexOf(ticket.status),
    ticket.party,
    ticket.hold === undefined ? null : holdReasons.indexOf(ticket.hold),
    ticket.validFromS ?? null,
    ticket.validUntilS ?? null,
  ];
  return ticket.language === undefined ? row : [...row, languages.indexOf(ticket.language)];
}

/** Undefined when a value is none that `encodeTicketRow` gives: the row did not come from our cloud. */
export function decodeTicketRow(row: readonly unknown[]): Ticket | undefined {
  const [key, type, epoch, statusNumber, party, holdNumber, validFromS, validUntilS, languageNumber = null] = row;
  if (row.length !== ticketFields && row.length !== ticketFields + 1) return undefined;
  if (!(key instanceof Uint8Array) || key.length !== ticketIdBytes) return undefined;
  if (!isCount(type, 65_535) || !isCount(epoch, epochMax) || !isCount(party, 65_535) || party === 0) return undefined;
  if (!isCount(statusNumber, ticketStatuses.length - 1) || !isOptionalCount(holdNumber, holdReasons.length - 1))
    return undefined;
  if (!isOptionalCount(validFromS, secondsMax) || !isOptionalCount(validUntilS, secondsMax)) return undefined;
  if (!isOptionalCount(languageNumber, languagesMax)) return undefined;
  // A language that only newer clouds know is none here.
  const language = languageNumber === null ? undefined : languages[languageNumber];
  const status = ticketStatuses[statusNumber];
  const hold = holdNumber === null ? undefined : holdReasons[holdNumber];
  if (status === undefined) return undefined;
  return {
    id: ticketIdOfKey(key),
    type,
    epoch,
    status,
    party,
    ...(hold === undefined ? {} : { hold }),
    ...(validFromS === null ? {} : { validFromS }),
    ...(validUntilS === null ? {} : { validUntilS }),
    ...(language === undefined ? {} : { language }),
  };
}

/** `hash` by `codeHash(event's key, code)`: 8 bytes; `epoch` that of the ticket when the code was printed. */
export const encodeCodeRow = (hash: Uint8Array, ticketId: string, epoch: number): CodeRow => [
  hash,
  encodeCodeReference(ticketId, epoch),
];

export const encodeCodeReference = (ticketId: string, epoch: number): Uint8Array =>
  concatBytes(ticketKey(ticketId).slice(0, codePrefixBytes), epochBytes(epoch));

export interface CodeReference {
  /** The ticket's key begins with these 8 bytes. */
  readonly keyPrefix: Uint8Array;
  /** The code was printed for this generation of the ticket. */
  readonly epoch: number;
}

/** Undefined when the bytes are none that `encodeCodeReference` gives. */
export function readCodeReference(bytes: Uint8Array): CodeReference | undefined {
  const keyPrefix = Uint8Array.from(bytes.subarray(0, codePrefixBytes));
  if (bytes.length === codePrefixBytes) return { keyPrefix, epoch: 0 };
  if (bytes.length !== codeReferenceBytesMax) return undefined;
  const epoch = new DataView(bytes.buffer, bytes.byteOffset).getUint32(codePrefixBytes);
  return epoch === 0 ? undefined : { keyPrefix, epoch };
}

export const isCodeHash = (value: unknown): value is Uint8Array =>
  value instanceof Uint8Array && value.length === codeHashBytes;
export const isCodeReference = (value: unknown): value is Uint8Array =>
  value instanceof Uint8Array && readCodeReference(value) !== undefined;

const languagesMax = 255;
const secondsMax = 253_402_300_799;
const isCount = (value: unknown, max: number): value is number =>
  Number.isInteger(value) && (value as number) >= 0 && (value as number) <= max;
const isOptionalCount = (value: unknown, max: number): value is number | null => value === null || isCount(value, max);
