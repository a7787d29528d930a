// scrypt (RFC 7914) in the one strength that the feed's staff PINs and our own tokens use.
import { scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

const derive = promisify<
  string,
  Uint8Array,
  number,
  { readonly N: number; readonly r: number; readonly p: number },
  Buffer
>(scrypt);
export const scryptSaltBytes = 16;
export const scryptHashBytes = 32;

/** 32 bytes; about 40 ms of work in the thread pool. */
export const scryptHash = async (secret: string, salt: Uint8Array): Promise<Uint8Array> =>
  new Uint8Array(await derive(secret, salt, scryptHashBytes, { N: 16_384, r: 8, p: 1 }));

export const isEqualHash = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && timingSafeEqual(a, b);
