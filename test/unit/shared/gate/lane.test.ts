import {
  answerShownMs,
  recoveryEveryMs,
  undoWithinMs,
  type Actuator,
  type LaneState,
  type Operator,
} from '@postern/shared';
import { describe, expect, test } from 'vitest';
import { createRig, rigHoldTimeoutMs, rigPassageTimeoutMs, ticketId, type Rig } from '../../../support/lane-rig.ts';

const steward: Operator = { operator: 'op1steward', role: 'steward' };
const supervisor: Operator = { operator: 'op2superv', role: 'supervisor' };
const outOfViewMs = 2_000;

const holdId = (rig: Rig): string => {
  const state = rig.lane.state();
  return state.name === 'held' ? state.holdId : 'no hold';
};
const states = (rig: Rig): readonly string[] =>
  rig.events.flatMap((event) => (event.type === 'state' ? [event.state.name] : []));

describe('one scan', () => {
  test('a valid ticket opens the turnstile, and the visitor who walks through has used it', async () => {
    const rig = await createRig();
    await rig.scan('T1', 3_200);
    expect(states(rig)).toEqual(['idle', 'deciding', 'open', 'passed', 'idle']);
    expect(rig.marks()).toMatchObject([
      {
        kind: 'admitted',
        ticketId: ticketId(1),
        uses: 1,
        zone: 'hall',
        lane: 'lane-1',
        event: 7,
        peersReachable: 2,
        outOfTouch: false,
      },
    ]);
    expect(rig.turnstile.counts()).toEqual({ openings: 1, persons: 1 });
  });

  test('the decision event carries its durations and its mark', async () => {
    const rig = await createRig();
    rig.show('T1', { decodeMs: 7 });
    await rig.time.advance(100);
    expect(rig.events.find((event) => event.type === 'decision')).toMatchObject({
      decision: { kind: 'admit' },
      decodeMs: 7,
      commitMs: 4,
      verifyMs: 0,
      mark: { kind: 'admitted' },
    });
  });

  test('a used ticket is refused with its own mark, and the answer goes away by itself', async () => {
    const rig = await createRig();
    await rig.scan('T1', 5_000);
    await rig.scan('T1');
    expect(rig.answers()).toEqual(['admit', 'already-used']);
    expect(rig.marks().at(-1)).toMatchObject({
      kind: 'refused',
      code: 'already-used',
      ticketId: ticketId(1),
      count: 1,
    });
    expect(rig.state()).toBe('refused');
    await rig.time.advance(answerShownMs.refused);
    expect(rig.state()).toBe('idle');
  });

  test('what is not a ticket is refused and recorded without naming one', async () => {
    const rig = await createRig();
    await rig.scan('https://example.org');
    await rig.scan('T99');
    expect(rig.answers()).toEqual(['not-a-ticket', 'signature-invalid']);
    expect(rig.marks()).toMatchObject([
      { kind: 'refused', ticketId: '' },
      { kind: 'refused', ticketId: '' },
    ]);
    expect(rig.turnstile.counts().openings).toBe(0);
  });

  test('presentations wait for their turn while somebody walks through', async () => {
    const rig = await createRig();
    rig.show('T1');
    rig.show('T2');
    await rig.time.advance(5_000);
    expect(rig.answers()).toEqual(['admit', 'admit']);
    expect(rig.turnstile.counts().persons).toBe(2);
  });

  test('the inbox is bounded: what exceeds it is dropped, counted, and good again at the next sighting', async () => {
    const rig = await createRig();
    const answers = Array.from({ length: 30 }, (_, n) => rig.show(`no ticket ${n}`));
    expect(answers.filter((answer) => answer === 'dropped')).toHaveLength(13);
    expect(rig.lane.health()).toMatchObject({ dropped: 13 });
    await rig.time.advance(10);
    expect(rig.answers()).toHaveLength(17);
    expect(rig.show('no ticket 29')).toBe('queued');
  });

  test('whoever has walked away while waiting is not let in behind their back', async () => {
    const rig = await createRig();
    await rig.scan('T4', 100);
    await rig.scan('T1', 10_000);
    rig.lane.decline(holdId(rig), steward, 'proof-wrong');
    await rig.time.advance(1_000);
    expect(rig.answers()).toEqual(['hold', 'declined']);
    expect(rig.lane.health()).toMatchObject({ gone: 1, waiting: 0 });
    await rig.scan('T1');
    expect(rig.answers()).toEqual(['hold', 'declined', 'admit']);
  });

  test('text longer than any code is dropped unread', async () => {
    const rig = await createRig();
    expect(rig.show(`T1/${'x'.repeat(3_000)}`)).toBe('dropped');
    await rig.time.advance(1_000);
    expect(rig.answers()).toEqual([]);
  });
});

