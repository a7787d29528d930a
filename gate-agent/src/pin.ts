// Checks a staff member's PIN against the feed's salted scrypt hashes. An unknown operator costs the same time as a wrong PIN, so
// that names cannot be found by the clock. Limits on guessing are the steward module's.
import { scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { hexToBytes, type Manifest, type StaffRole } from '@postern/shared';

type Staff = Manifest['staff'][number];

const deriveKey = promisify<string, Uint8Array, number, { N: number; r: number; p: number }, Buffer>(scrypt);
/** As the feed's format says (staffSchema). */
const cost = { N: 16_384, r: 8, p: 1 } as const;
const hashBytes = 32;
const nobody: Pick<Staff, 'salt' | 'pinHash'> = { salt: '00'.repeat(16), pinHash: '00'.repeat(hashBytes) };
/** Each takes 16 MB while it runs; more wait. */
const checksAtOnceMax = 2;

/** `staff` is read at every check, so that a new feed counts at once. */
export function createPinCheck(
  staff: () => readonly Staff[],
): (operator: string, pin: string) => Promise<StaffRole | undefined> {
  let running = 0;
  const waiting: (() => void)[] = [];

  return async (operator, pin) => {
    if (running >= checksAtOnceMax) await new Promise<void>((resolve) => waiting.push(resolve));
    running++;
    try {
      const member = staff().find((candidate) => candidate.operator === operator);
      const { salt, pinHash } = member ?? nobody;
      const derived = await deriveKey(pin, hexToBytes(salt) ?? new Uint8Array(16), hashBytes, cost);
      const matches = timingSafeEqual(derived, hexToBytes(pinHash) ?? new Uint8Array(hashBytes));
      return matches ? member?.role : undefined;
    } finally {
      running--;
      waiting.shift()?.();
    }
  };
}
