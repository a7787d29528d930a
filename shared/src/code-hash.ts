// How the feed knows codes without containing them: a keyed hash of every foreign code, and the short typed form of our own
// passes. The short form needs no index of its own: its first part is the beginning of the ticket's key in the snapshot (random
// bits of the id), the rest a keyed hash of id and epoch, so that knowing a ticket id does not give the code, and a transfer
// or re-issue gives another one.
import { bytesToHex, concatBytes, hexToBytes, utf8 } from './bytes.ts';
import { keyedHash } from './crypto.ts';
import { cleanText } from './methods/clean-text.ts';
import { assert } from './result.ts';

export const ticketIdBytes = 16;
export const codeHashBytes = 8;

/** The least output of the keyed hash; shorter values are its beginning. */
const keyedHashBytesMin = 16;

/**
 * Keyed hash (BLAKE2b under the event's `codeHashKey`) of a foreign code, 8 bytes. The text is cleaned first, on
 * the side that builds the feed as on the side that looks up.
 */
export const codeHash = (codeHashKey: Uint8Array, code: string): Uint8Array =>
  keyedHash(codeHashKey, utf8(`postern-code-v1\0${cleanText(code).trim()}`), keyedHashBytesMin).slice(0, codeHashBytes);

/**
 * A ticket id as the snapshot keys on it: its bytes in reverse. The end of a UUIDv7 is random and its beginning a time,
 * so that neighbours share their first bits, rows end alike (which gzip likes) and short codes can be found by prefix.
 */
export function ticketKey(ticketId: string): Uint8Array {
  const bytes = hexToBytes(ticketId);
  assert(bytes !== undefined && bytes.length === ticketIdBytes, 'a ticket id has 32 hexadecimal digits');
  return bytes.toReversed();
}

export const ticketIdOfKey = (key: Uint8Array): string => bytesToHex(Uint8Array.from(key).toReversed());

/** Crockford's alphabet: no I, L, O, U. */
const shortAlphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
export const shortCodeChars = 10;
const headBits = 20;
const proofBytes = 4;

/** Generations back that a typed code is still recognised as an old one, so that staff can say why it no longer works. */
const oldEpochsMax = 16;

/**
 * The short typed form of one of our own passes: 10 characters in two groups, `7K2QF-0M9TX`; 20 bits that find the ticket and
 * 30 bits of keyed hash. Printed under the QR code. Guessing one for a known ticket succeeds once in 2^30 attempts.
 */
export function shortCode(codeHashKey: Uint8Array, ticketId: string, epoch: number): string {
  const key = ticketKey(ticketId);
  const head = (byteAt(key, 0) << 12) | (byteAt(key, 1) << 4) | (byteAt(key, 2) >> 4);
  const text = base32(head, 4) + base32(shortCodeProof(codeHashKey, ticketId, epoch), 6);
  return `${text.slice(0, 5)}-${text.slice(5)}`;
}

export interface ParsedShortCode {
  /** Ticket keys `from <= key < until` are the candidates. */
  readonly from: Uint8Array;
  readonly until: Uint8Array;
  /**
   * The epoch that the code was made under, where a candidate is the ticket it was made for; looked for from the candidate's
   * present epoch down. Undefined for every other ticket.
   */
  readonly epochFor: (ticketId: string, epoch: number) => number | undefined;
}

/** Reads what a person typed: case, dashes and spaces do not matter, O is 0, I and L are 1. Undefined when it is no short code. */
export function parseShortCode(codeHashKey: Uint8Array, typed: string): ParsedShortCode | undefined {
  if (typed.length > 4 * shortCodeChars) return undefined;
  const text = typed.toUpperCase().replace(/[-\s]/g, '').replaceAll('O', '0').replace(/[IL]/g, '1');
  if (text.length !== shortCodeChars || [...text].some((character) => !shortAlphabet.includes(character)))
    return undefined;
  const head = numberOfBase32(text.slice(0, 4));
  const proof = numberOfBase32(text.slice(4));
  const bound = (value: number): Uint8Array => Uint8Array.of(value >> 12, (value >> 4) & 0xff, (value & 0xf) << 4);
  return {
    from: bound(head),
    until: head + 1 < 2 ** headBits ? bound(head + 1) : new Uint8Array(ticketIdBytes + 1).fill(0xff),
    epochFor: (ticketId, epoch) => {
      for (let candidate = epoch; candidate >= Math.max(0, epoch - oldEpochsMax); candidate--)
        if (shortCodeProof(codeHashKey, ticketId, candidate) === proof) return candidate;
      return undefined;
    },
  };
}

/** 30 bits over id and epoch; an epoch of 0 adds no bytes. */
function shortCodeProof(codeHashKey: Uint8Array, ticketId: string, epoch: number): number {
  const message = concatBytes(utf8('postern-short-v1\0'), ticketKey(ticketId), epochBytes(epoch));
  const hash = keyedHash(codeHashKey, message, keyedHashBytesMin);
  let value = 0;
  for (let index = 0; index < proofBytes; index++) value = value * 256 + byteAt(hash, index);
  return Math.floor(value / 4);
}

/** Nothing for the first generation, which most tickets keep; else 4 bytes, big-endian. */
export function epochBytes(epoch: number): Uint8Array {
  const bytes = new Uint8Array(epoch === 0 ? 0 : 4);
  if (epoch > 0) new DataView(bytes.buffer).setUint32(0, epoch);
  return bytes;
}

const byteAt = (bytes: Uint8Array, index: number): number => bytes[index] ?? 0;

function base32(value: number, characters: number): string {
  let text = '';
  for (let rest = value, index = 0; index < characters; index++, rest = Math.floor(rest / 32))
    text = shortAlphabet.charAt(rest % 32) + text;
  return text;
}

const numberOfBase32 = (text: string): number =>
  [...text].reduce((value, character) => value * 32 + shortAlphabet.indexOf(character), 0);