describe('one presentation', () => {
  test('a scanner that delivers twice tells an honest visitor nothing new', async () => {
    const rig = await createRig();
    rig.show('T1');
    expect(rig.show('T1', { readerId: 'wedge', medium: 'typed' })).toBe('same');
    await rig.time.advance(1_000);
    expect(rig.show(' T1\r\n')).toBe('same');
    await rig.time.advance(1_000);
    expect(rig.answers()).toEqual(['admit']);
  });

  test('each sighting extends the two seconds', async () => {
    const rig = await createRig();
    for (let n = 0; n < 20; n++) await rig.scan('T1', 1_900);
    expect(rig.answers()).toEqual(['admit']);
  });

  test('after two seconds out of view it is a new presentation', async () => {
    const rig = await createRig();
    await rig.scan('T1', outOfViewMs - 1);
    expect(rig.show('T1')).toBe('same');
    await rig.time.advance(outOfViewMs);
    expect(rig.show('T1')).toBe('queued');
    await rig.time.advance(100);
    expect(rig.answers()).toEqual(['admit', 'already-used']);
  });

  test('another code of the same ticket in view is the same presentation', async () => {
    const rig = await createRig();
    await rig.scan('T1/step1', 1_000);
    await rig.scan('T1/step2', 1_500);
    await rig.scan('T1/step3', 1_500);
    expect(rig.answers()).toEqual(['admit']);
    await rig.time.advance(outOfViewMs);
    await rig.scan('T1/step4');
    expect(rig.answers()).toEqual(['admit', 'already-used']);
  });

  test('a code that changes while its owner walks through a slow turnstile is the same presentation', async () => {
    const rig = await createRig();
    rig.turnstile.plan({ type: 'lapse' });
    await rig.scan('T1/step1', 2_900);
    rig.show('T1/step2');
    await rig.time.advance(2_000);
    expect(rig.answers()).toEqual(['admit']);
  });

  test('the display keeps the first answer for as long as the code is in view', async () => {
    const rig = await createRig();
    for (let n = 0; n < 10; n++) await rig.scan('T7', 1_500);
    expect(rig.answers()).toEqual(['revoked']);
    expect(rig.state()).toBe('refused');
  });

  test('while a hold waits, showing the code again is the same presentation', async () => {
    const rig = await createRig();
    await rig.scan('T4', 10_000);
    expect(rig.show('T4')).toBe('same');
    expect(rig.answers()).toEqual(['hold']);
  });

  test('two visitors with their codes in view at once each get one answer', async () => {
    const rig = await createRig();
    for (let n = 0; n < 20; n++) {
      rig.show('T1');
      rig.show('T2');
      await rig.time.advance(500);
    }
    expect(rig.answers()).toEqual(['admit', 'admit']);
  });

  test('a party enters in parts: the same code is good again after its passage and two seconds out of view', async () => {
    const rig = await createRig();
    rig.turnstile.plan({ type: 'part', persons: 1 }, { type: 'part', persons: 2 }, { type: 'pass' });
    for (let n = 0; n < 4; n++) await rig.scan('T5', 8_000);
    expect(rig.answers()).toEqual(['admit', 'admit', 'admit', 'party-complete']);
    expect(rig.turnstile.counts()).toEqual({ openings: 3, persons: 4 });
  });
});

