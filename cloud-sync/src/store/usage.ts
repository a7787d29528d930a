// Uses in columns: what a mark, or a central verification that left no mark, says about one presentation, at the time that clock
// corrections give it. Written in the transaction that stores its source, never read by anything that decides, and at any time to be rebuilt
// from the sources.
import { readCorrections, type Mark, type WriterId } from '@postern/shared';
import type { Selectable } from 'kysely';
import type { Queries } from './database.ts';
import { insertRows } from './insert-rows.ts';
import { readCorrectionMarks, readMark } from './mark-rows.ts';
import type { Schema } from './schema.ts';

export type UsageRow = Selectable<Schema['usage']>;
/** What an audit entry says of a use. */
type UsedEntry = Pick<
  Selectable<Schema['audit_entry']>,
  'event' | 'chain' | 'sequence' | 'at_ms' | 'action' | 'actor' | 'ticket' | 'method' | 'reason'
>;

const rebuildPageRows = 1_000;

/** The uses that marks of one event tell of, after their corrections have been stored. */
export async function toUses(queries: Queries, event: number, marks: readonly Mark[]): Promise<readonly UsageRow[]> {
  const corrections = readCorrections(await readCorrectionMarks(queries, event, marks));
  return marks.map((mark) => markToUsage(mark, corrections.timeOf(mark).at.ms));
}

const markToUsage = (mark: Mark, atMs: number): UsageRow => ({
  event: mark.event,
  gate: mark.gate,
  boot: mark.boot,
  sequence: mark.sequence,
  at_ms: atMs,
  kind: mark.kind,
  lane: mark.lane,
  ticket: 'ticketId' in mark && mark.ticketId !== '' ? mark.ticketId : null,
  method: 'method' in mark && mark.method !== '' ? mark.method : null,
  person: mark.operator ?? null,
  reason: reasonOf(mark),
  count: 'uses' in mark ? mark.uses : 'count' in mark ? mark.count : 1,
});

function reasonOf(mark: Mark): string | null {
  if (mark.kind === 'refused') return mark.code;
  if (mark.kind === 'admitted') return mark.approved ?? null;
  // What it would have been.
  if (mark.kind === 'rehearsed') return mark.practised.kind;
  return 'reason' in mark ? (mark.reason ?? null) : null;
}

/** A central verification that left no mark: the chain stands for the writer, and no gate. */
export const entryToUsage = (entry: UsedEntry): UsageRow => ({
  event: entry.event,
  gate: '',
  boot: entry.chain,
  sequence: entry.sequence,
  at_ms: entry.at_ms,
  kind: entry.action === 'refusal' ? 'refused' : 'verified',
  lane: '',
  ticket: entry.ticket,
  method: entry.method,
  person: entry.actor,
  reason: entry.reason,
  count: 1,
});

/** Those of marks that have left the history; answers with them. */
export async function forgetUsage(queries: Queries, marks: readonly Mark[]): Promise<readonly UsageRow[]> {
  const gone: UsageRow[] = [];
  for (const { event, gate, boot, sequence } of marks)
    gone.push(
      ...(await queries
        .deleteFrom('usage')
        .where((where) => where.and({ event, gate, boot, sequence }))
        .returningAll()
        .execute()),
    );
  return gone;
}

/**
 * Gives the uses that marks of one writer have told of the times that its corrections say by now. Answers with those that moved, each as it
 * was and as it is.
 */
export async function moveUses(
  queries: Queries,
  { event, gate, boot }: WriterId,
  marks: readonly Mark[],
): Promise<readonly UsageRow[]> {
  const [first, last] = [marks[0]?.sequence, marks.at(-1)?.sequence];
  if (first === undefined || last === undefined) return [];
  const rows = await queries
    .selectFrom('usage')
    .selectAll()
    .where((where) => where.and({ event, gate, boot }))
    .where('sequence', '>=', first)
    .where('sequence', '<=', last)
    .execute();
  const known = new Map(rows.map((row) => [row.sequence, row]));
  const moved: UsageRow[] = [];
  for (const use of await toUses(queries, event, marks)) {
    const before = known.get(use.sequence);
    if (before === undefined || before.at_ms === use.at_ms) continue;
    await queries
      .updateTable('usage')
      .set({ at_ms: use.at_ms })
      .where((where) => where.and({ event, gate, boot, sequence: use.sequence }))
      .execute();
    moved.push(before, use);
  }
  return moved;
}

/** Makes the uses of an event anew from marks and audit entries; answers how many there were sources for. */
export async function rebuildUsage(queries: Queries, event: number): Promise<number> {
  await queries.deleteFrom('usage').where('event', '=', event).execute();
  return (await copyMarks(queries, event)) + (await copyEntries(queries, event));
}

async function copyMarks(queries: Queries, event: number): Promise<number> {
  let copied = 0;
  let last = { gate: '', boot: '', sequence: 0 };
  for (;;) {
    const page = await queries
      .selectFrom('mark')
      .select(['event', 'gate', 'boot', 'sequence', 'bytes'])
      .where('event', '=', event)
      .where((where) =>
        where(where.refTuple('gate', 'boot', 'sequence'), '>', where.tuple(last.gate, last.boot, last.sequence)),
      )
      .orderBy('gate')
      .orderBy('boot')
      .orderBy('sequence')
      .limit(rebuildPageRows)
      .execute();
    const marks = page.flatMap((row) => readMark(row) ?? []);
    const rows = await toUses(queries, event, marks);
    await insertRows(queries, 'usage', rows, 'keep');
    copied += rows.length;
    last = page.at(-1) ?? last;
    if (page.length < rebuildPageRows) return copied;
  }
}

async function copyEntries(queries: Queries, event: number): Promise<number> {
  let copied = 0;
  let last = { chain: '', sequence: 0 };
  for (;;) {
    const page = await queries
      .selectFrom('audit_entry')
      .select(['event', 'chain', 'sequence', 'at_ms', 'action', 'actor', 'ticket', 'method', 'reason'])
      .where('event', '=', event)
      .where('action', 'in', ['verify', 'refusal'])
      .where('mark', 'is', null)
      .where((where) => where(where.refTuple('chain', 'sequence'), '>', where.tuple(last.chain, last.sequence)))
      .orderBy('chain')
      .orderBy('sequence')
      .limit(rebuildPageRows)
      .execute();
    await insertRows(queries, 'usage', page.map(entryToUsage), 'keep');
    copied += page.length;
    last = page.at(-1) ?? last;
    if (page.length < rebuildPageRows) return copied;
  }
}

/** Events that have marks and not one use: their uses have never been made, or were dropped. */
export async function eventsWithoutUsage(queries: Queries): Promise<readonly number[]> {
  const rows = await queries
    .selectFrom('event')
    .select('id')
    .where((where) =>
      where
        .exists(where.selectFrom('mark').select('mark.sequence').whereRef('mark.event', '=', 'event.id'))
        .and(
          where.not(
            where.exists(where.selectFrom('usage').select('usage.sequence').whereRef('usage.event', '=', 'event.id')),
          ),
        ),
    )
    .execute();
  return rows.map((row) => row.id);
}
