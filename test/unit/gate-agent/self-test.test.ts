import type { Store } from '@postern/shared';
import { describe, expect, test } from 'vitest';
import { createSelfTest, decidingMsMax } from '../../../gate-agent/src/self-test.ts';
import { createRig } from '../../support/lane-rig.ts';

async function createTested(store?: Store) {
  const rig = await createRig(store === undefined ? {} : { store: () => ({ store, marks: () => [] }) });
  const selfTest = createSelfTest({
    registry: rig.registry,
    events: [{ zone: 'hall', context: rig.context, store: rig.store }],
    lanes: [rig.lane],
    clock: rig.time.clock,
  });
  const outcome = async (): Promise<string> => {
    let said = 'hangs';
    void selfTest().then(
      () => (said = 'well'),
      (cause: Error) => (said = cause.message),
    );
    await rig.time.advance(1_000);
    return said;
  };
  return { rig, outcome };
}

describe('the self-test', () => {
  test('goes the way of a scan and leaves no mark', async () => {
    const { rig, outcome } = await createTested();
    expect(await outcome()).toBe('well');
    expect([rig.marks(), rig.answers()]).toEqual([[], []]);
    await rig.scan('T1');
    expect(rig.kinds()).toEqual(['admitted']);
    expect(await outcome()).toBe('well');
  });

  test('takes a journal that is known to be broken for an answer: starting again would not mend it', async () => {
    const { rig, outcome } = await createTested();
    rig.storeFault('before');
    await rig.scan('T1');
    expect(rig.state()).toBe('closed');
    expect(await outcome()).toBe('well');
  });

  test('hangs with a journal that hangs, and fails with one that throws', async () => {
    const hanging = { healthy: () => true, admit: () => new Promise(() => undefined) } as unknown as Store;
    expect(await (await createTested(hanging)).outcome()).toBe('hangs');
    const throwing = { healthy: () => true, admit: () => Promise.reject(new Error('a bug')) } as unknown as Store;
    expect(await (await createTested(throwing)).outcome()).toBe('a bug');
  });

  test('fails when a lane goes on deciding', async () => {
    const stuck = { healthy: () => true, admit: () => new Promise(() => undefined) } as unknown as Store;
    const { rig } = await createTested(stuck);
    rig.show('T1');
    await rig.time.advance(10);
    expect(rig.state()).toBe('deciding');
    const selfTest = createSelfTest({ registry: rig.registry, events: [], lanes: [rig.lane], clock: rig.time.clock });
    await selfTest();
    await rig.time.advance(decidingMsMax);
    await expect(selfTest()).rejects.toThrow('deciding');
  });
});
