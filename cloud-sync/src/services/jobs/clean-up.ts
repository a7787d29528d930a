// Clean-up of what has expired and is of no use to anybody: in one list, so that no table grows for good because nobody comes by any more.
// Some of these are also cleared by the way, where that bounds what one sender can fill.
import { ok, type Clock } from '@postern/shared';
import { sql, type RawBuilder } from 'kysely';
import { z } from 'zod';
import type { Database } from '../../store/database.ts';
import { keptForMs as answersKeptForMs } from '../idempotency.ts';
import type { TicketUploads } from '../ticket-uploads.ts';
import { defineJob, type JobContext, type JobKind } from './job-kind.ts';

/** Rows of one transaction: nobody waits long for their place. */
const rowsPerStatementMax = 1_000;
/** Runs that the schedule began, and watched work of events long past, are kept so long; those of people longer. */
export const scheduledRunsKeptMs = 7 * 86_400_000;
export const askedRunsKeptMs = 90 * 86_400_000;
/** Messages to webhooks, once they are delivered, or given up. */
export const deliveredKeptMs = 86_400_000;
export const deadKeptMs = 30 * 86_400_000;

interface Expiring {
  readonly table: string;
  readonly key: readonly string[];
  readonly hasExpired: (nowMs: number) => RawBuilder<unknown>;
}

const expiresAt = (table: string, key: readonly string[], column = 'expires_at_ms'): Expiring => ({
  table,
  key,
  hasExpired: (nowMs) => sql`${sql.ref(column)} <= ${nowMs}`,
});

const oldFamilies = (nowMs: number): RawBuilder<unknown> =>
  sql`family in (select id from token_family where expires_at_ms <= ${nowMs})`;

/** In this order: what belongs to a row goes before it. Nonces are kept nowhere (nonces.ts). */
const expiring: readonly Expiring[] = [
  expiresAt('session', ['id']),
  expiresAt('reset_link', ['id']),
  { table: 'refresh_token', key: ['id'], hasExpired: oldFamilies },
  expiresAt('token_family', ['id']),
  expiresAt('revoked_token', ['id']),
  expiresAt('claim_link', ['event', 'id']),
  expiresAt('enrolment', ['code_hash']),
  expiresAt('face_link', ['token_hash']),
  expiresAt('tries', ['key_hash'], 'forget_at_ms'),
  {
    table: 'idempotency',
    key: ['actor', 'route', 'key_hash'],
    hasExpired: (nowMs) => sql`claimed_at_ms <= ${nowMs - answersKeptForMs}`,
  },
  {
    table: 'band',
    key: ['event', 'tag'],
    hasExpired: (nowMs) => sql`writable = 1 and until_ms < ${nowMs}`,
  },
  {
    table: 'geofence_sender',
    key: ['event', 'id'],
    // Somebody else has the ticket.
    hasExpired: () =>
      sql`exists (select 1 from ticket where ticket.id = geofence_sender.ticket and ticket.epoch > geofence_sender.epoch)`,
  },
  {
    table: 'webhook_delivery',
    key: ['endpoint', 'message'],
    hasExpired: (nowMs) =>
      sql`(state = 'delivered' and ended_at_ms <= ${nowMs - deliveredKeptMs}) or (state = 'dead' and ended_at_ms <= ${nowMs - deadKeptMs})`,
  },
  {
    table: 'ticket_file',
    key: ['run'],
    hasExpired: (nowMs) => sql`created_at_ms <= ${nowMs - askedRunsKeptMs}`,
  },
  {
    table: 'job_run',
    key: ['id'],
    hasExpired: (nowMs) =>
      sql`ended_at_ms <= ${nowMs - scheduledRunsKeptMs} and (started_by is null or ended_at_ms <= ${nowMs - askedRunsKeptMs})`,
  },
];

export interface CleanUpDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly uploads: Pick<TicketUploads, 'releaseEnded'>;
}

export const cleanUp = ({ database, clock, uploads }: CleanUpDeps): JobKind =>
  defineJob({
    name: 'clean-up',
    title:
      'Deletes sessions, links, tokens, answers, reservations and runs that have expired, and files of imports that were cancelled',
    about: 'deployment',
    schedule: '17 * * * *',
    runNow: true,
    parameters: z.strictObject({}),
    run: async (context) => {
      const nowMs = clock.wallMs();
      const files = await uploads.releaseEnded();
      const counts: Record<string, number> = {};
      for (const [index, one] of expiring.entries()) {
        if (context.signal.aborted) break;
        counts[one.table] = await deleteExpired(database, context, one, nowMs);
        context.report(index + 1, expiring.length);
      }
      const rows = Object.values(counts).reduce((sum, count) => sum + count, 0);
      const deleted = [
        ...(rows === 0 ? [] : [`${rows} expired rows`]),
        ...(files === 0 ? [] : [`${files} files of imports that have ended`]),
      ];
      return ok({
        counts: { ...counts, files },
        summary: deleted.length === 0 ? 'Nothing had expired.' : `Deleted ${deleted.join(' and ')}.`,
      });
    },
  });

async function deleteExpired(
  database: Database,
  { signal, fence }: JobContext<unknown>,
  { table, key, hasExpired }: Expiring,
  nowMs: number,
): Promise<number> {
  const columns = sql.join(key.map((column) => sql.ref(column)));
  let deleted = 0;
  for (;;) {
    const { numAffectedRows = 0n } = await database.transaction().execute(async (queries) => {
      await fence(queries);
      return sql`
        delete from ${sql.table(table)} where (${columns}) in (
          select ${columns} from ${sql.table(table)} where ${hasExpired(nowMs)} limit ${rowsPerStatementMax}
        )`.execute(queries);
    });
    deleted += Number(numAffectedRows);
    if (numAffectedRows < rowsPerStatementMax || signal.aborted) return deleted;
  }
}
