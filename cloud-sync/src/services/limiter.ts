// Counts under the limits of rate-limits.ts. In one process everything is exact: guesses about one thing are judged one after the other,
// so that many at once are no more than many in a row.
//
// Processes on one PostgreSQL share what is `shared`: a wrong answer is written to the database before it is given, and whoever
// writes learns what the others have seen. Right answers write nothing. So each further process may let one more wrong answer through
// than the limit says, until it has heard; it counts all the same, and the next one waits for it.
import { err, ok, type Clock, type Result } from '@postern/shared';
import type { SharedTries, Tries } from '../store/shared-tries.ts';
import type { Failure } from './problems.ts';
import {
  rateLimits,
  requestLimits,
  type Bucket,
  type GuessLimitName,
  type LimitName,
  type RateLimit,
} from './rate-limits.ts';
import { networkOf } from './network.ts';
import { oneMore, waitMs } from './tries.ts';

/** Keys remembered of one limit; past it the one that was tried longest ago is forgotten. */
const keysMax = 10_000;
/** Guesses about one thing that wait for those before them. */
const waitingMax = 1_000;
const crowdedRetryAfterS = 1;

export interface Limiter {
  /** Takes one; a failure (`attempts-exhausted`, with the time to wait) when there is none. */
  readonly take: (name: LimitName, key: string) => Promise<Failure | undefined>;
  /** Does `work`, unless too many answers have been wrong lately. */
  readonly guess: <T>(
    name: GuessLimitName,
    key: string,
    work: () => Promise<T>,
    isWrong: (outcome: T) => boolean,
  ) => Promise<Result<T, Failure>>;
  /** A right answer ends the waits of a back-off. */
  readonly forgive: (name: GuessLimitName, key: string) => Promise<void>;
}

export interface LimiterDeps {
  readonly clock: Clock;
  /** Absent where there is one process. */
  readonly shared?: SharedTries | undefined;
  /** By how much more than usual is asked: every one of `requestLimits` is so many times as high. */
  readonly factor?: number;
}

export function createLimiter({ clock, shared, factor = 1 }: LimiterDeps): Limiter {
  const known = new Map<LimitName, Map<string, Tries>>();
  const inTurn = createTurns();

  const limitOf = (name: LimitName): RateLimit => {
    const limit: RateLimit = rateLimits[name];
    return name in requestLimits ? { ...(limit as Bucket), max: (limit as Bucket).max * factor } : limit;
  };
  const sharedFor = (limit: RateLimit): SharedTries | undefined => (limit.shared ? shared : undefined);
  /** Machines agree on the wall clock only; alone, one that nobody sets is better. */
  const nowFor = (limit: RateLimit): number => (sharedFor(limit) === undefined ? clock.monotonicMs() : clock.wallMs());
  const keyFor = ({ by }: RateLimit, key: string): string => (by.startsWith('address') ? networkOf(key) : key);

  const remember = (name: LimitName, key: string, tries: Tries | undefined): void => {
    const ofName = known.get(name) ?? new Map<string, Tries>();
    known.set(name, ofName);
    ofName.delete(key);
    if (tries === undefined) return;
    const [oldest] = ofName.keys();
    if (ofName.size >= keysMax && oldest !== undefined) ofName.delete(oldest);
    ofName.set(key, tries);
  };
  const refusal = (name: LimitName, limit: RateLimit, key: string): Failure | undefined => {
    const ms = waitMs(known.get(name)?.get(key), nowFor(limit));
    return ms > 0 ? { type: 'attempts-exhausted', retryAfterS: Math.ceil(ms / 1_000) } : undefined;
  };

  const take: Limiter['take'] = async (name, asked) => {
    const limit = limitOf(name);
    const key = keyFor(limit, asked);
    const refused = refusal(name, limit, key);
    if (refused !== undefined) return refused;
    const together = sharedFor(limit);
    if (together === undefined) {
      remember(name, key, oneMore(limit, known.get(name)?.get(key), nowFor(limit)));
      return undefined;
    }
    let isTaken = false;
    const tries = await together.change(name, key, (before) => {
      isTaken = waitMs(before, nowFor(limit)) === 0;
      return isTaken ? oneMore(limit, before, nowFor(limit)) : undefined;
    });
    remember(name, key, tries);
    return isTaken ? undefined : refusal(name, limit, key);
  };

  const countWrong = async (name: GuessLimitName, limit: RateLimit, key: string): Promise<void> => {
    const step = (before: Tries | undefined): Tries => oneMore(limit, before, nowFor(limit));
    const together = sharedFor(limit);
    remember(
      name,
      key,
      together === undefined ? step(known.get(name)?.get(key)) : await together.change(name, key, step),
    );
  };

  return {
    take,

    guess: async (name, asked, work, isWrong) => {
      const limit = limitOf(name);
      const key = keyFor(limit, asked);
      // Whoever must wait does not even wait for its turn.
      const early = refusal(name, limit, key);
      if (early !== undefined) return err(early);
      const judged = await inTurn(`${name}/${key}`, async () => {
        // A long wait is worth asking whether others know of one; a bucket learns soon enough from its own wrong answers.
        const together = sharedFor(limit);
        if (together !== undefined && !('windowMs' in limit)) remember(name, key, await together.read(name, key));
        const refused = refusal(name, limit, key);
        if (refused !== undefined) return err(refused);
        const outcome = await work();
        if (isWrong(outcome)) await countWrong(name, limit, key);
        return ok(outcome);
      });
      return judged ?? err({ type: 'attempts-exhausted', retryAfterS: crowdedRetryAfterS });
    },

    forgive: async (name, asked) => {
      const limit = limitOf(name);
      const key = keyFor(limit, asked);
      if (known.get(name)?.get(key) === undefined) return;
      remember(name, key, undefined);
      await sharedFor(limit)?.forget(name, key);
    },
  };
}

/** Lets what has the same key go one after the other; undefined when too many wait already. */
function createTurns(): <T>(key: string, work: () => Promise<T>) => Promise<T | undefined> {
  const lines = new Map<string, { readonly waiting: number; readonly last: Promise<unknown> }>();
  return async (key, work) => {
    const line = lines.get(key);
    if (line !== undefined && line.waiting >= waitingMax) return undefined;
    const mine = (line?.last ?? Promise.resolve()).then(work, work);
    lines.set(key, { waiting: (line?.waiting ?? 0) + 1, last: mine });
    try {
      return await mine;
    } finally {
      const now = lines.get(key);
      if (now !== undefined && now.waiting > 1) lines.set(key, { ...now, waiting: now.waiting - 1 });
      else lines.delete(key);
    }
  };
}
