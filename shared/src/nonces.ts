// Nonces for signed requests: a time and randomness under a secret of whoever is asked, so that any process of a deployment can check one
// without keeping a table. A token can be repeated while its nonce lives, which changes nothing: all that gates ask for is idempotent.
import { base64UrlToBytes, bytesToBase64Url } from './base64.ts';
import { bytesEqual, concatBytes, utf8 } from './bytes.ts';
import type { Clock } from './clock.ts';
import { keyedHash } from './crypto.ts';
import type { Random } from './gate/ports.ts';

export const nonceLifetimeMs = 5 * 60_000;
const timeBytes = 6;
const chanceBytes = 6;
const proofBytes = 16;

export interface Nonces {
  readonly make: () => string;
  readonly isGood: (nonce: string) => boolean;
}

/** `secret`: 32 bytes. */
export function createNonces(secret: Uint8Array, clock: Clock, random: Random): Nonces {
  const prove = (head: Uint8Array): Uint8Array =>
    keyedHash(secret, concatBytes(utf8('postern-nonce-v1'), head), proofBytes);
  return {
    make: () => {
      const head = concatBytes(encodeTime(clock.wallMs()), random(chanceBytes));
      return bytesToBase64Url(concatBytes(head, prove(head)));
    },
    isGood: (nonce) => {
      const bytes = base64UrlToBytes(nonce);
      if (bytes?.length !== timeBytes + chanceBytes + proofBytes) return false;
      const head = bytes.slice(0, timeBytes + chanceBytes);
      if (!bytesEqual(bytes.slice(head.length), prove(head))) return false;
      const ageMs = clock.wallMs() - head.slice(0, timeBytes).reduce((value, byte) => value * 256 + byte, 0);
      return ageMs >= 0 && ageMs <= nonceLifetimeMs;
    },
  };
}

const encodeTime = (ms: number): Uint8Array =>
  Uint8Array.from({ length: timeBytes }, (_, index) => Math.floor(ms / 2 ** (8 * (timeBytes - 1 - index))) & 0xff);
