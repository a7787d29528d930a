// How many people are inside, zone by zone, and how far that can be off. What is known is a count over marks; a gate that has not
// been heard from may have let more in and out, of which nobody can know: the least and the most assume that it went on at the rate
// of its last quarter of an hour. That is an estimate, not a bound, so the gates are named with the time since which they are silent.
import type { Mark } from './mark.ts';
import type { RollCallView } from './wire-orders.ts';

/** A gate whose marks are complete up to so long ago counts as heard. */
export const heardWithinMs = 30_000;
/** The time before a gate fell silent over which its rate is taken. */
export const rateWindowMs = 15 * 60_000;
const minuteMs = 60_000;

export interface RatePerMinute {
  readonly entriesPerMinute: number;
  readonly exitsPerMinute: number;
}

export interface GateActivity extends RatePerMinute {
  readonly id: string;
  readonly name: string;
  readonly zone: string;
  /** Every mark before it is known, Unix ms; undefined for a gate that has never been heard from. */
  readonly throughMs: number | undefined;
}

export interface ZoneCount {
  readonly id: string;
  readonly name: string;
  /** By the marks known; never below nobody. */
  readonly inside: number;
  readonly leftSinceEvacuation?: number;
}

export function rollCall(
  event: number,
  zones: readonly ZoneCount[],
  gates: readonly GateActivity[],
  nowMs: number,
): RollCallView {
  return {
    event,
    atMs: nowMs,
    zones: zones.map((zone) => {
      const silent = gates.filter((gate) => gate.zone === zone.id && !isHeard(gate, nowMs));
      const minutesOf = ({ throughMs }: GateActivity): number =>
        throughMs === undefined ? 0 : (nowMs - throughMs) / minuteMs;
      const sum = (of: (gate: GateActivity) => number): number => silent.reduce((total, gate) => total + of(gate), 0);
      const moreIn = Math.ceil(sum((gate) => gate.entriesPerMinute * minutesOf(gate)));
      const moreOut = Math.ceil(sum((gate) => gate.exitsPerMinute * minutesOf(gate)));
      const isOpenEnded = silent.some(({ throughMs }) => throughMs === undefined);
      return {
        zone: zone.id,
        name: zone.name,
        inside: zone.inside,
        insideLeast: Math.max(0, zone.inside - moreOut),
        ...(isOpenEnded ? {} : { insideMost: zone.inside + moreIn }),
        ...(zone.leftSinceEvacuation === undefined ? {} : { leftSinceEvacuation: zone.leftSinceEvacuation }),
        notHeardFrom: silent.map(({ id, name, throughMs, entriesPerMinute, exitsPerMinute }) => ({
          id,
          name,
          ...(throughMs === undefined ? {} : { sinceMs: throughMs }),
          entriesPerMinute,
          exitsPerMinute,
        })),
      };
    }),
  };
}

const isHeard = ({ throughMs }: GateActivity, nowMs: number): boolean =>
  throughMs !== undefined && nowMs - throughMs <= heardWithinMs;

/**
 * The rate of one gate before it was last heard from. `marks` are its last ones; not `complete` when there are more of them within
 * `rateWindowMs`: then the rate is that of the time they cover.
 */
export function rateOf(marks: readonly Mark[], throughMs: number, complete: boolean): RatePerMinute {
  const oldestMs = Math.min(throughMs, ...marks.map(({ at }) => at.ms));
  const fromMs = complete ? throughMs - rateWindowMs : Math.max(oldestMs, throughMs - rateWindowMs);
  const minutes = Math.max(1, (throughMs - fromMs) / minuteMs);
  const within = marks.filter(({ at }) => at.ms >= fromMs);
  return {
    entriesPerMinute: perMinute(
      within.reduce((sum, mark) => sum + entriesOf(mark), 0),
      minutes,
    ),
    exitsPerMinute: perMinute(countExits(within), minutes),
  };
}

/** To a tenth: more would promise what an estimate cannot hold. */
const perMinute = (persons: number, minutes: number): number => Math.max(0, Math.round((10 * persons) / minutes) / 10);

/** Persons that went out, as far as their tickets were shown. */
export const countExits = (marks: readonly Mark[]): number =>
  marks.filter(({ kind }) => kind === 'exited' || kind === 'passed-out').length;

function entriesOf(mark: Mark): number {
  if (mark.kind === 'admitted' || mark.kind === 'overridden') return mark.uses;
  return mark.kind === 'lapsed' ? -mark.uses : 0;
}
