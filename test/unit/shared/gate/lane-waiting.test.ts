// Goal: a lane whose turnstile waits for another one shows "one moment" until it really opens, and whatever ends the waiting opens nothing and
// costs nobody a use.
import { describe, expect, test } from 'vitest';
import type { Actuator, Passage } from '@postern/shared';
import { createRig, ticketId, type Rig } from '../../../support/lane-rig.ts';
import { anOrder } from '../../../support/lane-scenario.ts';

/** A turnstile behind others: the test says when its turn has come, and when somebody walks. */
function createWaitingTurnstile(ahead = 1) {
  const log: string[] = [];
  let turn = (): void => undefined;
  let walk = (_passage: Passage): void => undefined;
  const actuator: Actuator = {
    id: 'behind',
    rest: async (state) => void log.push(state),
    open: (_direction, _persons, signal, hear) =>
      new Promise((resolve, reject) => {
        signal.addEventListener('abort', () => reject(new Error('given up')));
        for (let other = 0; other < ahead; other++) hear?.('waits');
        turn = () => hear?.('turn');
        walk = resolve;
      }),
  };
  return { actuator, log, turn: (): void => turn(), walk: (): void => walk({ type: 'passed', persons: 1 }) };
}

const statesOf = (rig: Rig): readonly string[] =>
  rig.events.flatMap((event) => (event.type === 'state' ? [event.state.name] : []));

describe('a lane that has to wait for another one', () => {
  test('says so until it opens, and then lets through as ever', async () => {
    const turnstile = createWaitingTurnstile(2);
    const rig = await createRig({ actuator: turnstile.actuator });
    await rig.scan('T1');
    expect(rig.lane.state()).toMatchObject({ name: 'waiting', mark: { kind: 'admitted', ticketId: ticketId(1) } });
    turnstile.turn();
    expect(rig.state()).toBe('waiting');
    turnstile.turn();
    expect(rig.state()).toBe('open');
    turnstile.walk();
    await rig.time.advance(1);
    expect(statesOf(rig)).toEqual(['idle', 'deciding', 'waiting', 'open', 'passed']);
    expect(rig.kinds()).toEqual(['admitted']);
  });

  test('answers nobody else meanwhile, and is not closed under them by staff', async () => {
    const turnstile = createWaitingTurnstile();
    const rig = await createRig({ actuator: turnstile.actuator });
    await rig.scan('T1');
    await rig.scan('T2', 100);
    expect(rig.answers()).toEqual(['admit']);
    expect(rig.lane.close()).toMatchObject({ error: { type: 'lane-busy' } });
    turnstile.turn();
    turnstile.walk();
    await rig.time.advance(100);
    expect(rig.answers()).toEqual(['admit', 'admit']);
  });

  test.each([
    ['an order', (rig: Rig): void => rig.lane.obey(anOrder('stop-entry')), 'closed'],
    ['the gate stops', (rig: Rig): void => void rig.lane.stop(), 'closed'],
  ] as const)('when %s comes between, nothing opens and the use is given back', async (_what, end, state) => {
    const turnstile = createWaitingTurnstile();
    const rig = await createRig({ actuator: turnstile.actuator });
    await rig.scan('T1');
    end(rig);
    await rig.time.advance(10);
    expect([rig.state(), rig.kinds()]).toEqual([state, ['admitted', 'lapsed']]);
    turnstile.turn();
    expect(rig.state()).toBe(state);
  });

  test('when it is freed, whoever was let in walks through, and keeps the use', async () => {
    const turnstile = createWaitingTurnstile();
    const rig = await createRig({ actuator: turnstile.actuator });
    await rig.scan('T1');
    rig.lane.free('fire');
    await rig.time.advance(10);
    expect([rig.state(), rig.kinds(), turnstile.log.at(-1)]).toEqual(['free', ['admitted'], 'free']);
  });

  test('when the turnstile fails before its turn, the use is given back and the lane is at work again', async () => {
    const turnstile = createWaitingTurnstile();
    const { actuator } = turnstile;
    let isBroken = true;
    const rig = await createRig({
      actuator: {
        ...actuator,
        open: async (direction, persons, signal, hear) => {
          if (!isBroken) return actuator.open(direction, persons, signal, hear);
          hear?.('waits');
          throw new Error('the cable is cut');
        },
      },
    });
    await rig.scan('T1');
    expect([rig.state(), rig.kinds()]).toEqual(['idle', ['admitted', 'lapsed']]);
    isBroken = false;
    await rig.time.advance(3_000);
    await rig.scan('T1');
    expect(rig.answers()).toEqual(['admit', 'admit']);
  });
});
