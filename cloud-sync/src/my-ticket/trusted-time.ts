// What time it is, on a phone whose clock may be wrong or set while nobody looks. The cloud's clock is learned at every answer and kept as
// the phone's error; while the page is shown, a monotonic clock sees the phone's being set. Time never goes back. What nobody can notice is
// a clock that is set while the page sleeps without a network: then the gate says so.

/** Kept over reloads. */
export interface KeptTime {
  /** The cloud's clock less the phone's, ms. */
  readonly offsetMs: number;
  /** The latest time that was told or shown, by the cloud's clock. */
  readonly latestMs: number;
  /** When the cloud was last heard, by its clock. */
  readonly heardMs: number;
}

export interface PhoneClocks {
  readonly wallMs: () => number;
  readonly monotonicMs: () => number;
}

export interface TrustedTime {
  /** Unix ms by the cloud's clock, as well as it can be told. */
  readonly nowMs: () => number;
  /** An answer of the cloud that says its time, to a question asked at `askedMonotonicMs`. */
  readonly learn: (cloudMs: number, askedMonotonicMs: number) => void;
  /** Called every second while the page is shown; false where it was hidden since the last call. */
  readonly look: (wasShown: boolean) => void;
  readonly kept: () => KeptTime;
  /** `set`: the phone's clock was set and the cloud has not been heard since; `off`: it is wrong, and that is made up for. */
  readonly trouble: () => 'none' | 'off' | 'set';
}

/** A phone that is wrong by less does no harm: gates take the steps before and after. */
const harmlessMs = 10_000;
/** Two looks at both clocks differ by less, whatever the browser does to them. */
const jitterMs = 2_000;

export const unheard: KeptTime = { offsetMs: 0, latestMs: 0, heardMs: 0 };

export function createTrustedTime({ wallMs, monotonicMs }: PhoneClocks, from: KeptTime): TrustedTime {
  let { offsetMs, latestMs, heardMs } = from;
  let isSet = false;
  let seen = { wallMs: wallMs(), monotonicMs: monotonicMs() };

  const nowMs = (): number => {
    const now = wallMs() + offsetMs;
    if (now < latestMs - jitterMs) {
      // Set back: at least it is not earlier than it was.
      offsetMs += latestMs - now;
      isSet = true;
      seen = { wallMs: wallMs(), monotonicMs: monotonicMs() };
      return latestMs;
    }
    latestMs = Math.max(latestMs, now);
    return latestMs;
  };
  nowMs();

  return {
    nowMs,
    learn: (cloudMs, askedMonotonicMs) => {
      // Half of the way there and back.
      const answeredMs = cloudMs + Math.max(0, monotonicMs() - askedMonotonicMs) / 2;
      offsetMs = answeredMs - wallMs();
      latestMs = answeredMs;
      heardMs = answeredMs;
      isSet = false;
      seen = { wallMs: wallMs(), monotonicMs: monotonicMs() };
    },
    look: (wasShown) => {
      const now = { wallMs: wallMs(), monotonicMs: monotonicMs() };
      const jumpedMs = now.wallMs - seen.wallMs - (now.monotonicMs - seen.monotonicMs);
      seen = now;
      // Monotonic clocks of phones stand still while they sleep: after that a difference says nothing.
      if (!wasShown || Math.abs(jumpedMs) < jitterMs) return;
      offsetMs -= jumpedMs;
      isSet = true;
    },
    kept: () => ({ offsetMs, latestMs, heardMs }),
    trouble: () => (isSet ? 'set' : Math.abs(offsetMs) > harmlessMs ? 'off' : 'none'),
  };
}
