// Which recount of a zone counts: the latest by the time that is known now, and among those of one millisecond by (gate, boot, sequence),
// the same on every replica.
import { compareMarkIds, type Corrections, type Mark } from '@postern/shared';

export type RecountedMark = Extract<Mark, { kind: 'recounted' }>;

export interface Recount {
  readonly mark: Pick<RecountedMark, 'event' | 'gate' | 'boot' | 'sequence'>;
  /** Corrected, Unix ms: what happened later is not in `persons`. */
  readonly atMs: number;
  readonly persons: number;
}

export function laterRecount(a: Recount | undefined, b: Recount | undefined): Recount | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return (a.atMs - b.atMs || compareMarkIds(a.mark, b.mark)) >= 0 ? a : b;
}

/** The latest by zone. */
export function lastRecounts(marks: readonly Mark[], times: Corrections): ReadonlyMap<string, Recount> {
  const last = new Map<string, Recount>();
  for (const mark of marks) {
    if (mark.kind !== 'recounted') continue;
    const recount = { mark, atMs: times.timeOf(mark).at.ms, persons: mark.persons };
    const later = laterRecount(last.get(mark.zone), recount);
    if (later !== undefined) last.set(mark.zone, later);
  }
  return last;
}
