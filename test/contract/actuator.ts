// What every actuator must do, whatever it drives. Each adapter runs this suite with a few lines of its own.
import type { Actuator } from '@postern/shared';
import { describe, expect, test } from 'vitest';
import type { VirtualTime } from '../support/virtual-time.ts';

export interface ActuatorUnderTest {
  readonly actuator: Actuator;
  /** Makes nobody walk through the next opening; undefined where nobody can know. */
  readonly lapseNext: (() => void) | undefined;
  /** Makes the next opening wait until it is interrupted or times out; undefined where an opening is over at once. */
  readonly waitNext: (() => void) | undefined;
  /** What the device shows from outside; undefined where there is no device. */
  readonly observed: (() => 'locked' | 'open' | 'free') | undefined;
}

/** Longer than any passage or time-out of the adapters under test. */
const longMs = 600_000;

export function actuatorContract(
  name: string,
  create: () => { readonly time: Pick<VirtualTime, 'advance'> } & ActuatorUnderTest,
): void {
  const never = new AbortController().signal;
  const opening = async ({ actuator, time }: ReturnType<typeof create>, persons: number, signal = never) => {
    const passage = actuator.open('entry', persons, signal).then(
      (value) => ({ value }),
      (error: unknown) => ({ error }),
    );
    await time.advance(0);
    return passage;
  };

  describe(`actuator ${name}`, () => {
    test('has an id', () => {
      expect(create().actuator.id.length).toBeGreaterThan(0);
    });

    test.each([1, 4])('opens for %i and says how many have passed', async (persons) => {
      const bench = create();
      await bench.actuator.rest('locked', 'entry');
      const passage = bench.actuator.open('entry', persons, never);
      await bench.time.advance(longMs);
      expect(await passage).toEqual({ type: 'passed', persons });
    });

    test('is at rest again after an opening, and free when it rests free', async () => {
      const bench = create();
      for (const rest of ['locked', 'free', 'locked'] as const) {
        await bench.actuator.rest(rest, 'exit');
        const passage = bench.actuator.open('exit', 1, never);
        await bench.time.advance(longMs);
        await passage;
        expect(bench.observed?.() ?? rest).toBe(rest);
      }
    });

    test('the last state of rest asked for wins', async () => {
      const bench = create();
      await Promise.all((['free', 'locked', 'free'] as const).map((state) => bench.actuator.rest(state, 'entry')));
      expect(bench.observed?.() ?? 'free').toBe('free');
    });

    if (create().lapseNext !== undefined)
      test('says when nobody has passed', async () => {
        const bench = create();
        bench.lapseNext?.();
        const passage = bench.actuator.open('entry', 2, never);
        await bench.time.advance(longMs);
        expect(await passage).toEqual({ type: 'lapsed' });
      });

    test('opens nothing when the signal has already aborted', async () => {
      const bench = create();
      expect(await opening(bench, 1, AbortSignal.abort(new Error('stopping')))).toHaveProperty('error');
      expect(bench.observed?.() ?? 'locked').toBe('locked');
    });

    test.each(['abort', 'rest'] as const)(
      '%s ends an opening at once with a rejection, and it can be opened again',
      async (how) => {
        const bench = create();
        bench.waitNext?.();
        const controller = new AbortController();
        const interrupted = opening(bench, 1, controller.signal);
        if (how === 'abort') controller.abort(new Error('stopping'));
        else await bench.actuator.rest('locked', 'entry');
        if (bench.waitNext !== undefined) expect(await interrupted).toHaveProperty('error');
        expect(bench.observed?.() ?? 'locked').toBe('locked');
        const passage = bench.actuator.open('entry', 1, never);
        await bench.time.advance(longMs);
        expect(await passage).toEqual({ type: 'passed', persons: 1 });
      },
    );
  });
}
