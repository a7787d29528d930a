// Whether marks tell the truth about when they were made: with all corrections, a time that a server or another gate has vouched for is
// right to within what it says itself, and to what a gate lets others' clocks push its own ahead.
import { correctMarks, markKey, remoteAheadMaxMs } from '@postern/shared';
import type { Judgement } from './judgement.ts';

export function judgeTimes({ referee }: Pick<Judgement, 'referee'>): void {
  const { written, writtenAtMs, replaced } = referee.facts();
  const judged = correctMarks([...written.values()].map(({ mark }) => mark))
    .flatMap((mark) => {
      const trueMs = writtenAtMs.get(markKey(mark));
      return trueMs === undefined ? [] : [{ mark, trueMs, offMs: mark.at.ms - trueMs }];
    })
    .toSorted((a, b) => a.trueMs - b.trueMs);
  // A start that ended before a server or another gate told it that its clock was ahead hands its timestamps on, and where the next one
  // knows the time at once, nothing says of its marks that they are. An old image may lack the correction that its marks have got since.
  const handedOn = new Set(replaced);
  for (const { mark, offMs } of judged) {
    const isVouchedFor = mark.clock.source === 'server' || mark.clock.source === 'peer';
    const isOff = Math.abs(offMs) > mark.clock.uncertaintyMs + remoteAheadMaxMs;
    if (!isVouchedFor && offMs > remoteAheadMaxMs) handedOn.add(mark.gate);
    if (isOff && isVouchedFor && !handedOn.has(mark.gate))
      referee.violate(
        'mark-misdated',
        `${markKey(mark)} (${mark.kind}) is ${offMs} ms off, and says that it is right to ${mark.clock.uncertaintyMs} ms`,
      );
  }
}
