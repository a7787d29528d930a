import type { OrderView } from '@postern/shared';
import { describe, expect, test } from 'vitest';
import { toHealth, type GateFacts } from '../../../../gate-agent/src/local-api/health.ts';
import { factsMs, wellGate } from '../../../support/gate-facts.ts';

const nowMs = factsMs;
const well = wellGate;
const [lane, reader] = [well.lanes[0] as GateFacts['lanes'][number], well.readers[0] as GateFacts['readers'][number]];

test('a gate that rehearses says so, until when, and how that ends', () => {
  const untilMs = nowMs + 3_600_000;
  for (const of of ['event', 'gate'] as const) {
    const { state, problems } = toHealth({ ...well, rehearsal: { of, untilMs } });
    expect(state).toBe('yellow');
    expect(problems).toMatchObject([
      { severity: 'warn', what: expect.stringMatching(/rehearses until .*: no entry counts/) },
    ]);
  }
});

test('a gate that is well is green and has no problems', () => {
  expect(toHealth(well)).toMatchObject({ state: 'green', problems: [] });
});

test('an order in force is named with the gates that have not acknowledged it, and a lane closed by it is no failure', () => {
  const given = { gate: 'gate-b', gateName: 'Gate B', operator: 'op2superv', atMs: nowMs };
  const missing = Array.from({ length: 12 }, (_, index) => ({ id: `gate-${index}`, name: `Gate ${index}` }));
  const order: OrderView = { order: 'stop-entry', zone: '', state: 'in-force', given, acknowledged: [], missing };
  const { state, problems } = toHealth({
    ...well,
    lanes: [{ ...lane, state: 'closed', why: 'order' }],
    orders: [order],
  });
  expect(state).toBe('yellow');
  expect(problems).toMatchObject([{ severity: 'warn' }]);
  expect(problems[0]?.what).toMatch(
    /^stop-entry in all zones, ordered at Gate B; not acknowledged by Gate 0, .*, 2 more$/,
  );
  const lifted: OrderView = { ...order, state: 'lifted', lifted: given, missing: [] };
  expect(toHealth({ ...well, orders: [lifted] }).state).toBe('green');
});

const withOwners = (asOfMs: number | undefined): GateFacts['feed'] => ({
  version: 3,
  tickets: 10,
  changes: 0,
  ageMs: 1,
  stale: false,
  expired: false,
  owners: { asOfMs, stale: true },
});

