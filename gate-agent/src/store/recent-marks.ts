// The last marks of one gate, read backwards from its newest ones: timestamps never fall within a process start, so the first that is
// older ends the look at that start. For the roll-call; nothing is decided by it.
import type { Mark } from '@postern/shared';

export type MarkRow = readonly [writer: number, bytes: Uint8Array];

/** `writers`: starts of one gate, the newest first. At most `max` marks in all; what does not decode is left out. */
export function recentOf(
  writers: readonly number[],
  sinceMs: number,
  max: number,
  rowsOf: (writer: number) => Iterable<unknown>,
  toMark: (row: MarkRow) => Mark | undefined,
): readonly Mark[] {
  const marks: Mark[] = [];
  for (const writer of writers) {
    for (const row of rowsOf(writer) as Iterable<MarkRow>) {
      if (marks.length >= max) return marks;
      const mark = toMark(row);
      if (mark === undefined) continue;
      if (mark.at.ms < sinceMs) break;
      marks.push(mark);
    }
  }
  return marks;
}
