// What the charts show, out of the persons a minute that the cloud counts: the last minutes of a series, and how many were inside at the end of
// each minute, reckoned backwards from how many are inside now.
import { minuteMs, type LiveSeries } from '@postern/shared';

interface Flow {
  readonly entries: readonly number[];
  readonly exits: readonly number[];
}

/** Begin of each of the last `minutes` minutes, Unix ms. */
export function minutesOf({ fromMs, all }: Pick<LiveSeries, 'fromMs' | 'all'>, minutes: number): readonly number[] {
  const skipped = Math.max(0, all.entries.length - minutes);
  return all.entries.slice(skipped).map((_persons, index) => fromMs + (skipped + index) * minuteMs);
}

/** Persons inside at the end of each of the last `minutes` minutes; never below nothing, where marks are still missing. */
export function insideOf({ entries, exits }: Flow, inside: number, minutes: number): readonly number[] {
  const result: number[] = [];
  let then = inside;
  for (let index = entries.length - 1; index >= Math.max(0, entries.length - minutes); index -= 1) {
    result.push(Math.max(0, then));
    then -= (entries[index] ?? 0) - (exits[index] ?? 0);
  }
  return result.toReversed();
}

export interface Busiest {
  readonly persons: number;
  readonly atMs: number;
}
/** The minute with the most; undefined when there was nobody. */
export function busiestOf(values: readonly number[], timesMs: readonly number[]): Busiest | undefined {
  const persons = Math.max(0, ...values);
  const atMs = timesMs[values.indexOf(persons)];
  return persons === 0 || atMs === undefined ? undefined : { persons, atMs };
}

/** The last whole minute: the one after it has just begun. */
export const lastWholeMinute = (values: readonly number[]): number => values.at(-2) ?? 0;
