// Erases what names visitors, so many days after the end of their event as its deadlines say. Looks at every such event every night, also
// at those that were erased before: what has come in since goes too.
import { ok, type Clock } from '@postern/shared';
import { z } from 'zod';
import type { Database } from '../../store/database.ts';
import type { Forgetting } from '../forget-visitors.ts';
import { defineJob, type JobContext, type JobKind } from './job-kind.ts';

const dayMs = 86_400_000;

export interface EraseVisitorsDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly forgettings: readonly Forgetting[];
}

export const eraseVisitors = ({ database, clock, forgettings }: EraseVisitorsDeps): JobKind =>
  defineJob({
    name: 'erase-visitors',
    title: 'Erases what names visitors of events whose deadline for that has passed',
    about: 'deployment',
    schedule: '27 3 * * *',
    runNow: true,
    parameters: z.strictObject({}),
    run: async (context) => {
      const due = await readDue(database, clock.wallMs());
      const counts: Record<string, number> = Object.fromEntries(forgettings.map(({ what }) => [what, 0]));
      let events = 0;
      for (const [index, event] of due.entries()) {
        if (context.signal.aborted) break;
        context.report(index, due.length);
        let erased = 0;
        for (const forgetting of forgettings) {
          const number = await forgetAll(database, context, event, forgetting);
          counts[forgetting.what] = (counts[forgetting.what] ?? 0) + number;
          erased += number;
        }
        if (erased === 0) continue;
        events += 1;
        await database
          .updateTable('event_deadline')
          .set({ erased_at_ms: clock.wallMs() })
          .where('event', '=', event)
          .execute();
      }
      return ok({
        counts: { events, ...counts },
        summary: events === 0 ? 'Nothing was to be erased.' : `Erased what named visitors of ${events} events.`,
      });
    },
  });

async function readDue(database: Database, nowMs: number): Promise<readonly number[]> {
  const rows = await database
    .selectFrom('event_deadline')
    .select('event')
    .where('ends_at_ms', 'is not', null)
    .where('keep_personal_days', 'is not', null)
    .where(({ eb }) => eb(eb('ends_at_ms', '+', eb('keep_personal_days', '*', dayMs)), '<=', nowMs))
    .orderBy('event')
    .execute();
  return rows.map(({ event }) => event);
}

async function forgetAll(
  database: Database,
  { signal, fence }: JobContext<unknown>,
  event: number,
  { forget }: Forgetting,
): Promise<number> {
  let erased = 0;
  while (!signal.aborted) {
    const number = await database.transaction().execute(async (queries) => {
      await fence(queries);
      return forget(queries, event);
    });
    if (number === 0) break;
    erased += number;
  }
  return erased;
}
