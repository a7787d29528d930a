// Phones that say where they are: who they speak for, what their fixes come to, and that where they were is soon forgotten.
import type { AppDeps } from '../app.ts';
import { createGeofenceFixes } from '../services/geofence-fixes.ts';
import { createGeofenceSenders } from '../services/geofence-senders.ts';
import { createPhoneMessages } from '../services/phone-messages.ts';
import { forgetOldPositions } from '../services/sender-rows.ts';
import { createFindTicket } from '../services/ticket-of-event.ts';
import type { EventServices } from './events.ts';
import type { Foundation } from './foundation.ts';
import type { Marks } from './marks.ts';

const forgetEveryMs = 60_000;

export interface GeofenceServices extends Pick<AppDeps, 'geofenceSenders' | 'geofenceFixes'> {
  /** For a service that runs: forgets old positions every minute, until `stopForgetting`. */
  readonly startForgetting: () => void;
  readonly stopForgetting: () => void;
}

export function createGeofence(
  foundation: Foundation,
  { readTicket }: EventServices,
  { central, verifications, readEffective }: Marks,
): GeofenceServices {
  const { database, clock, timer, log, keys } = foundation;
  const findTicket = createFindTicket(readTicket, readEffective);
  const senders = createGeofenceSenders({ ...foundation, findTicket });
  const messages = createPhoneMessages({ database, clock, keys, senders, readTicket });
  let cancel: (() => void) | undefined;
  const forget = (): void => {
    void forgetOldPositions(database, clock.wallMs())
      .catch((cause: unknown) => log.error({ cause: String(cause) }, 'old positions of phones could not be deleted'))
      .finally(() => {
        if (cancel !== undefined) cancel = timer.after(forgetEveryMs, forget);
      });
  };
  return {
    geofenceSenders: senders,
    geofenceFixes: createGeofenceFixes({
      ...foundation,
      messages,
      senders,
      readEffective,
      storeOf: central.storeOf,
      verifications,
    }),
    startForgetting: () => {
      cancel = timer.after(0, forget);
    },
    stopForgetting: () => {
      cancel?.();
      cancel = undefined;
    },
  };
}
