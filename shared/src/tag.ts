// How marks know a tag or band without containing its id: by a keyed hash of it, under the event's key for codes.
import { bytesToHex, utf8 } from './bytes.ts';
import { keyedHash } from './crypto.ts';

/** An NFC tag's UID, or a BLE wristband's static id. */
export type TagMedium = 'nfc' | 'ble';
/** NFC: 4, 7 or 10 bytes; BLE: `tagIdBytesMax` at most. */
export const tagIdBytesMax = 32;
const tagHashBytes = 16;

/** BLAKE2b under the event's `codeHashKey`, 16 bytes, hexadecimal. */
export const tagHash = (codeHashKey: Uint8Array, medium: TagMedium, id: Uint8Array): string =>
  bytesToHex(keyedHash(codeHashKey, utf8(`postern-tag-v1\0${medium}\0${bytesToHex(id)}`), tagHashBytes));
