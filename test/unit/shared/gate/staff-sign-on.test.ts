// Goal: a shift begins with a card or a name and the right PIN, and ends by itself whenever it should.
import { expect, test } from 'vitest';
import fc from 'fast-check';
import {
  createStaffSignOn,
  hashStaffCode,
  makeStaffCode,
  pinMissRules,
  shiftIdleMs,
  shiftLengthMs,
  shiftsMax,
  staffCodePattern,
  type StaffMember,
} from '@postern/shared';
import { createVirtualTime } from '../../../support/virtual-time.ts';

const ada = 'adasteward';
const bob = 'bobsuperv';
const cardOf = (seed: number): string => makeStaffCode((bytes) => new Uint8Array(bytes).fill(seed));

function createBench() {
  const time = createVirtualTime();
  let staff: readonly StaffMember[] = [
    { operator: ada, role: 'steward', codeHash: hashStaffCode(cardOf(1)) },
    { operator: bob, role: 'supervisor' },
  ];
  let drawn = 0;
  let checks = 0;
  const signOn = createStaffSignOn({
    checkPin: async (operator, pin) => {
      checks++;
      return pin === '4711' ? staff.find((member) => member.operator === operator)?.role : undefined;
    },
    staff: () => staff,
    clock: time.clock,
    random: (bytes) => new Uint8Array(bytes).fill(++drawn),
  });
  const begin = async (name: { operator: string } | { code: string }, pin = '4711'): Promise<string> => {
    const shift = await signOn.signOn(name, pin);
    return shift.ok ? shift.value.session : shift.error.type;
  };
  const whoIs = async (session: string): Promise<string> => {
    const by = await signOn.check({ session });
    return by.ok ? `${by.value.operator} ${by.value.role}` : by.error.type;
  };
  return {
    time,
    signOn,
    begin,
    whoIs,
    checks: () => checks,
    setStaff: (next: readonly StaffMember[]) => void (staff = next),
  };
}

test('begins by name and by card, each with the PIN', async () => {
  const { begin, whoIs, signOn } = createBench();
  expect(await whoIs(await begin({ operator: bob }))).toBe(`${bob} supervisor`);
  expect(await whoIs(await begin({ code: cardOf(1) }))).toBe(`${ada} steward`);
  expect(await signOn.signOn({ operator: ada }, '4711')).toMatchObject({
    value: { operator: ada, role: 'steward', idleMs: shiftIdleMs, endsInMs: shiftLengthMs },
  });
});

test('does not begin with a wrong PIN, another card, no card or no name', async () => {
  const { begin, checks } = createBench();
  expect(await begin({ code: cardOf(1) }, '0000')).toBe('pin-wrong');
  expect(await begin({ code: cardOf(2) })).toBe('pin-wrong');
  expect(await begin({ operator: 'nobody99' })).toBe('pin-wrong');
  expect(await begin({ code: hashStaffCode(cardOf(1)) })).toBe('pin-wrong');
  // Whoever it was, the work was the same.
  expect(checks()).toBe(4);
});

test('ends when it is not used, and lives on while it is', async () => {
  const { begin, whoIs, time } = createBench();
  const session = await begin({ operator: ada });
  for (let uses = 0; uses < 3; uses++) {
    await time.advance(shiftIdleMs - 1);
    expect(await whoIs(session)).toBe(`${ada} steward`);
  }
  await time.advance(shiftIdleMs);
  expect(await whoIs(session)).toBe('signed-off');
  expect(await whoIs(session)).toBe('signed-off');
});

test('ends after its length, however busy it is', async () => {
  const { begin, whoIs, time } = createBench();
  const session = await begin({ operator: ada });
  for (let passedMs = 0; passedMs + shiftIdleMs / 2 < shiftLengthMs; passedMs += shiftIdleMs / 2) {
    await time.advance(shiftIdleMs / 2);
    expect(await whoIs(session)).toBe(`${ada} steward`);
  }
  await time.advance(shiftIdleMs / 2);
  expect(await whoIs(session)).toBe('signed-off');
});

