// What a gate tells of itself is always something that the cloud takes, whatever is wrong with it.
import { gateVitalsSchema, problemsPerGateMax } from '@postern/shared';
import { describe, expect, test } from 'vitest';
import { toHealth } from '../../../gate-agent/src/local-api/health.ts';
import { toVitals } from '../../../gate-agent/src/vitals.ts';
import { wellGate } from '../../support/gate-facts.ts';

const lane = wellGate.lanes[0];
const reader = wellGate.readers[0];

describe('vitals of a gate', () => {
  test('say version, clock, machine, lists and what waits for the cloud', () => {
    const said = toVitals(
      toHealth({ ...wellGate, machine: { temperatureC: 50, disk: { freeBytes: 9e9, totalBytes: 2e10 } } }),
    );
    expect(gateVitalsSchema.parse(said)).toEqual(said);
    expect(said).toMatchObject({
      version: wellGate.version,
      state: 'green',
      problems: [],
      temperatureC: 50,
      disk: { freeBytes: 9e9 },
      events: [{ event: 1, feedVersion: 3, feedAgeS: 1, waiting: 0 }],
      clock: { source: 'server', trusted: true },
    });
  });

  test('are cut to what the message holds, the gravest problems first', () => {
    if (lane === undefined || reader === undefined) throw new Error('a gate has both');
    const health = toHealth({
      ...wellGate,
      version: 'v'.repeat(500),
      clock: {
        ...wellGate.clock,
        trusted: false,
        source: 'none',
        nowMs: -5,
        uncertaintyMs: Number.MAX_SAFE_INTEGER,
        wallOffsetMs: -1e12,
      },
      lanes: Array.from({ length: 40 }, (_, index) => ({ ...lane, id: `lane-${index}`, why: 'x\ny\u0000'.repeat(90) })),
      readers: Array.from({ length: 200 }, () => ({ ...reader, lastError: `\ud800${'😀'.repeat(300)}`, attempts: 3 })),
      machine: { disk: { freeBytes: 0, totalBytes: 1 } },
    });
    const said = toVitals(health);
    expect(gateVitalsSchema.parse(said)).toEqual(said);
    expect(said.problems).toHaveLength(problemsPerGateMax);
    expect(said.problems[0]).toMatchObject({ severity: 'fail', what: 'the disk has 0 MB left' });
  });

  test('name the event of a problem where there are several, so that each event hears of its own', () => {
    const second = { ...wellGate, event: 2, eventName: 'Party', feed: undefined };
    expect(toVitals(toHealth({ ...wellGate, also: [second] })).problems).toMatchObject([{ event: 2 }]);
    expect(toVitals(toHealth({ ...wellGate, feed: undefined })).problems[0]).not.toHaveProperty('event');
  });
});

describe('the machine in the health', () => {
  test.each([
    [{ temperatureC: 84 }, 'yellow', /84 °C/],
    [{ disk: { freeBytes: 300e6, totalBytes: 16e9 } }, 'yellow', /300 MB/],
    [{ disk: { freeBytes: 10e6, totalBytes: 16e9 } }, 'red', /10 MB/],
    [{ battery: { percent: 9, charging: false } }, 'yellow', /9 %/],
  ])('%j is %s', (machine, state, what) => {
    expect(toHealth({ ...wellGate, machine })).toMatchObject({
      state,
      problems: [{ what: expect.stringMatching(what) }],
    });
  });

  test('a battery that is being charged is no problem', () => {
    expect(toHealth({ ...wellGate, machine: { battery: { percent: 4, charging: true } } }).state).toBe('green');
  });
});
