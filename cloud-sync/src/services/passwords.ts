// Passwords as salted scrypt, a bounded number at once: each takes 16 MB and 40 ms of a core, so that a crowd of guesses waits, and is
// then refused, before it can starve the rest of the service.
import { bytesToHex, err, hexToBytes, ok, type Random, type Result } from '@postern/shared';
import type { Failure } from './problems.ts';
import { isEqualHash, scryptHash, scryptSaltBytes } from './scrypt.ts';

const hashesAtOnceMax = 2;
const waitingMax = 50;
const busyRetryAfterS = 2;

export interface StoredPassword {
  /** Hexadecimal. */
  readonly salt: string;
  readonly hash: string;
}

export interface Passwords {
  readonly hash: (password: string) => Promise<Result<StoredPassword, Failure>>;
  /** The same work, and no, when nothing is stored. */
  readonly isRight: (password: string, stored: StoredPassword | undefined) => Promise<Result<boolean, Failure>>;
}

export function createPasswords(random: Random): Passwords {
  let running = 0;
  const waiting: (() => void)[] = [];
  const nobody = bytesToHex(random(scryptSaltBytes));

  const derive = async (password: string, salt: Uint8Array): Promise<Result<Uint8Array, Failure>> => {
    if (running >= hashesAtOnceMax) {
      if (waiting.length >= waitingMax) return err({ type: 'attempts-exhausted', retryAfterS: busyRetryAfterS });
      // Whoever ends hands its place on.
      await new Promise<void>((resolve) => void waiting.push(resolve));
    } else running += 1;
    try {
      // One password may be typed on keyboards that compose accents differently.
      return ok(await scryptHash(password.normalize('NFKC'), salt));
    } finally {
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  };

  return {
    hash: async (password) => {
      const salt = random(scryptSaltBytes);
      const derived = await derive(password, salt);
      return derived.ok ? ok({ salt: bytesToHex(salt), hash: bytesToHex(derived.value) }) : derived;
    },
    isRight: async (password, stored) => {
      const derived = await derive(password, hexToBytes(stored?.salt ?? nobody) ?? new Uint8Array(0));
      if (!derived.ok) return derived;
      return ok(stored !== undefined && isEqualHash(derived.value, hexToBytes(stored.hash) ?? new Uint8Array(0)));
    },
  };
}
