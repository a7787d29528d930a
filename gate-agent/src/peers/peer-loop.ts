// Keeps one peer up to date: an exchange whenever there is something new for it, otherwise now and then, and later and later (never
// later than a few seconds) while it does not answer. LAN gates go first, the cloud a moment behind them.
import {
  sleep,
  type Clock,
  type Logger,
  type Peer,
  type PeerError,
  type Replicator,
  type Timer,
} from '@postern/shared';
import type { Bell } from '../waiting.ts';

export interface PeerLoopDeps {
  readonly peer: Peer;
  readonly event: number;
  readonly replicator: Replicator;
  readonly log: Logger;
  readonly clock: Clock;
  readonly timer: Timer;
  /** Rings when there is something new; rung here for what the peer has told, so that it goes on to the others at once. */
  readonly bell: Bell;
  readonly afterTurn: (error: PeerError | undefined) => void;
}

/** Between two exchanges when nothing is new. */
export const exchangeIntervalMs = 2_000;
/** After something new, so that what comes right behind it goes along, and so that gates next door hear it before the cloud. */
export const settleMs = { gate: 5, cloud: 100 } as const;
export const retryFirstMs = 250;
export const retryMaxMs = 4_000;

export async function runPeerLoop(
  { peer, event, replicator, log, clock, timer, bell, afterTurn }: PeerLoopDeps,
  signal: AbortSignal,
): Promise<void> {
  let failures = 0;
  while (!signal.aborted) {
    const rings = bell.rings();
    const error = await exchange();
    if (signal.aborted) return;
    const failure = error === undefined ? undefined : `${error.type}: ${error.cause}`;
    if (failure !== undefined && failures === 0) log.warn({ peer: peer.id, cause: failure }, 'a peer does not answer');
    if (failure === undefined && failures > 0) log.info({ peer: peer.id, failures }, 'a peer answers again');
    failures = failure === undefined ? 0 : failures + 1;
    afterTurn(error);
    if (failures > 0) await sleep(timer, Math.min(retryMaxMs, retryFirstMs * 2 ** Math.min(failures - 1, 10)), signal);
    else await untilNewsOrDue(rings);
  }

  /** Until a mark is there that the peer has to hear, or the next exchange is due anyway. */
  async function untilNewsOrDue(rings: number): Promise<void> {
    const dueMs = clock.monotonicMs() + exchangeIntervalMs;
    for (let seen = rings; ;) {
      if (!(await bell.wait(seen, Math.max(0, dueMs - clock.monotonicMs()), signal))) return;
      await sleep(timer, settleMs[peer.kind], signal);
      seen = bell.rings();
      if (signal.aborted || (await hasNews())) return;
    }
  }

  async function exchange(): Promise<PeerError | undefined> {
    try {
      const result = await replicator.syncWith(peer, event, signal);
      if (result.ok && result.value.marksReceived > 0) bell.ring();
      return result.ok ? undefined : result.error;
    } catch (cause) {
      // A fault of our own store: the loop goes on, since the next turn may find it mended.
      log.error({ peer: peer.id, cause: String(cause) }, 'an exchange failed on this side');
      return { type: 'peer-unreachable', cause: "this gate's own store failed" };
    }
  }

  async function hasNews(): Promise<boolean> {
    try {
      return await replicator.hasNewsFor(peer, event);
    } catch {
      // The exchange itself will meet the fault and say so.
      return true;
    }
  }
}
