import type { Actuator } from '@postern/shared';
import { describe, expect, test } from 'vitest';
import { createRig, rigEvent, rigPassageTimeoutMs, ticketId } from '../../../support/lane-rig.ts';
import { anOrder } from '../../../support/lane-scenario.ts';

describe('stop entry', () => {
  test('closes an entry at once, answers nobody, and says who ordered it', async () => {
    const rig = await createRig();
    const stop = anOrder('stop-entry');
    rig.lane.obey(stop);
    expect(rig.lane.state()).toEqual({ name: 'closed', why: 'order', order: stop });
    await rig.scan('T1');
    expect(rig.answers()).toEqual(['entry-stopped']);
    expect(rig.marks()).toEqual([]);
  });

  test('lifted, the lane admits again', async () => {
    const rig = await createRig();
    rig.lane.obey(anOrder('stop-entry'));
    await rig.time.advance(100);
    rig.lane.obey(undefined);
    await rig.time.advance(100);
    await rig.scan('T1');
    expect(rig.kinds()).toEqual(['admitted']);
  });

  test('whoever walks through the turnstile is not locked into it; nobody comes after them', async () => {
    const rig = await createRig();
    await rig.scan('T1', 100);
    expect(rig.state()).toBe('open');
    rig.lane.obey(anOrder('stop-entry'));
    expect(rig.state()).toBe('open');
    expect(rig.lane.isObeying()).toBe(false);
    rig.show('T2');
    await rig.time.advance(rigPassageTimeoutMs);
    expect(rig.lane.state()).toMatchObject({ name: 'closed', why: 'order' });
    expect(rig.kinds()).toEqual(['admitted']);
    expect(rig.lane.isObeying()).toBe(true);
  });

  test('an order that comes while the use is being written down gives the use back', async () => {
    const rig = await createRig();
    rig.show('T1');
    // The proof is checked, the decision is under way.
    while (rig.state() !== 'deciding') await Promise.resolve();
    rig.lane.obey(anOrder('stop-entry'));
    await rig.time.advance(1_000);
    expect(rig.state()).toBe('closed');
    expect(rig.kinds()).toEqual(['admitted', 'lapsed']);
  });

  test('a hold is dropped without a use, and nobody can accept it any more', async () => {
    const rig = await createRig();
    await rig.scan('T4');
    const state = rig.lane.state();
    rig.lane.obey(anOrder('stop-entry'));
    expect(
      await rig.lane.accept(state.name === 'held' ? state.holdId : '', { operator: 'a', role: 'supervisor' }),
    ).toMatchObject({
      error: { type: 'hold-gone' },
    });
    expect(rig.marks()).toEqual([]);
  });

  test('a gate that starts under an order never opens', async () => {
    const rig = await createRig({ start: false });
    rig.lane.obey(anOrder('stop-entry'));
    await rig.lane.start();
    await rig.scan('T1');
    expect(rig.lane.state()).toMatchObject({ name: 'closed', why: 'order' });
    expect(rig.events.filter((event) => event.type === 'state' && event.state.name === 'idle')).toEqual([]);
  });

  test('leaves exits as they are', async () => {
    const rig = await createRig({ direction: 'exit' });
    rig.lane.obey(anOrder('stop-entry'));
    expect(rig.state()).toBe('idle');
    expect(rig.lane.isObeying()).toBe(true);
  });

  test('no steward can reopen or free the lane, and after the lift it stands as a steward had left it', async () => {
    const rig = await createRig();
    rig.lane.close();
    rig.lane.obey(anOrder('stop-entry'));
    expect(rig.lane.reopen()).toMatchObject({ error: { type: 'lane-under-order' } });
    expect(rig.lane.free('person')).toMatchObject({ error: { type: 'lane-under-order' } });
    rig.lane.obey(undefined);
    await rig.time.advance(100);
    expect(rig.lane.state()).toEqual({ name: 'closed', why: 'person' });
    rig.lane.reopen();
    await rig.time.advance(100);
    expect(rig.state()).toBe('idle');
  });

  test('closes a lane that a steward had set free', async () => {
    const rig = await createRig();
    rig.lane.free('person');
    rig.lane.obey(anOrder('stop-entry'));
    await rig.time.advance(100);
    expect(rig.lane.state()).toMatchObject({ name: 'closed', why: 'order' });
    expect(rig.turnstile.state()).toBe('locked');
  });

  test('a gate that cannot decide stays shut under it, though its venue said free', async () => {
    const rig = await createRig({ onFailure: 'free' });
    rig.storeFault('before');
    await rig.scan('T1');
    expect(rig.state()).toBe('free');
    rig.lane.obey(anOrder('stop-entry'));
    await rig.time.advance(5_000);
    expect(rig.state()).toBe('closed');
    expect(rig.turnstile.state()).toBe('locked');
  });

  test('a lift right after an order right after a lift is followed', async () => {
    const rig = await createRig();
    rig.lane.obey(anOrder('stop-entry'));
    rig.lane.obey(undefined);
    rig.lane.obey(anOrder('stop-entry'));
    rig.lane.obey(undefined);
    await rig.time.advance(100);
    expect(rig.state()).toBe('idle');
  });
});

