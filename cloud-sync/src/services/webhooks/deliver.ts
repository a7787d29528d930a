// Delivers what webhooks are to be told: so many at a time, of one receiver fewer, so that one that hangs keeps nobody waiting. What fails is
// tried again after ever longer waits, and given up in the end, for a person to look at. A message may come twice: its id says so.
import { setTimeout } from 'node:timers/promises';
import { ok, type Clock, type Logger, type Random } from '@postern/shared';
import { z } from 'zod';
import { isPostgres, type Database, type Queries } from '../../store/database.ts';
import { defineJob, type JobKind } from '../jobs/job-kind.ts';
import type { Vault } from '../vault.ts';
import { openSecret } from './endpoints.ts';
import { sendTimeoutMs, type Sender, type Sent } from './send.ts';
import { signMessage } from './signature.ts';

export const deliveryName = 'webhook-delivery';
/** Attempts under way at a time. */
const underWayMax = 16;
const perEndpointMax = 4;
/** Waits before the second attempt, the third, …, as Standard Webhooks recommends; each up to a fifth longer or shorter. */
export const retryWaitsMs: readonly number[] = [
  5_000,
  5 * 60_000,
  30 * 60_000,
  2 * 3_600_000,
  5 * 3_600_000,
  10 * 3_600_000,
  14 * 3_600_000,
  20 * 3_600_000,
  24 * 3_600_000,
];
const jitter = 0.2;
/** An attempt whose process died is made again after this. */
const attemptLeaseMs = 4 * sendTimeoutMs;
/** An endpoint to which nothing could be delivered for so long is switched off. */
export const failingMsMax = 5 * 86_400_000;
/** A run that has nothing to do waits this long for more before it ends, and none lasts longer than that. */
const lingerMs = 200;
const runMsMax = 60_000;
/** Ends of attempts are stored together. */
const storeEveryMs = 20;

interface Due {
  readonly endpoint: string;
  readonly message: string;
  readonly body: string;
  readonly attempts: number;
  readonly url: string;
  readonly sealed_secret: string;
}
interface Attempt {
  readonly due: Due;
  readonly sent: Sent;
}

export interface DeliverDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly vault: Vault;
  readonly sender: Sender;
  /** Is told of every attempt. */
  readonly attempted?: (outcome: 'delivered' | 'failed' | 'dead') => void;
}

export function deliverWebhooks(deps: DeliverDeps): JobKind {
  const { database, clock, log, vault, sender } = deps;

  const attempt = async (due: Due, signal: AbortSignal): Promise<Attempt | undefined> => {
    const secret = openSecret(vault, due.endpoint, due.sealed_secret);
    if (!secret.ok) {
      log.error({ endpoint: due.endpoint }, 'the secret of a webhook is sealed with another master key');
      return { due, sent: { type: 'failed', failure: 'connection-failed' } };
    }
    const headers = signMessage(secret.value, due.message, clock.wallMs(), due.body);
    const sent = await sender.send(due.url, headers, due.body, signal);
    return sent === undefined ? undefined : { due, sent };
  };

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
      const counts = { delivered: 0, failed: 0, dead: 0 };
      const underWay = new Map<Due, Promise<void>>();
      const endsAtMs = clock.monotonicMs() + runMsMax;
      let ended: Attempt[] = [];
      let isLingering = false;
      const begin = (due: Due): void => {
        const work = async (): Promise<void> => {
          const made = await attempt(due, signal);
          // Only now: what `ended` is has changed meanwhile. One that was broken off is made again once its lease is over.
          if (made !== undefined) ended.push(made);
          underWay.delete(due);
        };
        underWay.set(due, work());
      };
      const store = async (): Promise<void> => {
        const attempts = ended;
        ended = [];
        if (attempts.length === 0) return;
        const outcomes = await database.transaction().execute(async (queries) => {
          const made: ('delivered' | 'failed' | 'dead')[] = [];
          for (const one of attempts) made.push(await storeAttempt(queries, deps, one));
          return made;
        });
        for (const outcome of outcomes) {
          counts[outcome] += 1;
          deps.attempted?.(outcome);
        }
        report(counts.delivered + counts.failed + counts.dead);
      };
      for (;;) {
        const mayBegin = !signal.aborted && clock.monotonicMs() < endsAtMs;
        const taken = mayBegin
          ? await database.transaction().execute(async (queries) => {
              await fence(queries);
              return takeDue(queries, clock.wallMs(), [...underWay.keys()]);
            })
          : [];
        for (const due of taken) begin(due);
        await store();
        if (taken.length > 0) isLingering = false;
        if (underWay.size > 0) {
          await Promise.race(underWay.values());
          // Others that end at this moment are stored with it.
          await setTimeout(storeEveryMs);
        } else if (ended.length === 0 && taken.length === 0) {
          if (isLingering || !mayBegin) break;
          isLingering = true;
          await setTimeout(lingerMs);
        }
      }
      return ok({ counts, summary: describeCounts(counts) });
    },
  });
}

