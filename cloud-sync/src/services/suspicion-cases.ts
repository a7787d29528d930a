// Double entries among the suspicious uses: a case that holds is one, under the same ticket and event day.
import { caseEntrySchema, type CaseEntry } from '@postern/shared';
import { z } from 'zod';
import type { Database, Queries } from '../store/database.ts';
import { withTicketsLocked } from '../store/locks.ts';
import { compareText } from './cursor.ts';
import { sightingsMax, type Suspicion } from './suspicion-rules.ts';
import { dropSuspicions, storeSuspicion } from './suspicion-rows.ts';

/** Takes over all cases of an event: after its rules have changed. */
export async function followAllCases(database: Database, event: number): Promise<void> {
  for (const table of ['case', 'suspicion'] as const)
    await withTicketsLocked(database, table, event, (queries, tickets) => followCases(queries, event, tickets));
}

/** Takes over the cases of these tickets, and drops what is no longer one. */
export async function followCases(queries: Queries, event: number, tickets: readonly string[]): Promise<void> {
  if (tickets.length === 0) return;
  const cases = await queries
    .selectFrom('case')
    .select(['ticket', 'day', 'entries', 'misfit_count'])
    .where('event', '=', event)
    .where('ticket', 'in', tickets)
    .where('holds', '=', 1)
    .execute();
  for (const found of cases) await storeSuspicion(queries, event, found.ticket, found.day, doubleEntry(found));
  const suspected = await queries
    .selectFrom('suspicion')
    .select(['ticket', 'day'])
    .where('event', '=', event)
    .where('ticket', 'in', tickets)
    .where('kind', '=', 'double-entry')
    .execute();
  for (const { ticket, day } of suspected)
    if (!cases.some((found) => found.ticket === ticket && found.day === day))
      await dropSuspicions(queries, event, ticket, day, ['double-entry']);
}

const caseEntriesSchema = z.object({ fitting: caseEntrySchema.array(), misfits: caseEntrySchema.array() });

function doubleEntry(found: { readonly entries: string; readonly misfit_count: number }): Suspicion {
  const { fitting, misfits } = caseEntriesSchema.parse(JSON.parse(found.entries));
  const entries = [...fitting, ...misfits].toSorted(compareEntries);
  const times = entries.map(({ atMs }) => atMs);
  return {
    kind: 'double-entry',
    count: found.misfit_count,
    firstAtMs: Math.min(...times),
    lastAtMs: Math.max(...times),
    gates: [...new Set(entries.map(({ gate }) => gate))].toSorted(),
    sightings: entries
      .slice(0, sightingsMax)
      .map(({ gate, boot, sequence, atMs, kind }) => ({ gate, boot, sequence, atMs, kind })),
  };
}

const compareEntries = (a: CaseEntry, b: CaseEntry): number =>
  a.atMs - b.atMs || compareText(a.gate, b.gate) || compareText(a.boot, b.boot) || a.sequence - b.sequence;