describe('passages', () => {
  test('nobody passed: the mark lapses, and the same code is good again', async () => {
    const rig = await createRig();
    rig.turnstile.plan({ type: 'lapse' });
    await rig.scan('T1', rigPassageTimeoutMs + 100);
    expect(rig.state()).toBe('lapsed');
    const [admitted, lapsed] = rig.marks();
    expect(lapsed).toMatchObject({
      kind: 'lapsed',
      uses: 1,
      of: { boot: admitted?.boot, sequence: admitted?.sequence },
      ticketId: ticketId(1),
    });
    await rig.scan('T1', 5_000);
    expect(rig.answers()).toEqual(['admit', 'admit']);
  });

  test('part of a party passed: exactly the rest returns', async () => {
    const rig = await createRig();
    rig.turnstile.plan({ type: 'part', persons: 3 });
    await rig.scan('T5', 10_000);
    expect(rig.marks()).toMatchObject([
      { kind: 'admitted', uses: 4 },
      { kind: 'lapsed', uses: 1 },
    ]);
    expect(rig.events).toContainEqual(
      expect.objectContaining({ type: 'passage', passage: { type: 'passed', persons: 3 } }),
    );
  });

  test('a turnstile that breaks counts as passed, is put to rest and shows in health', async () => {
    const rests: string[] = [];
    const broken: Actuator = {
      id: 'broken',
      open: async () => Promise.reject(new Error('cable')),
      rest: async (state) => void rests.push(state),
    };
    const rig = await createRig({ actuator: broken });
    await rig.scan('T1', 100);
    expect(rig.kinds()).toEqual(['admitted']);
    expect(rests).toEqual(['locked', 'locked']);
    expect(rig.state()).toBe('idle');
    expect(rig.lane.health()).toMatchObject({ turnstileFaults: 1, turnstileFault: 'cable' });
  });

  test('a turnstile that cannot even be locked closes the lane until it can', async () => {
    let works = false;
    const broken: Actuator = {
      id: 'broken',
      open: async () => Promise.reject(new Error('cable')),
      rest: async () => (works ? undefined : Promise.reject(new Error('no power'))),
    };
    const rig = await createRig({ actuator: broken });
    expect(rig.lane.state()).toEqual({ name: 'closed', why: 'actuator' });
    await rig.scan('T1', 10 * recoveryEveryMs);
    expect(rig.kinds()).toEqual([]);
    works = true;
    await rig.time.advance(recoveryEveryMs);
    expect(rig.state()).toBe('idle');
  });

  test('a turnstile that never answers does not hold the lane for ever', async () => {
    const silent: Actuator = { id: 'silent', open: () => new Promise(() => undefined), rest: async () => undefined };
    const rig = await createRig({ actuator: silent });
    await rig.scan('T1', 200_000);
    expect(rig.state()).toBe('idle');
    expect(rig.lane.health().turnstileFaults).toBe(1);
  });

  test('a sensor that counts more people than were let in: the others are tailgaters', async () => {
    const tailgated: Actuator = {
      id: 'sensor',
      open: async () => ({ type: 'passed', persons: 3 }),
      rest: async () => undefined,
    };
    const rig = await createRig({ actuator: tailgated });
    await rig.scan('T1');
    expect(rig.events).toContainEqual(
      expect.objectContaining({ type: 'passage', passage: { type: 'passed', persons: 1, tailgaters: 2 } }),
    );
    expect(rig.kinds()).toEqual(['admitted']);
  });
});