const describeCounts = ({
  delivered,
  failed,
  dead,
}: Readonly<Record<'delivered' | 'failed' | 'dead', number>>): string =>
  delivered + failed + dead === 0
    ? 'Nothing was to be delivered.'
    : `Delivered ${delivered} messages; ${failed} attempts failed and are made again, ${dead} messages were given up.`;

/** Takes what is due of endpoints that are not busy. */
async function takeDue(queries: Queries, nowMs: number, busy: readonly Due[]): Promise<readonly Due[]> {
  const numbers = new Map<string, number>();
  for (const { endpoint } of busy) numbers.set(endpoint, (numbers.get(endpoint) ?? 0) + 1);
  const full = [...numbers].filter(([, number]) => number >= perEndpointMax).map(([endpoint]) => endpoint);
  const free = underWayMax - busy.length;
  if (free <= 0) return [];
  let select = queries
    .selectFrom('webhook_delivery')
    .innerJoin('webhook_endpoint', 'webhook_endpoint.id', 'webhook_delivery.endpoint')
    .select(['endpoint', 'message', 'body', 'attempts', 'url', 'sealed_secret'])
    .where('state', '=', 'waiting')
    .where('next_at_ms', '<=', nowMs)
    .where('disabled', 'is', null)
    .orderBy('next_at_ms')
    .limit(free * perEndpointMax);
  if (full.length > 0) select = select.where('endpoint', 'not in', full);
  // Whoever else delivers at this moment takes others.
  if (isPostgres(queries)) select = select.forUpdate('webhook_delivery').skipLocked();
  const taken: Due[] = [];
  for (const row of await select.execute()) {
    const number = numbers.get(row.endpoint) ?? 0;
    if (taken.length >= free || number >= perEndpointMax) continue;
    numbers.set(row.endpoint, number + 1);
    taken.push({ ...row, attempts: row.attempts + 1 });
  }
  for (const endpoint of new Set(taken.map((due) => due.endpoint)))
    await queries
      .updateTable('webhook_delivery')
      .set(({ eb }) => ({ attempts: eb('attempts', '+', 1), next_at_ms: nowMs + attemptLeaseMs }))
      .where('endpoint', '=', endpoint)
      .where(
        'message',
        'in',
        taken.flatMap((due) => (due.endpoint === endpoint ? [due.message] : [])),
      )
      .execute();
  return taken;
}

async function storeAttempt(
  queries: Queries,
  { clock, random, log }: DeliverDeps,
  { due: { endpoint, message, attempts }, sent }: Attempt,
): Promise<'delivered' | 'failed' | 'dead'> {
  const nowMs = clock.wallMs();
  const isDelivered = sent.type === 'answered' && sent.status >= 200 && sent.status < 300;
  const isGone = sent.type === 'answered' && sent.status === 410;
  const waitMs = retryWaitsMs[attempts - 1];
  const isDead = !isDelivered && (isGone || waitMs === undefined);
  const retryAfterMs = sent.type === 'answered' ? (sent.retryAfterS ?? 0) * 1_000 : 0;
  const nextMs = Math.max(retryAfterMs, (waitMs ?? 0) * (1 + jitter * (2 * chance(random) - 1)));
  await queries
    .updateTable('webhook_delivery')
    .set({
      state: isDelivered ? 'delivered' : isDead ? 'dead' : 'waiting',
      next_at_ms: Math.round(nowMs + nextMs),
      ended_at_ms: isDelivered || isDead ? nowMs : null,
      last_status: sent.type === 'answered' ? sent.status : null,
      last_failure: isDelivered ? null : sent.type === 'failed' ? sent.failure : describeStatus(sent.status),
    })
    .where('endpoint', '=', endpoint)
    .where('message', '=', message)
    .execute();
  if (isDelivered) {
    await queries
      .updateTable('webhook_endpoint')
      .set({ failing_since_ms: null })
      .where('id', '=', endpoint)
      .where('failing_since_ms', 'is not', null)
      .execute();
    return 'delivered';
  }
  const failing = await queries
    .updateTable('webhook_endpoint')
    .set(({ fn, eb }) => ({ failing_since_ms: fn.coalesce('failing_since_ms', eb.val(nowMs)) }))
    .where('id', '=', endpoint)
    .returning('failing_since_ms')
    .executeTakeFirst();
  const because = isGone
    ? 'gone'
    : nowMs - (failing?.failing_since_ms ?? nowMs) >= failingMsMax
      ? 'failing'
      : undefined;
  if (because !== undefined) {
    await queries.updateTable('webhook_endpoint').set({ disabled: because }).where('id', '=', endpoint).execute();
    log.warn({ endpoint, because }, 'a webhook was switched off');
  }
  return isDead ? 'dead' : 'failed';
}

const describeStatus = (status: number): string => (status >= 300 && status < 400 ? 'redirected' : 'refused');

/** From 0 to 1. */
const chance = (random: Random): number => new DataView(random(4).slice().buffer).getUint32(0) / 0xffff_ffff;
