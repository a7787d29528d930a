// Cases as rows: what the fold says of a ticket, joined with what a person has made of it. Late marks extend a case or take its ground
// away, and a use that nobody has judged opens it again; they never make a second one of the same ticket and day.
import { toCaseEntry, type Case, type CaseEntry, type CaseState, type Entry, type History } from '@postern/shared';
import type { Insertable, Selectable } from 'kysely';
import { z } from 'zod';
import type { Queries } from '../store/database.ts';
import type { Schema } from '../store/schema.ts';

/** Entries of a kind that a case lists and a person judges one by one; of more there is the count. */
export const caseEntriesMax = 100;
const rowsPerStatementMax = 500;

type CaseRow = Selectable<Schema['case']>;
type WorkRow = Selectable<Schema['case_work']>;

/** When cases were opened and last changed: no mark says it, so whoever drops rows to make them anew hands it on. */
export type CaseTimes = ReadonlyMap<string, Pick<CaseRow, 'opened_at_ms' | 'changed_at_ms'>>;

/** Brings the cases of these tickets up to date; `before` are the tickets of which there may be some already. */
export async function storeCases(
  queries: Queries,
  nowMs: number,
  event: number,
  histories: ReadonlyMap<string, History>,
  before: readonly string[],
  times: CaseTimes = new Map(),
): Promise<void> {
  const works = await readWorks(queries, event, before);
  const found = [...histories.values()].flatMap(({ cases }) => cases);
  const ids = new Set(found.map(({ id }) => id));
  const rows = [
    ...found.map((one) => toRow(one, works.get(one.id))),
    // Nothing of it is left, but somebody has worked on it.
    ...[...works.values()].filter(({ id }) => !ids.has(id)).map(toRowWithoutGround),
  ].map((row) => ({ ...row, opened_at_ms: nowMs, changed_at_ms: nowMs, ...times.get(row.id) }));
  if (before.length > 0)
    await queries
      .deleteFrom('case')
      .where('event', '=', event)
      .where('ticket', 'in', before)
      .$if(rows.length > 0, (select) =>
        select.where(
          'id',
          'not in',
          rows.map(({ id }) => id),
        ),
      )
      .execute();
  for (let start = 0; start < rows.length; start += rowsPerStatementMax)
    await queries
      .insertInto('case')
      .values(rows.slice(start, start + rowsPerStatementMax))
      .onConflict((conflict) =>
        conflict.columns(['event', 'id']).doUpdateSet((eb) => ({
          state: eb.ref('excluded.state'),
          entries: eb.ref('excluded.entries'),
          order_uncertain: eb.ref('excluded.order_uncertain'),
          last_at_ms: eb.ref('excluded.last_at_ms'),
          changed_at_ms: eb.ref('excluded.changed_at_ms'),
          cause: eb.ref('excluded.cause'),
          ticket_type: eb.ref('excluded.ticket_type'),
          misfit_count: eb.ref('excluded.misfit_count'),
          gates: eb.ref('excluded.gates'),
          holds: eb.ref('excluded.holds'),
          reopened: eb.ref('excluded.reopened'),
        })),
      )
      .execute();
}

async function readWorks(
  queries: Queries,
  event: number,
  tickets: readonly string[],
): Promise<ReadonlyMap<string, WorkRow>> {
  if (tickets.length === 0) return new Map();
  const rows = await queries
    .selectFrom('case_work')
    .selectAll()
    .where('event', '=', event)
    .where('ticket', 'in', tickets)
    .execute();
  return new Map(rows.map((row) => [row.id, row]));
}

type DerivedRow = Omit<Insertable<Schema['case']>, 'opened_at_ms' | 'changed_at_ms'>;

function toRow(found: Case, work: WorkRow | undefined): DerivedRow {
  const { event, id, ticketId, day, cause } = found;
  const fitting = found.fitting.slice(0, caseEntriesMax).map(toCaseEntry);
  const misfits = found.misfits.slice(0, caseEntriesMax).map(toCaseEntry);
  const all = [...found.fitting, ...found.misfits];
  const isJudged = work !== undefined && !hasUnseen(work, misfits, found.misfits.length);
  return {
    event,
    id,
    ticket: ticketId,
    day,
    state: isJudged ? work.state : 'open',
    entries: JSON.stringify({ fitting, misfits }),
    order_uncertain: found.orderUncertain ? 1 : 0,
    last_at_ms: Math.max(...all.map(({ mark }) => mark.at.ms)),
    cause,
    ticket_type: typeOf(all),
    misfit_count: found.misfits.length,
    gates: JSON.stringify([...new Set(all.map(({ mark }) => mark.gate))].toSorted()),
    holds: 1,
    reopened: work === undefined || work.state === 'open' || isJudged ? 0 : 1,
  };
}

const toRowWithoutGround = ({ event, id, ticket, day, state, changed_at_ms }: WorkRow): DerivedRow => ({
  event,
  id,
  ticket,
  day,
  state: state === 'open' ? ('closed' satisfies CaseState) : state,
  entries: JSON.stringify({ fitting: [], misfits: [] }),
  order_uncertain: 0,
  last_at_ms: changed_at_ms,
  cause: 'copied-code',
  ticket_type: null,
  misfit_count: 0,
  gates: '[]',
  holds: 0,
  reopened: 0,
});

/** The newest of its entries says of which type the ticket is. */
function typeOf(entries: readonly Entry[]): number | null {
  const latest = entries
    .flatMap(({ mark }) => (mark.kind === 'admitted' ? [mark] : []))
    .toSorted((a, b) => a.at.ms - b.at.ms)
    .at(-1);
  return latest?.ticketType ?? null;
}

function hasUnseen(work: WorkRow, misfits: readonly CaseEntry[], count: number): boolean {
  const seen = new Set(seenSchema.parse(JSON.parse(work.seen)));
  return count > work.seen_count || misfits.some((misfit) => !seen.has(seenKey(misfit)));
}

const seenSchema = z.string().array();

/** How the misfits that a person has judged are remembered. */
export const seenKey = ({ gate, boot, sequence }: Pick<CaseEntry, 'gate' | 'boot' | 'sequence'>): string =>
  `${gate}/${boot}/${sequence}`;
