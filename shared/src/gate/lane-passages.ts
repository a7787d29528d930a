// From a mark that opens the turnstile to what comes of it: who has passed and may be taken back, who follows without being let in, and the
// uses that go back because nobody did. An opening of which nobody knows the outcome counts as passed.
import type { Decision } from '../decision.ts';
import type { Mark, MarkDraft } from '../mark.ts';
import { isShut, type LaneHealth, type LaneSettings } from './lane-api.ts';
import { draftLapse, type OpeningMark } from './lane-marks.ts';
import type { LaneTeller } from './lane-teller.ts';
import type { LaneContext, LaneState, Logger } from './ports.ts';
import type { Turnstile } from './turnstile.ts';

/** A steward can take back entries of the last ten minutes, and at most this many. */
export const undoWithinMs = 10 * 60_000;
const undoableEntriesMax = 32;

export interface LanePassagesDeps {
  readonly context: LaneContext;
  readonly turnstile: Turnstile;
  readonly tell: LaneTeller;
  readonly logger: Logger;
  readonly state: () => LaneState;
  readonly enter: (state: LaneState) => void;
  /** Brings the turnstile to rest. */
  readonly settle: () => Promise<void>;
  /** Undefined when the store has failed, which then has shut the lane. */
  readonly append: (draft: MarkDraft) => Promise<Mark | undefined>;
}

export interface LanePassages {
  /** Opens for the persons of `mark`, and resolves when what became of them is told and written. */
  readonly letThrough: (mark: OpeningMark, persons: number, decision: Decision | undefined) => Promise<void>;
  /** The last entry that was neither taken back nor is too old. */
  readonly lastEntry: () => OpeningMark | undefined;
  readonly takenBack: (entry: OpeningMark) => void;
  readonly counts: () => Pick<LaneHealth, 'lapsesLost' | 'tailgaters' | 'lastTailgatingMs'>;
}

export function createLanePassages(
  { id, direction, companions = 0 }: LaneSettings,
  deps: LanePassagesDeps,
): LanePassages {
  const { context, turnstile, tell, logger, state, enter } = deps;
  let entries: readonly { readonly mark: OpeningMark; readonly atMs: number }[] = [];
  let lapsesLost = 0;
  let tailgaters = 0;
  let lastTailgatingMs: number | undefined;

  const nowMs = (): number => context.clock.monotonicMs();
  /** The turnstile was freed meanwhile: the person walks through. */
  const walksAnyway = (): boolean => state().name === 'free' || (state().name === 'closed' && direction === 'exit');

  const letThrough: LanePassages['letThrough'] = async (mark, persons, decision) => {
    const told = decision === undefined ? { mark } : { mark, decision };
    if (walksAnyway()) return remember(mark);
    // It was closed: nobody did.
    if (state().name === 'closed') return giveBack(mark, persons);
    /** For how many other openings it waits; while there is one, nothing has opened. */
    let waits = 0;
    const opening = turnstile.open(persons, (step) => {
      waits += step === 'waits' ? 1 : -1;
      if (waits === 0 && state().name === 'waiting') enter({ name: 'open', ...told });
    });
    enter({ name: waits > 0 ? 'waiting' : 'open', ...told });
    const outcome = await opening;
    if (outcome.type === 'unknown') {
      if (waits === 0 || walksAnyway()) remember(mark);
      else await giveBack(mark, persons);
      if (isShut(state())) return;
      enter({ name: 'idle' });
      return deps.settle();
    }
    tell.passage(outcome);
    const passed = outcome.type === 'passed' ? outcome.persons : 0;
    if (outcome.type === 'passed') noteTailgaters((outcome.tailgaters ?? 0) - companions);
    if (passed > 0) remember(mark);
    if (passed < persons) await giveBack(mark, persons - passed);
    if (isShut(state())) return;
    enter(passed > 0 ? { name: 'passed', persons: passed, ...told } : { name: 'lapsed', persons, ...told });
  };

  /** An exit is nobody's entry. */
  const remember = (mark: OpeningMark): void => {
    if (mark.kind !== 'exited') entries = [...entries, { mark, atMs: nowMs() }].slice(-undoableEntriesMax);
  };

  const noteTailgaters = (persons: number): void => {
    if (persons <= 0) return;
    tailgaters += persons;
    lastTailgatingMs = context.time().nowMs;
    logger.warn({ lane: id, persons }, 'Somebody has followed through the turnstile without being let in');
    tell.tailgating(persons);
  };

  /** Whether a failed commit reached the disk is unknown, so it is not tried again: a use given back twice would be worse. */
  const giveBack = async (mark: OpeningMark, uses: number): Promise<void> => {
    if ((await deps.append(draftLapse(mark, uses))) === undefined) lapsesLost++;
  };

  return {
    letThrough,
    lastEntry: () => {
      const last = entries.at(-1);
      return last === undefined || nowMs() - last.atMs > undoWithinMs ? undefined : last.mark;
    },
    takenBack: (entry) => {
      entries = entries.filter(({ mark }) => mark !== entry);
    },
    counts: () => ({ lapsesLost, tailgaters, lastTailgatingMs }),
  };
}