describe('holds', () => {
  test('nothing opens and no use is spent until a person accepts', async () => {
    const rig = await createRig();
    await rig.scan('T4');
    expect(rig.state()).toBe('held');
    expect(rig.marks()).toEqual([]);
    const accepted = rig.lane.accept(holdId(rig), steward);
    await rig.time.advance(100);
    expect(await accepted).toMatchObject({ ok: true, value: { kind: 'admit' } });
    expect(rig.state()).toBe('open');
    expect(rig.marks()).toMatchObject([{ kind: 'admitted', operator: steward.operator, approved: 'under-18' }]);
  });

  test('declining costs no use', async () => {
    const rig = await createRig();
    await rig.scan('T4');
    expect(rig.lane.decline(holdId(rig), steward, 'proof-wrong')).toMatchObject({ ok: true });
    expect(rig.marks()).toMatchObject([
      {
        kind: 'refused',
        code: 'declined',
        operator: steward.operator,
        reason: 'proof-wrong',
        ticketId: ticketId(4),
      },
    ]);
    expect(rig.state()).toBe('refused');
    await rig.time.advance(outOfViewMs);
    await rig.scan('T4');
    expect(rig.state()).toBe('held');
  });

  test('a hold that nobody answers times out, and the next visitor has their turn', async () => {
    const rig = await createRig();
    await rig.scan('T4', rigHoldTimeoutMs - 100);
    rig.show('T1');
    await rig.time.advance(200);
    expect(rig.answers()).toEqual(['hold', 'hold-timed-out', 'admit']);
    // Who is sent on is told so in the ticket's language.
    const languages = rig.events.flatMap((event) => (event.type === 'decision' ? [event.decision.language] : []));
    expect(languages).toEqual(['fr', 'fr', undefined]);
    expect(await rig.lane.accept('lane-1-1', steward)).toMatchObject({ error: { type: 'hold-gone' } });
  });

  test('two people who accept at once open once', async () => {
    const rig = await createRig();
    await rig.scan('T4');
    const id = holdId(rig);
    const both = Promise.all([rig.lane.accept(id, steward), rig.lane.accept(id, supervisor)]);
    await rig.time.advance(5_000);
    expect((await both).map((result) => result.ok)).toEqual([true, false]);
    expect(rig.turnstile.counts().openings).toBe(1);
  });

  test('what needs a supervisor stays held under the same id when a steward accepts', async () => {
    const rig = await createRig();
    await rig.scan('T6');
    const id = holdId(rig);
    const early = rig.lane.accept(id, steward);
    await rig.time.advance(100);
    expect(await early).toMatchObject({ error: { type: 'role-too-low' } });
    expect(holdId(rig)).toBe(id);
    const late = rig.lane.accept(id, supervisor);
    await rig.time.advance(100);
    expect(await late).toMatchObject({ ok: true });
    expect(rig.state()).toBe('open');
  });

  test('acceptance decides again: a ticket used meanwhile elsewhere is refused', async () => {
    const rig = await createRig();
    const other = await createRig({ store: () => ({ store: rig.store, marks: rig.marks }) });
    await rig.scan('T4');
    await other.scan('T4');
    const first = rig.lane.accept(holdId(rig), steward);
    await rig.time.advance(100);
    await first;
    const second = other.lane.accept(holdId(other), steward);
    await rig.time.advance(100);
    await other.time.advance(100);
    expect(await second).toMatchObject({ ok: true, value: { kind: 'refuse', refusal: { type: 'already-used' } } });
    expect(other.turnstile.counts().openings).toBe(0);
  });
});

