// Which marks move persons into a zone or out of it, and how many once some of their uses have been taken back.
import type { Mark, MarkId } from '@postern/shared';

export type Moving = Extract<Mark, { kind: 'admitted' | 'overridden' | 'exited' | 'passed-out' }>;

/** More uses than any mark has: an `undone` takes all of them back. */
export const allUses = 1_000_000;

export const movesPersons = (mark: Mark): mark is Moving =>
  mark.kind === 'admitted' || mark.kind === 'overridden' || mark.kind === 'exited' || mark.kind === 'passed-out';

/** What a mark adds to its zone once `taken` of its uses have been taken back. */
export function personsOf(mark: Moving, taken: number): number {
  const inward = mark.kind === 'admitted' || mark.kind === 'overridden';
  const left = Math.max(0, (inward ? mark.uses : 1) - taken);
  return inward ? left : -left;
}

/** The mark that another one takes back, and how many of its uses; undefined for marks that take nothing back. */
export function takenBackBy(mark: Mark): { readonly of: MarkId; readonly uses: number } | undefined {
  if (mark.kind === 'lapsed') return { of: { event: mark.event, gate: mark.gate, ...mark.of }, uses: mark.uses };
  if (mark.kind === 'undone') return { of: { event: mark.event, ...mark.of }, uses: allUses };
  return undefined;
}
