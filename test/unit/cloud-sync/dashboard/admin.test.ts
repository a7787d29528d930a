// Goal: what administrators type becomes requests that the cloud takes, or says what is missing; gates are listed by who has to be seen to
// first; one-time links are told from other addresses.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { auditQuerySchema, gateRequestSchema, type GateView } from '@postern/shared';
import { deviceName } from '../../../../cloud-sync/src/dashboard/account/device.ts';
import { readLink } from '../../../../cloud-sync/src/dashboard/account/link.ts';
import { auditQuery, noFilters } from '../../../../cloud-sync/src/dashboard/audit/filters.ts';
import { byAttention, filterGates, lookOf } from '../../../../cloud-sync/src/dashboard/gates/attention.ts';
import { idOf, newGate, newLane, toGateRequest } from '../../../../cloud-sync/src/dashboard/gates/new-gate.ts';
import { scheduleText } from '../../../../cloud-sync/src/dashboard/work/messages.ts';
import { naughtyNames } from '../../../fixtures/naughty.ts';

const gate = (id: string, fields: Partial<GateView> = {}): GateView => ({
  id,
  name: id,
  zone: 'arena',
  enrolled: true,
  state: 'ok',
  condition: 'green',
  entries: 0,
  ...fields,
});

describe('a new gate', () => {
  it('gets its id from its name', () => {
    expect(['Südkurve 3', '  Gate A!  ', 'Été', '入口', 'x'.repeat(40)].map(idOf)).toEqual([
      'suedkurve-3',
      'gate-a',
      'ete',
      '',
      'x'.repeat(32),
    ]);
  });

  it('is a request that the cloud takes, or says field by field what is wrong', () => {
    const name = fc.oneof(fc.constantFrom(...Object.values(naughtyNames)), fc.string({ maxLength: 120 }));
    const lane = fc.record({
      id: fc.oneof(fc.constantFrom('lane-1', 'exit'), fc.string({ maxLength: 40 })),
      direction: fc.constantFrom('entry' as const, 'exit' as const),
      readers: fc.string({ maxLength: 60 }),
      actuator: fc.string({ maxLength: 20 }),
    });
    fc.assert(
      fc.property(
        fc.record({
          kind: fc.constantFrom('gate' as const, 'handheld' as const),
          name,
          id: fc.oneof(fc.constant(''), fc.string({ maxLength: 40 })),
          zone: fc.constantFrom('', 'arena'),
          lanes: fc.array(lane, { minLength: 1, maxLength: 3 }),
        }),
        (draft) => {
          const made = toGateRequest(draft, new Set(['gate-a']));
          if (!made.ok) return Object.keys(made.errors).length > 0;
          return gateRequestSchema.safeParse(made.request).success && made.request.id !== 'gate-a';
        },
      ),
    );
  });

  it('has a name that people can see', () => {
    for (const name of ['   ', 'a\u0007b', '\ud800']) {
      const made = toGateRequest({ ...newGate('arena'), name, id: 'gate-b' }, new Set());
      expect(made, name).toMatchObject({ ok: false, errors: { name: { en: expect.any(String) } } });
      const lanes = [{ id: 'lane-1' }];
      expect(gateRequestSchema.safeParse({ id: 'gate-b', name, zone: 'arena', lanes }).success, name).toBe(false);
    }
  });

  it('never takes the place of another one, nor of the cloud', () => {
    const draft = { ...newGate('arena'), name: 'Gate A' };
    expect(toGateRequest(draft, new Set(['gate-a']))).toMatchObject({
      ok: false,
      errors: { id: { en: expect.any(String) } },
    });
    expect(toGateRequest({ ...draft, name: 'Cloud' }, new Set())).toMatchObject({ ok: false });
    expect(toGateRequest(draft, new Set())).toMatchObject({ ok: true, request: { id: 'gate-a' } });
  });

  it('has lanes of different names, and a handheld has one of its own', () => {
    const draft = { ...newGate('arena'), name: 'Gate', lanes: [newLane(1), newLane(1)] };
    expect(toGateRequest(draft, new Set())).toMatchObject({ ok: false, errors: { lanes: {} } });
    expect(toGateRequest({ ...draft, kind: 'handheld' }, new Set())).toMatchObject({
      ok: true,
      request: { lanes: [{ id: 'hand', actuator: 'none://', readers: [] }] },
    });
  });
});

