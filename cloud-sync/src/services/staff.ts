// People who may act at gates. Gates and marks know them by a pseudonym that differs per event; the PIN exists only as a salted hash.
import { bytesToHex, err, ok, type Clock, type Random, type Result } from '@postern/shared';
import type { Database } from '../store/database.ts';
import { raiseRulesRevision, readEvent } from './events.ts';
import type { Failure } from './problems.ts';
import { scryptHash, scryptSaltBytes } from './scrypt.ts';

const pseudonymCharacters = 10;
const alphabet = 'abcdefghijkmnpqrstuvwxyz23456789';

export type StaffRole = 'steward' | 'supervisor';

export interface Staff {
  readonly add: (
    event: number,
    person: { readonly role: StaffRole; readonly pin: string },
  ) => Promise<Result<{ readonly operator: string; readonly role: StaffRole }, Failure>>;
}

export interface StaffDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly random: Random;
  readonly changed: (event: number) => void;
}

export const createStaff = ({ database, clock, random, changed }: StaffDeps): Staff => ({
  add: async (event, { role, pin }) => {
    if ((await readEvent(database, event)) === undefined) return err({ type: 'event-unknown' });
    const operator = [...random(pseudonymCharacters)].map((byte) => alphabet.charAt(byte % alphabet.length)).join('');
    const salt = random(scryptSaltBytes);
    const pinHash = await scryptHash(pin, salt);
    await database.transaction().execute(async (queries) => {
      const values = {
        event,
        operator,
        role,
        salt: bytesToHex(salt),
        pin_hash: bytesToHex(pinHash),
        created_at_ms: clock.wallMs(),
      };
      await queries.insertInto('staff').values(values).execute();
      await raiseRulesRevision(queries, event);
    });
    changed(event);
    return ok({ operator, role });
  },
});