test('ends by signing off, by signing on anew, and not by somebody else', async () => {
  const { begin, whoIs, signOn } = createBench();
  const [first, other] = [await begin({ operator: ada }), await begin({ operator: bob })];
  const second = await begin({ operator: ada });
  expect([await whoIs(first), await whoIs(second)]).toEqual(['signed-off', `${ada} steward`]);
  signOn.signOff('no session');
  signOn.signOff(second);
  expect([await whoIs(second), await whoIs(other)]).toEqual(['signed-off', `${bob} supervisor`]);
});

test('ends when the person leaves the feed, and has the role of now', async () => {
  const { begin, whoIs, setStaff } = createBench();
  const session = await begin({ operator: bob });
  setStaff([{ operator: bob, role: 'steward' }]);
  expect(await whoIs(session)).toBe(`${bob} steward`);
  setStaff([]);
  expect(await whoIs(session)).toBe('signed-off');
  setStaff([{ operator: bob, role: 'steward' }]);
  expect(await whoIs(session)).toBe('signed-off');
});

test('a lost card is dead once the feed says another', async () => {
  const { begin, setStaff } = createBench();
  setStaff([{ operator: ada, role: 'steward', codeHash: hashStaffCode(cardOf(3)) }]);
  expect(await begin({ code: cardOf(1) })).toBe('pin-wrong');
  expect(await begin({ code: cardOf(3) })).toHaveLength(48);
});

test('wrong PINs count together, by name, by card and for an action, also all at once', async () => {
  const { begin, signOn, time } = createBench();
  const guesses = await Promise.all([
    ...Array.from({ length: 3 }, () => begin({ operator: ada }, '0000')),
    ...Array.from({ length: 3 }, () => begin({ code: cardOf(1) }, '0000')),
  ]);
  expect(guesses.filter((guess) => guess === 'pin-wrong')).toHaveLength(pinMissRules.missesMax);
  expect(await signOn.check({ operator: ada, pin: '4711' })).toMatchObject({ error: { type: 'too-many-attempts' } });
  expect(await begin({ operator: bob })).toHaveLength(48);
  await time.advance(pinMissRules.windowMs);
  expect(await begin({ operator: ada })).toHaveLength(48);
});

test('guesses of cards are limited together', async () => {
  const { begin } = createBench();
  const guesses: string[] = [];
  for (let seed = 10; seed < 17; seed++) guesses.push(await begin({ code: cardOf(seed) }));
  expect(guesses.filter((guess) => guess === 'pin-wrong')).toHaveLength(pinMissRules.missesMax);
  expect(await begin({ code: cardOf(1) })).toHaveLength(48);
});

test('there are so many at once: the one that was used longest ago ends', async () => {
  const { begin, whoIs, setStaff } = createBench();
  setStaff(Array.from({ length: shiftsMax + 1 }, (_, index) => ({ operator: `operator${index}`, role: 'steward' })));
  const sessions: string[] = [];
  for (let index = 0; index < shiftsMax; index++) sessions.push(await begin({ operator: `operator${index}` }));
  await whoIs(sessions[0] ?? '');
  await begin({ operator: `operator${shiftsMax}` });
  expect([await whoIs(sessions[0] ?? ''), await whoIs(sessions[1] ?? '')]).toEqual(['operator0 steward', 'signed-off']);
});

test('every card reads as one, and no two have one hash', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 26, maxLength: 26 }),
      fc.uint8Array({ minLength: 26, maxLength: 26 }),
      (one, two) => {
        const [a, b] = [makeStaffCode(() => one), makeStaffCode(() => two)];
        expect(a).toMatch(staffCodePattern);
        expect(hashStaffCode(a) === hashStaffCode(b)).toBe(a === b);
      },
    ),
  );
});
