// Whether anybody answers: the cloud or another gate. Decides nothing by itself; marks carry it, the display says since when, and
// a gate out of touch spends only its share of a zone's capacity.
import type { LaneContext, Timer, TrustedTime } from '@postern/shared';
import type { FeedClientStatus } from './feed-client.ts';
import type { ReplicationStatus } from './replication/messages.ts';

/** An answer counts for so long, unless a later question failed. */
const answerCountsMs = 30_000;
const lookEveryMs = 500;

export interface Reach {
  readonly inTouch: LaneContext['inTouch'];
  /** Unix milliseconds; undefined while in touch. Since the start of the process where nobody has answered yet. */
  readonly noContactSinceMs: () => number | undefined;
  /** Calls `changed` whenever contact is lost or found, until `signal` aborts. */
  readonly watch: (changed: (inTouch: boolean) => void, signal: AbortSignal) => void;
}

export interface ReachDeps {
  readonly replication: () => ReplicationStatus;
  readonly feedClient: () => FeedClientStatus | undefined;
  readonly monotonicMs: () => number;
  readonly time: () => TrustedTime;
  readonly timer: Timer;
}

export function createReach({ replication, feedClient, monotonicMs, time, timer }: ReachDeps): Reach {
  const startedMonotonicMs = monotonicMs();
  let lastInTouchMonotonicMs: number | undefined;

  const inTouch = (): { readonly inTouch: boolean; readonly peersReachable: number } => {
    const answering = replication().peers.filter((peer) => peer.reachable && peer.lastError === undefined);
    const client = feedClient();
    const feedAnswers = client?.lastContactMs !== undefined && client.failures === 0 && monotonicMs() - client.lastContactMs < answerCountsMs;
    const reached = answering.length > 0 || feedAnswers;
    if (reached) lastInTouchMonotonicMs = monotonicMs();
    return { inTouch: reached, peersReachable: answering.filter((peer) => peer.kind === 'gate').length };
  };

  return {
    inTouch,
    noContactSinceMs: () => {
      if (inTouch().inTouch) return undefined;
      const sinceMs = monotonicMs() - (lastInTouchMonotonicMs ?? startedMonotonicMs);
      return Math.round(time().nowMs - sinceMs);
    },
    watch: (changed, signal) => {
      let before = inTouch().inTouch;
      const look = (): void => {
        if (signal.aborted) return;
        const now = inTouch().inTouch;
        if (now !== before) changed(now);
        before = now;
        timer.after(lookEveryMs, look);
      };
      look();
    },
  };
}
