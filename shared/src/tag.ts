// How marks know a tag or band without containing its id: by a keyed hash of it, under the event's key for codes.
import { z } from 'zod';
import { bytesToHex, hexToBytes, utf8 } from './bytes.ts';
import { keyedHash } from './crypto.ts';

/** An NFC tag's UID, or a BLE wristband's static id. */
export type TagMedium = 'nfc' | 'ble';
/** NFC: 4, 7 or 10 bytes; BLE: `tagIdBytesMax` at most. */
export const tagIdBytesMax = 32;
const tagHashBytes = 16;
/** ISO/IEC 14443-3: single, double and triple size. */
const uidSizes: readonly number[] = [4, 7, 10];

/** A tag's id as readers print it: hexadecimal, with or without `:` or `-` between bytes. */
export const tagIdTextSchema = z.string().regex(/^[0-9a-fA-F]{2}(?:[:-]?[0-9a-fA-F]{2}){0,31}$/);

/** Undefined for what no tag of the medium has. */
export function parseTagId(medium: TagMedium, text: string): Uint8Array | undefined {
  const id = tagIdTextSchema.safeParse(text).success ? hexToBytes(text.replace(/[:-]/g, '')) : undefined;
  return id === undefined || (medium === 'nfc' && !uidSizes.includes(id.length)) ? undefined : id;
}

/** BLAKE2b under the event's `codeHashKey`, 16 bytes, hexadecimal. */
export const tagHash = (codeHashKey: Uint8Array, medium: TagMedium, id: Uint8Array): string =>
  bytesToHex(keyedHash(codeHashKey, utf8(`postern-tag-v1\0${medium}\0${bytesToHex(id)}`), tagHashBytes));