describe('a store that fails', () => {
  test.each(['before', 'after', 'throws'] as const)(
    'a commit that fails (%s the write) never opens, and the lane comes back with the store',
    async (fault) => {
      const rig = await createRig();
      rig.storeFault(fault);
      await rig.scan('T1', 100);
      expect(rig.lane.state()).toEqual({ name: 'closed', why: 'store' });
      expect(rig.answers()).toEqual(['store-failed']);
      await rig.scan('T2', 5 * recoveryEveryMs);
      expect(rig.answers()).toEqual(['store-failed', 'store-failed']);
      expect(rig.turnstile.counts().openings).toBe(0);
      rig.storeFault('none');
      await rig.time.advance(recoveryEveryMs);
      expect(rig.state()).toBe('idle');
      await rig.scan('T3');
      expect(rig.answers().at(-1)).toBe('admit');
    },
  );

  test('a code held before a closed lane is told so once, not ten times a second', async () => {
    const rig = await createRig();
    rig.lane.close();
    for (let n = 0; n < 50; n++) await rig.scan('T1', 100);
    expect(rig.answers()).toEqual(['lane-closed']);
  });

  test('where the venue said free, a failed store frees the lane until the store is back', async () => {
    const rig = await createRig({ onFailure: 'free' });
    rig.storeFault('before');
    await rig.scan('T1', 100);
    expect(rig.lane.state()).toEqual({ name: 'free', why: 'failure' });
    expect(rig.turnstile.state()).toBe('free');
    rig.storeFault('none');
    await rig.time.advance(recoveryEveryMs);
    expect(rig.state()).toBe('idle');
    expect(rig.turnstile.state()).toBe('locked');
  });

  test('an acceptance whose commit fails opens nothing', async () => {
    const rig = await createRig();
    await rig.scan('T4');
    rig.storeFault('before');
    const accepted = rig.lane.accept(holdId(rig), steward);
    await rig.time.advance(100);
    expect(await accepted).toMatchObject({ error: { type: 'store-failed' } });
    expect(rig.turnstile.counts().openings).toBe(0);
  });

  test('an override whose mark is not durable opens nothing', async () => {
    const rig = await createRig();
    rig.storeFault('before');
    const overridden = rig.lane.override(steward, 'emergency', 1);
    await rig.time.advance(100);
    expect(await overridden).toMatchObject({ error: { type: 'store-failed' } });
    expect(rig.turnstile.counts().openings).toBe(0);
  });

  test('a use that cannot be given back shows in health', async () => {
    const rig = await createRig();
    rig.turnstile.plan({ type: 'lapse' });
    await rig.scan('T1', 100);
    rig.storeFault('before');
    await rig.time.advance(rigPassageTimeoutMs);
    expect(rig.lane.health()).toMatchObject({ state: 'closed', why: 'store', lapsesLost: 1 });
  });

  test('a lane that starts with a broken store stays shut', async () => {
    const rig = await createRig({ store: () => ({ store: brokenStore, marks: () => [] }) });
    expect(rig.lane.state()).toEqual({ name: 'closed', why: 'store' });
    expect(rig.turnstile.state()).toBe('locked');
  });
});

