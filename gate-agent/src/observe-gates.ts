// Keeps this gate's timestamps above those that it has heard of, so that what happens here after hearing of it also sorts after it. A
// gate whose timestamps lie too far ahead moves nothing and is reported, once while that lasts.
import type { HybridClock, Logger } from '@postern/shared';
import type { KnownGate } from './peers/replication-status.ts';

export interface ObserveGatesDeps {
  readonly hybrid: HybridClock;
  readonly logger: Logger;
}

/** For every status of the replication. */
export function createGateObserver({
  hybrid,
  logger,
}: ObserveGatesDeps): (status: { readonly gates: readonly Pick<KnownGate, 'gate' | 'through'>[] }) => void {
  const ahead = new Set<string>();
  return ({ gates }) => {
    for (const { gate, through } of gates) {
      if (hybrid.observe(through) === 'accepted') ahead.delete(gate);
      else if (!ahead.has(gate)) {
        ahead.add(gate);
        logger.warn(
          { gate, itsMs: through.ms },
          "Another gate's timestamps are far ahead of ours and are not followed",
        );
      }
    }
  };
}
