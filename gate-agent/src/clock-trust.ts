// What time it is and how far to believe it. The operating system's clock is only a guess: it may start in 1970, be days off or
// jump. Time is believed from signed server answers, peers, a supervisor, or a battery-backed clock that the venue vouches for, is
// carried forward by the monotonic clock with growing uncertainty, and survives a restart of the agent (not of the machine)
// through a small saved state, whose floor no later start ever goes below.
import {
  driftShare,
  trueTimeMsMax,
  type Clock,
  type ClockQuality,
  type ClockSource,
  type TrustedTime,
} from '@postern/shared';
import { z } from 'zod';

/** A time more uncertain than this is no longer trusted: about ten weeks after a good server time. */
export const trustUncertaintyMsMax = 10 * 60_000;
/** What reading a clock on a screen and confirming it is worth. */
export const personUncertaintyMs = 60_000;
/** What a battery-backed clock that somebody has set once is worth. */
const rtcUncertaintyMs = 120_000;
/** A time that was ahead by more is set back; by less, it stands still until it is right. */
const standStillMsMax = 2_000;
/** A wall clock that moves against the monotonic one by more than this has been set by somebody: reported, never followed. */
export const wallJumpMsMin = 2_000;

type Evidence = Exclude<ClockSource, 'none'>;

/** One statement of the true time: it was `trueMs` (± `uncertaintyMs`) when the monotonic clock showed `monotonicMs`. */
export interface TimeSample {
  readonly source: Evidence;
  readonly trueMs: number;
  readonly uncertaintyMs: number;
  readonly monotonicMs: number;
}

const unixMs = z.number().min(0).lt(trueTimeMsMax);
/** Far more than a machine runs, and than any mark can say of its clock. */
const durationMs = z.number().min(0).max(trueTimeMsMax);

export const savedClockSchema = z.object({
  v: z.literal(1),
  /** Start of the machine in which `anchor.monotonicMs` means something. */
  machineBoot: z.string().max(64),
  anchor: z
    .object({
      source: z.enum(['server', 'peer', 'person', 'rtc']),
      trueMs: unixMs,
      uncertaintyMs: durationMs,
      monotonicMs: durationMs,
    })
    .optional(),
  /** The true time was at least this, by a trusted source. */
  floorMs: unixMs,
});
/** What outlives the process, in the data folder. */
export type SavedClock = z.infer<typeof savedClockSchema>;

export interface ClockTrustDeps {
  readonly clock: Clock;
  readonly machineBoot: string;
  /** From an earlier run; undefined at the first start or when unreadable. */
  readonly saved?: SavedClock | undefined;
  /** No true time can lie before this: when the software was built, or when the newest certificate or mark was made. */
  readonly floorMs?: number;
  /** The venue vouches for a battery-backed clock. */
  readonly rtc?: boolean;
}

/** What `learn` did with a sample. */
export type Learned =
  /** Now the base of our time; `correctionMs` is new minus old time as shown just before. */
  | { readonly type: 'taken'; readonly correctionMs: number; readonly wasTrusted: boolean }
  /** What we have is better. */
  | { readonly type: 'kept' }
  /** It lies before a time that a trusted source has already stated: a clock somewhere was set back. */
  | { readonly type: 'refused-before-floor'; readonly beforeMs: number };

export type ClockForbids = 'dynamic-passes' | 'static-passes-by-policy' | 'validity-windows-unchecked';

/** For health and the steward's page. */
export interface ClockStatement extends TrustedTime {
  /** Milliseconds since the base was learned; undefined without one. */
  readonly ageMs: number | undefined;
  /** Operating system's clock minus ours. */
  readonly wallOffsetMs: number;
  /** Times the operating system's clock was seen jumping since this start. */
  readonly wallJumps: number;
  /** What is not done while the time is not trusted. */
  readonly forbids: readonly ClockForbids[];
  readonly text: string;
}

export interface ClockTrust {
  /** Never falls within a process start unless a more trusted source says so. */
  readonly now: () => TrustedTime;
  readonly learn: (sample: TimeSample) => Learned;
  /** A supervisor has compared: `trueMs` is right now. May go below the floor, because a person answers for it; `kept` while a server or peer vouches for the time. */
  readonly confirm: (trueMs: number) => Learned;
  /** A time that a trusted mark or feed carries: raises the floor, moves nothing else. */
  readonly raiseFloor: (trueMs: number) => void;
  readonly statement: () => ClockStatement;
  readonly saved: () => SavedClock;
}

