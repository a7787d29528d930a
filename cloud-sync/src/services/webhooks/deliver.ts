// Delivers what webhooks are to be told: so many at a time, of one receiver fewer, so that one that hangs keeps nobody waiting. A message may
// come twice: its id says so.
import { setTimeout } from 'node:timers/promises';
import { ok, type Clock, type Logger, type Random } from '@postern/shared';
import { z } from 'zod';
import type { Database } from '../../store/database.ts';
import { defineJob, type JobKind } from '../jobs/job-kind.ts';
import type { Vault } from '../vault.ts';
import { perEndpointMax, storeAttempts, takeDue, type Attempt, type Due, type Outcome } from './attempts.ts';
import { openSecret } from './endpoints.ts';
import type { Sender } from './send.ts';
import { signMessage } from './signature.ts';

export const deliveryName = 'webhook-delivery';
/** Attempts under way at a time, and those taken for it. */
const underWayMax = 16;
const takenMax = 64;
/** A run that has nothing to do waits this long for more before it ends, and none lasts longer than that. */
const lingerMs = 200;
const runMsMax = 60_000;
/** Ends of attempts are stored together. */
const storeEveryMs = 10;

export interface DeliverDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly vault: Vault;
  readonly sender: Sender;
  /** Is told of every attempt. */
  readonly attempted: (outcome: Outcome) => void;
}

export function deliverWebhooks(deps: DeliverDeps): JobKind {
  const { database, clock } = deps;
  return defineJob({
    name: deliveryName,
    title: 'Tells webhooks what has happened',
    about: 'deployment',
    // When something is told, and when something is to be tried again; each minute in any case.
    schedule: '* * * * *',
    nextDueMs: async () => {
      const { next } = await database
        .selectFrom('webhook_delivery')
        .innerJoin('webhook_endpoint', 'webhook_endpoint.id', 'webhook_delivery.endpoint')
        .select(({ fn }) => fn.min<number | null>('next_at_ms').as('next'))
        .where('state', '=', 'waiting')
        .where('disabled', 'is', null)
        .executeTakeFirstOrThrow();
      return next ?? undefined;
    },
    runNow: true,
    parameters: z.strictObject({}),
    run: async ({ signal, report, fence }) => {
      const counts: Record<Outcome, number> = { delivered: 0, failed: 0, dead: 0 };
      const endsAtMs = clock.monotonicMs() + runMsMax;
      const sending = createSending(deps, signal);
      let isLingering = false;
      for (;;) {
        const mayTake = !signal.aborted && clock.monotonicMs() < endsAtMs;
        const taken = sending.taken();
        const attempts = sending.takeEnded();
        const isRoom = mayTake && taken.length <= takenMax / 2;
        if (isRoom || attempts.length > 0) {
          const { due, outcomes } = await database.transaction().execute(async (queries) => {
            if (isRoom) await fence(queries);
            return {
              outcomes: await storeAttempts(queries, deps, attempts),
              due: isRoom ? await takeDue(queries, clock.wallMs(), taken, takenMax - taken.length) : [],
            };
          });
          for (const outcome of outcomes) {
            counts[outcome] += 1;
            deps.attempted(outcome);
          }
          report(counts.delivered + counts.failed + counts.dead);
          sending.add(due);
          if (due.length > 0) isLingering = false;
        }
        if (sending.taken().length > 0) {
          await sending.untilOneEnds();
          // Others that end at this moment are stored with it.
          await setTimeout(storeEveryMs);
        } else if (attempts.length === 0) {
          if (isLingering || !mayTake) break;
          isLingering = true;
          await setTimeout(lingerMs);
        }
      }
      return ok({ counts, summary: describeCounts(counts) });
    },
  });
}

const describeCounts = ({ delivered, failed, dead }: Readonly<Record<Outcome, number>>): string =>
  delivered + failed + dead === 0
    ? 'Nothing was to be delivered.'
    : `Delivered ${delivered} messages; ${failed} attempts failed and are made again, ${dead} messages were given up.`;

interface Sending {
  readonly add: (due: readonly Due[]) => void;
  /** Those that wait for their turn or are under way. */
  readonly taken: () => readonly Due[];
  /** Resolves once there is one that has ended. */
  readonly untilOneEnds: () => Promise<void>;
  /** What has ended since the last time. */
  readonly takeEnded: () => readonly Attempt[];
}

/** Makes attempts, in order but for endpoints that are busy; once `signal` is aborted, none any more. */
function createSending({ clock, log, vault, sender }: DeliverDeps, signal: AbortSignal): Sending {
  const underWay = new Map<Due, Promise<void>>();
  let waiting: readonly Due[] = [];
  let ended: Attempt[] = [];

  const attempt = async (due: Due): Promise<void> => {
    const secret = openSecret(vault, due.endpoint, due.sealed_secret);
    if (!secret.ok) log.error({ endpoint: due.endpoint }, 'the secret of a webhook is sealed with another master key');
    const sent = await (secret.ok
      ? sender.send(due.url, signMessage(secret.value, due.message, clock.wallMs(), due.body), due.body, signal)
      : Promise.resolve({ type: 'failed', failure: 'connection-failed' } as const));
    // One that was broken off is made again once its lease is over.
    if (sent !== undefined) ended.push({ due, sent });
    underWay.delete(due);
    begin();
  };
  const begin = (): void => {
    if (signal.aborted) waiting = [];
    const later: Due[] = [];
    for (const due of waiting) {
      const busy = [...underWay.keys()].filter(({ endpoint }) => endpoint === due.endpoint).length;
      if (underWay.size < underWayMax && busy < perEndpointMax) underWay.set(due, attempt(due));
      else later.push(due);
    }
    waiting = later;
  };

  return {
    add: (due) => {
      waiting = [...waiting, ...due];
      begin();
    },
    taken: () => [...underWay.keys(), ...waiting],
    // One may have ended while those before it were stored: it does not wait for its neighbours.
    untilOneEnds: async () => {
      if (ended.length === 0) await Promise.race(underWay.values());
    },
    takeEnded: () => {
      const attempts = ended;
      ended = [];
      return attempts;
    },
  };
}
