// How far a phone believes its clock, and what of that outlives the page: nothing by which the monotonic clock could be told, only the floor below
// which no time is believed, and whether the phone's own clock was right when somebody who knows was last heard.
import type { Clock, Logger } from '@postern/shared';
import { createClockTrust, type ClockTrust } from '../../clock-trust.ts';
import type { DeviceDatabase } from './databases.ts';
import { savePhoneClock, type PhoneClock } from './device.ts';

/** A phone's clock that was off by less counts as right after a restart, too. */
export const wallRightMsMax = 60_000;

export interface PhoneTrustDeps {
  readonly device: DeviceDatabase;
  readonly phoneClock: PhoneClock | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
}

export function createPhoneTrust({ device, phoneClock, clock, logger }: PhoneTrustDeps): {
  readonly trust: ClockTrust;
  /** Never rejects. */
  readonly save: () => Promise<void>;
} {
  const before = phoneClock?.wallIsRight ?? false;
  const trust = createClockTrust({ clock, machineBoot: '', saved: phoneClock?.saved, rtc: before });
  return {
    trust,
    save: () => {
      const { source, trusted, wallOffsetMs } = trust.statement();
      const isKnown = trusted && (source === 'server' || source === 'peer');
      const wallIsRight = isKnown ? Math.abs(wallOffsetMs) <= wallRightMsMax : before;
      return savePhoneClock(device, { saved: trust.saved(), wallIsRight }).catch((cause: unknown) =>
        logger.warn({ cause: String(cause) }, 'The clock could not be noted'),
      );
    },
  };
}
