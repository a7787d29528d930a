// Goal: a clock that was wrong does not decide who was first. Corrections re-sort a history, on every replica alike, and cannot be
// used to move what somebody else has written.
import {
  compareMarks,
  correctMarks,
  createLatestTime,
  foldHistory,
  ready,
  readCorrections,
  trueTimeMsMax,
  vouchedCorrectionMsMax,
  type Mark,
} from '@postern/shared';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { aMark, baseOf, bootOfTests, eveningMs, someRules } from '../../support/marks.ts';

beforeAll(() => ready);

const minuteMs = 60_000;
const at = (minutes: number): { readonly ms: number; readonly counter: number } => ({
  ms: eveningMs + minutes * minuteMs,
  counter: 0,
});
const noClock = { source: 'none', uncertaintyMs: Number.MAX_SAFE_INTEGER } as const;

function corrected(
  sequence: number,
  offsetMs: number,
  fields: { readonly gate?: string; readonly trueMs?: number; readonly monotonicMs?: number } = {},
): Mark {
  const { ticketId: _ticket, epoch: _epoch, method: _method, ...base } = baseOf({ sequence, ...fields });
  return { ...base, ...fields, kind: 'corrected', offsetMs };
}
const minutesOf = (marks: readonly Mark[], of: Mark): number =>
  (readCorrections(marks).timeOf(of).at.ms - eveningMs) / minuteMs;

