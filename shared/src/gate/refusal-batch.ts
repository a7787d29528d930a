// Refusals on their way to a store: kept until the next commit or the next quiet moment, at most sixty a minute and lane. What
// exceeds that becomes one mark with a count, so that somebody holding a wrong code to a camera for an hour cannot fill the disk.
import type { MarkDraft } from '../mark.ts';
import { practisedMark, rehearsedDraft } from '../rehearsed-mark.ts';

export const refusalsPerMinuteMax = 60;
const minuteMs = 60_000;
/** Lanes whose minutes are counted apart; a gate has a handful. */
const lanesMax = 64;

type Refused = Extract<MarkDraft, { kind: 'refused' }>;

interface Minute {
  startedAtMs: number;
  written: number;
  /** The latest refusal over the limit, and how many there were. */
  surplus: { readonly draft: Refused; count: number } | undefined;
}

export interface RefusalBatch {
  /** What may be written now: the refusal itself unless it is over the limit, before it the surplus of minutes that are over. */
  readonly add: (draft: MarkDraft) => readonly MarkDraft[];
  /** Surplus of minutes that are over; with `all`, of running ones too. */
  readonly takeSurplus: (which: 'over' | 'all') => readonly MarkDraft[];
}

export function createRefusalBatch(monotonicMs: () => number): RefusalBatch {
  const minutes = new Map<string, Minute>();

  const closeMinute = (lane: string): readonly MarkDraft[] => {
    const surplus = minutes.get(lane)?.surplus;
    minutes.delete(lane);
    // The surplus is about a lane, not about the ticket that happened to come last.
    if (surplus === undefined) return [];
    return [rehearsedDraft({ ...surplus.draft, ticketId: '', epoch: 0, count: surplus.count }, undefined)];
  };

  const takeSurplus = (which: 'over' | 'all'): readonly MarkDraft[] => {
    const nowMs = monotonicMs();
    const over = [...minutes].filter(([, minute]) => which === 'all' || nowMs - minute.startedAtMs >= minuteMs);
    return over.flatMap(([lane]) => closeMinute(lane));
  };

  return {
    takeSurplus,
    add: (given) => {
      const draft = given.kind === 'rehearsed' ? practisedMark(given) : given;
      if (draft.kind !== 'refused') return [given];
      const due = [...takeSurplus('over')];
      // What was practised is counted apart from what was real.
      const key = `${draft.lane} ${draft.rehearsal ?? ''}`;
      const lane = minutes.size < lanesMax || minutes.has(key) ? key : (draft.rehearsal ?? '');
      const minute = minutes.get(lane) ?? { startedAtMs: monotonicMs(), written: 0, surplus: undefined };
      minutes.set(lane, minute);
      if (minute.written < refusalsPerMinuteMax) {
        minute.written++;
        due.push(given);
      } else {
        minute.surplus = { draft, count: (minute.surplus?.count ?? 0) + draft.count };
      }
      return due;
    },
  };
}
