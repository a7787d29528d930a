// Whether marks tell the truth about when they were made: with all corrections, a time that a server or another gate has vouched for is
// right to within what it says itself, and to what a gate lets others' clocks push its own ahead.
import { correctMarks, markKey, remoteAheadMaxMs } from '@postern/shared';
import type { Judgement } from './judgement.ts';

export function judgeTimes({ event, referee, witnesses }: Pick<Judgement, 'event' | 'referee' | 'witnesses'>): void {
  const { writtenAtMs } = referee.facts();
  const marks = witnesses[0]?.replica.marks(event).map(({ mark }) => mark) ?? [];
  const judged = correctMarks(marks)
    .flatMap((mark) => {
      const trueMs = writtenAtMs.get(markKey(mark));
      return trueMs === undefined ? [] : [{ mark, trueMs, offMs: mark.at.ms - trueMs }];
    })
    .toSorted((a, b) => a.trueMs - b.trueMs);
  // A start that ended before it learned that its clock was ahead hands its timestamps on, and nothing says of the next one's that they are.
  const handedOn = new Set<string>();
  for (const { mark, offMs } of judged) {
    const isVouchedFor = mark.clock.source === 'server' || mark.clock.source === 'peer';
    if (Math.abs(offMs) <= mark.clock.uncertaintyMs + remoteAheadMaxMs) {
      if (!isVouchedFor && offMs > remoteAheadMaxMs) handedOn.add(mark.gate);
    } else if (isVouchedFor && !handedOn.has(mark.gate))
      referee.violate(
        'mark-misdated',
        `${markKey(mark)} (${mark.kind}) is ${offMs} ms off, and says that it is right to ${mark.clock.uncertaintyMs} ms`,
      );
  }
}
