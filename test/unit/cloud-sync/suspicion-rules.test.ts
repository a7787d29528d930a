// Goal: which uses somebody should look at depends on the uses alone, not on the order in which they came to be known.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { centralGate, defaultSuspicionRules } from '@postern/shared';
import { findSuspicions, suspicionId, type Suspicion } from '../../../cloud-sync/src/services/suspicion-rules.ts';
import type { UsageRow } from '../../../cloud-sync/src/store/usage.ts';
import { bootOfTests, eveningMs, ticketIdOfTests } from '../../support/marks.ts';

const day = { fromMs: eveningMs - 3_600_000, toMs: eveningMs + 3_600_000 };
let sequences = 0;
const use = (seconds: number, fields: Partial<UsageRow> = {}): UsageRow => ({
  event: 7,
  gate: 'gate-a',
  boot: bootOfTests,
  sequence: ++sequences,
  at_ms: eveningMs + seconds * 1_000,
  kind: 'admitted',
  lane: 'lane-1',
  ticket: ticketIdOfTests,
  method: 'qr',
  person: null,
  reason: null,
  count: 1,
  ...fields,
});
const refusal = (seconds: number, reason: string, fields: Partial<UsageRow> = {}): UsageRow =>
  use(seconds, { kind: 'refused', reason, ...fields });
const find = (uses: readonly UsageRow[], party = 1): readonly Suspicion[] =>
  findSuspicions(uses, day, defaultSuspicionRules, party);
const kinds = (uses: readonly UsageRow[], party = 1): readonly string[] => find(uses, party).map(({ kind }) => kind);

describe('impossible travel', () => {
  it('is one ticket at two gates within less than the least time', () => {
    expect(kinds([use(0), use(59, { gate: 'gate-b' })])).toEqual(['impossible-travel']);
    expect(kinds([use(0), use(60, { gate: 'gate-b' })])).toEqual([]);
    expect(kinds([use(0), use(1)])).toEqual([]);
  });

  it('counts pairs of neighbours and names the gates, the first and the last time', () => {
    const found = find([
      use(0),
      refusal(10, 'already-used', { gate: 'gate-b' }),
      use(500, { gate: 'gate-c' }),
      use(510),
    ]);
    expect(found).toMatchObject([
      { count: 2, firstAtMs: eveningMs, lastAtMs: eveningMs + 510_000, gates: ['gate-a', 'gate-b', 'gate-c'] },
    ]);
    expect(found[0]?.sightings.map(({ gate, reason }) => [gate, reason])).toEqual([
      ['gate-a', undefined],
      ['gate-b', 'already-used'],
      ['gate-c', undefined],
      ['gate-a', undefined],
    ]);
  });

  it.each([
    ['a party, whose code is in several hands', [use(0), use(1, { gate: 'gate-b' })], 5],
    ['somebody who was sent to the gate beside', [refusal(0, 'wrong-zone'), use(20, { gate: 'gate-b' })], 1],
    ['somebody before a gate that was out of order', [refusal(0, 'lane-closed'), use(20, { gate: 'gate-b' })], 1],
    ['the way out beside the way in', [use(0), use(20, { gate: 'gate-b', kind: 'exited' })], 1],
    ['the cloud, whose askers may be anywhere', [use(0), use(1, { gate: centralGate })], 1],
    ['the cloud without a mark', [use(0), use(1, { gate: '', kind: 'verified' })], 1],
  ])('is not %s', (_who, uses, party) => {
    expect(kinds(uses, party)).toEqual([]);
  });

  it('belongs to the day of the later use', () => {
    const before = use(-3_601);
    const after = use(-3_599, { gate: 'gate-b' });
    expect(kinds([before, after])).toEqual(['impossible-travel']);
    expect(findSuspicions([before, after], { fromMs: 0, toMs: day.fromMs }, defaultSuspicionRules, 1)).toEqual([]);
  });
});

describe('refusals', () => {
  it('are many from the number on that the event says, folded ones counted', () => {
    expect(kinds([refusal(0, 'expired', { count: 4 })])).toEqual([]);
    expect(find([refusal(0, 'expired', { count: 4 }), refusal(9, 'already-used')])).toMatchObject([
      { kind: 'many-refusals', count: 5 },
    ]);
  });

  it('do not count where the gate was to blame', () => {
    expect(kinds([refusal(0, 'zone-full', { count: 99 }), refusal(1, 'store-failed', { count: 99 })])).toEqual([]);
  });

  it('of a replayed code are reported from the first on', () => {
    expect(find([refusal(0, 'code-replayed', { count: 2 })])).toMatchObject([{ kind: 'code-replayed', count: 2 }]);
  });
});

describe('what is found', () => {
  it('is the same in whatever order the uses come', () => {
    const anyUse = fc
      .record({
        seconds: fc.integer({ min: -3_700, max: 3_700 }),
        gate: fc.constantFrom('gate-a', 'gate-b', 'gate-c', ''),
        kind: fc.constantFrom('admitted', 'refused', 'exited', 'verified'),
        reason: fc.constantFrom('already-used', 'code-replayed', 'wrong-zone', 'expired'),
        sequence: fc.nat(),
      })
      .map(({ seconds, kind, reason, ...fields }) =>
        use(seconds, { kind, reason: kind === 'refused' ? reason : null, ...fields }),
      );
    const sameUse = (row: UsageRow): string => `${row.gate}/${row.sequence}`;
    fc.assert(
      fc.property(
        fc
          .uniqueArray(anyUse, { selector: sameUse, maxLength: 40 })
          .chain((uses) => fc.tuple(fc.constant(uses), fc.shuffledSubarray(uses, { minLength: uses.length }))),
        ([uses, shuffled]) => {
          expect(find(shuffled)).toEqual(find(uses));
        },
      ),
    );
  });

  it('has an id of its event, ticket, kind and day', () => {
    const id = suspicionId(7, ticketIdOfTests, 'code-replayed', '2026-09-21');
    expect(id).toMatch(/^[0-9a-f]{32}$/);
    expect(suspicionId(7, ticketIdOfTests, 'code-replayed', '2026-09-21')).toBe(id);
    expect(suspicionId(8, ticketIdOfTests, 'code-replayed', '2026-09-21')).not.toBe(id);
    expect(suspicionId(7, ticketIdOfTests, 'double-entry', '2026-09-21')).not.toBe(id);
  });
});