/** Which evidence may replace which: a higher rank always, an equal one when it is not less certain. */
const rank: Readonly<Record<Evidence, number>> = { rtc: 1, person: 2, peer: 3, server: 4 };

export function createClockTrust({ clock, machineBoot, saved, floorMs = 0, rtc = false }: ClockTrustDeps): ClockTrust {
  const startMonotonicMs = clock.monotonicMs();
  const sameMachineBoot =
    saved !== undefined &&
    machineBoot !== '' &&
    saved.machineBoot === machineBoot &&
    (saved.anchor?.monotonicMs ?? 0) <= startMonotonicMs;
  let floor = { ms: Math.max(floorMs, saved?.floorMs ?? 0), monotonicMs: startMonotonicMs };
  let anchor: TimeSample | undefined = sameMachineBoot ? saved.anchor : undefined;
  let lastShownMs = 0;
  let wallJumps = 0;
  let wallMinusMonotonicMs = clock.wallMs() - startMonotonicMs;

  if (anchor === undefined && rtc && clock.wallMs() >= floor.ms && floor.ms > 0)
    anchor = { source: 'rtc', trueMs: clock.wallMs(), uncertaintyMs: rtcUncertaintyMs, monotonicMs: startMonotonicMs };

  const uncertaintyOf = (sample: TimeSample, monotonicMs: number): number =>
    sample.uncertaintyMs + Math.abs(monotonicMs - sample.monotonicMs) * driftShare;

  const watchWall = (monotonicMs: number): void => {
    const difference = clock.wallMs() - monotonicMs;
    if (Math.abs(difference - wallMinusMonotonicMs) > wallJumpMsMin) wallJumps++;
    wallMinusMonotonicMs = difference;
  };

  /** Without a base: the later of floor and wall clock, said to be worth nothing. */
  const guess = (monotonicMs: number): number => Math.max(floor.ms + (monotonicMs - floor.monotonicMs), clock.wallMs());

  const now = (): TrustedTime => {
    const monotonicMs = clock.monotonicMs();
    watchWall(monotonicMs);
    if (anchor === undefined) {
      lastShownMs = Math.max(lastShownMs, guess(monotonicMs));
      return { nowMs: Math.floor(lastShownMs), trusted: false, source: 'none', uncertaintyMs: Number.MAX_SAFE_INTEGER };
    }
    const baseMs = anchor.trueMs + (monotonicMs - anchor.monotonicMs);
    lastShownMs = Math.max(lastShownMs, baseMs);
    // While it stands still it is off by what it has shown too early.
    const uncertaintyMs = Math.ceil(uncertaintyOf(anchor, monotonicMs) + (lastShownMs - baseMs));
    return {
      nowMs: Math.floor(lastShownMs),
      trusted: uncertaintyMs <= trustUncertaintyMsMax,
      source: anchor.source,
      uncertaintyMs,
    };
  };

  const take = (sample: TimeSample): Learned => {
    const before = now();
    anchor = sample;
    const monotonicMs = clock.monotonicMs();
    const trueNowMs = sample.trueMs + (monotonicMs - sample.monotonicMs);
    // A few milliseconds of disagreement between good samples stand still instead of stepping back; a wrong time is corrected.
    const stepsBack =
      before.nowMs - trueNowMs > Math.min(before.uncertaintyMs + sample.uncertaintyMs, standStillMsMax) ||
      !before.trusted;
    if (stepsBack) lastShownMs = trueNowMs;
    return { type: 'taken', correctionMs: Math.round(trueNowMs - before.nowMs), wasTrusted: before.trusted };
  };

  const learn = (sample: TimeSample): Learned => {
    const monotonicMs = clock.monotonicMs();
    const latestPossibleMs = sample.trueMs + (monotonicMs - sample.monotonicMs) + sample.uncertaintyMs;
    if (latestPossibleMs < floor.ms)
      return { type: 'refused-before-floor', beforeMs: Math.ceil(floor.ms - latestPossibleMs) };
    if (anchor !== undefined && uncertaintyOf(anchor, monotonicMs) <= trustUncertaintyMsMax) {
      if (rank[sample.source] < rank[anchor.source]) return { type: 'kept' };
      if (
        rank[sample.source] === rank[anchor.source] &&
        uncertaintyOf(anchor, monotonicMs) < uncertaintyOf(sample, monotonicMs) &&
        overlap(anchor, sample, monotonicMs)
      )
        return { type: 'kept' };
    }
    return take(sample);
  };

  /** Whether both can be true; when they cannot, the newer statement of an equal rank wins. */
  const overlap = (a: TimeSample, b: TimeSample, monotonicMs: number): boolean => {
    const at = (sample: TimeSample): number => sample.trueMs + (monotonicMs - sample.monotonicMs);
    return Math.abs(at(a) - at(b)) <= uncertaintyOf(a, monotonicMs) + uncertaintyOf(b, monotonicMs);
  };

  const confirm = (trueMs: number): Learned => {
    const monotonicMs = clock.monotonicMs();
    // Somebody nodding at a time that is certain already does not make it less certain, nor can it be argued with.
    if (anchor !== undefined && rank[anchor.source] > rank.person && now().trusted) return { type: 'kept' };
    const learned = take({ source: 'person', trueMs, uncertaintyMs: personUncertaintyMs, monotonicMs });
    const earliestMs = trueMs - personUncertaintyMs;
    if (earliestMs < floor.ms) floor = { ms: Math.max(floorMs, earliestMs), monotonicMs };
    return learned;
  };

  const raiseFloor = (trueMs: number): void => {
    if (trueMs > floor.ms) floor = { ms: trueMs, monotonicMs: clock.monotonicMs() };
  };

  return {
    now,
    learn,
    confirm,
    raiseFloor,
    statement: () => {
      const time = now();
      const monotonicMs = clock.monotonicMs();
      return {
        ...time,
        ageMs: anchor === undefined ? undefined : Math.round(monotonicMs - anchor.monotonicMs),
        wallOffsetMs: Math.round(clock.wallMs() - time.nowMs),
        wallJumps,
        forbids: time.trusted ? [] : ['dynamic-passes', 'static-passes-by-policy', 'validity-windows-unchecked'],
        text: describeClock(time),
      };
    },
    saved: () => {
      const time = now();
      if (time.trusted) raiseFloor(time.nowMs - time.uncertaintyMs);
      return { v: 1, machineBoot, floorMs: Math.floor(floor.ms), ...(anchor === undefined ? {} : { anchor }) };
    },
  };
}