describe('every problem says what is wrong and what to do', () => {
  test.each<[string, Partial<GateFacts>, 'yellow' | 'red', RegExp]>([
    ['a journal that failed', { store: { healthy: false, trouble: 'disk full' } }, 'red', /disk full/],
    ['no ticket list', { feed: undefined }, 'red', /no ticket list/],
    [
      'an expired list',
      { feed: { version: 3, tickets: 10, changes: 0, ageMs: 1, stale: true, expired: true } },
      'red',
      /expired/,
    ],
    [
      'a stale list',
      { feed: { version: 3, tickets: 10, changes: 0, ageMs: 3_600_000, stale: true, expired: false } },
      'yellow',
      /60 min old/,
    ],
    ['somebody who waits', { calls: [{ lane: 'one', sinceMs: nowMs - 180_000 }] }, 'yellow', /lane one .* 3 min ago/],
    ['owners of tokens of long ago', { feed: withOwners(nowMs - 86_400_000) }, 'yellow', /sold since/],
    ['owners of tokens that nobody knows', { feed: withOwners(undefined) }, 'yellow', /nobody gets in by wallet/],
    ['an untrusted clock', { clock: { ...well.clock, trusted: false, text: 'not trusted' } }, 'yellow', /not trusted/],
    ['a jumping clock', { clock: { ...well.clock, wallJumps: 2, wallOffsetMs: 9_000 } }, 'yellow', /jumped 2/],
    [
      'a lane closed by a failure',
      { lanes: [{ ...lane, state: 'closed', why: 'store' }] },
      'red',
      /lane one is closed/,
    ],
    ['a lane closed by staff', { lanes: [{ ...lane, state: 'closed', why: 'person' }] }, 'yellow', /closed by staff/],
    ['a lane freed by fire', { lanes: [{ ...lane, state: 'free', why: 'fire' }] }, 'yellow', /stands free \(fire\)/],
    [
      'a lane freed by a failure',
      { lanes: [{ ...lane, state: 'free', why: 'failure' }] },
      'red',
      /because of a failure/,
    ],
    [
      'a reader in trouble',
      { readers: [{ ...reader, state: 'restarting', attempts: 3, lastError: 'no such device' }] },
      'yellow',
      /no such device/,
    ],
    ['being out of touch', { contact: { ...well.contact, noContactSinceMs: nowMs } }, 'yellow', /still admitting/],
    [
      'an address on which other gates cannot be answered',
      {
        contact: {
          ...well.contact,
          lan: {
            ...well.contact.lan,
            trouble: { what: 'other gates cannot reach this one', next: 'see who has the port' },
          },
        },
      },
      'yellow',
      /other gates cannot reach this one/,
    ],
    [
      'marks put aside',
      {
        contact: {
          ...well.contact,
          alarms: [
            {
              type: 'equivocation',
              segment: { event: 7, gate: 'gate-b', boot: '00112233aabbccdd', segment: 0 },
              cause: 'two heads after 5 marks',
              from: 'gate-c',
            },
          ],
        },
      },
      'yellow',
      /put aside 1 time\(s\), the last of gate gate-b, brought by gate-c: two heads/,
    ],
    ['a certificate about to expire', { certificateExpiresMs: nowMs + 5 * 86_400_000 }, 'yellow', /expires in 5 days/],
    [
      'a cloud that has moved',
      { cloudMovedTo: 'https://new.example' },
      'yellow',
      /the cloud is at https:\/\/new\.example now/,
    ],
    ['an expired certificate', { certificateExpiresMs: nowMs - 1 }, 'red', /certificate has expired/],
    [
      'a list that was forgotten',
      { feed: undefined, lease: { endsMs: undefined, endedMs: nowMs } },
      'red',
      /forgotten on .* UTC: the cloud had not been heard/,
    ],
    [
      'a list that is about to be',
      { lease: { endsMs: nowMs + 86_400_000, endedMs: undefined } },
      'yellow',
      /will be forgotten on .* unless the cloud is heard/,
    ],
    ['a revoked gate', { revokedAtMs: nowMs, sealedMarks: ['/data/sealed/x.sealed'] }, 'red', /has been revoked/],
    ['an unreadable fire input', { fire: { configured: true, on: false, trouble: 'ENOENT' } }, 'yellow', /ENOENT/],
  ])('%s', (_what, change, state, text) => {
    const health = toHealth({ ...well, ...change });
    expect(health.state).toBe(state);
    expect(health.problems).toHaveLength(1);
    expect(health.problems[0]?.what).toMatch(text);
    expect(health.problems[0]?.next.length).toBeGreaterThan(10);
  });
});

test('a zone that the event does not have is named: nobody there is counted, and no order reaches the gate', () => {
  const { state, problems } = toHealth({ ...well, zoneKnown: false });
  expect(state).toBe('red');
  expect(problems).toMatchObject([
    { what: expect.stringContaining('no zone "arena"'), next: expect.stringContaining('gate.toml') },
  ]);
});

test('of several events each problem says of which it is, by its number before the first list', () => {
  const { feed: _, ...withoutList } = well;
  const second = {
    ...withoutList,
    feed: undefined,
    event: 2,
    eventName: 'no ticket list yet',
    feedTrouble: 'feed-refused',
  };
  const { problems } = toHealth({ ...well, also: [second] });
  expect(problems).toMatchObject([
    {
      what: 'event 2: no ticket list: the cloud gives this gate none for this event',
      next: expect.stringContaining('event 2'),
    },
  ]);
});
