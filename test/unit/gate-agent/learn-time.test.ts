// Goal: whoever reads a mark can tell when it was made, also where the clock that stamped it was found wrong before the first mark.
import { describe, expect, test } from 'vitest';
import type { Mark, MarkDraft, Store } from '@postern/shared';
import { createClockTrust } from '../../../gate-agent/src/clock-trust.ts';
import { learnTime } from '../../../gate-agent/src/learn-time.ts';

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
          store: store as Store,
          journal: { lastSequence: () => marks, hybrid: { last: () => ({ ms: lastMs, counter: 0 }) } },
        },
      ],
      logger,
    },
  );
  return written;
}

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
