// A running handheld tells the cloud how it is, as every gate does, and forgets everything when the cloud's signed answer orders that.
import type { Clock, Logger } from '@postern/shared';
import { confirmWiped, keepTellingVitals } from '../../tell-vitals.ts';
import { createWipe, type WipeDeps } from '../../wipe.ts';
import type { BrowserGate } from './gate.ts';
import type { RunningState } from './handheld.ts';
import { toPhoneVitals } from './vitals.ts';

export interface TellCloudDeps {
  readonly gate: BrowserGate;
  readonly running: () => RunningState;
  /** What an order to forget everything is carried out with. */
  readonly wiping: Pick<WipeDeps, 'revocation' | 'forgetIdentity' | 'changed'>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Until the gate stops; never rejects. */
export function tellCloud({ gate, running, wiping, clock, logger }: TellCloudDeps): Promise<void> {
  const { boot, cloud, stopping } = gate;
  const startedMs = clock.monotonicMs();
  const wipe = createWipe({
    ...wiping,
    gate: gate.gate,
    boot,
    feedKeyOf: gate.feedKeyOf,
    waitingMarks: () => gate.replication.status().cloudBacklogMarks,
    // By then the gate has stopped.
    confirm: confirmWiped(cloud, new AbortController().signal),
    logger,
  });
  const vitals = () =>
    toPhoneVitals({
      boot,
      upMs: clock.monotonicMs() - startedMs,
      lanes: gate.lanes,
      running: running(),
      wipe: wipe.obstacle(),
    });
  return keepTellingVitals({ ...cloud, vitals, wipe, wanted: gate.vitalsWanted, clock, logger }, stopping);
}
