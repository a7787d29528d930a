// Checks a staff member's PIN against the feed's salted scrypt hashes. An unknown operator costs the same time as a wrong PIN, so
// that names cannot be found by the clock. Limits on guessing are the steward module's.
import { bytesEqual, hexToBytes, pinHashBytes, type Manifest, type StaffRole } from '@postern/shared';

type Staff = Manifest['staff'][number];

/** scrypt as the feed's format says (staffSchema); whoever runs it brings its own. */
export type DerivePin = (pin: string, salt: Uint8Array) => Promise<Uint8Array>;

const nobody: Pick<Staff, 'salt' | 'pinHash'> = { salt: '00'.repeat(16), pinHash: '00'.repeat(pinHashBytes) };
/** Each takes 16 MB while it runs; more wait. */
const checksAtOnceMax = 2;

/** `staff` is read at every check, so that a new feed counts at once. */
export function createPinCheck(
  staff: () => readonly Staff[],
  derive: DerivePin,
): (operator: string, pin: string) => Promise<StaffRole | undefined> {
  let running = 0;
  const waiting: (() => void)[] = [];

  return async (operator, pin) => {
    if (running >= checksAtOnceMax) await new Promise<void>((resolve) => waiting.push(resolve));
    running++;
    try {
      const member = staff().find((candidate) => candidate.operator === operator);
      const { salt, pinHash } = member ?? nobody;
      const derived = await derive(pin, hexToBytes(salt) ?? new Uint8Array(16));
      const matches = bytesEqual(derived, hexToBytes(pinHash) ?? new Uint8Array(pinHashBytes));
      return matches ? member?.role : undefined;
    } finally {
      running--;
      waiting.shift()?.();
    }
  };
}
