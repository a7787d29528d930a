import {
  createStaffSignOn,
  createSteward,
  createStewardRehearsals,
  err,
  ok,
  pinMissRules,
  roleNeeded,
  type StaffRole,
  type Steward,
  type StewardAction,
  type VerificationMethod,
} from '@postern/shared';
import { describe, expect, test } from 'vitest';
import {
  createRig,
  policy,
  silentLogger,
  ticketId,
  trustingMethod,
  type Rig,
  type RigOptions,
} from '../../../support/lane-rig.ts';

const staff: Readonly<Record<string, readonly [pin: string, role: StaffRole]>> = {
  op1steward: ['1234', 'steward'],
  op2superv: ['9876', 'supervisor'],
};
const signal = new AbortController().signal;

const createBench = async (options: RigOptions = {}) => {
  const rig = await createRig(options);
  const confirmed: number[] = [];
  const steward: Steward = createSteward({
    lanes: [rig.lane],
    signOn: createStaffSignOn({
      checkPin: async (operator, pin) => (staff[operator]?.[0] === pin ? staff[operator]?.[1] : undefined),
      staff: () => [],
      clock: rig.context.clock,
      random: (bytes) => new Uint8Array(bytes),
    }),
    confirmClock: (trueMs) => {
      confirmed.push(trueMs);
      const offsetMs = trueMs - rig.time.clock.wallMs();
      return () => offsetMs;
    },
    context: rig.context,
    registry: rig.registry,
    store: rig.store,
    decide: rig.decide,
    orders: async () => err({ type: 'confirmation-gone' }),
    rehearsals: createStewardRehearsals([]),
    bandDesk: { act: async () => err({ type: 'band-unbound' }) },
    logger: silentLogger,
  });
  const act = async (action: StewardAction, operator = 'op1steward', pin = staff[operator]?.[0] ?? '') => {
    const result = steward.act({ operator, pin }, action, signal);
    await rig.time.advance(100);
    return result;
  };
  return { rig, act, confirmed };
};

const heldId = (rig: Rig): string => {
  const state = rig.lane.state();
  return state.name === 'held' ? state.holdId : '';
};

test('a steward accepts a hold, and the mark names the pseudonym', async () => {
  const { rig, act } = await createBench();
  await rig.scan('T4');
  expect(await act({ type: 'accept-hold', lane: 'lane-1', holdId: heldId(rig) })).toMatchObject({
    ok: true,
    value: { decision: { kind: 'admit' } },
  });
  expect(rig.marks()).toMatchObject([{ kind: 'admitted', operator: 'op1steward' }]);
});

test("a hold for a supervisor is not the steward's to accept", async () => {
  const { rig, act } = await createBench();
  await rig.scan('T6');
  const action = { type: 'accept-hold', lane: 'lane-1', holdId: heldId(rig) } as const;
  expect(await act(action)).toMatchObject({ error: { type: 'role-too-low' } });
  expect(await act(action, 'op2superv')).toMatchObject({ ok: true });
});

test('declining, overriding and taking back reach the lane', async () => {
  const { rig, act } = await createBench();
  await rig.scan('T4');
  expect(
    await act({ type: 'decline-hold', lane: 'lane-1', holdId: heldId(rig), reason: 'proof-missing' }),
  ).toMatchObject({ ok: true });
  expect(await act({ type: 'override', lane: 'lane-1', reason: 'lost-code', persons: 1 })).toMatchObject({
    value: { mark: { kind: 'overridden', reason: 'lost-code' } },
  });
  await rig.time.advance(5_000);
  expect(await act({ type: 'undo', lane: 'lane-1', reason: 'wrong-person' })).toMatchObject({
    value: { mark: { kind: 'undone' } },
  });
});

test('a ticket that is inside is let out, and may come back', async () => {
  const { rig, act } = await createBench();
  await rig.scan('T8', 10_000);
  await rig.scan('T8', 10_000);
  const presentation = { medium: 'optical', text: 'T8', readerId: 'handheld', seenAtMs: 0 } as const;
  expect(await act({ type: 'pass-out', lane: 'lane-1', presentation })).toMatchObject({
    value: { mark: { kind: 'passed-out', ticketId: ticketId(8), zone: 'hall', operator: 'op1steward' } },
  });
  await rig.scan('T8');
  expect(rig.answers()).toEqual(['admit', 'pass-out-needed', 'admit']);
});