describe('a clock correction', () => {
  it('moves the marks of its process start that were made before it, and no others', () => {
    const marks = [
      aMark({ sequence: 1, at: at(0) }),
      corrected(2, 10 * minuteMs),
      aMark({ sequence: 3, at: at(30) }),
      aMark({ sequence: 1, gate: 'gate-b', at: at(0) }),
      aMark({ sequence: 1, boot: 'ffffffffffffffff', at: at(0) }),
    ];
    const times = readCorrections(marks);
    expect(
      marks.filter((mark) => mark.kind === 'admitted').map((mark) => (times.timeOf(mark).at.ms - eveningMs) / minuteMs),
    ).toEqual([10, 30, 0, 0]);
  });

  it('adds up with later ones: each says how wrong the clock was after the one before', () => {
    const marks = [corrected(2, 10 * minuteMs), corrected(4, -3 * minuteMs)];
    expect(minutesOf(marks, aMark({ sequence: 1, at: at(0) }))).toBe(7);
    expect(minutesOf(marks, aMark({ sequence: 3, at: at(20) }))).toBe(17);
    expect(minutesOf(marks, aMark({ sequence: 5, at: at(40) }))).toBe(40);
  });

  it('dates marks by the monotonic clock whose timestamps a clock that was set back has held up', () => {
    // An hour ahead at 20:00; at 19:10 true time the correction. Timestamps stand still until 20:00.
    const back = corrected(2, -60 * minuteMs, { trueMs: at(10).ms, monotonicMs: 500_000 });
    const held = aMark({ sequence: 3, at: { ms: at(60).ms, counter: 7 }, monotonicMs: 500_000 + 5 * minuteMs });
    const caughtUp = aMark({ sequence: 4, at: at(75), monotonicMs: 500_000 + 65 * minuteMs });
    expect([held, caughtUp].map((mark) => minutesOf([back], mark))).toEqual([15, 75]);
  });

  it('dates itself like the marks behind it, so that those are not held up', () => {
    const ahead = { ms: at(20).ms, counter: 1 };
    const marks = [
      aMark({ sequence: 1, at: at(20), monotonicMs: 0 }),
      { ...corrected(2, -19 * minuteMs, { trueMs: at(1).ms, monotonicMs: minuteMs }), at: ahead },
      aMark({ sequence: 3, at: { ...ahead, counter: 2 }, monotonicMs: 2 * minuteMs }),
    ];
    expect(correctMarks(marks).map((mark) => (mark.at.ms - eveningMs) / minuteMs)).toEqual([1, 1, 2]);
  });

  it('keeps the next process start from going on where a clock that was ahead has been', () => {
    const time = createLatestTime();
    time.note(aMark({ sequence: 1, at: at(60), monotonicMs: 0 }));
    expect(time.latest()).toEqual(at(60));
    time.note({
      ...corrected(2, -59 * minuteMs, { trueMs: at(1).ms, monotonicMs: minuteMs }),
      at: { ms: at(60).ms, counter: 1 },
    });
    expect(time.latest().ms).toBe(at(1).ms);
    time.note(aMark({ sequence: 1, gate: 'gate-b', at: at(5) }));
    expect(time.latest()).toEqual(at(5));
  });

  it('decides who was first: the gate whose clock was behind was not', () => {
    const marks = [
      aMark({ gate: 'gate-a', sequence: 1, at: at(0), clock: noClock }),
      aMark({ gate: 'gate-b', sequence: 1, at: at(5) }),
    ];
    const firstBefore = foldHistory(marks, someRules()).cases[0]?.fitting[0]?.mark.gate;
    const after = foldHistory([...marks, corrected(2, 10 * minuteMs)], someRules());
    expect(firstBefore).toBe('gate-a');
    expect(after.cases[0]).toMatchObject({
      fitting: [{ mark: { gate: 'gate-b' }, correctedByMs: 0 }],
      misfits: [{ mark: { gate: 'gate-a', at: at(10) }, correctedByMs: 10 * minuteMs }],
      cause: 'clock',
    });
  });

  it('makes what nobody was sure of as sure as itself, and its distance by a drifting clock', () => {
    const entry = aMark({ sequence: 1, clock: noClock, monotonicMs: 0 });
    const [moved] = correctMarks([entry, corrected(2, 5_000, { monotonicMs: 100_000 })]);
    expect(moved?.clock).toEqual({ source: 'server', uncertaintyMs: 100 + 10 });
  });

  it('is not sure of a time that the monotonic clock contradicts, since the clock was set in between', () => {
    const entry = aMark({ sequence: 1, at: at(0), clock: noClock, monotonicMs: 0 });
    const [moved] = correctMarks([entry, corrected(2, -60 * minuteMs, { trueMs: at(1).ms, monotonicMs: minuteMs })]);
    expect(moved?.clock.uncertaintyMs).toBeGreaterThanOrEqual(60 * minuteMs);
  });

  it('keeps the marks of one process start in the order in which they were made', () => {
    const marks = [
      aMark({ sequence: 1, at: at(59) }),
      corrected(2, 30 * minuteMs),
      { ...baseOf({ sequence: 3 }), kind: 'exited', zone: 'arena', at: at(60) } as const,
    ];
    const order = correctMarks(marks)
      .toSorted(compareMarks)
      .map(({ sequence }) => sequence);
    expect(order).toEqual([1, 2, 3]);
    expect(foldHistory(marks, someRules()).inside).toBe(0);
  });

  it('moves nothing that a server or a gate vouched for by more than a day, and nothing out of the calendar', () => {
    const absurd = [corrected(2, vouchedCorrectionMsMax + 1)];
    expect(minutesOf(absurd, aMark({ sequence: 1, at: at(0) }))).toBe(0);
    expect(minutesOf(absurd, aMark({ sequence: 1, at: at(0), clock: noClock }))).toBeGreaterThan(24 * 60);
    const times = readCorrections([corrected(2, 8_640_000_000_000_000), corrected(3, 8_640_000_000_000_000)]);
    expect(times.timeOf(aMark({ sequence: 1, clock: noClock })).at.ms).toBe(trueTimeMsMax - 1);
    expect(
      readCorrections([corrected(2, -8_640_000_000_000_000)]).timeOf(aMark({ sequence: 1, clock: noClock })).at.ms,
    ).toBe(0);
  });

  it('counts the first ones of a process start only, however many a hostile gate writes', () => {
    const many = Array.from({ length: 1_000 }, (_, index) => corrected(index + 2, 1_000));
    expect(minutesOf(many, aMark({ sequence: 1, at: at(0), clock: noClock }))).toBe((64 * 1_000) / minuteMs);
  });

  it('gives the same history in whatever order and groups the marks arrive', () => {
    const anyMark = fc.record({
      gate: fc.constantFrom('gate-a', 'gate-b'),
      boot: fc.constantFrom(bootOfTests, 'ffffffffffffffff'),
      kind: fc.constantFrom('admitted', 'exited', 'corrected'),
      minutes: fc.integer({ min: -90, max: 90 }),
      untrusted: fc.boolean(),
    });
    const rules = someRules({ uses: 1, reentry: true, exitsScannedZones: ['arena'] });
    fc.assert(
      fc.property(
        fc
          .array(anyMark, { minLength: 2, maxLength: 14 })
          .chain((drawn) =>
            fc.tuple(
              fc.constant(drawn),
              fc.shuffledSubarray([...drawn.keys(), ...drawn.keys()], { minLength: 2 * drawn.length }),
            ),
          ),
        ([drawn, arrivals]) => {
          const marks = drawn.map(({ gate, boot, kind, minutes, untrusted }, index): Mark => {
            const sequence = index + 1;
            const clock = untrusted ? noClock : ({ source: 'server', uncertaintyMs: 100 } as const);
            if (kind === 'corrected')
              return {
                ...(corrected(sequence, minutes * minuteMs, { gate, trueMs: at(index).ms }) as object),
                boot,
              } as Mark;
            if (kind === 'exited') return { ...baseOf({ sequence, gate }), boot, kind, zone: 'arena', clock };
            return aMark({ sequence, gate, boot, clock });
          });
          const shuffled = arrivals.map((index) => marks[index] as Mark);
          expect(foldHistory(shuffled, rules)).toEqual(foldHistory(marks, rules));
        },
      ),
      { numRuns: 500 },
    );
  });
});
