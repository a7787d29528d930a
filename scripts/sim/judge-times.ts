// Whether marks tell the truth about when they were made: with all corrections, a time that a server or another gate has vouched for is
// right to within what it says itself, and to what a gate lets others' clocks push its own ahead.
import { correctMarks, markKey, remoteAheadMaxMs } from '@postern/shared';
import type { Judgement } from './judgement.ts';

export function judgeTimes({ referee }: Pick<Judgement, 'referee'>): void {
  const { written, writtenAtMs } = referee.facts();
  for (const mark of correctMarks([...written.values()].map(({ mark }) => mark))) {
    const trueMs = writtenAtMs.get(markKey(mark));
    const isVouchedFor = mark.clock.source === 'server' || mark.clock.source === 'peer';
    if (trueMs === undefined || !isVouchedFor) continue;
    const offMs = mark.at.ms - trueMs;
    if (Math.abs(offMs) > mark.clock.uncertaintyMs + remoteAheadMaxMs)
      referee.violate(
        'mark-misdated',
        `${markKey(mark)} (${mark.kind}) is ${offMs} ms off, and says that it is right to ${mark.clock.uncertaintyMs} ms`,
      );
  }
}
