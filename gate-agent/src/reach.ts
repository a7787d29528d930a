// Whether anybody answers: the cloud or another gate. Decides nothing by itself; marks carry it, the display says since when, and
// a gate out of touch spends only its share of a zone's capacity.
import type { Clock, LaneContext, Timer, TrustedTime } from '@postern/shared';
import type { FeedClientStatus } from './feed-client.ts';
import type { ReplicationStatus } from './peers/replication-status.ts';

/** An answer counts for so long, unless a later question to the same one failed. */
const answerCountsMs = 30_000;
const lookEveryMs = 500;

export interface Reach {
  readonly inTouch: LaneContext['inTouch'];
  /** When somebody last answered, Unix milliseconds; undefined while in touch. The start of the process where nobody has yet. */
  readonly noContactSinceMs: () => number | undefined;
  /** Calls `changed` whenever contact is lost or found, at once where somebody answers already, until `signal` aborts. */
  readonly watch: (changed: (inTouch: boolean) => void, signal: AbortSignal) => void;
}

export interface ReachDeps {
  readonly replication: () => ReplicationStatus;
  readonly feedClient: () => FeedClientStatus | undefined;
  /** The clock by which replication dates its contacts. */
  readonly clock: Clock;
  readonly time: () => TrustedTime;
  readonly timer: Timer;
}

export function createReach({ replication, feedClient, clock, time, timer }: ReachDeps): Reach {
  const startedMs = clock.monotonicMs();

  const inTouch = (): { readonly inTouch: boolean; readonly peersReachable: number } => {
    const { peers } = replication();
    const answering = peers.filter((peer) => peer.reachable && peer.lastError === undefined);
    // The feed asks seldom: when an exchange with the cloud has found it gone since, the feed's older answer says nothing.
    const cloudIsGone = peers.some(
      (peer) => peer.kind === 'cloud' && peer.lastError?.startsWith('peer-unreachable') === true,
    );
    const feed = feedClient();
    const feedAnswers =
      feed?.lastContactMs !== undefined &&
      feed.failures === 0 &&
      clock.monotonicMs() - feed.lastContactMs < answerCountsMs;
    return {
      inTouch: answering.length > 0 || (feedAnswers && !cloudIsGone),
      peersReachable: answering.filter((peer) => peer.kind === 'gate').length,
    };
  };

  /** Milliseconds since anybody's last answer, or since the start. */
  const silenceMs = (): number => {
    const peersAgoMs = replication().peers.flatMap(({ lastContactMs }) =>
      lastContactMs === undefined ? [] : [Math.max(0, clock.wallMs() - lastContactMs)],
    );
    const feedContactMs = feedClient()?.lastContactMs ?? startedMs;
    return Math.min(clock.monotonicMs() - startedMs, clock.monotonicMs() - feedContactMs, ...peersAgoMs);
  };

  return {
    inTouch,
    noContactSinceMs: () => (inTouch().inTouch ? undefined : Math.round(time().nowMs - silenceMs())),
    watch: (changed, signal) => {
      let before = false;
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
