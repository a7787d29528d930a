import { describe, expect, test } from 'vitest';
import {
  createClockTrust,
  personUncertaintyMs,
  sampleOfRoundTrip,
  savedClockSchema,
  trustUncertaintyMsMax,
  type ClockTrustDeps,
} from '../../../gate-agent/src/clock-trust.ts';
import { driftShare } from '@postern/shared';

const dayMs = 86_400_000;
const trueStartMs = Date.UTC(2026, 6, 1, 18);
const builtMs = Date.UTC(2026, 5, 1);

/** A machine whose true time, wall clock and monotonic clock can each be moved. */
function createMachine(wallErrorMs: number, machineBoot = 'boot-1', uptimeMs = 5_000) {
  const state = { trueMs: trueStartMs, wallErrorMs, monotonicMs: uptimeMs };
  return {
    state,
    clock: { wallMs: () => state.trueMs + state.wallErrorMs, monotonicMs: () => state.monotonicMs },
    pass: (ms: number, drift = 0) => {
      state.trueMs += ms;
      state.monotonicMs += ms * (1 - drift);
    },
    start(deps: Partial<ClockTrustDeps> = {}) {
      return createClockTrust({ clock: this.clock, machineBoot, floorMs: builtMs, ...deps });
    },
    serverSample(roundTripMs = 40) {
      return sampleOfRoundTrip(
        'server',
        state.trueMs - roundTripMs / 2,
        state.monotonicMs - roundTripMs,
        state.monotonicMs,
      );
    },
  };
}

describe('a gate without any source of time', () => {
  test('that boots in 1970 shows a time not before the software was built and does not trust it', () => {
    const machine = createMachine(-trueStartMs);
    const trust = machine.start();
    expect(trust.now()).toMatchObject({ trusted: false, source: 'none', nowMs: builtMs });
    expect(trust.statement().forbids).toContain('dynamic-passes');
    machine.pass(60_000);
    expect(trust.now().nowMs).toBe(builtMs + 60_000);
  });

  test('does not trust a plausible wall clock unless the venue vouches for its battery', () => {
    const machine = createMachine(0);
    expect(machine.start().now().trusted).toBe(false);
    expect(machine.start({ rtc: true }).now()).toMatchObject({ trusted: true, source: 'rtc', nowMs: trueStartMs });
  });

  test('does not trust a vouched-for battery clock that has fallen behind the floor', () => {
    const machine = createMachine(-400 * dayMs);
    expect(machine.start({ rtc: true }).now().trusted).toBe(false);
  });
});

describe('a saved state that is damaged', () => {
  const saved = {
    v: 1,
    machineBoot: 'boot-1',
    floorMs: trueStartMs,
    anchor: { source: 'server', trueMs: trueStartMs, uncertaintyMs: 20, monotonicMs: 5_000 },
  };

  test.each([
    ['a floor that no mark could carry', { ...saved, floorMs: 1e300 }],
    ['a floor centuries away, before which every server time would be refused', { ...saved, floorMs: trueStartMs * 6 }],
    ['a time that no mark could carry', { ...saved, anchor: { ...saved.anchor, trueMs: 1e300 } }],
    ['an uncertainty that no mark could carry', { ...saved, anchor: { ...saved.anchor, uncertaintyMs: 1e300 } }],
    [
      'a monotonic time that moves the true one by centuries',
      { ...saved, anchor: { ...saved.anchor, monotonicMs: -1e300 } },
    ],
  ])('is not read: %s', (_what, damaged) => {
    expect(savedClockSchema.safeParse(saved).success).toBe(true);
    expect(savedClockSchema.safeParse(damaged).success).toBe(false);
  });
});

describe('a signed server time', () => {
  test('corrects a clock that is 3 days off and says by how much', () => {
    const machine = createMachine(-3 * dayMs);
    const trust = machine.start();
    trust.now();
    const learned = trust.learn(machine.serverSample());
    expect(learned).toEqual({ type: 'taken', correctionMs: 3 * dayMs, wasTrusted: false });
    expect(trust.now()).toMatchObject({ trusted: true, source: 'server', nowMs: trueStartMs, uncertaintyMs: 22 });
    expect(trust.statement()).toMatchObject({ wallOffsetMs: -3 * dayMs, forbids: [] });
  });

  test('also corrects a wall clock that is 3 days ahead', () => {
    const machine = createMachine(3 * dayMs);
    const trust = machine.start();
    expect(trust.now().nowMs).toBe(trueStartMs + 3 * dayMs);
    trust.learn(machine.serverSample());
    expect(trust.now().nowMs).toBe(trueStartMs);
  });

  test('contains the true time within its uncertainty while the crystal drifts', () => {
    const machine = createMachine(-3 * dayMs);
    const trust = machine.start();
    trust.learn(machine.serverSample(200));
    for (let hour = 0; hour < 48; hour++) {
      machine.pass(3_600_000, driftShare * 0.99);
      const { nowMs, uncertaintyMs } = trust.now();
      expect(Math.abs(nowMs - machine.state.trueMs)).toBeLessThanOrEqual(uncertaintyMs + 1);
    }
  });

  test('stops being trusted when its uncertainty has grown over the limit, and says so', () => {
    const machine = createMachine(0);
    const trust = machine.start();
    trust.learn(machine.serverSample());
    machine.pass(trustUncertaintyMsMax / driftShare + 1_000);
    expect(trust.now()).toMatchObject({ trusted: false, source: 'server' });
    expect(trust.statement().text).toContain('too long ago');
  });

  test('is kept when a newer answer took so long that it says less', () => {
    const machine = createMachine(0);
    const trust = machine.start();
    trust.learn(machine.serverSample(10));
    machine.pass(1_000);
    expect(trust.learn(machine.serverSample(5_000)).type).toBe('kept');
  });

  test('is not replaced by a peer or an untrusted person, but by a contradicting newer server time', () => {
    const machine = createMachine(0);
    const trust = machine.start();
    trust.learn(machine.serverSample(10));
    expect(trust.learn({ ...machine.serverSample(2), source: 'peer' }).type).toBe('kept');
    const later = { ...machine.serverSample(4_000), trueMs: machine.state.trueMs + dayMs };
    expect(trust.learn(later)).toMatchObject({ type: 'taken', wasTrusted: true });
  });

  test('before the floor of an earlier trusted time is refused', () => {
    const machine = createMachine(0);
    const trust = machine.start({ floorMs: trueStartMs + dayMs });
    expect(trust.learn(machine.serverSample())).toMatchObject({ type: 'refused-before-floor' });
    expect(trust.now().trusted).toBe(false);
  });
});

