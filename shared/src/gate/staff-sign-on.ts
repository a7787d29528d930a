// Who may act at a gate: staff by operator or card and PIN, once for an action or for a shift. A shift is a random secret on the steward's
// device; it ends by itself when nobody uses it, when it is long, when the person leaves the feed, and when they sign on anew.
import { bytesToHex, utf8 } from '../bytes.ts';
import type { Clock } from '../clock.ts';
import { sha256 } from '../crypto.ts';
import { err, ok, type Result } from '../result.ts';
import { hashStaffCode } from '../staff-code.ts';
import { createAttemptLimit } from './attempts.ts';
import type { Operator, StaffRole } from './lane-api.ts';
import type { Random } from './ports.ts';

/** Wrong PINs of one operator before this gate stops listening for a while. */
export const pinMissRules = { missesMax: 5, windowMs: 60_000 } as const;
export const shiftIdleMs = 15 * 60_000;
export const shiftLengthMs = 12 * 3_600_000;
/** Shifts at once; past it the one that was used longest ago ends. */
export const shiftsMax = 100;
const sessionBytes = 24;
/** Guesses of cards share one count: a card's code cannot be guessed, but each guess costs the work of a PIN. */
const unknownCard = 'unknown card';

export interface PinCredentials {
  readonly operator: string;
  readonly pin: string;
}
export type StewardCredentials = PinCredentials | { readonly session: string };
/** Who signs on: the pseudonym, or the code on the card. */
export type StaffName = { readonly operator: string } | { readonly code: string };

export type SignOnError =
  /** Also for an unknown operator or card. */
  | { readonly type: 'pin-wrong' }
  /** Too many wrong PINs for this operator; `waitMs` until the next try. */
  | { readonly type: 'too-many-attempts'; readonly waitMs: number }
  /** The shift has ended, or never was. */
  | { readonly type: 'signed-off' };

export interface Shift extends Operator {
  /** Good for actions until the shift ends. */
  readonly session: string;
  /** The shift ends when it is not used for this long, and in any case after `endsInMs`. */
  readonly idleMs: number;
  readonly endsInMs: number;
}

export interface StaffMember extends Operator {
  /** Of the card, hexadecimal. */
  readonly codeHash?: string | undefined;
}

export interface StaffSignOnDeps {
  /** The role of the operator whose PIN this is; undefined when it is not, or nobody has that name. */
  readonly checkPin: (operator: string, pin: string) => Promise<StaffRole | undefined>;
  /** As the feed says now. */
  readonly staff: () => readonly StaffMember[];
  readonly clock: Clock;
  readonly random: Random;
}

export interface StaffSignOn {
  /** Who acts, with the role of now. */
  readonly check: (credentials: StewardCredentials) => Promise<Result<Operator, SignOnError>>;
  readonly signOn: (name: StaffName, pin: string) => Promise<Result<Shift, SignOnError>>;
  readonly signOff: (session: string) => void;
}

interface OpenShift {
  readonly operator: string;
  readonly endsAtMs: number;
  readonly usedAtMs: number;
}

export function createStaffSignOn({ checkPin, staff, clock, random }: StaffSignOnDeps): StaffSignOn {
  const pins = createAttemptLimit(pinMissRules);
  /** By the hash of the session, in order of their last use. */
  const shifts = new Map<string, OpenShift>();

  const checkWithin = async (key: string, operator: string, pin: string): Promise<Result<Operator, SignOnError>> => {
    const blockedUntilMs = pins.blockedUntilMs(key, clock.monotonicMs());
    if (blockedUntilMs !== undefined)
      return err({ type: 'too-many-attempts', waitMs: Math.ceil(blockedUntilMs - clock.monotonicMs()) });
    // Counted before it is checked: guesses sent all at once must not share one attempt.
    pins.miss(key, clock.monotonicMs());
    const role = await checkPin(operator, pin);
    if (role === undefined) return err({ type: 'pin-wrong' });
    pins.forgive(key);
    return ok({ operator, role });
  };

  const bySession = (session: string): Result<Operator, SignOnError> => {
    const key = hashOf(session);
    const shift = shifts.get(key);
    const nowMs = clock.monotonicMs();
    const member = staff().find(({ operator }) => operator === shift?.operator);
    shifts.delete(key);
    if (shift === undefined || member === undefined) return err({ type: 'signed-off' });
    if (nowMs - shift.usedAtMs >= shiftIdleMs || nowMs >= shift.endsAtMs) return err({ type: 'signed-off' });
    shifts.set(key, { ...shift, usedAtMs: nowMs });
    return ok({ operator: member.operator, role: member.role });
  };

  return {
    check: async (credentials) =>
      'session' in credentials
        ? bySession(credentials.session)
        : checkWithin(credentials.operator, credentials.operator, credentials.pin),

    signOn: async (name, pin) => {
      const operator = 'operator' in name ? name.operator : operatorOfCard(staff(), name.code);
      const by = await checkWithin(operator ?? unknownCard, operator ?? '', pin);
      if (!by.ok) return by;
      for (const [key, shift] of shifts) if (shift.operator === by.value.operator) shifts.delete(key);
      const [stalest] = shifts.keys();
      if (shifts.size >= shiftsMax && stalest !== undefined) shifts.delete(stalest);
      const session = bytesToHex(random(sessionBytes));
      const nowMs = clock.monotonicMs();
      shifts.set(hashOf(session), {
        operator: by.value.operator,
        endsAtMs: nowMs + shiftLengthMs,
        usedAtMs: nowMs,
      });
      return ok({ ...by.value, session, idleMs: shiftIdleMs, endsInMs: shiftLengthMs });
    },

    signOff: (session) => void shifts.delete(hashOf(session)),
  };
}

function operatorOfCard(staff: readonly StaffMember[], code: string): string | undefined {
  const codeHash = hashStaffCode(code);
  return staff.find((member) => member.codeHash === codeHash)?.operator;
}

const hashOf = (session: string): string => bytesToHex(sha256(utf8(session)));
