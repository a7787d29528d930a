// Double entries among the suspicious uses: an open case is one, under the same ticket and event day.
import { entryViewSchema } from '@postern/shared';
import { z } from 'zod';
import type { Database, Queries } from '../store/database.ts';
import { withTicketsLocked } from '../store/locks.ts';
import { sightingsMax, usesPerDayMax, type Suspicion } from './suspicion-rules.ts';
import { dropSuspicions, storeSuspicion } from './suspicion-rows.ts';

/** Takes over all cases of an event: after its rules have changed. */
export const followAllCases = (database: Database, event: number): Promise<void> =>
  withTicketsLocked(database, 'case', event, (queries, tickets) => followCases(queries, event, tickets));

/** Takes over the cases of these tickets: a double entry is a case that is open. */
export async function followCases(queries: Queries, event: number, tickets: readonly string[]): Promise<void> {
  if (tickets.length === 0) return;
  const cases = await queries
    .selectFrom('case')
    .select(['ticket', 'day', 'state', 'entries'])
    .where('event', '=', event)
    .where('ticket', 'in', tickets)
    .execute();
  for (const found of cases)
    if (found.state === 'open')
      await storeSuspicion(queries, event, found.ticket, found.day, await doubleEntry(queries, event, found));
    else await dropSuspicions(queries, event, found.ticket, found.day, ['double-entry']);
}

const caseEntriesSchema = z.object({ fitting: entryViewSchema.array(), misfits: entryViewSchema.array() });

async function doubleEntry(
  queries: Queries,
  event: number,
  found: { readonly ticket: string; readonly entries: string },
): Promise<Suspicion> {
  const { fitting, misfits } = caseEntriesSchema.parse(JSON.parse(found.entries));
  const concerned = new Set([...fitting, ...misfits].map(({ gate, lane, atMs }) => `${gate} ${lane} ${atMs}`));
  const entries = await queries
    .selectFrom('entry')
    .select(['gate', 'boot', 'sequence', 'lane', 'kind', 'at_ms'])
    .where('event', '=', event)
    .where('ticket', '=', found.ticket)
    .orderBy('at_ms')
    .orderBy('gate')
    .orderBy('boot')
    .orderBy('sequence')
    .limit(usesPerDayMax)
    .execute();
  const sightings = entries.filter(({ gate, lane, at_ms }) => concerned.has(`${gate} ${lane} ${at_ms}`));
  const times = [...fitting, ...misfits].map(({ atMs }) => atMs);
  return {
    kind: 'double-entry',
    count: misfits.length,
    firstAtMs: Math.min(...times),
    lastAtMs: Math.max(...times),
    gates: [...new Set([...fitting, ...misfits].map(({ gate }) => gate))].toSorted(),
    sightings: sightings
      .slice(0, sightingsMax)
      .map(({ gate, boot, sequence, at_ms, kind }) => ({ gate, boot, sequence, atMs: at_ms, kind })),
  };
}
