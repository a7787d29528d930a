// Goal: whoever reads a mark can tell when it was made, also where the clock that stamped it was found wrong before the first mark.
import { describe, expect, test } from 'vitest';
import type { Mark, MarkDraft, Store } from '@postern/shared';
import { createClockTrust } from '../../../gate-agent/src/clock-trust.ts';
import { confirmTime, correctHandedOn, learnTime } from '../../../gate-agent/src/learn-time.ts';

const trueMs = Date.UTC(2026, 6, 1, 18);
const hourMs = 3_600_000;
const logger = { info: () => {}, warn: () => {}, error: () => {} };

/** What is written down when a clock that shows `wallMs` learns the true time after `marks` marks, the last timestamp being `lastMs`. */
function correctionsAfter(wallMs: number, marks: number, lastMs = 0): readonly MarkDraft[] {
  const written: MarkDraft[] = [];
  const store: Pick<Store, 'append'> = {
    append: async (draft) => {
      written.push(draft);
      return { ok: true, value: draft as Mark };
    },
  };
  const trust = createClockTrust({ clock: { wallMs: () => wallMs, monotonicMs: () => 1_000 }, machineBoot: 'a boot' });
  learnTime(
    { source: 'server', trueMs, uncertaintyMs: 20, monotonicMs: 1_000 },
    {
      trust,
      events: [
        {
          event: 1,
          store,
          journal: { lastSequence: () => marks, hybrid: { last: () => ({ ms: lastMs, counter: 0 }) } },
        },
      ],
      logger,
    },
  );
  return written;
}

/** The same where a start of the agent, on a machine that has not been restarted, goes on from `lastMs` and a server's time `ageMs` ago. */
function correctionsAtStart(lastMs: number, isTrusted = true): readonly MarkDraft[] {
  const written: MarkDraft[] = [];
  const anchor = { source: 'server' as const, trueMs, uncertaintyMs: 20, monotonicMs: 1_000 };
  const trust = createClockTrust({
    clock: { wallMs: () => trueMs, monotonicMs: () => 1_000 },
    machineBoot: 'a boot',
    saved: { v: 1, machineBoot: 'a boot', floorMs: trueMs - hourMs, ...(isTrusted ? { anchor } : {}) },
  });
  const event = {
    event: 1,
    store: {
      append: async (draft: MarkDraft) => {
        written.push(draft);
        return { ok: true as const, value: draft as Mark };
      },
    },
    journal: { lastSequence: () => written.length, hybrid: { last: () => ({ ms: lastMs, counter: 0 }) } },
  };
  correctHandedOn(event, trust);
  learnTime({ ...anchor, uncertaintyMs: 10 }, { trust, events: [event], logger });
  return written;
}

describe('a person who confirms the time', () => {
  const confirmedAt = (shownMs: number, lastMs: number): number =>
    confirmTime(trueMs, {
      trust: createClockTrust({ clock: { wallMs: () => shownMs, monotonicMs: () => 1_000 }, machineBoot: 'a boot' }),
      events: [
        {
          event: 1,
          store: { append: async (draft: MarkDraft) => ({ ok: true as const, value: draft as Mark }) },
          journal: { lastSequence: () => 3, hybrid: { last: () => ({ ms: lastMs, counter: 0 }) } },
        },
      ],
    })(1);

  test('is told by how much the timestamps were off, and not the clock, where those ran ahead of it', () => {
    expect(confirmedAt(trueMs - hourMs, 0)).toBe(hourMs);
    expect(confirmedAt(trueMs - hourMs, trueMs + hourMs)).toBe(-hourMs);
  });
});

describe('a start that is certain of the time at once', () => {
  test('says once that its timestamps go on from those of an earlier start which were ahead', () => {
    expect(correctionsAtStart(trueMs + hourMs)).toMatchObject([{ kind: 'corrected', offsetMs: -hourMs, trueMs }]);
  });

  test('says nothing where they were not', () => {
    expect(correctionsAtStart(trueMs + 1_000)).toEqual([]);
    expect(correctionsAtStart(trueMs - hourMs)).toEqual([]);
  });

  test('waits for the time where it is not certain', () => {
    expect(correctionsAtStart(trueMs + hourMs, false)).toMatchObject([{ offsetMs: -hourMs, trueMs }]);
  });
});

describe('a clock that learns the time', () => {
  test('says by how much the marks before it are off', () => {
    expect(correctionsAfter(trueMs - hourMs, 3)).toMatchObject([{ kind: 'corrected', offsetMs: hourMs, trueMs }]);
  });

  test('says so before the first mark where it was ahead, since timestamps do not fall with it', () => {
    expect(correctionsAfter(trueMs + hourMs, 0)).toMatchObject([{ kind: 'corrected', offsetMs: -hourMs, trueMs }]);
    expect(correctionsAfter(trueMs - hourMs, 0)).toEqual([]);
  });

  test('goes by the timestamps where an earlier start has left them ahead of what was shown', () => {
    expect(correctionsAfter(trueMs - hourMs, 3, trueMs + hourMs)).toMatchObject([{ offsetMs: -hourMs, trueMs }]);
    expect(correctionsAfter(trueMs - hourMs, 3, trueMs)).toEqual([]);
  });

  test('writes nothing down for what is not worth a mark', () => {
    expect(correctionsAfter(trueMs + 1_000, 3)).toEqual([]);
  });
});
