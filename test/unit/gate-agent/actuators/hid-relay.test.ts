// The relay board at the seam of node-hid: no real board and no real hidraw was used here.
import { expect, test } from 'vitest';
import { openActuator } from '../../../../gate-agent/src/actuators/open.ts';
import { actuatorContract } from '../../../contract/actuator.ts';
import { createRelayBoardModel } from '../../../../scripts/lib/hid-models.ts';
import { silentLogger } from '../../../support/readers.ts';
import { createVirtualTime } from '../../../support/virtual-time.ts';

const never = new AbortController().signal;

function createBench(uri = 'hid-relay://16c0:05df?entry=1&exit=2&pulse-ms=500') {
  const time = createVirtualTime();
  const board = createRelayBoardModel();
  const opened = openActuator(uri, {
    timer: time.timer,
    logger: silentLogger,
    passageTimeoutMs: 8_000,
    hid: board.open,
  });
  if (!opened.ok) throw new Error(opened.error.cause);
  return { time, board, actuator: opened.value.actuator, close: opened.value.close };
}

/** What has become of a promise by now. */
function outcomeOf<T>(promise: Promise<T>): () => T | Error | undefined {
  let outcome: T | Error | undefined;
  promise.then(
    (value) => (outcome = value),
    (cause: unknown) => (outcome = cause instanceof Error ? cause : new Error(String(cause))),
  );
  return () => outcome;
}

actuatorContract('hid-relay://', () => {
  const { time, board, actuator } = createBench();
  return {
    time,
    actuator,
    lapseNext: undefined,
    waitNext: () => undefined,
    observed: () => (board.isOn(1) || board.isOn(2) ? 'free' : 'locked'),
  };
});

test('a pulse switches on and off again, and what was left on is switched off by the first rest', async () => {
  const { time, board, actuator } = createBench();
  const before = createBench();
  await before.actuator.rest('free', 'entry');
  expect(before.board.isOn(1)).toBe(true);
  await before.actuator.rest('locked', 'entry');
  expect(before.board.isOn(1)).toBe(false);
  await actuator.rest('locked', 'entry');
  const passage = outcomeOf(actuator.open('entry', 1, never));
  await time.advance(499);
  expect(board.isOn(1)).toBe(true);
  expect(passage()).toBeUndefined();
  await time.advance(1);
  expect(board.isOn(1)).toBe(false);
  expect(passage()).toEqual({ type: 'passed', persons: 1 });
});

test('the watchdog goes on until a board that came back is off', async () => {
  const { time, board, actuator } = createBench('hid-relay://16c0:05df?entry=1&pulse-ms=500');
  await actuator.rest('locked', 'entry');
  const passage = outcomeOf(actuator.open('entry', 1, never));
  await time.advance(100);
  board.breaks('gone');
  await time.advance(5_000);
  expect(passage()).toBeInstanceOf(Error);
  expect(board.isOn(1)).toBe(true);
  board.breaks(undefined);
  await time.advance(500);
  expect(board.isOn(1)).toBe(false);
});

test('a board that does not answer, or answers and does not switch, is an opening that fails within seconds', async () => {
  for (const [fault, message] of [
    ['silent', 'the relay board does not answer'],
    ['deaf', 'relay 1 of the board does not switch on'],
  ] as const) {
    const { time, board, actuator } = createBench();
    await actuator.rest('locked', 'entry');
    board.breaks(fault);
    const passage = outcomeOf(actuator.open('entry', 1, never));
    await time.advance(10_000);
    expect(passage()).toMatchObject({
      message: expect.stringContaining(fault === 'silent' ? 'does not answer' : message),
    });
    board.breaks(undefined);
    const again = outcomeOf(actuator.open('entry', 1, never));
    await time.advance(5_000);
    expect(again()).toEqual({ type: 'passed', persons: 1 });
  }
});

test('a board that was plugged in anew is opened anew, within the same opening', async () => {
  const { time, board, actuator } = createBench();
  await actuator.rest('locked', 'entry');
  board.replug();
  const passage = outcomeOf(actuator.open('entry', 1, never));
  await time.advance(1_000);
  expect(passage()).toEqual({ type: 'passed', persons: 1 });
  expect(board.opened()).toBe(2);
});

test('after close nothing is switched', async () => {
  const { actuator, board, close } = createBench();
  await actuator.rest('locked', 'entry');
  await close?.();
  await expect(actuator.rest('free', 'entry')).rejects.toThrow('the relay board is closed');
  expect(board.isOn(1)).toBe(false);
});

test.each([
  'hid-relay://16c0:05df',
  'hid-relay://16c0:05df?entry=9',
  'hid-relay://16c0:05df?entry=1&exit=1',
  'hid-relay://16c0:05df?entry=1&sensor=22',
  'hid-relay://16c0?entry=1',
  'hid-relay:///dev/../etc/passwd?entry=1',
])('%j is turned down', (uri) => {
  const deps = { ...createVirtualTime(), logger: silentLogger, passageTimeoutMs: 5_000 };
  expect(openActuator(uri, deps)).toMatchObject({ ok: false, error: { type: 'actuator-unknown' } });
});