describe('the operating system clock jumping', () => {
  test.each([3 * dayMs, -3 * dayMs])('by %d ms moves a trusted time not at all and is counted', (jumpMs) => {
    const machine = createMachine(0);
    const trust = machine.start();
    trust.learn(machine.serverSample());
    machine.pass(10_000);
    machine.state.wallErrorMs += jumpMs;
    expect(trust.now().nowMs).toBe(machine.state.trueMs);
    expect(trust.statement()).toMatchObject({ wallJumps: 1, wallOffsetMs: jumpMs });
  });

  test('backwards moves an untrusted time not at all', () => {
    const machine = createMachine(0);
    const trust = machine.start();
    const shownMs = trust.now().nowMs;
    machine.state.wallErrorMs -= 3 * dayMs;
    expect(trust.now().nowMs).toBeGreaterThanOrEqual(shownMs);
  });
});

describe('a restart', () => {
  test('of the agent alone carries the trust on without a network', () => {
    const machine = createMachine(-3 * dayMs);
    const first = machine.start();
    first.learn(machine.serverSample());
    const saved = first.saved();
    machine.pass(120_000);
    const second = machine.start({ saved });
    expect(second.now()).toMatchObject({ trusted: true, source: 'server', nowMs: machine.state.trueMs });
  });

  test('of the machine loses the trust but never goes below the saved floor', () => {
    const first = createMachine(0);
    const before = first.start();
    before.learn(first.serverSample());
    first.pass(dayMs);
    const saved = before.saved();
    const second = createMachine(-trueStartMs, 'boot-2', 1_000);
    const after = second.start({ saved });
    expect(after.now().trusted).toBe(false);
    expect(after.now().nowMs).toBeGreaterThanOrEqual(trueStartMs + dayMs - 60_000);
  });

  test('into a copied data folder of the same machine boot but an earlier uptime does not take the anchor', () => {
    const machine = createMachine(0, 'boot-1', 500_000);
    const trust = machine.start();
    trust.learn(machine.serverSample());
    const other = createMachine(0, 'boot-1', 1_000);
    expect(other.start({ saved: trust.saved() }).now().trusted).toBe(false);
  });

  test('an untrusted time far in the future leaves no floor behind', () => {
    const machine = createMachine(1_000 * dayMs);
    const trust = machine.start();
    trust.now();
    expect(trust.saved().floorMs).toBe(builtMs);
  });
});

describe('a supervisor', () => {
  test('confirming the shown time makes it trusted to within a minute', () => {
    const machine = createMachine(-20_000);
    const trust = machine.start();
    expect(trust.confirm(trust.now().nowMs)).toMatchObject({ type: 'taken', correctionMs: 0, wasTrusted: false });
    expect(trust.now()).toMatchObject({ trusted: true, source: 'person', uncertaintyMs: personUncertaintyMs });
  });

  test('may correct a time that is too far ahead, and the floor follows', () => {
    const machine = createMachine(0);
    const trust = machine.start({
      floorMs: builtMs,
      saved: { v: 1, machineBoot: 'other', floorMs: trueStartMs + 30 * dayMs },
    });
    trust.confirm(machine.state.trueMs);
    expect(trust.now().nowMs).toBe(trueStartMs);
    expect(trust.learn(machine.serverSample()).type).toBe('taken');
  });

  test('confirming a time that a server vouches for changes nothing', () => {
    const machine = createMachine(0);
    const trust = machine.start();
    trust.learn(machine.serverSample());
    expect(trust.confirm(trueStartMs - dayMs).type).toBe('kept');
    expect(trust.now()).toMatchObject({ source: 'server', nowMs: trueStartMs });
  });

  test('is overruled by the next signed server time', () => {
    const machine = createMachine(0);
    const trust = machine.start();
    trust.confirm(trueStartMs + 45_000);
    expect(trust.learn(machine.serverSample())).toMatchObject({ type: 'taken', correctionMs: -45_000 });
    expect(trust.now()).toMatchObject({ source: 'server', nowMs: trueStartMs });
  });

  test('who was a little ahead makes the time stand still, and it says meanwhile by how much it is off', () => {
    const machine = createMachine(0);
    const trust = machine.start();
    trust.confirm(trueStartMs + 1_500);
    trust.learn(machine.serverSample());
    machine.pass(500);
    const { nowMs, uncertaintyMs } = trust.now();
    expect(nowMs).toBe(trueStartMs + 1_500);
    expect(nowMs - uncertaintyMs).toBeLessThanOrEqual(machine.state.trueMs);
    machine.pass(1_500);
    expect(trust.now().nowMs).toBe(machine.state.trueMs);
  });
});
