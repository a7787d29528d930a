// Goal: every limit is reached at its number, says how long to wait, recovers after that and not before, and concerns nobody else.
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLimiter, type Limiter } from '../../../cloud-sync/src/services/limiter.ts';
import { networkOf, readAddress } from '../../../cloud-sync/src/services/network.ts';
import {
  guessLimits,
  rateLimits,
  requestLimits,
  type Bucket,
  type GuessLimitName,
  type LimitName,
} from '../../../cloud-sync/src/services/rate-limits.ts';
import { oneMore, waitMs } from '../../../cloud-sync/src/services/tries.ts';
import type { Database } from '../../../cloud-sync/src/store/database.ts';
import { createSharedTries, type SharedTries, type Tries } from '../../../cloud-sync/src/store/shared-tries.ts';
import { databaseKind, openTestDatabase } from '../../support/database.ts';
import { createVirtualTime, type VirtualTime } from '../../support/virtual-time.ts';

let database: Database;
let close: () => Promise<void>;
beforeAll(async () => {
  ({ database, close } = await openTestDatabase());
});
afterAll(() => close());

let limiters = 0;
/** Counts by itself; on PostgreSQL as one of several processes would. */
function create(time: VirtualTime, shared?: SharedTries): Limiter {
  const prefix = `${limiters++}`;
  const own =
    databaseKind() === 'postgres'
      ? createSharedTries({ database, clock: time.clock, hash: (text) => `${prefix}/${text}` })
      : undefined;
  return createLimiter({ clock: time.clock, shared: shared ?? own });
}

const keyOf: Readonly<Record<string, readonly [string, string]>> = {
  address: ['192.0.2.1', '192.0.2.2'],
  'address and route': ['192.0.2.1 POST /a', '192.0.2.1 POST /b'],
  'address and account': ['192.0.2.1 ada', '192.0.2.1 bob'],
};
const keysOf = (name: LimitName): readonly [string, string] => keyOf[rateLimits[name].by] ?? ['one', 'other'];
const buckets = Object.entries(rateLimits).filter((entry): entry is [LimitName, Bucket] => 'windowMs' in entry[1]);
const isGuess = (name: LimitName): name is GuessLimitName =>
  name in guessLimits && rateLimits[name].counts === 'wrong answers';

/** Seconds to wait, 0 when there is one; a wrong answer where those are counted. */
async function use(limiter: Limiter, name: LimitName, key: string): Promise<number> {
  if (!isGuess(name)) return (await limiter.take(name, key))?.retryAfterS ?? 0;
  const tried = await limiter.guess(
    name,
    key,
    async () => 'wrong',
    () => true,
  );
  return tried.ok ? 0 : (tried.error.retryAfterS ?? Number.NaN);
}

describe.each(buckets)('%s', (name, { max, windowMs }) => {
  it('is spent after its number, says when there is one again, and is whole after its window', async () => {
    const time = createVirtualTime();
    const limiter = create(time);
    const [one, other] = keysOf(name);
    for (let count = 0; count < max; count++) expect(await use(limiter, name, one)).toBe(0);
    const refillMs = windowMs / max;
    const wait = Math.ceil(refillMs / 1_000);
    expect(await use(limiter, name, one)).toBe(wait);
    expect(await use(limiter, name, other)).toBe(0);
    await time.advance(refillMs - 1);
    expect(await use(limiter, name, one)).toBe(1);
    await time.advance(1);
    expect([await use(limiter, name, one), await use(limiter, name, one)]).toEqual([0, wait]);
    await time.advance(windowMs);
    for (let count = 0; count < max; count++) expect(await use(limiter, name, one)).toBe(0);
    expect(await use(limiter, name, one)).toBe(wait);
  });
});

describe('requests', () => {
  it('may be more where the deployment says so, and guesses not', async () => {
    const limiter = createLimiter({ clock: createVirtualTime().clock, factor: 3 });
    const granted = async (name: LimitName): Promise<number> => {
      let count = 0;
      while ((await use(limiter, name, keysOf(name)[0])) === 0) count += 1;
      return count;
    };
    expect([await granted('open'), await granted('ticket')]).toEqual([360, 900]);
    expect([await granted('sign-in'), await granted('sign-up')]).toEqual([30, 10]);
  });

  it('whose limit is not shared never reach the database', async () => {
    const untouched = async (): Promise<never> => {
      throw new Error('the database was asked');
    };
    const limiter = create(createVirtualTime(), { read: untouched, change: untouched, forget: untouched });
    for (const name of Object.keys(requestLimits) as LimitName[]) expect(await use(limiter, name, 'key')).toBe(0);
    await expect(use(limiter, 'sign-up', 'key')).rejects.toThrow('the database was asked');
  });
});

