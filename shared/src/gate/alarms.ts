// What a person should look at because chunks were put aside. The reason that is stored beside a chunk says all of it, so that an alarm can
// be raised again from there.
import type { Quarantined } from './replica-store.ts';
import type { SegmentId } from '../segment.ts';

const alarmTypes = ['equivocation', 'quarantined', 'gate-revoked'] as const;

/** Shown at the gate and on the dashboard, counted in metrics. */
export interface Alarm {
  readonly type: (typeof alarmTypes)[number];
  readonly segment: SegmentId;
  readonly cause: string;
  /** Who delivered it. */
  readonly from: string;
}

export const asideReason = (type: Alarm['type'], cause: string): string => `${type}: ${cause}`;

/** The alarm about a chunk that was put aside earlier. */
export function alarmOf({ chunk, reason, from }: Quarantined): Alarm {
  const { event, gate, boot, segment } = chunk.head;
  const type = alarmTypes.find((known) => reason.startsWith(asideReason(known, '')));
  return {
    type: type ?? 'quarantined',
    segment: { event, gate, boot, segment },
    cause: type === undefined ? reason : reason.slice(asideReason(type, '').length),
    from,
  };
}