describe('overrides and taking back', () => {
  test('an override opens and names operator, reason and the ticket that was just refused', async () => {
    const rig = await createRig();
    await rig.scan('T7');
    const overridden = rig.lane.override(steward, 'accreditation', 1);
    await rig.time.advance(1_000);
    expect(await overridden).toMatchObject({
      ok: true,
      value: {
        kind: 'overridden',
        reason: 'accreditation',
        operator: steward.operator,
        ticketId: ticketId(7),
        zone: 'hall',
      },
    });
    expect(rig.turnstile.counts().persons).toBe(1);
  });

  test('an override without anybody at the reader names no ticket, and returns uses that nobody took', async () => {
    const rig = await createRig();
    rig.turnstile.plan({ type: 'part', persons: 2 });
    void rig.lane.override(steward, 'reader-broken', 5);
    await rig.time.advance(10_000);
    expect(rig.marks()).toMatchObject([
      { kind: 'overridden', ticketId: '', uses: 5 },
      { kind: 'lapsed', ticketId: '', uses: 3 },
    ]);
  });

  test('an override of a hold ends it', async () => {
    const rig = await createRig();
    await rig.scan('T6');
    const id = holdId(rig);
    void rig.lane.override(supervisor, 'other', 1);
    await rig.time.advance(5_000);
    expect(rig.marks()).toMatchObject([{ kind: 'overridden', ticketId: ticketId(6) }]);
    expect(await rig.lane.accept(id, supervisor)).toMatchObject({ error: { type: 'hold-gone' } });
  });

  test.each([0, -1, 1.5, 21, Number.NaN])('%s persons are not an override', async (persons) => {
    const rig = await createRig();
    expect(await rig.lane.override(steward, 'other', persons)).toMatchObject({
      error: { type: 'persons-out-of-range' },
    });
  });

  test('an override is turned down while the gate is open, closed or free', async () => {
    const rig = await createRig();
    await rig.scan('T1', 100);
    expect(await rig.lane.override(steward, 'other', 1)).toMatchObject({ error: { type: 'lane-busy' } });
    await rig.time.advance(1_000);
    rig.lane.close();
    expect(await rig.lane.override(steward, 'other', 1)).toMatchObject({ error: { type: 'lane-closed' } });
    rig.lane.free('fire');
    expect(await rig.lane.override(steward, 'other', 1)).toMatchObject({ error: { type: 'lane-free' } });
  });

  test('the last entry is taken back, then the one before, and the ticket is good again', async () => {
    const rig = await createRig();
    await rig.scan('T1', 3_000);
    await rig.scan('T2', 3_000);
    for (const expected of [ticketId(2), ticketId(1)]) {
      const undone = rig.lane.undo(steward, 'scanned-by-mistake');
      await rig.time.advance(100);
      expect(await undone).toMatchObject({
        value: {
          kind: 'undone',
          ticketId: expected,
          operator: steward.operator,
          reason: 'scanned-by-mistake',
          of: { gate: 'north' },
        },
      });
    }
    expect(await rig.lane.undo(steward, 'scanned-by-mistake')).toMatchObject({ error: { type: 'nothing-to-undo' } });
    await rig.scan('T1');
    expect(rig.answers().at(-1)).toBe('admit');
  });

  test('an entry that lapsed is not taken back a second time, nor one of long ago', async () => {
    const rig = await createRig();
    await rig.scan('T1', 3_000);
    rig.turnstile.plan({ type: 'lapse' });
    await rig.scan('T2', 5_000);
    const undone = rig.lane.undo(steward, 'scanned-by-mistake');
    await rig.time.advance(100);
    expect(await undone).toMatchObject({ value: { ticketId: ticketId(1) } });
    await rig.scan('T3', undoWithinMs + 10_000);
    expect(await rig.lane.undo(steward, 'scanned-by-mistake')).toMatchObject({ error: { type: 'nothing-to-undo' } });
  });
});

