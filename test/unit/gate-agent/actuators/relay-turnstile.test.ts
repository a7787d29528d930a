import { describe, expect, test } from 'vitest';
import type { Passage } from '@postern/shared';
import {
  createRelayTurnstile,
  type PassageSensor,
  type Relay,
  type RelayTurnstileSettings,
} from '../../../../gate-agent/src/actuators/relay-turnstile.ts';
import { actuatorContract } from '../../../contract/actuator.ts';
import { createVirtualTime, type VirtualTime } from '../../../support/virtual-time.ts';

const never = new AbortController().signal;

/** A relay that remembers what it did when, and lets go by itself as the port says. */
function createRelay({ clock, timer }: VirtualTime) {
  const history: string[] = [];
  let isOn = false;
  let cancel = (): void => undefined;
  let broken: Error | undefined;
  const turn = (on: boolean): void => {
    cancel();
    if (broken !== undefined) throw broken;
    if (on !== isOn) history.push(`${on ? 'on' : 'off'} ${clock.monotonicMs()}`);
    isOn = on;
  };
  const relay: Relay = {
    on: async (forMs) => {
      turn(true);
      if (forMs !== undefined) cancel = timer.after(forMs, () => void (broken === undefined && turn(false)));
    },
    off: async () => turn(false),
  };
  return { relay, history, isOn: () => isOn, breaks: (cause?: Error) => void (broken = cause) };
}

function createSensor() {
  const watchers = new Set<{ readonly onPerson: () => void; readonly onBlind: (why: string) => void }>();
  let cannotStart: Error | undefined;
  const sensor: PassageSensor = {
    start: async () => {
      if (cannotStart !== undefined) throw cannotStart;
    },
    watch: (onPerson, onBlind) => {
      const watcher = { onPerson, onBlind };
      watchers.add(watcher);
      return () => void watchers.delete(watcher);
    },
  };
  return {
    sensor,
    person: () => watchers.forEach(({ onPerson }) => onPerson()),
    blind: (why: string) => {
      cannotStart = new Error(why);
      watchers.forEach(({ onBlind }) => onBlind(why));
    },
    watchers: () => watchers.size,
  };
}

function createBench(settings: Partial<RelayTurnstileSettings> = {}, sensed = true) {
  const time = createVirtualTime();
  const entry = createRelay(time);
  const exit = createRelay(time);
  const seen = createSensor();
  const sensor = sensed ? { sensor: seen.sensor } : {};
  const actuator = createRelayTurnstile(
    { id: 'turnstile', opening: { type: 'pulse', ms: 500 }, passageTimeoutMs: 8_000, tailMs: 500, ...settings },
    { entry: { relay: entry.relay, ...sensor }, exit: { relay: exit.relay, ...sensor } },
    time,
  );
  const open = (persons = 1, signal = never): { readonly outcome: () => Passage | Error | undefined } => {
    let outcome: Passage | Error | undefined;
    actuator.open('entry', persons, signal).then(
      (passage) => (outcome = passage),
      (cause: unknown) => (outcome = cause instanceof Error ? cause : new Error(String(cause))),
    );
    return { outcome: () => outcome };
  };
  return { time, entry, exit, seen, actuator, open };
}

describe('an opening by pulses', () => {
  test('is one pulse a person, and over when all have passed', async () => {
    const { time, entry, seen, open } = createBench({ tailMs: 0 });
    const opening = open(2);
    await time.advance(1_000);
    seen.person();
    await time.advance(2_000);
    expect(opening.outcome()).toBeUndefined();
    seen.person();
    await time.advance(0);
    expect(opening.outcome()).toEqual({ type: 'passed', persons: 2 });
    expect(entry.history).toEqual(['on 0', 'off 500', 'on 1000', 'off 1500']);
    expect(seen.watchers()).toBe(0);
  });

  test('the next pulse waits for the end of the one before', async () => {
    const { time, entry, seen, open } = createBench({ tailMs: 0 });
    open(2);
    await time.advance(200);
    seen.person();
    await time.advance(2_000);
    expect(entry.history).toEqual(['on 0', 'off 500', 'on 500', 'off 1000']);
  });

  test('is cut short by the last person', async () => {
    const { time, entry, seen, open } = createBench();
    open();
    await time.advance(200);
    seen.person();
    await time.advance(1_000);
    expect(entry.history).toEqual(['on 0', 'off 200']);
  });
});

describe('an opening that is held', () => {
  test('stays on until all have passed', async () => {
    const { time, entry, seen, open } = createBench({ opening: { type: 'hold' }, tailMs: 0 });
    const opening = open(3);
    for (let person = 0; person < 3; person++) {
      await time.advance(3_000);
      expect(entry.isOn()).toBe(true);
      seen.person();
    }
    await time.advance(0);
    expect(opening.outcome()).toEqual({ type: 'passed', persons: 3 });
    expect(entry.history).toEqual(['on 0', 'off 9000']);
  });

  test('without a sensor is held for the passage time', async () => {
    const { time, entry, open } = createBench({ opening: { type: 'hold' } }, false);
    const opening = open(4);
    await time.advance(8_000);
    expect(opening.outcome()).toEqual({ type: 'passed', persons: 4 });
    expect(entry.history).toEqual(['on 0', 'off 8000']);
  });
});

