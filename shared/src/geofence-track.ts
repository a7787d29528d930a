// Whether somebody is in a zone, from one fix of their phone to the next: a pure fold. A fix is what the phone says of itself, and a phone
// can be made to say anything; these rules make lying consistent, not impossible.
import { distanceM, type Position } from './geo-plane.ts';
import type { Fence, Geofence } from './geofence-rules.ts';

export interface Fix extends Position {
  /** Unix seconds at which the phone was there. */
  readonly atS: number;
  /** Radius in metres within which the phone says that it is; undefined where it does not say. */
  readonly accuracyM: number | undefined;
}

/** From the first to the last fix that was surely in a zone. */
export interface Stay {
  readonly fence: string;
  readonly sinceS: number;
  readonly lastS: number;
}

export interface Track {
  /** The last fix that was believed: what the next one is measured against. */
  readonly last?: Position & { readonly atS: number; readonly accuracyM: number };
  /** Time of the last fix that came, believed or not: older ones are replays. */
  readonly seenS: number;
  readonly stays: readonly Stay[];
}

export const noTrack: Track = { seenS: 0, stays: [] };

/** By how much a phone's clock may be ahead, seconds. */
export const fixAheadMaxS = 60;

export const fixRefusals = [
  'fix-replayed',
  'fix-too-old',
  'fix-in-future',
  'accuracy-unknown',
  'accuracy-too-low',
  'too-fast',
  'outside',
] as const;
/** Why a fix is no presence. */
export type FixRefusal = (typeof fixRefusals)[number];

export type Presence =
  /** Long enough in these zones. */
  | { readonly type: 'present'; readonly fences: readonly Fence[] }
  /** In a zone, not long enough yet, or too near to its edge to be sure. */
  | { readonly type: 'waiting' }
  | { readonly type: 'refused'; readonly reason: FixRefusal };

/** Whether a fix is of now, by the clock of who receives it. */
export function freshnessOf(atS: number, nowMs: number, ageMaxS: number): FixRefusal | undefined {
  if (atS * 1_000 > nowMs + fixAheadMaxS * 1_000) return 'fix-in-future';
  return atS * 1_000 < nowMs - ageMaxS * 1_000 ? 'fix-too-old' : undefined;
}

/** The track after `fix`, and what it comes to. Freshness has been judged before. */
export function follow(
  track: Track,
  fix: Fix,
  { rules, fences }: Geofence,
): { readonly track: Track; readonly presence: Presence } {
  const { atS, lat, lon, accuracyM } = fix;
  if (atS <= track.seenS) return { track, presence: refuse('fix-replayed') };
  // What is not believed still takes its time: the fixes before it cannot come again.
  const seen = { ...track, seenS: atS };
  if (accuracyM === undefined) return { track: seen, presence: refuse('accuracy-unknown') };
  if (accuracyM > rules.accuracyMaxM) return { track: seen, presence: refuse('accuracy-too-low') };
  if (track.last !== undefined && isTooFast(track.last, { ...fix, accuracyM }, rules.speedMaxKmh))
    return { track: { ...seen, stays: [] }, presence: refuse('too-fast') };

  const stays: Stay[] = [];
  let isNear = false;
  for (const fence of fences) {
    const margin = fence.marginM({ lat, lon });
    if (margin < -accuracyM) continue;
    isNear = true;
    const before = track.stays.find((stay) => stay.fence === fence.id && atS - stay.lastS <= rules.gapMaxS);
    // Nearer to the edge than the phone is sure of: neither in nor out.
    if (margin < accuracyM) stays.push(...(before === undefined ? [] : [before]));
    else stays.push({ fence: fence.id, sinceS: before?.sinceS ?? atS, lastS: atS });
  }
  // Two fixes at least: one alone lasts no time.
  const isLongEnough = ({ sinceS, lastS }: Stay): boolean => lastS === atS && lastS - sinceS >= rules.dwellS;
  const there = new Set(stays.filter(isLongEnough).map(({ fence }) => fence));
  return {
    track: { seenS: atS, last: { lat, lon, atS, accuracyM }, stays },
    presence:
      there.size > 0
        ? { type: 'present', fences: fences.filter(({ id }) => there.has(id)) }
        : isNear
          ? { type: 'waiting' }
          : refuse('outside'),
  };
}

const refuse = (reason: FixRefusal): Presence => ({ type: 'refused', reason });

/** By the shortest way that both accuracies allow. */
function isTooFast(
  from: NonNullable<Track['last']>,
  to: Fix & { readonly accuracyM: number },
  speedMaxKmh: number,
): boolean {
  const surelyM = distanceM(from, to) - from.accuracyM - to.accuracyM;
  return surelyM > ((to.atS - from.atS) * speedMaxKmh) / 3.6;
}