test('a ticket that is not inside is not let out', async () => {
  const { rig, act } = await createBench();
  const shown = (text: string): StewardAction => ({
    type: 'pass-out',
    lane: 'lane-1',
    presentation: { medium: 'optical', text, readerId: 'handheld', seenAtMs: 0 },
  });
  expect(await act(shown('T8'))).toMatchObject({ error: { type: 'refused', refusal: { type: 'not-inside' } } });
  expect(await act(shown('hello'))).toMatchObject({ error: { type: 'refused', refusal: { type: 'not-a-ticket' } } });
  expect(rig.marks()).toEqual([]);
});

test('a supervisor confirms the shown time or states another, and the mark says by how much it was wrong', async () => {
  const { rig, act, confirmed } = await createBench();
  const shownMs = rig.time.clock.wallMs();
  expect(await act({ type: 'confirm-clock' }, 'op2superv')).toMatchObject({
    value: { mark: { kind: 'corrected', offsetMs: 0, operator: 'op2superv', event: policy.event } },
  });
  expect(await act({ type: 'confirm-clock', trueMs: rig.time.clock.wallMs() + 5_000 }, 'op2superv')).toMatchObject({
    value: { mark: { offsetMs: 5_000 } },
  });
  for (const trueMs of [Number.NaN, -1, Date.UTC(2100), 8_640_000_000_000_000])
    expect(await act({ type: 'confirm-clock', trueMs }, 'op2superv')).toMatchObject({
      error: { type: 'time-out-of-range' },
    });
  expect(confirmed).toEqual([shownMs, shownMs + 5_100]);
});

test('a supervisor says how many are in a zone, and occupancy goes on from there', async () => {
  const { rig, act } = await createBench();
  const count = (zone: string, persons: number): StewardAction => ({ type: 'recount-zone', zone, persons });
  expect(await act(count('hall', 250), 'op2superv')).toMatchObject({
    value: { mark: { kind: 'recounted', event: policy.event, zone: 'hall', persons: 250, operator: 'op2superv' } },
  });
  expect(await act(count('nowhere', 250), 'op2superv')).toMatchObject({ error: { type: 'zone-unknown' } });
  for (const persons of [-1, 0.5, Number.NaN, 1_000_001])
    expect(await act(count('hall', persons), 'op2superv')).toMatchObject({ error: { type: 'persons-out-of-range' } });
  expect(rig.marks()).toMatchObject([{ kind: 'recounted', persons: 250 }]);
});

test('every action that needs a supervisor is turned down for a steward before anything happens', async () => {
  const { rig, act, confirmed } = await createBench();
  rig.lane.free('fire');
  expect(Object.entries(roleNeeded).flatMap(([type, role]) => (role === 'supervisor' ? [type] : []))).toEqual([
    'reset-free',
    'confirm-clock',
    'recount-zone',
    'give-order',
    'lift-order',
    'confirm-order',
    'begin-rehearsal',
    'unbind-band',
  ]);
  expect(await act({ type: 'reset-free', lane: 'lane-1' })).toMatchObject({ error: { type: 'role-too-low' } });
  expect(await act({ type: 'confirm-clock' })).toMatchObject({ error: { type: 'role-too-low' } });
  expect([rig.state(), confirmed]).toEqual(['free', []]);
  expect(await act({ type: 'reset-free', lane: 'lane-1' }, 'op2superv')).toMatchObject({ ok: true });
  expect(rig.state()).toBe('idle');
});

test('closing, reopening and freeing a lane', async () => {
  const { rig, act } = await createBench();
  await act({ type: 'close-lane', lane: 'lane-1' });
  expect(rig.lane.state()).toEqual({ name: 'closed', why: 'person' });
  await act({ type: 'reopen-lane', lane: 'lane-1' });
  expect(rig.state()).toBe('idle');
  await act({ type: 'free-lane', lane: 'lane-1' });
  expect(rig.lane.state()).toEqual({ name: 'free', why: 'person' });
});

test('a wrong PIN or an unknown operator does nothing', async () => {
  const { rig, act } = await createBench();
  expect(await act({ type: 'close-lane', lane: 'lane-1' }, 'op1steward', '0000')).toMatchObject({
    error: { type: 'pin-wrong' },
  });
  expect(await act({ type: 'close-lane', lane: 'lane-1' }, 'nobody', '1234')).toMatchObject({
    error: { type: 'pin-wrong' },
  });
  expect(rig.state()).toBe('idle');
});

