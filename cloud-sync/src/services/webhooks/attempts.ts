// Attempts to deliver as the table keeps them: taken so that nobody else makes them at the same time, and what came of each: delivered, tried
// again after ever longer waits, or given up for a person to look at.
import type { Clock, Logger, Random } from '@postern/shared';
import { isPostgres, type Queries } from '../../store/database.ts';
import { sendTimeoutMs, type Sent } from './send.ts';

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
/** Attempts of one endpoint under way at a time. */
export const perEndpointMax = 4;
/** Attempts of one endpoint that a process takes at a time: three rounds, should each of them end by time-out. */
const takenPerEndpointMax = 3 * perEndpointMax;
/** An attempt whose process died is made again after this. */
const attemptLeaseMs = (takenPerEndpointMax / perEndpointMax + 1) * sendTimeoutMs;
/** An endpoint to which nothing could be delivered for so long is switched off. */
export const failingMsMax = 5 * 86_400_000;

export interface Due {
  readonly endpoint: string;
  readonly message: string;
  readonly body: string;
  /** With this one. */
  readonly attempts: number;
  readonly url: string;
  readonly sealed_secret: string;
}
export interface Attempt {
  readonly due: Due;
  readonly sent: Sent;
}
export type Outcome = 'delivered' | 'failed' | 'dead';

export interface AttemptDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/** Takes at most `max` that are due, of endpoints of which not too many are taken already. */
export async function takeDue(
  queries: Queries,
  nowMs: number,
  taken: readonly Due[],
  max: number,
): Promise<readonly Due[]> {
  const numbers = new Map<string, number>();
  const count = (endpoint: string): number => numbers.get(endpoint) ?? 0;
  for (const { endpoint } of taken) numbers.set(endpoint, count(endpoint) + 1);
  const full = [...numbers.keys()].filter((endpoint) => count(endpoint) >= takenPerEndpointMax);
  let select = queries
    .selectFrom('webhook_delivery')
    .innerJoin('webhook_endpoint', 'webhook_endpoint.id', 'webhook_delivery.endpoint')
    .select(['endpoint', 'message', 'body', 'attempts', 'url', 'sealed_secret'])
    .where('state', '=', 'waiting')
    .where('next_at_ms', '<=', nowMs)
    .where('disabled', 'is', null)
    .orderBy('next_at_ms')
    .limit(max);
  if (full.length > 0) select = select.where('endpoint', 'not in', full);
  // Whoever else delivers at this moment takes others.
  if (isPostgres(queries)) select = select.forUpdate('webhook_delivery').skipLocked();
  const found: Due[] = [];
  for (const row of await select.execute()) {
    if (count(row.endpoint) >= takenPerEndpointMax) continue;
    numbers.set(row.endpoint, count(row.endpoint) + 1);
    found.push({ ...row, attempts: row.attempts + 1 });
  }
  for (const endpoint of new Set(found.map((due) => due.endpoint)))
    await queries
      .updateTable('webhook_delivery')
      .set(({ eb }) => ({ attempts: eb('attempts', '+', 1), next_at_ms: nowMs + attemptLeaseMs }))
      .where('endpoint', '=', endpoint)
      .where(
        'message',
        'in',
        found.flatMap((due) => (due.endpoint === endpoint ? [due.message] : [])),
      )
      .execute();
  return found;
}

/** What came of these attempts, in their order. */
export async function storeAttempts(
  queries: Queries,
  deps: AttemptDeps,
  attempts: readonly Attempt[],
): Promise<readonly Outcome[]> {
  const delivered = attempts.filter(isDelivered);
  await storeDelivered(queries, deps.clock.wallMs(), delivered);
  const outcomes: Outcome[] = delivered.map(() => 'delivered');
  for (const attempt of attempts) if (!isDelivered(attempt)) outcomes.push(await storeFailed(queries, deps, attempt));
  return outcomes;
}

const statusOf = ({ sent }: Attempt): number | undefined => (sent.type === 'answered' ? sent.status : undefined);
const isDelivered = (attempt: Attempt): boolean => {
  const status = statusOf(attempt);
  return status !== undefined && status >= 200 && status < 300;
};

async function storeDelivered(queries: Queries, nowMs: number, attempts: readonly Attempt[]): Promise<void> {
  const groups = new Map<string, Attempt[]>();
  for (const attempt of attempts) {
    const key = `${attempt.due.endpoint}/${statusOf(attempt)}`;
    groups.set(key, [...(groups.get(key) ?? []), attempt]);
  }
  for (const group of groups.values()) {
    const [first] = group;
    if (first === undefined) continue;
    const { endpoint } = first.due;
    await queries
      .updateTable('webhook_delivery')
      .set({ state: 'delivered', ended_at_ms: nowMs, last_status: statusOf(first) ?? null, last_failure: null })
      .where('endpoint', '=', endpoint)
      .where(
        'message',
        'in',
        group.map(({ due }) => due.message),
      )
      .execute();
    await queries
      .updateTable('webhook_endpoint')
      .set({ failing_since_ms: null })
      .where('id', '=', endpoint)
      .where('failing_since_ms', 'is not', null)
      .execute();
  }
}

async function storeFailed(queries: Queries, { clock, random, log }: AttemptDeps, attempt: Attempt): Promise<Outcome> {
  const { sent, due } = attempt;
  const { endpoint, message, attempts } = due;
  const nowMs = clock.wallMs();
  const isGone = statusOf(attempt) === 410;
  const waitMs = retryWaitsMs[attempts - 1];
  const isDead = isGone || waitMs === undefined;
  const retryAfterMs = sent.type === 'answered' ? (sent.retryAfterS ?? 0) * 1_000 : 0;
  const nextMs = Math.max(retryAfterMs, (waitMs ?? 0) * (1 + jitter * (2 * chance(random) - 1)));
  await queries
    .updateTable('webhook_delivery')
    .set({
      state: isDead ? 'dead' : 'waiting',
      next_at_ms: Math.round(nowMs + nextMs),
      ended_at_ms: isDead ? nowMs : null,
      last_status: statusOf(attempt) ?? null,
      last_failure: sent.type === 'failed' ? sent.failure : describeStatus(sent.status),
    })
    .where('endpoint', '=', endpoint)
    .where('message', '=', message)
    .execute();
  const failing = await queries
    .updateTable('webhook_endpoint')
    .set(({ fn, eb }) => ({ failing_since_ms: fn.coalesce('failing_since_ms', eb.val(nowMs)) }))
    .where('id', '=', endpoint)
    .returning('failing_since_ms')
    .executeTakeFirst();
  const failingMs = nowMs - (failing?.failing_since_ms ?? nowMs);
  const because = isGone ? 'gone' : failingMs >= failingMsMax ? 'failing' : undefined;
  if (because !== undefined) {
    await queries.updateTable('webhook_endpoint').set({ disabled: because }).where('id', '=', endpoint).execute();
    log.warn({ endpoint, because }, 'a webhook was switched off');
  }
  return isDead ? 'dead' : 'failed';
}

const describeStatus = (status: number): string => (status >= 300 && status < 400 ? 'redirected' : 'refused');

/** From 0 to 1. */
const chance = (random: Random): number => new DataView(random(4).slice().buffer).getUint32(0) / 0xffff_ffff;