describe('evacuate', () => {
  test('sets an exit free and keeps an entry shut, until it ends', async () => {
    const exit = await createRig({ direction: 'exit' });
    const entry = await createRig();
    const evacuate = anOrder('evacuate');
    for (const { lane } of [exit, entry]) lane.obey(evacuate);
    await exit.time.advance(100);
    await entry.time.advance(100);
    expect(exit.lane.state()).toEqual({ name: 'free', why: 'order', order: evacuate });
    expect(exit.turnstile.state()).toBe('free');
    expect(entry.lane.state()).toMatchObject({ name: 'closed', why: 'order' });
    for (const { lane } of [exit, entry]) expect(lane.isObeying()).toBe(true);
    for (const { lane } of [exit, entry]) lane.obey(undefined);
    await exit.time.advance(100);
    await entry.time.advance(100);
    expect([exit.state(), entry.state()]).toEqual(['idle', 'idle']);
  });

  test('opens an exit that a steward had closed, and closes it again when it ends', async () => {
    const rig = await createRig({ direction: 'exit' });
    rig.lane.close();
    rig.lane.obey(anOrder('evacuate'));
    expect(rig.state()).toBe('free');
    rig.lane.obey(undefined);
    await rig.time.advance(100);
    expect(rig.lane.state()).toEqual({ name: 'closed', why: 'person' });
  });

  test('whoever shows a ticket on the way out is counted, once, and nobody is refused', async () => {
    const rig = await createRig({ direction: 'exit' });
    for (const n of [1, 2]) {
      void rig.store.append({
        kind: 'admitted',
        event: rigEvent,
        lane: 'lane-1',
        zone: 'hall',
        ticketId: ticketId(n),
        epoch: 0,
        method: 'trusting',
        ticketType: 0,
        uses: 1,
        outOfTouch: false,
        peersReachable: 2,
      });
      await rig.time.advance(100);
    }
    rig.lane.obey(anOrder('evacuate'));
    await rig.scan('T1', 5_000);
    await rig.scan('T1', 5_000);
    await rig.scan('T3', 5_000);
    expect(rig.state()).toBe('free');
    expect(rig.answers()).toEqual(['admit']);
    expect(rig.kinds().filter((kind) => kind === 'exited')).toHaveLength(1);
  });

  test('an entry that somebody has set free to let people out stays free', async () => {
    const rig = await createRig();
    rig.lane.obey(anOrder('evacuate'));
    expect(rig.lane.free('person').ok).toBe(true);
    rig.lane.obey(anOrder('evacuate'));
    expect(rig.lane.state()).toEqual({ name: 'free', why: 'person' });
    expect(rig.lane.resetFree().ok).toBe(true);
    await rig.time.advance(100);
    expect(rig.lane.state()).toMatchObject({ name: 'closed', why: 'order' });
  });
});

describe('fire is stronger than any order', () => {
  test.each(['stop-entry', 'evacuate'] as const)('a lane freed by fire stays free under %s', async (what) => {
    const rig = await createRig();
    rig.lane.free('fire');
    rig.lane.obey(anOrder(what));
    await rig.time.advance(100);
    expect(rig.lane.state()).toEqual({ name: 'free', why: 'fire' });
    expect(rig.lane.isObeying()).toBe(what === 'evacuate');
    rig.lane.resetFree();
    await rig.time.advance(100);
    expect(rig.lane.state()).toMatchObject({ name: 'closed', why: 'order' });
  });

  test('it frees a lane that an order has closed', async () => {
    const rig = await createRig();
    rig.lane.obey(anOrder('stop-entry'));
    rig.lane.free('fire');
    await rig.time.advance(100);
    expect(rig.lane.state()).toEqual({ name: 'free', why: 'fire' });
    expect(rig.turnstile.state()).toBe('free');
  });
});

test('a lane whose turnstile does not lock does not say that it obeys, and does as soon as it locks', async () => {
  let works = true;
  const actuator: Actuator = {
    id: 'stuck',
    open: async () => ({ type: 'lapsed' }),
    rest: async () => {
      if (!works) throw new Error('no answer');
    },
  };
  const rig = await createRig({ actuator });
  works = false;
  rig.lane.obey(anOrder('stop-entry'));
  await rig.time.advance(100);
  expect(rig.lane.state()).toMatchObject({ name: 'closed', why: 'order' });
  expect(rig.lane.isObeying()).toBe(false);
  works = true;
  await rig.time.advance(2_000);
  expect(rig.lane.isObeying()).toBe(true);
});
