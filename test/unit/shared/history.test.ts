import {
  eventDay,
  foldHistory,
  foldTicketHistory,
  newestIssuedAtS,
  precheckedUntilMs,
  ready,
  type Mark,
} from '@postern/shared';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { aMark, aPolicy, baseOf, bootOfTests, eveningMs, someRules } from '../../support/marks.ts';

beforeAll(() => ready);
const exited = (sequence: number, gate = 'gate-a'): Mark => ({
  ...baseOf({ sequence, gate }),
  kind: 'exited',
  zone: 'arena',
});
const lapsed = (sequence: number, of: number, uses: number, gate = 'gate-a'): Mark => ({
  ...baseOf({ sequence, gate }),
  kind: 'lapsed',
  of: { boot: bootOfTests, sequence: of },
  uses,
});

describe('the history of a ticket', () => {
  it('is empty without marks', () => {
    expect(foldHistory([], someRules())).toMatchObject({
      entries: [],
      usesSpent: 0,
      inside: 0,
      cases: [],
      lastEntry: undefined,
    });
  });

  it('does not depend on the order or the repetition of marks', () => {
    const marks: readonly Mark[] = [
      aMark({ sequence: 1 }),
      aMark({ sequence: 2, gate: 'gate-b' }),
      exited(3),
      aMark({ sequence: 4, gate: 'gate-b' }),
      lapsed(5, 4, 1, 'gate-b'),
      {
        ...baseOf({ sequence: 6 }),
        kind: 'undone',
        reason: 'wrong-person',
        of: { gate: 'gate-b', boot: bootOfTests, sequence: 2 },
      },
      aMark({ sequence: 7, gate: 'gate-c' }),
    ];
    const expected = foldHistory(marks, someRules({ reentry: true }));
    fc.assert(
      fc.property(fc.shuffledSubarray([...marks, ...marks], { minLength: marks.length * 2 }), (shuffled) => {
        expect(foldHistory(shuffled, someRules({ reentry: true }))).toEqual(expected);
      }),
    );
  });

  it('takes a ticket of a generation that the feed does not know yet for the same type in whatever order its marks come', () => {
    const types = [1, 2, 3].map((id) => ({ id, name: `Type ${id}`, uses: id }));
    const marks = [
      aMark({ sequence: 1, gate: 'gate-b', epoch: 2, ticketType: 3 }),
      aMark({ sequence: 1, gate: 'gate-a', epoch: 2, ticketType: 2 }),
      aMark({ sequence: 2, gate: 'gate-b', epoch: 1, ticketType: 1 }),
    ];
    const feed = { epoch: 0, type: 1, party: 1 };
    for (const order of [marks, marks.toReversed()]) {
      const { cases } = foldTicketHistory(order, aPolicy({ types }), feed);
      // What gate-a says counts: two uses.
      expect(cases.map(({ misfits }) => misfits.map(({ mark }) => mark.sequence))).toEqual([[2]]);
    }
  });

  it('finds the same double entry whichever gate is heard first', () => {
    const first = aMark({ gate: 'gate-a', at: { ms: eveningMs, counter: 0 } });
    const second = aMark({ gate: 'gate-b', at: { ms: eveningMs + 20_000, counter: 0 } });
    const history = foldHistory([second, first], someRules());
    expect(history.cases).toHaveLength(1);
    expect(history.cases[0]).toMatchObject({
      ticketId: first.ticketId,
      day: '2026-09-21',
      orderUncertain: false,
      fitting: [{ mark: { gate: 'gate-a' } }],
      misfits: [{ mark: { gate: 'gate-b' } }],
    });
  });

  it('keeps the case and its id when a third, earlier use arrives late', () => {
    const [a, b, c] = ['gate-a', 'gate-b', 'gate-c'].map((gate, index) =>
      aMark({ gate, at: { ms: eveningMs + index * 1_000, counter: 0 } }),
    ) as [Mark, Mark, Mark];
    const early = foldHistory([b, c], someRules()).cases;
    const late = foldHistory([b, c, a], someRules()).cases;
    expect(late).toHaveLength(1);
    expect(late[0]?.id).toBe(early[0]?.id);
    expect(late[0]?.misfits.map((entry) => entry.mark.gate)).toEqual(['gate-b', 'gate-c']);
  });

  it('says that the order is uncertain when the clocks could have it either way', () => {
    const marks = ['gate-a', 'gate-b'].map((gate, index) =>
      aMark({
        gate,
        at: { ms: eveningMs + index * 1_000, counter: 0 },
        clock: { source: 'server', uncertaintyMs: 600 },
      }),
    );
    expect(foldHistory(marks, someRules()).cases[0]?.orderUncertain).toBe(true);
  });

  it('gives a use back when nobody passed, and opens no case for it', () => {
    const history = foldHistory([aMark({ sequence: 1 }), lapsed(2, 1, 1), aMark({ sequence: 3 })], someRules());
    expect(history).toMatchObject({ usesSpent: 1, cases: [] });
    expect(history.entries.map((entry) => entry.mark.sequence)).toEqual([3]);
  });

  it('gives back only the persons of a party that did not pass', () => {
    const history = foldHistory([aMark({ sequence: 1, uses: 5 }), lapsed(2, 1, 3)], someRules({ party: 5 }));
    expect(history).toMatchObject({ usesSpent: 2, inside: 2 });
  });

  it('lets a lapse name only marks of its own gate', () => {
    expect(
      foldHistory([aMark({ sequence: 1, gate: 'gate-a' }), lapsed(2, 1, 1, 'gate-b')], someRules()).usesSpent,
    ).toBe(1);
  });

  it('takes back an entry that a steward has undone, from whichever gate', () => {
    const undone: Mark = {
      ...baseOf({ sequence: 9, gate: 'gate-b' }),
      kind: 'undone',
      reason: 'wrong-person',
      of: { gate: 'gate-a', boot: bootOfTests, sequence: 1 },
    };
    expect(foldHistory([undone, aMark({ sequence: 1 })], someRules())).toMatchObject({
      usesSpent: 0,
      inside: 0,
      entries: [],
    });
  });

  it('lets somebody back in after an exit without spending a use', () => {
    const rules = someRules({ reentry: true, exitsScannedZones: ['arena'] });
    expect(foldHistory([aMark({ sequence: 1 }), exited(2), aMark({ sequence: 3 })], rules)).toMatchObject({
      usesSpent: 1,
      inside: 1,
      cases: [],
    });
    expect(foldHistory([aMark({ sequence: 1 }), aMark({ sequence: 3 })], rules).cases).toHaveLength(1);
  });

  it('returns somebody whom a steward has passed out, although exits are not scanned', () => {
    const passedOut: Mark = { ...baseOf({ sequence: 2 }), kind: 'passed-out', zone: 'arena' };
    expect(foldHistory([aMark({ sequence: 1 }), passedOut, aMark({ sequence: 3 })], someRules())).toMatchObject({
      usesSpent: 1,
      cases: [],
    });
  });

  it('counts an override as a use but never as a double entry', () => {
    const overridden: Mark = {
      ...baseOf({ sequence: 2 }),
      kind: 'overridden',
      reason: 'lost-code',
      zone: 'arena',
      uses: 1,
    };
    expect(foldHistory([aMark({ sequence: 1 }), overridden], someRules())).toMatchObject({ usesSpent: 2, cases: [] });
  });

  it('finds the persons of a once-per-day party who went in twice on a day', () => {
    const twice = [aMark({ sequence: 1, uses: 2 }), aMark({ sequence: 2, gate: 'gate-b', uses: 1 })];
    expect(foldHistory(twice, someRules({ party: 2, uses: 0, oncePerDay: true })).cases).toMatchObject([
      { misfits: [{ persons: 1 }] },
    ]);
    expect(foldHistory(twice, someRules({ party: 3, uses: 0, oncePerDay: true })).cases).toEqual([]);
  });

  it('opens one case per event day', () => {
    const dayMs = 86_400_000;
    const uses = [0, 1_000, dayMs, dayMs + 1_000].map((offset, index) =>
      aMark({ sequence: index + 1, at: { ms: eveningMs + offset, counter: 0 } }),
    );
    expect(foldHistory(uses, someRules({ uses: 0, oncePerDay: true })).cases.map((found) => found.day)).toEqual([
      '2026-09-21',
      '2026-09-22',
    ]);
  });

  it('knows the highest epoch that was let in, and the newest rotating code of each', () => {
    const history = foldHistory(
      [
        aMark({ sequence: 1, epoch: 1, issuedAtS: 500 }),
        aMark({ sequence: 2, epoch: 2, issuedAtS: 100 }),
        aMark({ sequence: 3, epoch: 2, issuedAtS: 85, gate: 'gate-b' }),
        aMark({ sequence: 4, epoch: 2 }),
      ],
      someRules({ uses: 0 }),
    );
    expect(history.epochSeen).toBe(2);
    expect([0, 1, 2].map((epoch) => newestIssuedAtS(history, epoch, 1_000))).toEqual([undefined, 500, 100]);
    expect(newestIssuedAtS(history, 2, 99)).toBe(85);
  });

  it('knows the highest count of each tag, whatever became of the entry and in whatever order it heard of them', () => {
    const tapped = (sequence: number, tag: string, counter: number): Mark =>
      aMark({ sequence, tap: { tag, counter }, gate: `gate-${sequence}` });
    const marks = [
      tapped(1, '0badcafe', 7),
      tapped(2, '0badcafe', 9),
      tapped(3, 'deadbeef', 2),
      aMark({ sequence: 9 }),
    ];
    const undone: Mark = {
      ...baseOf({ sequence: 10 }),
      kind: 'undone',
      reason: 'wrong-person',
      of: { gate: 'gate-2', boot: bootOfTests, sequence: 2 },
    };
    const expected = new Map([
      ['0badcafe', 9],
      ['deadbeef', 2],
    ]);
    for (const known of [marks, marks.toReversed(), [...marks, ...marks], [...marks, undone]])
      expect(foldHistory(known, someRules()).counters).toEqual(expected);
  });

  it('returns the code of an entry that lapsed or was taken back, and keeps it when part of a party passed', () => {
    const entry = aMark({ sequence: 1, uses: 3, issuedAtS: 100 });
    const undone: Mark = {
      ...baseOf({ sequence: 2 }),
      kind: 'undone',
      reason: 'wrong-person',
      of: { gate: 'gate-a', boot: bootOfTests, sequence: 1 },
    };
    const newest = (...marks: readonly Mark[]): number | undefined =>
      newestIssuedAtS(foldHistory(marks, someRules({ party: 3 })), 0, 1_000);
    expect(newest(entry)).toBe(100);
    expect(newest(entry, lapsed(2, 1, 2))).toBe(100);
    expect(newest(entry, lapsed(2, 1, 3))).toBeUndefined();
    expect(newest(entry, undone)).toBeUndefined();
  });

  it('spends what it does not give back: uses are the sum of the persons of all entries, in any set of marks', () => {
    const anyMark = fc.record({
      sequence: fc.integer({ min: 1, max: 30 }),
      uses: fc.integer({ min: 1, max: 4 }),
      gate: fc.constantFrom('gate-a', 'gate-b'),
    });
    fc.assert(
      fc.property(
        fc.array(anyMark, { maxLength: 12 }),
        fc.array(fc.tuple(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 4 })), { maxLength: 4 }),
        (entries, lapses) => {
          const marks = [
            ...entries.map((entry) => aMark(entry)),
            ...lapses.map(([of, uses], index) => lapsed(100 + index, of, uses)),
          ];
          const history = foldHistory(marks, someRules({ uses: 1, party: 4 }));
          expect(history.usesSpent).toBe(history.entries.reduce((sum, entry) => sum + entry.persons, 0));
          expect(history.inside).toBe(history.usesSpent);
          const misfits = history.cases.flatMap((found) => found.misfits);
          expect(history.usesSpent - misfits.reduce((sum, entry) => sum + entry.persons, 0)).toBeLessThanOrEqual(4);
        },
      ),
    );
  });
});