describe('the list of gates', () => {
  const trouble = { severity: 'fail', what: 'Reader gone.', next: 'Plug it in.' } as const;
  const gates = [
    gate('green-10'),
    gate('green-2'),
    gate('revoked', { condition: 'revoked', revokedAtMs: 1 }),
    gate('silent', { condition: 'out-of-touch', state: 'silent', sinceMs: 7 }),
    gate('warned', { condition: 'trouble', trouble: { ...trouble, severity: 'warn' } }),
    gate('failed', { condition: 'trouble', trouble }),
    gate('waiting', { condition: 'never', enrolled: false, state: 'never' }),
    gate('lost', { condition: 'lost', state: 'silent' }),
  ];

  it('begins with what somebody has to see to', () => {
    expect(gates.toSorted(byAttention).map(({ id }) => id)).toEqual([
      'failed',
      'warned',
      'silent',
      'waiting',
      'lost',
      'green-2',
      'green-10',
      'revoked',
    ]);
  });

  it('says what is wrong and what to do, and nothing where all is well', () => {
    const look = (id: string): ReturnType<typeof lookOf> =>
      lookOf(gates.find((one) => one.id === id) ?? gate(id), (ms) => `at ${ms}`);
    expect(look('failed')).toMatchObject({
      tone: 'bad',
      problem: { what: { en: 'Reader gone.' }, next: { de: 'Plug it in.' } },
    });
    expect(look('warned').tone).toBe('warn');
    expect(look('silent')).toMatchObject({ tone: 'warn', state: { en: 'Out of touch since at 7' } });
    expect(look('green-2')).toEqual({ tone: 'good', state: { en: 'In contact', de: 'Im Kontakt' } });
  });

  it('finds by every word, in name, id and zone', () => {
    const found = (search: string, filter: 'all' | 'attention' = 'all'): readonly string[] =>
      filterGates(gates, { filter, search, zoneName: () => 'South Stand' }).map(({ id }) => id);
    expect(found('GREEN south')).toEqual(['green-10', 'green-2']);
    expect(found('', 'attention')).toEqual(['silent', 'warned', 'failed']);
    expect(found('north')).toEqual([]);
  });
});

describe('the filters of the audit log', () => {
  it('ask the cloud for whole days of the venue and for nothing that is empty', () => {
    const startOfDay = (day: string): number => Date.parse(`${day}T00:00:00+02:00`);
    const query = auditQuery(
      { ...noFilters, action: 'gate-revoked', person: ' ada ', from: '2026-09-30', to: '2026-09-30' },
      { event: 7, startOfDay },
    );
    expect(Object.fromEntries(query)).toEqual({
      event: '7',
      action: 'gate-revoked',
      person: 'ada',
      from: String(Date.UTC(2026, 8, 29, 22)),
      to: String(Date.UTC(2026, 8, 30, 22)),
    });
    expect(auditQuerySchema.safeParse(Object.fromEntries(query)).success).toBe(true);
    expect(auditQuery(noFilters, { event: undefined, startOfDay }).toString()).toBe('');
    const half = { ...noFilters, ticket: '01a0c4' };
    expect(auditQuery(half, { event: undefined, startOfDay }).toString()).toBe('');
  });
});

it('tells one-time links from other addresses', () => {
  expect(readLink('reset=0a1b')).toEqual({ kind: 'reset', token: '0a1b' });
  expect(readLink('confirm=A_b-9')).toEqual({ kind: 'confirm', token: 'A_b-9' });
  expect(['gates', 'reset=', 'reset=<script>', 'e', 'other=1'].map(readLink)).toEqual(Array(5).fill(undefined));
});

it('names a browser and what it runs on, from as much of what it says of itself as a session keeps', () => {
  const kit = 'AppleWebKit/537.36 (KHTML, like Gecko)';
  const names = [
    `Mozilla/5.0 (Linux; Android 10; K) ${kit} Chrome/131.0.0.0 Mobile Safari/537.36`,
    `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${kit} Chrome/131.0.0.0 Safari/537.36 Edg/131.0.0.0`,
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148',
    'Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0',
    'curl/8.5.0',
    '',
  ].map((agent) => deviceName(agent.slice(0, 120)));
  expect(names).toEqual(['Chrome, Android', 'Edge, Windows', 'Safari, iOS', 'Firefox, Linux', 'curl/8.5.0', '']);
});

it('says schedules in words, and one that it does not know as it is', () => {
  expect(
    ['27 3 * * *', '17 * * * *', '*/5 * * * *', '* * * * *', 'hourly', '0 3 * * 1'].map((one) => scheduleText(one).en),
  ).toEqual(['daily, 03:27 UTC', 'hourly, at 17', 'every 5 min', 'every minute', 'hourly', '0 3 * * 1']);
});