test('guessing PINs is limited per operator, also when all guesses come at once', async () => {
  const { rig, act } = await createBench();
  const guess = { type: 'close-lane', lane: 'lane-1' } as const;
  const guesses = await Promise.all(Array.from({ length: 20 }, (_, n) => act(guess, 'op1steward', `${n}`)));
  expect(guesses.filter((result) => !result.ok && result.error.type === 'pin-wrong')).toHaveLength(
    pinMissRules.missesMax,
  );
  expect(await act(guess, 'op1steward')).toMatchObject({ error: { type: 'too-many-attempts' } });
  expect(await act({ type: 'free-lane', lane: 'lane-1' }, 'op2superv')).toMatchObject({ ok: true });
  await rig.time.advance(pinMissRules.windowMs);
  expect(await act({ type: 'undo', lane: 'lane-1', reason: 'wrong-person' }, 'op1steward')).toMatchObject({
    error: { type: 'nothing-to-undo' },
  });
});

test('an action on a lane that is not there says so', async () => {
  const { act } = await createBench();
  expect(await act({ type: 'undo', lane: 'lane-9', reason: 'wrong-person' })).toMatchObject({
    error: { type: 'lane-unknown' },
  });
});

describe('blocking a ticket', () => {
  test('by its code: it is refused from then on, whatever the ticket list says', async () => {
    const { rig, act } = await createBench();
    const presentation = { medium: 'typed', text: 'T1', readerId: 'steward', seenAtMs: 0 } as const;
    expect(await act({ type: 'deny-ticket', lane: 'lane-1', presentation })).toMatchObject({
      value: { mark: { kind: 'denied', ticketId: ticketId(1), epoch: 0, operator: 'op1steward' } },
    });
    await rig.scan('T1');
    expect(rig.answers()).toEqual(['denied']);
  });

  test('that is held: the hold ends in a refusal, and nobody can accept it any more', async () => {
    const { rig, act } = await createBench();
    await rig.scan('T4');
    const holdId = heldId(rig);
    expect(await act({ type: 'deny-ticket', lane: 'lane-1' })).toMatchObject({ value: { mark: { kind: 'denied' } } });
    expect(rig.answers()).toEqual(['hold', 'denied']);
    expect(await act({ type: 'accept-hold', lane: 'lane-1', holdId })).toMatchObject({ error: { type: 'hold-gone' } });
  });

  test('by an old code, while the newer one is held: whoever has that one still waits for a yes', async () => {
    const newer: VerificationMethod = {
      ...trustingMethod,
      verify: async (presentation, lookups, cancelled) => {
        const claim = await trustingMethod.verify(presentation, lookups, cancelled);
        return claim.ok && presentation.text === 'T4' ? ok({ ...claim.value, epoch: 1, type: 1 }) : claim;
      },
    };
    const { rig, act } = await createBench({ methods: [newer] });
    await rig.scan('T4');
    const presentation = { medium: 'typed', text: 'T4/old', readerId: 'steward', seenAtMs: 0 } as const;
    expect(await act({ type: 'deny-ticket', lane: 'lane-1', presentation })).toMatchObject({
      value: { mark: { kind: 'denied', epoch: 0 } },
    });
    expect(rig.state()).toBe('held');
    expect(rig.kinds()).toEqual(['denied']);
  });

  test('that was just refused', async () => {
    const { rig, act } = await createBench();
    await rig.scan('T1', 5_000);
    await rig.scan('T1');
    expect(rig.answers()).toEqual(['admit', 'already-used']);
    expect(await act({ type: 'deny-ticket', lane: 'lane-1' })).toMatchObject({
      value: { mark: { kind: 'denied', ticketId: ticketId(1) } },
    });
  });

  test('needs a ticket: a lane that shows none, and a code that proves none, block nobody', async () => {
    const { rig, act } = await createBench();
    expect(await act({ type: 'deny-ticket', lane: 'lane-1' })).toMatchObject({ error: { type: 'no-ticket' } });
    const presentation = { medium: 'typed', text: 'T99', readerId: 'steward', seenAtMs: 0 } as const;
    expect(await act({ type: 'deny-ticket', lane: 'lane-1', presentation })).toMatchObject({
      error: { type: 'refused', refusal: { type: 'signature-invalid' } },
    });
    expect(rig.marks()).toEqual([]);
  });
});
