import type { Actuator, Passage } from '@postern/shared';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test, vi } from 'vitest';
import { createInterlock } from '../../../../gate-agent/src/actuators/interlock.ts';
import { createLaneActuators } from '../../../../gate-agent/src/actuators/lane-actuators.ts';
import { createRig } from '../../../support/lane-rig.ts';
import { silentLogger } from '../../../support/readers.ts';
import { createVirtualTime } from '../../../support/virtual-time.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;
const never = new AbortController().signal;
const flush = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
};

/** A turnstile that stays open until somebody walks. */
function createDoor(id: string, log: string[]) {
  let walk: (passage: Passage) => void = () => undefined;
  const actuator: Actuator = {
    id,
    rest: async (state, direction) => void log.push(`${id} rests ${state} ${direction}`),
    open: (_direction, _persons, signal) =>
      new Promise((resolve, reject) => {
        log.push(`${id} opens`);
        signal.addEventListener('abort', () => reject(new Error('aborted')));
        walk = (passage) => {
          log.push(`${id} closes`);
          resolve(passage);
        };
      }),
  };
  return { actuator, walk: () => walk({ type: 'passed', persons: 1 }) };
}

function createLock() {
  const log: string[] = [];
  const [outer, inner] = [createDoor('outer', log), createDoor('inner', log)];
  const lock = createInterlock();
  return { log, outer, inner, outerDoor: lock(outer.actuator), innerDoor: lock(inner.actuator) };
}

describe('two doors of a lock', () => {
  test('keep nothing of an opening that is over', async () => {
    const lock = createInterlock();
    const door = lock({
      id: 'door',
      rest: async () => undefined,
      open: async () => ({ type: 'passed', persons: 1 }),
    });
    const first = new WeakRef(await door.open('entry', 1, never));
    await door.open('entry', 1, never);
    const isForgotten = (): boolean => {
      collectGarbage();
      return first.deref() === undefined;
    };
    await vi.waitUntil(isForgotten, { timeout: 30_000 });
  });

  test('are never open at the same time: the second waits for the first', async () => {
    const { log, outer, inner, outerDoor, innerDoor } = createLock();
    const first = outerDoor.open('entry', 1, never);
    const second = innerDoor.open('entry', 1, never);
    await flush();
    expect(log).toEqual(['outer opens']);
    outer.walk();
    expect(await first).toEqual({ type: 'passed', persons: 1 });
    await flush();
    inner.walk();
    expect(await second).toEqual({ type: 'passed', persons: 1 });
    expect(log).toEqual(['outer opens', 'outer closes', 'inner opens', 'inner closes']);
  });

  test('whoever has to wait is told so at once, and when their turn has come, behind a second lock too', async () => {
    const { outer, inner, outerDoor, innerDoor } = createLock();
    const gate = createInterlock();
    const steps: string[] = [];
    const open = (name: string, door: Actuator): Promise<Passage> =>
      gate(door).open('entry', 1, never, (step) => void steps.push(`${name} ${step}`));
    const first = open('outer', outerDoor);
    expect(steps).toEqual([]);
    const second = open('inner', innerDoor);
    expect(steps).toEqual(['inner waits']);
    outer.walk();
    await first;
    await flush();
    expect(steps).toEqual(['inner waits', 'inner turn']);
    const third = innerDoor.open('entry', 1, never);
    inner.walk();
    await second;
    const fourth = open('fourth', outerDoor);
    expect(steps.slice(2)).toEqual(['fourth waits']);
    await flush();
    inner.walk();
    await third;
    await flush();
    expect(steps.slice(2)).toEqual(['fourth waits', 'fourth turn']);
    outer.walk();
    expect(await fourth).toEqual({ type: 'passed', persons: 1 });
  });

  test('whoever gives up waiting opens nothing, and the third still waits for the first', async () => {
    const { log, outer, inner, outerDoor, innerDoor } = createLock();
    const first = outerDoor.open('entry', 1, never);
    const giving = new AbortController();
    const second = innerDoor.open('entry', 1, giving.signal).catch((cause: Error) => cause.message);
    const third = innerDoor.open('entry', 1, never);
    giving.abort(new Error('the lane was freed'));
    expect(await second).toBe('the lane was freed');
    await flush();
    expect(log).toEqual(['outer opens']);
    outer.walk();
    await first;
    await flush();
    inner.walk();
    await third;
    expect(log).toEqual(['outer opens', 'outer closes', 'inner opens', 'inner closes']);
  });

  test('are two lanes of which the second asks for one moment until the first is closed', async () => {
    const { outer, inner, outerDoor, innerDoor } = createLock();
    const [first, second] = [await createRig({ actuator: outerDoor }), await createRig({ actuator: innerDoor })];
    await first.scan('T1', 100);
    await second.scan('T2', 100);
    expect([first.state(), second.state()]).toEqual(['open', 'waiting']);
    outer.walk();
    await first.time.advance(100);
    await second.time.advance(100);
    expect([first.state(), second.state()]).toEqual(['passed', 'open']);
    inner.walk();
    await second.time.advance(100);
    expect(second.state()).toBe('passed');
  });

  test('an opening that fails lets the next one go on, and rest waits for nobody', async () => {
    const { log, outerDoor, innerDoor } = createLock();
    const failing = new AbortController();
    const first = outerDoor.open('entry', 1, failing.signal).catch(() => 'failed');
    await flush();
    const second = innerDoor.open('entry', 1, never);
    await innerDoor.rest('free', 'exit');
    expect(log).toEqual(['outer opens', 'inner rests free exit']);
    failing.abort();
    expect(await first).toBe('failed');
    await flush();
    expect(log.at(-1)).toBe('inner opens');
    void second;
  });
});

test('a simulated turnstile is each lane its own, unless the lanes are interlocked', async () => {
  const time = createVirtualTime();
  const actuators = createLaneActuators({ timer: time.timer, logger: silentLogger });
  const lane = (interlock?: string) => {
    const opened = actuators.open({ actuator: 'sim://door?pass-ms=100', passageTimeoutMs: 1_000, interlock });
    if (!opened.ok) throw new Error(opened.error.cause);
    return opened.value;
  };
  const done: string[] = [];
  const open = (name: string, actuator: Actuator): void =>
    void actuator.open('entry', 1, never).then(() => done.push(name));
  open('a', lane());
  open('b', lane());
  await time.advance(100);
  expect(done).toEqual(['a', 'b']);
  open('c', lane('lock'));
  open('d', lane('lock'));
  await time.advance(100);
  expect(done).toEqual(['a', 'b', 'c']);
  await time.advance(100);
  expect(done).toEqual(['a', 'b', 'c', 'd']);
});