describe('closed, free, stopped', () => {
  test('the fire input frees the lane at once, in every state, and it stays free until a person resets it', async () => {
    const openings: readonly (readonly [string, (rig: Rig) => Promise<void>, LaneState['name']])[] = [
      ['idle', async () => undefined, 'idle'],
      ['open', (rig) => rig.scan('T1', 100), 'open'],
      ['held', (rig) => rig.scan('T4', 100), 'held'],
      ['closed', async (rig) => void rig.lane.close(), 'closed'],
    ];
    for (const [, prepare, before] of openings) {
      const rig = await createRig();
      await prepare(rig);
      expect(rig.state()).toBe(before);
      rig.lane.free('fire');
      expect(rig.lane.state()).toEqual({ name: 'free', why: 'fire' });
      expect(rig.turnstile.state()).toBe('free');
      await rig.time.advance(600_000);
      expect(rig.show('T2')).toBe('ignored');
      expect(rig.turnstile.state()).toBe('free');
      expect(rig.lane.resetFree()).toMatchObject({ ok: true });
      await rig.time.advance(10);
      expect(rig.state()).toBe('idle');
      expect(rig.turnstile.state()).toBe('locked');
    }
  });

  test('a fire while somebody walks through counts them as passed', async () => {
    const rig = await createRig();
    await rig.scan('T1', 100);
    rig.lane.free('fire');
    await rig.time.advance(10_000);
    expect(rig.kinds()).toEqual(['admitted']);
  });

  test('a fire during the decision leaves the turnstile to itself', async () => {
    const rig = await createRig();
    await rig.scan('T1', 2);
    expect(rig.state()).toBe('deciding');
    rig.lane.free('fire');
    await rig.time.advance(1_000);
    expect(rig.state()).toBe('free');
    expect(rig.turnstile.state()).toBe('free');
    expect(rig.turnstile.counts().openings).toBe(0);
  });

  test('a fire that begins again while a person resets it wins', async () => {
    const rig = await createRig();
    rig.lane.free('fire');
    await rig.time.advance(10);
    rig.lane.resetFree();
    rig.lane.free('fire');
    await rig.time.advance(10_000);
    expect(rig.state()).toBe('free');
    expect(rig.turnstile.state()).toBe('free');
  });

  test('a fire after the lane has stopped still frees the turnstile', async () => {
    const rig = await createRig();
    await rig.lane.stop();
    rig.lane.free('fire');
    await rig.time.advance(10);
    expect(rig.turnstile.state()).toBe('free');
  });

  test('starting does not put out a fire', async () => {
    const rig = await createRig();
    rig.lane.free('fire');
    await rig.lane.start();
    expect(rig.lane.state()).toEqual({ name: 'free', why: 'fire' });
  });

  test('a fire that comes and goes during the decision lets its visitor in once', async () => {
    const rig = await createRig();
    await rig.scan('T1', 2);
    rig.lane.free('fire');
    rig.lane.resetFree();
    await rig.time.advance(5_000);
    expect(rig.kinds()).toEqual(['admitted']);
    expect(rig.turnstile.counts()).toEqual({ openings: 1, persons: 1 });
  });

  test('a turnstile that does not free at the first try is tried again', async () => {
    let tries = 0;
    const stiff: Actuator = {
      id: 'stiff',
      open: async () => ({ type: 'lapsed' }),
      rest: async (state) => (state === 'free' && ++tries < 3 ? Promise.reject(new Error('stuck')) : undefined),
    };
    const rig = await createRig({ actuator: stiff });
    rig.lane.free('fire');
    await rig.time.advance(3 * recoveryEveryMs);
    expect(tries).toBe(3);
    expect(rig.state()).toBe('free');
  });

  test('a person closes and reopens the lane; a scan meanwhile is told so', async () => {
    const rig = await createRig();
    rig.lane.close();
    await rig.scan('T1', 3_000);
    expect(rig.lane.reopen()).toMatchObject({ ok: true });
    await rig.time.advance(10);
    await rig.scan('T1');
    expect(rig.answers()).toEqual(['lane-closed', 'admit']);
  });

  test('what a person closed does not come back by itself', async () => {
    const rig = await createRig();
    rig.lane.close();
    await rig.time.advance(600_000);
    expect(rig.lane.state()).toEqual({ name: 'closed', why: 'person' });
  });

  test('stopping locks an entry, ends a passage as passed and answers nobody afterwards', async () => {
    const rig = await createRig();
    await rig.scan('T1', 100);
    const stopped = rig.lane.stop();
    await rig.time.advance(10);
    await stopped;
    expect(rig.turnstile.state()).toBe('locked');
    expect(rig.kinds()).toEqual(['admitted']);
    expect(rig.show('T2')).toBe('ignored');
    expect(rig.lane.state()).toEqual({ name: 'closed', why: 'stopping' });
  });

  test('stopping while a commit is under way gives the use back, because nothing opened', async () => {
    const rig = await createRig();
    await rig.scan('T1', 2);
    const stopped = rig.lane.stop();
    await rig.time.advance(100);
    await stopped;
    expect(rig.marks()).toMatchObject([{ kind: 'admitted' }, { kind: 'lapsed', uses: 1 }]);
    expect(rig.turnstile.counts().openings).toBe(0);
  });

  test('a stopped lane rests as the venue said; one that the fire input has freed stays free', async () => {
    const free = await createRig({ onFailure: 'free' });
    await free.lane.stop();
    expect(free.turnstile.state()).toBe('free');
    const burning = await createRig();
    burning.lane.free('fire');
    await burning.lane.stop();
    expect(burning.turnstile.state()).toBe('free');
  });
});

