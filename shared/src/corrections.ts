// What `corrected` marks say of the marks of the same process start: when those were truly made. A mark is never changed; whoever sorts
// or compares times asks here. A pure function of the SET of marks, like everything that is folded from them.
import { compareHybrid, driftShare, trueTimeMsMax, type ClockQuality, type HybridTimestamp } from './clock.ts';
import type { Mark } from './mark.ts';

/** Corrections of one process start that count, the first ones: an honest gate makes a handful. */
export const correctionsPerBootMax = 64;
/** A time that a server or another gate has vouched for is not moved by more: such a correction is itself the mistake. */
export const vouchedCorrectionMsMax = 24 * 3_600_000;

export type CorrectedMark = Extract<Mark, { kind: 'corrected' }>;

interface MarkTime {
  readonly at: HybridTimestamp;
  readonly clock: ClockQuality;
}

export interface Corrections {
  /** When `mark` was made, as far as is known now; its own timestamp where nothing was corrected; and how sure that is. */
  readonly timeOf: (mark: Mark) => MarkTime;
  /** Whether a correction concerns this process start at all. */
  readonly concern: (mark: Mark) => boolean;
}

export const isCorrection = (mark: Mark): mark is CorrectedMark => mark.kind === 'corrected';

/**
 * Corrections of one process start add up: each says by how much the clock was wrong just before it, so a mark is moved by all that
 * were made after it. A clock that was set back keeps its timestamps from falling until true time has caught up; marks made meanwhile
 * are dated from the last correction by the monotonic clock. Whoever stamps falsely in the first place gains nothing by correcting:
 * only marks of the same writer move.
 */
export function readCorrections(marks: readonly Mark[]): Corrections {
  const byWriter = new Map<string, Map<number, CorrectedMark>>();
  for (const mark of marks) {
    if (mark.kind !== 'corrected') continue;
    const writer = writerKey(mark);
    const known = byWriter.get(writer);
    if (known === undefined) byWriter.set(writer, new Map([[mark.sequence, mark]]));
    else known.set(mark.sequence, mark);
  }
  const ordered = new Map(
    [...byWriter].map(([writer, corrections]) => [
      writer,
      [...corrections.values()].toSorted((a, b) => a.sequence - b.sequence).slice(0, correctionsPerBootMax),
    ]),
  );
  return {
    timeOf: (mark) => {
      const corrections = ordered.size === 0 ? undefined : ordered.get(writerKey(mark));
      return corrections === undefined ? mark : correctedTime(mark, corrections);
    },
    concern: (mark) => ordered.size > 0 && ordered.has(writerKey(mark)),
  };
}

function correctedTime(mark: Mark, corrections: readonly CorrectedMark[]): MarkTime {
  let shiftMs = 0;
  let wasSetBack = false;
  let before: CorrectedMark | undefined;
  for (const correction of corrections) {
    if (correction.sequence > mark.sequence) shiftMs += correction.offsetMs;
    else {
      // A correction is dated like what comes after it: it is made with the time that it brings.
      wasSetBack ||= correction.offsetMs < 0;
      before = correction;
    }
  }
  const isVouchedFor = mark.clock.source === 'server' || mark.clock.source === 'peer';
  if (isVouchedFor && Math.abs(shiftMs) > vouchedCorrectionMsMax) shiftMs = 0;
  const shownMs =
    wasSetBack && before?.trueMs !== undefined
      ? Math.min(mark.at.ms, before.trueMs + Math.max(0, mark.monotonicMs - before.monotonicMs))
      : mark.at.ms;
  if (shiftMs === 0 && shownMs === mark.at.ms) return mark;
  const ms = Math.max(0, Math.min(shownMs + shiftMs, trueTimeMsMax - 1));
  const evidence = shiftMs === 0 ? before : corrections.at(-1);
  return { at: { ms, counter: mark.at.counter }, clock: surer(mark, ms, evidence) };
}

/**
 * What was corrected is as sure as the correction, its distance by the monotonic clock, and by how much that clock gives another time: a
 * clock that was set between the two was not wrong by the same all the time.
 */
function surer(mark: Mark, ms: number, evidence: CorrectedMark | undefined): ClockQuality {
  if (evidence === undefined) return mark.clock;
  const elapsedMs = evidence.monotonicMs - mark.monotonicMs;
  const drift = Math.ceil(Math.abs(elapsedMs) * driftShare);
  const byMonotonicMs = (evidence.trueMs ?? ms + elapsedMs) - elapsedMs;
  const uncertaintyMs = evidence.clock.uncertaintyMs + drift + Math.abs(ms - byMonotonicMs);
  return uncertaintyMs < mark.clock.uncertaintyMs ? { source: evidence.clock.source, uncertaintyMs } : mark.clock;
}

/**
 * The marks with the times at which they were made. Those of one process start keep the order of their sequence, whatever the
 * corrections say. Only marks of a corrected start are copied.
 */
export function correctMarks(marks: readonly Mark[]): readonly Mark[] {
  const corrections = readCorrections(marks);
  if (!marks.some(corrections.concern)) return marks;
  const latestByWriter = new Map<string, HybridTimestamp>();
  const corrected = new Map<Mark, Mark>();
  for (const mark of marks.filter(corrections.concern).toSorted((a, b) => a.sequence - b.sequence)) {
    const writer = writerKey(mark);
    const latest = latestByWriter.get(writer);
    const { at: time, clock } = corrections.timeOf(mark);
    const at =
      latest === undefined || compareHybrid(time, latest) > 0 ? time : { ms: latest.ms, counter: latest.counter + 1 };
    latestByWriter.set(writer, at);
    corrected.set(mark, { ...mark, at, clock });
  }
  return marks.map((mark) => corrected.get(mark) ?? mark);
}

/** Where the timestamps of a gate go on when it starts again: see `latest`. */
export interface LatestTime {
  readonly note: (mark: Mark) => void;
  /** The latest time that any process start has reached. One that a wrong clock drove ahead counts as what it was corrected to. */
  readonly latest: () => HybridTimestamp;
}

export function createLatestTime(): LatestTime {
  const lastByWriter = new Map<string, Mark>();
  const corrections: CorrectedMark[] = [];
  return {
    note: (mark) => {
      if (isCorrection(mark)) corrections.push(mark);
      const writer = writerKey(mark);
      if (mark.sequence > (lastByWriter.get(writer)?.sequence ?? 0)) lastByWriter.set(writer, mark);
    },
    latest: () => {
      const { timeOf } = readCorrections(corrections);
      return [...lastByWriter.values()].reduce<HybridTimestamp>(
        (latest, mark) => (compareHybrid(timeOf(mark).at, latest) > 0 ? timeOf(mark).at : latest),
        { ms: 0, counter: 0 },
      );
    },
  };
}

const writerKey = ({ event, gate, boot }: Mark): string => `${event}/${gate}/${boot}`;