/**
 * A sample of one question and answer: the answer was made somewhere between sending and receiving, so the middle is right to
 * within half the round trip (Cristian's algorithm), plus what the answering clock itself is worth.
 */
export const sampleOfRoundTrip = (
  source: 'server' | 'peer',
  statedMs: number,
  sentMonotonicMs: number,
  receivedMonotonicMs: number,
  statedUncertaintyMs = 1,
): TimeSample => ({
  source,
  trueMs: statedMs,
  uncertaintyMs: (receivedMonotonicMs - sentMonotonicMs) / 2 + statedUncertaintyMs,
  monotonicMs: (sentMonotonicMs + receivedMonotonicMs) / 2,
});

const sourceNames: Readonly<Record<ClockSource, string>> = {
  server: 'signed server time',
  peer: 'another gate',
  person: 'confirmed by a supervisor',
  rtc: 'battery-backed clock',
  none: 'nobody',
};

function describeClock(time: TrustedTime & ClockQuality): string {
  if (time.trusted) return `trusted: ${sourceNames[time.source]}, ±${(time.uncertaintyMs / 1_000).toFixed(1)} s`;
  const consequence =
    'dynamic passes are refused, static ones follow the event rule; a supervisor can confirm the shown time';
  return time.source === 'none'
    ? `not trusted: nobody has confirmed the time since power-on; ${consequence}`
    : `not trusted: ${sourceNames[time.source]}, but too long ago (±${Math.round(time.uncertaintyMs / 60_000)} min); ${consequence}`;
}
