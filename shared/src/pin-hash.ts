// How a PIN is hashed in the feed, and that work in JavaScript for where no other scrypt is at hand: a phone's browser.
import { scryptAsync } from '@noble/hashes/scrypt.js';

export const pinHashBytes = 32;
/** About a tenth of a second, and 16 MB. */
export const pinCost = { N: 16_384, r: 8, p: 1 } as const;

/** In slices, between which a scan has its turn. */
const sliceMs = 5;
export const derivePinInSlices = (pin: string, salt: Uint8Array): Promise<Uint8Array> =>
  scryptAsync(pin, salt, { ...pinCost, dkLen: pinHashBytes, asyncTick: sliceMs });
