// People who may act at gates. Gates and marks know them by a pseudonym that differs per event; the PIN exists only as a salted hash and the
// card's code only as a hash. Gates learn every change with their next feed.
import {
  bytesToHex,
  err,
  feedStaffMax,
  hashStaffCode,
  makeStaffCode,
  ok,
  type Clock,
  type Random,
  type Result,
  type StaffRole,
  type StaffView,
} from '@postern/shared';
import type { Database, Queries } from '../store/database.ts';
import { inTransaction } from '../store/locks.ts';
import { raiseRulesRevision, readEvent } from './events.ts';
import type { Failure } from './problems.ts';
import { renderQrSvg } from './qr.ts';
import { scryptHash, scryptSaltBytes } from './scrypt.ts';

const pseudonymCharacters = 10;
const alphabet = 'abcdefghijkmnpqrstuvwxyz23456789';

/** What a person carries: shown once. */
export interface StaffCard {
  readonly operator: string;
  readonly role: StaffRole;
  /** `PS1:…`. */
  readonly code: string;
  readonly qrSvg: string;
}

export interface Staff {
  /** `too-many-staff`: with more no gate would take the feed. */
  readonly add: (
    event: number,
    person: { readonly role: StaffRole; readonly pin: string },
  ) => Promise<Result<StaffCard, Failure>>;
  readonly list: (event: number) => Promise<Result<StaffView[], Failure>>;
  /** Undefined for whoever does not work there. */
  readonly roleOf: (event: number, operator: string) => Promise<StaffRole | undefined>;
  /** A new card; the one before it is dead at a gate with its next feed. `staff-unknown`. */
  readonly makeCard: (event: number, operator: string) => Promise<Result<StaffCard, Failure>>;
  /** `staff-unknown`. */
  readonly remove: (event: number, operator: string) => Promise<Result<undefined, Failure>>;
}

export interface StaffDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly random: Random;
  readonly changed: (event: number) => void;
}

export function createStaff({ database, clock, random, changed }: StaffDeps): Staff {
  /** Does something to a member and tells the gates; `failure` when it has done nothing. */
  const alter = async <T>(
    event: number,
    work: (queries: Queries) => Promise<T | undefined>,
    failure: Failure = { type: 'staff-unknown' },
  ): Promise<Result<T, Failure>> => {
    if ((await readEvent(database, event)) === undefined) return err({ type: 'event-unknown' });
    const done = await inTransaction(database, `staff/${event}`, async (queries) => {
      const found = await work(queries);
      if (found !== undefined) await raiseRulesRevision(queries, event);
      return found;
    });
    if (done === undefined) return err(failure);
    changed(event);
    return ok(done);
  };

  return {
    add: async (event, { role, pin }) => {
      if ((await readEvent(database, event)) === undefined) return err({ type: 'event-unknown' });
      const operator = [...random(pseudonymCharacters)].map((byte) => alphabet.charAt(byte % alphabet.length)).join('');
      const salt = random(scryptSaltBytes);
      const pinHash = await scryptHash(pin, salt);
      const code = makeStaffCode(random);
      const values = {
        event,
        operator,
        role,
        salt: bytesToHex(salt),
        pin_hash: bytesToHex(pinHash),
        code_hash: hashStaffCode(code),
        created_at_ms: clock.wallMs(),
      };
      const insert = async (queries: Queries): Promise<StaffCard | undefined> => {
        const { people } = await queries
          .selectFrom('staff')
          .select(({ fn }) => fn.countAll<number>().as('people'))
          .where('event', '=', event)
          .executeTakeFirstOrThrow();
        if (people >= feedStaffMax) return undefined;
        await queries.insertInto('staff').values(values).execute();
        return toCard(operator, role, code);
      };
      return alter(event, insert, { type: 'too-many-staff' });
    },

    list: async (event) => {
      if ((await readEvent(database, event)) === undefined) return err({ type: 'event-unknown' });
      const rows = await database
        .selectFrom('staff')
        .selectAll()
        .where('event', '=', event)
        .orderBy('operator')
        .execute();
      return ok(
        rows.map((row) => ({
          operator: row.operator,
          role: toRole(row.role),
          card: row.code_hash !== null,
          createdAtMs: row.created_at_ms,
        })),
      );
    },

    roleOf: async (event, operator) => {
      const row = await database
        .selectFrom('staff')
        .select('role')
        .where('event', '=', event)
        .where('operator', '=', operator)
        .executeTakeFirst();
      return row === undefined ? undefined : toRole(row.role);
    },

    makeCard: (event, operator) =>
      alter(event, async (queries) => {
        const code = makeStaffCode(random);
        const row = await queries
          .updateTable('staff')
          .set({ code_hash: hashStaffCode(code) })
          .where('event', '=', event)
          .where('operator', '=', operator)
          .returning('role')
          .executeTakeFirst();
        return row === undefined ? undefined : toCard(operator, toRole(row.role), code);
      }),

    remove: async (event, operator) => {
      const removed = await alter(event, (queries) =>
        queries
          .deleteFrom('staff')
          .where('event', '=', event)
          .where('operator', '=', operator)
          .returning('operator')
          .executeTakeFirst(),
      );
      return removed.ok ? ok(undefined) : removed;
    },
  };
}

const toRole = (text: string): StaffRole => (text === 'supervisor' ? 'supervisor' : 'steward');
const toCard = (operator: string, role: StaffRole, code: string): StaffCard => ({
  operator,
  role,
  code,
  qrSvg: renderQrSvg({ text: code, caption: operator }),
});
