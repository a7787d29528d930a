// By when what is to be done for an event: its end, the revocation of tickets that nobody came with, the erasure of what names visitors.
import { err, ok, type Clock, type EventDeadlines, type EventDeadlinesRequest, type Result } from '@postern/shared';
import type { Database } from '../store/database.ts';
import { transact } from '../store/transact.ts';
import type { Audit, AuditActor, EntryOf } from './audit.ts';
import { raiseRulesRevision, readEvent } from './events.ts';
import type { Jobs } from './jobs/jobs.ts';
import { revokeUnscannedName } from './jobs/revoke-unscanned.ts';
import type { Failure } from './problems.ts';

export interface EventDeadlinesService {
  readonly read: (event: number) => Promise<Result<EventDeadlines, Failure>>;
  /** `options-invalid`; `job-running` while the tickets are being revoked. */
  readonly set: (
    event: number,
    deadlines: EventDeadlinesRequest,
    by: AuditActor,
    entry: EntryOf,
  ) => Promise<Result<EventDeadlines, Failure>>;
}

export interface EventDeadlinesDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly audit: Pick<Audit, 'record'>;
  readonly jobs: Pick<Jobs, 'startWithin' | 'withdrawWithin' | 'wake'>;
  /** Gates have to hear of it: how long they keep faces counts from the event's end. */
  readonly changed: (event: number) => void;
}

export function createEventDeadlines({
  database,
  clock,
  audit,
  jobs,
  changed,
}: EventDeadlinesDeps): EventDeadlinesService {
  const read: EventDeadlinesService['read'] = async (event) => {
    if ((await readEvent(database, event)) === undefined) return err({ type: 'event-unknown' });
    const row = await database.selectFrom('event_deadline').selectAll().where('event', '=', event).executeTakeFirst();
    const [endsAtMs, revokeUnscannedAtMs, keepPersonalDataDays, personalDataErasedAtMs] = [
      row?.ends_at_ms ?? undefined,
      row?.revoke_unscanned_at_ms ?? undefined,
      row?.keep_personal_days ?? undefined,
      row?.erased_at_ms ?? undefined,
    ];
    return ok({
      ...(endsAtMs === undefined ? {} : { endsAtMs }),
      ...(revokeUnscannedAtMs === undefined ? {} : { revokeUnscannedAtMs }),
      ...(keepPersonalDataDays === undefined ? {} : { keepPersonalDataDays }),
      ...(personalDataErasedAtMs === undefined ? {} : { personalDataErasedAtMs }),
    });
  };

  return {
    read,
    set: async (event, { endsAtMs, revokeUnscannedAtMs, keepPersonalDataDays }, by, entry) => {
      if (keepPersonalDataDays !== undefined && endsAtMs === undefined)
        return err({ type: 'options-invalid', detail: 'keepPersonalDataDays counts from endsAtMs: say that too.' });
      const set = await transact(database, async (queries): Promise<Result<void, Failure>> => {
        if ((await raiseRulesRevision(queries, event)) === undefined) return err({ type: 'event-unknown' });
        const before = await queries
          .selectFrom('event_deadline')
          .select('revoke_unscanned_at_ms')
          .where('event', '=', event)
          .executeTakeFirst();
        const columns = {
          ends_at_ms: endsAtMs ?? null,
          revoke_unscanned_at_ms: revokeUnscannedAtMs ?? null,
          keep_personal_days: keepPersonalDataDays ?? null,
        };
        await queries
          .insertInto('event_deadline')
          .values({ event, ...columns, erased_at_ms: null })
          .onConflict((conflict) => conflict.column('event').doUpdateSet(columns))
          .execute();
        if (revokeUnscannedAtMs === undefined) await jobs.withdrawWithin(queries, revokeUnscannedName, event);
        // What was done at the same time before is not done again.
        else if (revokeUnscannedAtMs !== before?.revoke_unscanned_at_ms) {
          const dueAtMs = Math.max(revokeUnscannedAtMs, clock.wallMs());
          const started = await jobs.startWithin(queries, revokeUnscannedName, event, {}, { dueAtMs, by });
          if (!started.ok) return started;
        }
        const details = Object.fromEntries(
          Object.entries(columns).flatMap(([name, value]) => (value === null ? [] : [[name, value]])),
        );
        await audit.record(queries, entry({ event, subject: 'deadlines', details }));
        return ok(undefined);
      });
      if (!set.ok) return set;
      jobs.wake();
      changed(event);
      return read(event);
    },
  };
}
