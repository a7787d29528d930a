// Whether a scan would be answered right now: goes the way of an admission, from a code through the methods and the rule to the journal,
// for each event, and takes everything back. A journal that is known to be broken is an answer, too: the gate says so and tries to mend
// it; starting again would not help. What hangs, throws or leaves a lane deciding for too long is what a watchdog is for.
import { assert, decide, type Clock, type EventAccess, type Lane, type MethodRegistry } from '@postern/shared';

export interface SelfTestDeps {
  readonly registry: MethodRegistry;
  readonly events: readonly EventAccess[];
  readonly lanes: readonly Lane[];
  readonly clock: Clock;
}

/** A decision takes milliseconds, and an fsync on a worn card seconds. */
export const decidingMsMax = 30_000;
/** No ticket has this id. */
const ticketId = '0'.repeat(32);

/** Rejects when something is not as it should be. */
export function createSelfTest({ registry, events, lanes, clock }: SelfTestDeps): () => Promise<void> {
  const decidingSince = new Map<string, number>();

  const checkLane = (lane: Lane): void => {
    if (lane.state().name !== 'deciding') return void decidingSince.delete(lane.id);
    const nowMs = clock.monotonicMs();
    const sinceMs = decidingSince.get(lane.id) ?? nowMs;
    decidingSince.set(lane.id, sinceMs);
    assert(nowMs - sinceMs < decidingMsMax, `lane ${lane.id} has been deciding for ${decidingMsMax / 1_000} s`);
  };

  const checkEvent = async ({ context, store, zone }: EventAccess): Promise<void> => {
    const { event } = context.policy();
    const known = { policy: context.policy(), time: context.time(), feedAgeMs: context.feedAgeMs() };
    const lane = { id: 'self-test', gate: context.gate, zone, direction: 'entry' } as const;
    const claim = { method: 'qr', event, ticketId, epoch: 0, type: 0, assurance: 'signed' } as const;
    const answered = await store.admit(ticketId, (view) => {
      const decision = decide({ claim, lane, inTouch: context.inTouch().inTouch, ...known, ...view });
      return { decision, mark: undefined };
    });
    assert(!answered.ok || answered.value.mark === undefined, 'a self-test leaves no mark');
  };

  return async () => {
    const seen = { medium: 'optical', text: 'PN1:', readerId: 'self-test', seenAtMs: clock.monotonicMs() } as const;
    const verified = await registry.verify(seen, AbortSignal.timeout(decidingMsMax));
    assert(!verified.ok, 'nothing proves nothing');
    for (const event of events) await checkEvent(event);
    for (const lane of lanes) checkLane(lane);
  };
}