describe('exits', () => {
  test('an exit rests free, records who left, and refuses nobody mechanically', async () => {
    const rig = await createRig({ direction: 'exit' });
    expect(rig.turnstile.state()).toBe('free');
    await rig.scan('T1');
    expect(rig.answers()).toEqual(['not-inside']);
    expect(rig.turnstile.state()).toBe('free');
    const entry = await createRig({ store: () => ({ store: rig.store, marks: rig.marks }) });
    entry.show('T8');
    await entry.time.advance(1);
    await rig.time.advance(100);
    await rig.scan('T8');
    expect(rig.marks().map((mark) => mark.kind)).toEqual(['refused', 'admitted', 'exited']);
    expect(rig.turnstile.counts().persons).toBe(1);
    expect(rig.turnstile.state()).toBe('free');
  });

  test('a store failure leaves an exit free, whatever its entry does', async () => {
    const rig = await createRig({ direction: 'exit', onFailure: 'locked' });
    await rig.lane.stop();
    expect(rig.turnstile.state()).toBe('free');
    const broken = await createRig({ direction: 'exit', store: () => ({ store: brokenStore, marks: () => [] }) });
    expect(broken.lane.state()).toEqual({ name: 'free', why: 'failure' });
    expect(broken.turnstile.state()).toBe('free');
  });
});

test('a listener that throws neither stops the lane nor changes what it does', async () => {
  const rig = await createRig({
    listener: () => {
      throw new Error('display gone');
    },
  });
  await rig.scan('T1');
  expect(rig.turnstile.counts().persons).toBe(1);
  expect(rig.lane.health().listenerFaults).toBeGreaterThan(0);
});

test('a listener that accepts a hold the moment it hears of it is heard', async () => {
  const rig: Rig = await createRig({
    listener: (event) =>
      event.type === 'state' && event.state.name === 'held' && void rig.lane.accept(event.state.holdId, steward),
  });
  await rig.scan('T4');
  expect(rig.kinds()).toEqual(['admitted']);
  expect(rig.turnstile.counts().persons).toBe(1);
});

const brokenStore: Rig['store'] = {
  admit: async () => ({ ok: false, error: { type: 'store-stopped' } }),
  append: async () => ({ ok: false, error: { type: 'store-stopped' } }),
  appendLater: () => undefined,
  healthy: () => false,
  reopen: async () => ({ ok: false, error: { type: 'store-failed', cause: 'I/O error' } }),
  close: async () => undefined,
};

describe('somebody who follows through the turnstile without being let in', () => {
  const tailgatings = (rig: Awaited<ReturnType<typeof createRig>>): readonly number[] =>
    rig.events.flatMap((event) => (event.type === 'tailgating' ? [event.persons] : []));

  test('is an alarm, and the use of who was let in stays as it is', async () => {
    const rig = await createRig();
    rig.turnstile.plan({ type: 'pass', tailgaters: 2 });
    await rig.scan('T1');
    expect(tailgatings(rig)).toEqual([2]);
    expect(rig.kinds()).toEqual(['admitted']);
    expect(rig.lane.health()).toMatchObject({ tailgaters: 2, lastTailgatingMs: expect.any(Number) });
  });

  test('is none where the lane is for people with a companion', async () => {
    const rig = await createRig({ companions: 1 });
    rig.turnstile.plan({ type: 'pass', tailgaters: 1 }, { type: 'pass', tailgaters: 2 });
    await rig.scan('T1');
    await rig.time.advance(5_000);
    await rig.scan('T2');
    expect(tailgatings(rig)).toEqual([1]);
  });
});
