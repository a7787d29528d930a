// What a gate in rehearsal writes down instead of a mark of a ticket, and what that stands for.
import { practisedKinds, type Mark, type MarkDraft, type PractisedMark, type RehearsedMark } from './mark.ts';

const isPractised = (draft: MarkDraft): draft is PractisedDraft => practisedKinds.some((kind) => kind === draft.kind);
type PractisedDraft = Extract<MarkDraft, { kind: PractisedMark['kind'] }>;
type RehearsedDraft = Extract<MarkDraft, { kind: 'rehearsed' }>;

/** What to write of `draft`, by a gate that is in the session; as it is where that is real at any time. */
export function rehearsedDraft(draft: MarkDraft, session: string | undefined): MarkDraft {
  if (!isPractised(draft) || isAdministration(draft)) return draft;
  // What takes something back is of the session of what it takes back, whatever the gate is in by now.
  const own = draft.kind === 'lapsed' || draft.kind === 'undone' ? draft.rehearsal : (draft.rehearsal ?? session);
  const { rehearsal: _rehearsal, ...real } = draft;
  if (own === undefined) return real;
  const { event, lane, ticketId, epoch, method, operator } = draft;
  return {
    kind: 'rehearsed',
    event,
    lane,
    ...(operator === undefined ? {} : { operator }),
    ticketId,
    epoch,
    method,
    session: own,
    practised: partOf(draft),
  };
}

/** A ticket that was blocked from an office, at no lane, is to stay so. */
const isAdministration = ({ kind, lane }: PractisedDraft): boolean => kind === 'denied' && lane === '';

/** No part of any history, real or practised; and there may be many. */
export const isRefusal = (mark: Pick<Mark, 'kind'> | RehearsedMark): boolean =>
  mark.kind === 'refused' || ('practised' in mark && mark.practised.kind === 'refused');

const writerNames = ['event', 'gate', 'boot', 'sequence', 'at', 'monotonicMs', 'clock', 'lane', 'operator'] as const;
const ticketNames = ['ticketId', 'epoch', 'method', 'rehearsal'] as const;
const baseNames: ReadonlySet<string> = new Set([...writerNames, ...ticketNames]);

/** What a kind adds to what all marks of tickets have. */
export const partOf = (mark: PractisedMark | PractisedDraft): RehearsedMark['practised'] =>
  Object.fromEntries(Object.entries(mark).filter(([name]) => !baseNames.has(name))) as RehearsedMark['practised'];

/** The mark that it would have been: for the fold of its session and for screens, never for a store. */
export function practisedMark(mark: RehearsedMark): PractisedMark;
export function practisedMark(draft: RehearsedDraft): PractisedDraft;
export function practisedMark({ kind: _kind, session, practised, ...base }: RehearsedMark | RehearsedDraft): object {
  return { ...base, ...practised, rehearsal: session };
}
