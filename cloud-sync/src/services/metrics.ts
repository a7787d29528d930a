// What Prometheus scrapes of this process: requests, background work, webhooks, gates, the process itself. No label names a person, a ticket
// or an address, and each has few values, so that a series a label stays a bounded number. The only file that imports prom-client.
import type { Clock } from '@postern/shared';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Database } from '../store/database.ts';
import type { Jobs } from './jobs/jobs.ts';

/** From 1 ms to 10 s. */
const durationBucketsS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];
/** A gate asks every two seconds. */
const gateHeardWithinMs = 60_000;

export interface Metrics {
  /** `kind`: of the authorisation table, or `page`. */
  readonly observeRequest: (kind: string, status: number, seconds: number) => void;
  readonly countWebhookAttempt: (outcome: 'delivered' | 'failed' | 'dead') => void;
  /** Begins what measures the process itself; for a service that runs. */
  readonly start: () => void;
  /** In Prometheus' text format. */
  readonly read: () => Promise<{ readonly contentType: string; readonly text: string }>;
}

export interface MetricsDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly jobs: () => Pick<Jobs, 'kinds'>;
  /** When the certificates end that sign passes for Apple Wallet. */
  readonly appleExpiresAtMs: number | undefined;
}

export function createMetrics({ database, clock, jobs, appleExpiresAtMs }: MetricsDeps): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const requests = new Histogram({
    name: 'postern_http_request_duration_seconds',
    help: 'Time from a request to its answer, by kind of route and class of status',
    labelNames: ['kind', 'status'],
    buckets: durationBucketsS,
    registers,
  });
  const webhookAttempts = new Counter({
    name: 'postern_webhook_attempts_total',
    help: 'Attempts to deliver a message to a webhook by this process',
    labelNames: ['outcome'],
    registers,
  });
  const gauge = (name: string, help: string, labelNames: readonly string[] = []): Gauge =>
    new Gauge({ name, help, labelNames: [...labelNames], registers });
  const isDatabaseUp = gauge('postern_database_up', 'Whether the database answers');
  const lastEnd = gauge('postern_job_last_end_timestamp_seconds', 'When a run of each kind ended last', [
    'kind',
    'state',
  ]);
  const lastDuration = gauge('postern_job_last_duration_seconds', 'How long the run took that ended last', ['kind']);
  const running = gauge('postern_job_runs_running', 'Runs under way, of all processes', ['kind']);
  const messages = gauge('postern_webhook_messages', 'Messages to webhooks that wait, or were given up', ['state']);
  const gates = gauge('postern_gates', 'Gates that were heard within a minute, and those that were not', ['state']);
  if (appleExpiresAtMs !== undefined)
    gauge(
      'postern_apple_certificate_expiry_timestamp_seconds',
      'When passes for Apple Wallet can be signed no more',
    ).set(appleExpiresAtMs / 1_000);

  const readWork = async (): Promise<void> => {
    for (const metric of [lastEnd, lastDuration, running]) metric.reset();
    for (const { name: kind, last, running: runs } of await jobs().kinds()) {
      running.set({ kind }, runs.length);
      if (last?.endedAtMs === undefined) continue;
      lastEnd.set({ kind, state: last.state }, last.endedAtMs / 1_000);
      lastDuration.set({ kind }, (last.endedAtMs - (last.startedAtMs ?? last.endedAtMs)) / 1_000);
    }
  };
  const readMessages = async (): Promise<void> => {
    const rows = await database
      .selectFrom('webhook_delivery')
      .select(['state', ({ fn }) => fn.countAll<number>().as('messages')])
      .where('state', '!=', 'delivered')
      .groupBy('state')
      .execute();
    for (const state of ['waiting', 'dead'])
      messages.set({ state }, rows.find((row) => row.state === state)?.messages ?? 0);
  };
  const readGates = async (): Promise<void> => {
    const rows = await database
      .selectFrom('gate')
      .select(['id', ({ fn }) => fn.max<number | null>('last_contact_ms').as('heard')])
      .where('enrolled_at_ms', 'is not', null)
      .where('revoked_at_ms', 'is', null)
      .groupBy('id')
      .execute();
    const heard = rows.filter((row) => clock.wallMs() - (row.heard ?? 0) <= gateHeardWithinMs).length;
    gates.set({ state: 'heard' }, heard);
    gates.set({ state: 'silent' }, rows.length - heard);
  };

  return {
    observeRequest: (kind, status, seconds) =>
      requests.observe({ kind, status: `${Math.floor(status / 100)}xx` }, seconds),
    countWebhookAttempt: (outcome) => webhookAttempts.inc({ outcome }),
    start: () => collectDefaultMetrics({ register: registry }),
    read: async () => {
      try {
        await readWork();
        await readMessages();
        await readGates();
        isDatabaseUp.set(1);
      } catch {
        // Said by the figure itself; what the process is doing is of use all the more.
        isDatabaseUp.set(0);
      }
      return { contentType: registry.contentType, text: await registry.metrics() };
    },
  };
}