describe('guesses', () => {
  it('that come at once are no more than those in a row', async () => {
    const limiter = create(createVirtualTime());
    let judged = 0;
    const wrong = async (): Promise<boolean> => {
      judged += 1;
      await Promise.resolve();
      return false;
    };
    const tried = await Promise.all(
      Array.from({ length: 60 }, () => limiter.guess('verify-miss', 'ticket', wrong, (right) => !right)),
    );
    expect([judged, tried.filter(({ ok }) => ok).length]).toEqual([10, 10]);
  });

  it('that are right cost nothing, however many come at once, and write nothing', async () => {
    const time = createVirtualTime();
    const reads: string[] = [];
    const shared: SharedTries = {
      read: async (name) => void reads.push(name),
      change: async () => expect.fail('something was written'),
      forget: async () => expect.fail('something was written'),
    };
    const limiter = create(time, shared);
    for (const name of Object.keys(guessLimits).filter((key): key is GuessLimitName => isGuess(key as LimitName))) {
      const right = Array.from({ length: 200 }, () =>
        limiter.guess(
          name,
          'key',
          async () => true,
          (isRight) => !isRight,
        ),
      );
      expect((await Promise.all(right)).every(({ ok }) => ok)).toBe(true);
    }
    expect(new Set(reads)).toEqual(new Set(['password']));
  });

  it('go on after one of them has thrown', async () => {
    const limiter = create(createVirtualTime());
    const broken = limiter.guess(
      'sign-in',
      'key',
      async () => {
        throw new Error('broken');
      },
      () => true,
    );
    const next = limiter.guess(
      'sign-in',
      'key',
      async () => 'right',
      () => false,
    );
    await expect(broken).rejects.toThrow('broken');
    expect(await next).toEqual({ ok: true, value: 'right' });
  });
});

describe('wrong passwords', () => {
  it('wait twice as long each time up to a quarter of an hour, until a right one or a day has passed', async () => {
    const time = createVirtualTime();
    const limiter = create(time);
    const waits: number[] = [];
    for (let asked = 0; asked < 31; asked++) {
      const wait = await use(limiter, 'password', 'ada');
      if (wait > 0) waits.push(wait);
      await time.advance(wait * 1_000);
    }
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]);
    expect(await use(limiter, 'password', 'bob')).toBe(0);
    const free = async (): Promise<number> => {
      let count = 0;
      while ((await use(limiter, 'password', 'ada')) === 0) count += 1;
      return count;
    };
    expect(await free()).toBe(0);
    await limiter.forgive('password', 'ada');
    expect(await free()).toBe(5);
    await time.advance(guessLimits.password.forgottenAfterMs);
    expect(await free()).toBe(5);
  });
});

describe('a bucket', () => {
  const limit: Bucket = { ...requestLimits.ticket, max: 7, windowMs: 7_000 };

  it('never gives more than its number at once and its rate over any time', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 3_000 }), { maxLength: 200 }), (pauses) => {
        let tries: Tries | undefined;
        let nowMs = 0;
        const given: number[] = [];
        for (const pause of pauses) {
          nowMs += pause;
          if (waitMs(tries, nowMs) > 0) continue;
          tries = oneMore(limit, tries, nowMs);
          given.push(nowMs);
        }
        for (const [from, startMs] of given.entries())
          for (let to = from; to < given.length; to++)
            expect(to - from + 1).toBeLessThanOrEqual(limit.max + ((given[to] ?? 0) - startMs) / 1_000);
      }),
      { numRuns: 200 },
    );
  });

  it('locks nobody out for longer than two windows when the clock is set back', () => {
    let tries: Tries | undefined;
    for (let count = 0; count < 7; count++) tries = oneMore(limit, tries, 9_000_000_000);
    tries = oneMore(limit, tries, 0);
    expect(waitMs(tries, 0)).toBeLessThanOrEqual(2 * limit.windowMs);
  });
});

describe('an address', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7'],
    [' 192.0.2.7:4711 ', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['[2001:DB8::1]:443', '2001:db8::1'],
    ['fe80::1%eth0', 'fe80::1'],
    ['unknown', undefined],
    ['192.0.2.256', undefined],
    ['', undefined],
  ])('is read from "%s"', (text, address) => {
    expect(readAddress(text)).toBe(address);
  });

  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::9', '2001:db8:1:2::/64'],
    ['2001:db8::9', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['2001:0db8:0001:0002::', '2001:db8:1:2::/64'],
    ['64:ff9b::192.0.2.7', '64:ff9b:0:0::/64'],
    ['2001:db8:1:2::9 POST /session', '2001:db8:1:2::/64 POST /session'],
    ['unknown', 'unknown'],
  ])('counts %s as %s', (address, network) => {
    expect(networkOf(address)).toBe(network);
  });

  it('of IPv6 counts as one with all of its /64, and with no other', () => {
    const groups = fc.array(fc.integer({ min: 0, max: 0xffff }), { minLength: 8, maxLength: 8 });
    const textOf = (parts: readonly number[]): string => parts.map((part) => part.toString(16)).join(':');
    fc.assert(
      fc.property(groups, groups, (one, other) => {
        const neighbour = [...one.slice(0, 4), ...other.slice(4)];
        expect(networkOf(textOf(neighbour))).toBe(networkOf(textOf(one)));
        const isSame = textOf(one.slice(0, 4)) === textOf(other.slice(0, 4));
        expect(networkOf(textOf(other)) === networkOf(textOf(one))).toBe(isSame);
      }),
    );
  });
});
