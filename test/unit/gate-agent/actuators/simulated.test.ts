import { describe, expect, test } from 'vitest';
import { openActuator } from '../../../../gate-agent/src/actuators/open.ts';
import { createSimulatedTurnstile } from '../../../../gate-agent/src/actuators/simulated.ts';
import { silentLogger } from '../../../support/readers.ts';
import { createVirtualTime } from '../../../support/virtual-time.ts';

const signal = new AbortController().signal;
const create = () => {
  const time = createVirtualTime();
  return { time, turnstile: createSimulatedTurnstile({ id: 'sim', passAfterMs: 300, passageTimeoutMs: 2_000 }, time) };
};

describe('the simulated turnstile', () => {
  test('lets persons through one after the other and locks behind the last', async () => {
    const { time, turnstile } = create();
    const passage = turnstile.actuator.open('entry', 3, signal);
    await time.advance(899);
    expect([turnstile.state(), turnstile.counts()]).toEqual(['open', { openings: 1, persons: 2 }]);
    await time.advance(1);
    expect([turnstile.state(), await passage]).toEqual(['locked', { type: 'passed', persons: 3 }]);
  });

  test('waits for the rest of a party until the time-out', async () => {
    const { time, turnstile } = create();
    turnstile.plan({ type: 'part', persons: 1 });
    const passage = turnstile.actuator.open('entry', 3, signal);
    await time.advance(2_299);
    expect(turnstile.state()).toBe('open');
    await time.advance(1);
    expect(await passage).toEqual({ type: 'passed', persons: 1 });
  });

  test('does what was planned, then what is usual', async () => {
    const { time, turnstile } = create();
    turnstile.plan({ type: 'break', cause: 'cable' }, { type: 'lapse' });
    await expect(turnstile.actuator.open('entry', 1, signal)).rejects.toThrow('cable');
    for (const type of ['lapsed', 'passed']) {
      const passage = turnstile.actuator.open('entry', 1, signal);
      await time.advance(10_000);
      expect(await passage).toMatchObject({ type });
    }
  });
});

describe('picking by URI', () => {
  const deps = { ...createVirtualTime(), logger: silentLogger, passageTimeoutMs: 5_000 };

  test('none:// and sim:// are known', () => {
    expect(openActuator('none://', deps)).toMatchObject({ ok: true, value: { actuator: { id: 'none://' } } });
    const opened = openActuator('sim://gate?pass-ms=50&usually=lapse', deps);
    expect(opened.ok && opened.value.simulated?.state()).toBe('locked');
  });

  test.each([
    'gpio://gpiochip0',
    'gpio://gpiochip0?entry=17&sensor=17',
    'gpio://gpiochip0?entry=17&pulse-ms=5',
    'gpio://gpiochip0?entry=17&entry=18',
    'gpio://?entry=17',
    'sim',
    '',
    'sim://?pass-ms=soon',
    'sim://?pass-ms=-1',
    'sim://?pas-ms=5',
    'sim://?usually=maybe',
  ])('%j is turned down with what would be right', (uri) => {
    expect(openActuator(uri, deps)).toMatchObject({ ok: false, error: { type: 'actuator-unknown', uri } });
  });
});
