// The rehearsal of one event at one gate: what it is in at this instant, and a person's word that it begins or is over here. What is
// said lies in the journal, so that it survives a restart; leaving holds at once, whether it can be written or not.
import { bytesToHex } from '../bytes.ts';
import type { TrustedTime } from '../clock.ts';
import type { Mark } from '../mark.ts';
import { gateRehearsalHours, rehearsalAt, rehearsalEndMs, type Rehearsal } from '../rehearsal.ts';
import { err, ok, type Result } from '../result.ts';
import type { AdmissionPolicy } from '../ticket.ts';
import type { Operator } from './lane-api.ts';
import type { Logger, Random, Store, StoreError, Timer } from './ports.ts';

/** Between two looks at whether one has begun or ended by itself. */
export const lookForRehearsalEveryMs = 1_000;
const sessionBytes = 8;

export interface GateRehearsalDeps {
  readonly policy: () => AdmissionPolicy;
  readonly time: () => TrustedTime;
  /** This gate's own, in the order in which they were made. */
  readonly switches: () => readonly Mark[];
  readonly append: Store['append'];
  readonly random: Random;
  readonly timer: Timer;
  readonly logger: Logger;
  /** Another rehearsal than before, or none any more. */
  readonly changed: () => void;
}

export type RehearsalError =
  | StoreError
  | { readonly type: 'rehearsal-in-force' | 'rehearsal-not-in-force' }
  /** Nobody can tell whether the doors are open already. */
  | { readonly type: 'clock-untrusted' };

export interface GateRehearsal {
  /** Asked inside every transaction. */
  readonly current: () => Rehearsal | undefined;
  readonly begin: (by: Operator) => Promise<Result<Mark, RehearsalError>>;
  /** Real from the next scan on. Whoever is being let in just now was practised to the end. */
  readonly leave: (by: Operator) => Promise<Result<Mark, RehearsalError>>;
  readonly stop: () => void;
}

export function createGateRehearsal(deps: GateRehearsalDeps): GateRehearsal {
  const { policy, time, random, timer, logger } = deps;
  /** Sessions that somebody has said are over here, also where the journal could not take it. */
  const left = new Set<string>();
  const unwritten = new Map<string, Pick<Operator, 'operator'>>();
  let told: string | undefined;
  let cancelLook: (() => void) | undefined;
  let stopped = false;

  const current = (): Rehearsal | undefined => {
    const rehearsal = rehearsalAt(deps.switches(), policy(), time());
    return rehearsal === undefined || left.has(rehearsal.session) ? undefined : rehearsal;
  };

  const look = (): void => {
    const rehearsal = current();
    const key = rehearsal && `${rehearsal.session} ${rehearsal.untilMs}`;
    if (key === told) return;
    told = key;
    if (rehearsal === undefined) logger.warn({}, 'The rehearsal is over here: entries count from now on');
    else logger.warn({ of: rehearsal.of, untilMs: rehearsal.untilMs }, 'This gate rehearses: no entry counts');
    deps.changed();
  };
  const lookNowAndThen = (): void => {
    if (stopped) return;
    look();
    for (const [session, by] of unwritten) void writeLeft(session, by);
    cancelLook = timer.after(lookForRehearsalEveryMs, lookNowAndThen);
  };

  /** A session that was left, but not on disk, would be back after a restart: tried until it is there. */
  const writeLeft = async (
    session: string,
    { operator }: Pick<Operator, 'operator'>,
  ): Promise<Result<Mark, StoreError>> => {
    unwritten.delete(session);
    const written = await deps.append({ kind: 'rehearsal-left', event: policy().event, lane: '', operator, session });
    if (!written.ok) unwritten.set(session, { operator });
    return written;
  };

  lookNowAndThen();
  return {
    current,
    begin: async ({ operator }) => {
      if (current() !== undefined) return err({ type: 'rehearsal-in-force' });
      const { trusted, nowMs } = time();
      if (!trusted) return err({ type: 'clock-untrusted' });
      const { event } = policy();
      const fromS = Math.floor(nowMs / 1_000);
      const untilS = Math.floor(
        rehearsalEndMs(policy(), { fromS, untilS: fromS + gateRehearsalHours * 3_600 }) / 1_000,
      );
      const session = bytesToHex(random(sessionBytes));
      const begun = await deps.append({ kind: 'rehearsal-begun', event, lane: '', operator, session, untilS });
      look();
      return begun;
    },
    leave: async (by) => {
      const rehearsal = current();
      if (rehearsal === undefined) return err({ type: 'rehearsal-not-in-force' });
      left.add(rehearsal.session);
      look();
      return writeLeft(rehearsal.session, by);
    },
    stop: () => {
      stopped = true;
      cancelLook?.();
    },
  };
}

/** Staff's word to all events of a gate at once: to the gate there is one rehearsal. */
export interface StewardRehearsals {
  readonly act: (by: Operator, action: RehearsalAction) => Promise<Result<{ readonly mark: Mark }, RehearsalError>>;
}
export interface RehearsalAction {
  readonly type: 'begin-rehearsal' | 'leave-rehearsal';
}
export const isRehearsalAction = <A extends { readonly type: string }>(action: A): action is A & RehearsalAction =>
  action.type === 'begin-rehearsal' || action.type === 'leave-rehearsal';

export const createStewardRehearsals = (rehearsals: readonly GateRehearsal[]): StewardRehearsals => ({
  act: async (by, { type }) => {
    const isIn = ({ current }: GateRehearsal): boolean => current() !== undefined;
    const concerned = rehearsals.filter((one) => isIn(one) === (type === 'leave-rehearsal'));
    const done = await Promise.all(
      concerned.map((one) => (type === 'begin-rehearsal' ? one.begin(by) : one.leave(by))),
    );
    const [result] = [...done.filter(({ ok: worked }) => !worked), ...done];
    if (result === undefined)
      return err({ type: type === 'begin-rehearsal' ? 'rehearsal-in-force' : 'rehearsal-not-in-force' });
    return result.ok ? ok({ mark: result.value }) : result;
  },
});
