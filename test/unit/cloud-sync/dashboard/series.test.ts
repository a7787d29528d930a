// What the live page's charts are made of.
import { describe, expect, it } from 'vitest';
import { minuteMs } from '@postern/shared';
import { busiestOf, insideOf, lastWholeMinute, minutesOf } from '../../../../cloud-sync/src/dashboard/live/series.ts';

const flow = { entries: [5, 3, 0, 2], exits: [0, 1, 4, 1] };

describe('insideOf', () => {
  it('reckons back from how many are inside now', () => {
    expect(insideOf(flow, 10, 4)).toEqual([11, 13, 9, 10]);
  });
  it('goes back as far as it is asked to', () => {
    expect(insideOf(flow, 10, 2)).toEqual([9, 10]);
    expect(insideOf(flow, 10, 60)).toHaveLength(4);
  });
  it('never says less than nobody, where marks are still missing', () => {
    expect(insideOf({ entries: [0, 9], exits: [0, 0] }, 4, 2)).toEqual([0, 4]);
  });
});

describe('minutesOf', () => {
  it('names the begin of each of the last minutes', () => {
    const series = { fromMs: 600_000, all: flow };
    expect(minutesOf(series, 2)).toEqual([600_000 + 2 * minuteMs, 600_000 + 3 * minuteMs]);
    expect(minutesOf(series, 60)[0]).toBe(600_000);
  });
});

it('finds the busiest minute, and none where nobody came', () => {
  expect(busiestOf([1, 7, 7, 2], [10, 20, 30, 40])).toEqual({ persons: 7, atMs: 20 });
  expect(busiestOf([0, 0], [10, 20])).toBeUndefined();
  expect(busiestOf([], [])).toBeUndefined();
});

it('takes the minute that has just begun for no whole one', () => {
  expect(lastWholeMinute([4, 9, 1])).toBe(9);
  expect(lastWholeMinute([])).toBe(0);
});