describe('what it came to', () => {
  test('fewer have passed when the others do not come', async () => {
    const { time, seen, open } = createBench();
    const opening = open(4);
    await time.advance(1_000);
    seen.person();
    await time.advance(8_000);
    expect(opening.outcome()).toEqual({ type: 'passed', persons: 1 });
  });

  test('nobody before the time-out has lapsed', async () => {
    const { time, entry, open } = createBench();
    const opening = open();
    await time.advance(7_999);
    expect(opening.outcome()).toBeUndefined();
    await time.advance(1);
    expect(opening.outcome()).toEqual({ type: 'lapsed' });
    expect(entry.isOn()).toBe(false);
  });

  test('who follows while it closes is a tailgater; who comes later is the next one', async () => {
    const { time, seen, open } = createBench();
    const opening = open();
    await time.advance(1_000);
    seen.person();
    await time.advance(300);
    seen.person();
    await time.advance(199);
    expect(opening.outcome()).toBeUndefined();
    await time.advance(1);
    expect(opening.outcome()).toEqual({ type: 'passed', persons: 1, tailgaters: 1 });
    seen.person();
    const next = open();
    await time.advance(8_000);
    expect(next.outcome()).toEqual({ type: 'lapsed' });
  });

  test('where it rests free nothing is switched and nobody tailgates', async () => {
    const { time, entry, seen, actuator, open } = createBench();
    await actuator.rest('free', 'entry');
    const opening = open();
    await time.advance(100);
    seen.person();
    seen.person();
    await time.advance(0);
    expect(opening.outcome()).toMatchObject({ type: 'passed', persons: 1 });
    expect(entry.history).toEqual(['on 0']);
  });
});

describe('what ends it', () => {
  test('rest of its own direction, not of the other', async () => {
    const { time, exit, actuator, open } = createBench();
    const opening = open();
    await time.advance(100);
    await actuator.rest('free', 'exit');
    await time.advance(0);
    expect(opening.outcome()).toBeUndefined();
    expect(exit.isOn()).toBe(true);
    await actuator.rest('locked', 'entry');
    expect(opening.outcome()).toMatchObject({ message: 'put to rest while it was open' });
  });

  test('a sensor that goes blind: what happened is unknown, and it rests only when it sees again', async () => {
    const { time, entry, seen, actuator, open } = createBench();
    const opening = open();
    await time.advance(100);
    seen.blind('gpiomon ended');
    await time.advance(0);
    expect(opening.outcome()).toMatchObject({ message: 'the passage sensor is blind: gpiomon ended' });
    expect(entry.isOn()).toBe(false);
    await expect(actuator.rest('locked', 'entry')).rejects.toThrow('gpiomon ended');
  });

  test('a relay that fails in the middle of a pulse', async () => {
    const { time, entry, open } = createBench();
    const opening = open();
    await time.advance(100);
    entry.breaks(new Error('the board is gone'));
    await time.advance(600);
    expect(opening.outcome()).toMatchObject({ message: 'the board is gone' });
  });

  test('a second opening of the same direction is turned down', async () => {
    const { time, open } = createBench();
    open();
    await time.advance(0);
    const second = open();
    await time.advance(0);
    expect(second.outcome()).toMatchObject({ message: 'it is already open' });
  });
});

test('an entry without a relay cannot rest locked; an exit without one lets through by itself', async () => {
  const time = createVirtualTime();
  const { relay } = createRelay(time);
  const settings = { id: 'one way', opening: { type: 'hold' }, passageTimeoutMs: 1_000, tailMs: 0 } as const;
  const onlyExit = createRelayTurnstile(settings, { entry: {}, exit: { relay } }, time);
  await expect(onlyExit.rest('locked', 'entry')).rejects.toThrow('no relay is named for the entry');
  const onlyEntry = createRelayTurnstile(settings, { entry: { relay }, exit: {} }, time);
  await onlyEntry.rest('free', 'exit');
  expect(await onlyEntry.open('exit', 1, never)).toEqual({ type: 'passed', persons: 1 });
});

for (const [name, sensed] of [
  ['with a sensor', true],
  ['without a sensor', false],
] as const)
  actuatorContract(`behind relays, ${name}`, () => {
    const { time, entry, exit, seen, actuator } = createBench({ tailMs: 0 }, sensed);
    const planned: boolean[] = [];
    const nobodyWalks = (): void => void planned.push(false);
    return {
      time,
      actuator: {
        ...actuator,
        open: (direction, persons, signal) => {
          if (planned.shift() ?? true)
            for (let person = 1; person <= persons; person++) time.timer.after(person * 1_000, seen.person);
          return actuator.open(direction, persons, signal);
        },
      },
      lapseNext: sensed ? nobodyWalks : undefined,
      waitNext: nobodyWalks,
      observed: () => (entry.isOn() || exit.isOn() ? 'free' : 'locked'),
    };
  });
