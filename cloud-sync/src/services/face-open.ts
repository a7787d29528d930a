// Whether faces may be enrolled for a ticket now: only where everything has been said that an organiser has to say first.
import { err, faceMethodId, ok, type ConsentTexts, type Result } from '@postern/shared';
import type { Queries } from '../store/database.ts';
import { readFaceSetup } from './face-setup.ts';
import type { Failure } from './problems.ts';
import type { TicketOfEvent } from './ticket-of-event.ts';

/** What is certain once people may enrol. */
export interface OpenSetup {
  readonly consent: ConsentTexts;
  readonly ageMin: number;
  readonly erasesAtMs: number;
  readonly distanceMax: number;
}

/** `method-off`, `face-unset`, `face-not-ready`, `face-over`, `ticket-not-valid`. */
export async function checkOpen(
  queries: Queries,
  { ticket, event }: TicketOfEvent,
  nowMs: number,
): Promise<Result<OpenSetup, Failure>> {
  if (event.policy.methodsOff.includes(faceMethodId)) return err({ type: 'method-off' });
  const setup = await readFaceSetup(queries, event.id);
  if (setup === undefined) return err({ type: 'face-unset' });
  const { consent, ageMin, erasesAtMs, missing } = setup;
  if (missing.length > 0 || consent === undefined || ageMin === undefined || erasesAtMs === undefined)
    return err({ type: 'face-not-ready', detail: `The organiser has not said yet: ${missing.join(', ')}.` });
  if (nowMs >= erasesAtMs) return err({ type: 'face-over' });
  if (ticket.status !== 'valid') return err({ type: 'ticket-not-valid' });
  return ok({ consent, ageMin, erasesAtMs, distanceMax: setup.distanceMax });
}
