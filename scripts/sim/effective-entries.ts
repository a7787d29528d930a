// Entries by the meaning of the words, for those who judge a simulated world and not by the fold that they watch.
import { markKey, type Mark } from '@postern/shared';

/** Key of the mark that this one takes back. */
export const takenBackBy = (mark: Extract<Mark, { kind: 'lapsed' | 'undone' }>): string =>
  markKey({ event: mark.event, gate: mark.gate, ...mark.of });

/** Entries that nothing has taken back, in the order of (time, counter, gate, boot, sequence). */
export function effectiveEntries(
  marks: readonly Mark[],
): readonly Extract<Mark, { kind: 'admitted' | 'overridden' }>[] {
  const gone = new Set(
    marks.flatMap((mark) => (mark.kind === 'lapsed' || mark.kind === 'undone' ? [takenBackBy(mark)] : [])),
  );
  return inOrder(
    marks
      .flatMap((mark) => (mark.kind === 'admitted' || mark.kind === 'overridden' ? [mark] : []))
      .filter((mark) => !gone.has(markKey(mark))),
  );
}

export const inOrder = <M extends Mark>(marks: readonly M[]): readonly M[] =>
  marks.toSorted(
    (a, b) =>
      a.at.ms - b.at.ms ||
      a.at.counter - b.at.counter ||
      order(a.gate, b.gate) ||
      order(a.boot, b.boot) ||
      a.sequence - b.sequence,
  );

const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
