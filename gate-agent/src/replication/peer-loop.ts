// Keeps one peer up to date: an exchange whenever there is something new, otherwise now and then, and later and later (never later than
// a few seconds) while it does not answer. LAN gates go first, the cloud a moment behind them.
import { sleep, type Logger, type Peer, type Replicator, type Timer } from '@postern/shared';
import type { Bell } from '../waiting.ts';

export interface PeerLoopDeps {
  readonly peer: Peer;
  readonly event: number;
  readonly replicator: Replicator;
  readonly log: Logger;
  readonly timer: Timer;
  /** Rings when there is something new. */
  readonly bell: Bell;
  readonly afterTurn: () => Promise<void>;
}

/** Between two exchanges when nothing is new. */
export const exchangeIntervalMs = { gate: 1_000, cloud: 2_000 } as const;
/** After something new, so that what comes right behind it goes along, and so that gates next door hear it before the cloud. */
export const settleMs = { gate: 20, cloud: 100 } as const;
export const retryFirstMs = 250;
export const retryMaxMs = 4_000;

export async function runPeerLoop(
  { peer, event, replicator, log, timer, bell, afterTurn }: PeerLoopDeps,
  signal: AbortSignal,
): Promise<void> {
  let failures = 0;
  while (!signal.aborted) {
    const rings = bell.rings();
    const failure = await exchange();
    await afterTurn();
    if (failure !== undefined && failures === 0) log.warn({ peer: peer.id, cause: failure }, 'a peer does not answer');
    if (failure === undefined && failures > 0) log.info({ peer: peer.id, failures }, 'a peer answers again');
    failures = failure === undefined ? 0 : failures + 1;
    if (failures > 0) {
      await sleep(timer, Math.min(retryMaxMs, retryFirstMs * 2 ** Math.min(failures - 1, 10)), signal);
    } else if (await bell.wait(rings, exchangeIntervalMs[peer.kind], signal)) {
      await sleep(timer, settleMs[peer.kind], signal);
    }
  }

  async function exchange(): Promise<string | undefined> {
    try {
      const result = await replicator.syncWith(peer, event, signal);
      return result.ok ? undefined : `${result.error.type}: ${result.error.cause}`;
    } catch (cause) {
      // A fault of our own store: the loop goes on, since the next turn may find it mended.
      log.error({ peer: peer.id, cause: String(cause) }, 'an exchange failed on this side');
      return 'store-failed';
    }
  }
}