describe('a pre-check', () => {
  const prechecked = (sequence: number, fields: Partial<Extract<Mark, { kind: 'prechecked' }>>): Mark => ({
    ...baseOf({ sequence }),
    kind: 'prechecked',
    zone: 'arena',
    untilS: 1_000,
    ...fields,
  });
  const until = (marks: readonly Mark[], at: { epoch?: number; zone?: string; gate?: string } = {}) =>
    precheckedUntilMs(foldHistory(marks, someRules()), { epoch: 0, zone: 'arena', gate: 'gate-a', ...at });

  it('counts for its own epoch and zone, and where it names a gate for that gate', () => {
    expect(until([])).toBeUndefined();
    const marks = [prechecked(1, {}), prechecked(2, { forGate: 'gate-b', untilS: 2_000 })];
    expect(until(marks)).toBe(1_000_000);
    expect(until(marks, { gate: 'gate-b' })).toBe(2_000_000);
    expect(until(marks, { zone: 'backstage' })).toBeUndefined();
    expect(until(marks, { epoch: 1 })).toBeUndefined();
  });

  it('lasts as long as the longest, in whatever order they came, and is neither a use nor a presence', () => {
    const marks = [prechecked(1, { untilS: 3_000 }), prechecked(2, { untilS: 2_000 }), prechecked(3, { epoch: 1 })];
    for (const order of [marks, marks.toReversed()]) {
      expect(until(order)).toBe(3_000_000);
      expect(foldHistory(order, someRules())).toMatchObject({ usesSpent: 0, inside: 0, entries: [], cases: [] });
    }
    expect(foldHistory(marks.toReversed(), someRules()).prechecks).toEqual(foldHistory(marks, someRules()).prechecks);
  });
});

describe('the event day', () => {
  it('keeps a night in one day, in the time zone of the venue', () => {
    const rules = { timeZone: 'Europe/Berlin', dayStartsAtHour: 4 };
    expect(eventDay(Date.UTC(2026, 8, 21, 19), rules)).toBe('2026-09-21');
    expect(eventDay(Date.UTC(2026, 8, 22, 1, 59), rules)).toBe('2026-09-21');
    expect(eventDay(Date.UTC(2026, 8, 22, 2), rules)).toBe('2026-09-22');
  });

  it('falls back to UTC for a time zone that the machine does not know', () => {
    expect(eventDay(Date.UTC(2026, 0, 1, 12), { timeZone: 'Mars/Olympus', dayStartsAtHour: 0 })).toBe('2026-01-01');
  });
});
