// A mark in the words of the API.
import { asCaused, type Mark, type MarkView } from '@postern/shared';

export const toMarkView = (stored: Mark): MarkView => ({ ...viewOf(asCaused(stored)), ...isRehearsed(stored) });

const isRehearsed = ({ kind }: Mark): Pick<MarkView, 'rehearsal'> => (kind === 'rehearsed' ? { rehearsal: true } : {});

const viewOf = (mark: Mark): MarkView => ({
  kind: mark.kind,
  event: mark.event,
  gate: mark.gate,
  boot: mark.boot,
  sequence: mark.sequence,
  lane: mark.lane,
  atMs: mark.at.ms,
  uncertaintyMs: mark.clock.uncertaintyMs,
  clockSource: mark.clock.source,
  ...('ticketId' in mark ? { ticket: mark.ticketId, epoch: mark.epoch, method: mark.method } : {}),
  ...('uses' in mark ? { persons: mark.uses } : {}),
  ...('code' in mark ? { code: mark.code } : {}),
  ...('outOfTouch' in mark ? { outOfTouch: mark.outOfTouch } : {}),
  ...(mark.operator === undefined ? {} : { operator: mark.operator }),
  ...('reason' in mark && mark.reason !== undefined ? { reason: mark.reason } : {}),
  ...('approved' in mark && mark.approved !== undefined ? { approved: mark.approved } : {}),
  ...(mark.kind === 'prechecked'
    ? {
        zone: mark.zone,
        untilMs: mark.untilS * 1_000,
        ...(mark.forGate === undefined ? {} : { forGate: mark.forGate }),
      }
    : {}),
  ...('of' in mark ? { of: { gate: mark.gate, ...mark.of } } : {}),
});
