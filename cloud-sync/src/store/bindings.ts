// Wristband bindings as rows, each with whether another one has replaced it, whichever of the two came first. Every question here is
// answered from an index and by a bounded number of rows, so that a flood of bindings costs no more a binding than the first one.
import { markKey, type BoundMark, type MarkName } from '@postern/shared';
import { sql, type RawBuilder } from 'kysely';
import type { Queries } from './database.ts';

/** A binding that was stored, has gone, was replaced or holds again. */
export interface TouchedBinding {
  readonly tag: string;
  readonly ticket: string;
  readonly epoch: number;
}

export interface LiveBinding extends MarkName, TouchedBinding {}

/** What bindings are asked about. */
export type BindingSubject =
  | { readonly kind: 'tag'; readonly subject: string }
  | { readonly kind: 'ticket'; readonly subject: string };

const touchedColumns = ['tag', 'ticket', 'epoch'] as const;
const liveColumns = ['gate', 'boot', 'sequence', ...touchedColumns] as const;

/** Answers with these, and those that they replace. */
export async function storeBindings(
  queries: Queries,
  event: number,
  bound: readonly BoundMark[],
): Promise<readonly TouchedBinding[]> {
  const touched: TouchedBinding[] = [];
  for (const mark of bound) {
    const { gate, boot, sequence, tagHash: tag, ticketId: ticket, epoch } = mark;
    await queries
      .insertInto('binding')
      .values({ event, gate, boot, sequence, tag, ticket, epoch, replaced: 0 })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    const names = namesOf(mark);
    for (const name of names)
      await queries
        .insertInto('binding_named')
        .values({ event, ...name, by_gate: gate, by_boot: boot, by_sequence: sequence, tag, ticket })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    touched.push({ tag, ticket, epoch }, ...(await settle(queries, event, [mark, ...names])));
  }
  return touched;
}

/** Answers with these, and those that hold again. */
export async function forgetBindingRows(
  queries: Queries,
  event: number,
  bound: readonly BoundMark[],
): Promise<readonly TouchedBinding[]> {
  const touched: TouchedBinding[] = [];
  for (const { gate, boot, sequence, tagHash: tag, ticketId: ticket, epoch } of bound) {
    await queries
      .deleteFrom('binding')
      .where((where) => where.and({ event, gate, boot, sequence }))
      .execute();
    const names = await queries
      .deleteFrom('binding_named')
      .where((where) => where.and({ event, by_gate: gate, by_boot: boot, by_sequence: sequence }))
      .returning(['gate', 'boot', 'sequence'])
      .execute();
    touched.push({ tag, ticket, epoch }, ...(await settle(queries, event, names)));
  }
  return touched;
}

/** Those that a mark says it replaces. */
const namesOf = (mark: BoundMark): readonly MarkName[] =>
  (mark.settles ?? [])
    .filter((name) => markKey({ event: mark.event, ...name }) !== markKey(mark))
    .map(({ gate, boot, sequence }) => ({ gate, boot, sequence }));

/** A mark replaces what it names, as long as both are about the same tag or the same ticket. */
const isNamed: RawBuilder<number> = sql<number>`
  case
    when exists (
      select 1 from binding_named as named
      where named.event = binding.event and named.gate = binding.gate and named.boot = binding.boot
        and named.sequence = binding.sequence and named.tag = binding.tag
    ) then 1
    when binding.ticket <> '' and exists (
      select 1 from binding_named as named
      where named.event = binding.event and named.gate = binding.gate and named.boot = binding.boot
        and named.sequence = binding.sequence and named.ticket = binding.ticket
    ) then 1
    else 0
  end`;

/** Brings `replaced` of these bindings up to date; answers with those in which it has changed. */
async function settle(queries: Queries, event: number, names: readonly MarkName[]): Promise<readonly TouchedBinding[]> {
  const changed: TouchedBinding[] = [];
  for (const { gate, boot, sequence } of names)
    changed.push(
      ...(await queries
        .updateTable('binding')
        .set({ replaced: sql<number>`1 - replaced` })
        .where((where) => where.and({ event, gate, boot, sequence }))
        .where('replaced', '<>', isNamed)
        .returning(touchedColumns)
        .execute()),
    );
  return changed;
}

/** The lowest or highest epoch of a ticket among bindings that nothing has replaced; lower ones are dead. */
export async function epochOf(
  queries: Queries,
  event: number,
  ticket: string,
  edge: 'lowest' | 'highest',
): Promise<number | undefined> {
  const row = await queries
    .selectFrom('binding')
    .select('epoch')
    .where((where) => where.and({ event, ticket, replaced: 0 }))
    .orderBy('epoch', edge === 'lowest' ? 'asc' : 'desc')
    .limit(1)
    .executeTakeFirst();
  return row?.epoch;
}

/** Tags that a ticket's bindings name, of the first `limit` that nothing has replaced. */
export async function tagsOfTicket(
  queries: Queries,
  event: number,
  ticket: string,
  limit: number,
): Promise<readonly string[]> {
  const rows = await queries
    .selectFrom('binding')
    .select('tag')
    .where((where) => where.and({ event, ticket, replaced: 0 }))
    .orderBy('epoch')
    .orderBy('tag')
    .limit(limit)
    .execute();
  return [...new Set(rows.map(({ tag }) => tag))];
}

/** Whether a tag has ever been bound, also to a ticket that has it no longer. */
export async function isKnownTag(queries: Queries, event: number, tag: string): Promise<boolean> {
  const row = await queries
    .selectFrom('binding')
    .select('tag')
    .where((where) => where.and({ event, tag }))
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/** Bindings of a tag or ticket that nothing has replaced, the first `limit` of them. Of a ticket those of one epoch only. */
export function liveBindings(
  queries: Queries,
  event: number,
  { kind, subject }: BindingSubject,
  { epoch, limit }: { readonly epoch?: number; readonly limit: number },
): Promise<LiveBinding[]> {
  const live = queries.selectFrom('binding').select(liveColumns).where('event', '=', event).where('replaced', '=', 0);
  const ofSubject =
    kind === 'tag'
      ? live.where('tag', '=', subject).orderBy('ticket').orderBy('epoch')
      : live
          .where('ticket', '=', subject)
          .where('epoch', '=', epoch ?? 0)
          .orderBy('tag');
  return ofSubject.orderBy('gate').orderBy('boot').orderBy('sequence').limit(limit).execute();
}

/**
 * Of a tag or ticket that is claimed by more than can be read: tickets, or tags, that claim it, the first `limit`, each found by a step in the
 * index.
 */
export async function claimants(
  queries: Queries,
  event: number,
  { kind, subject }: BindingSubject,
  { epoch, limit }: { readonly epoch?: number; readonly limit: number },
): Promise<readonly string[]> {
  const claimant = sql.ref(kind === 'tag' ? 'ticket' : 'tag');
  const live =
    kind === 'tag'
      ? sql`event = ${event} and tag = ${subject} and replaced = 0`
      : sql`event = ${event} and ticket = ${subject} and replaced = 0 and epoch = ${epoch ?? 0}`;
  const { rows } = await sql<{ readonly claimant: string }>`
    with recursive walk (claimant, steps) as (
      select (select min(${claimant}) from binding where ${live}), 1
      union all
      select (select min(${claimant}) from binding where ${live} and ${claimant} > walk.claimant), walk.steps + 1
      from walk where walk.claimant is not null and walk.steps < ${sql.lit(limit)}
    )
    select claimant from walk where claimant is not null`.execute(queries);
  return rows.map((row) => row.claimant);
}

/** The first binding that nothing has replaced between a tag and a ticket, of one epoch if that is said. */
export const firstBetween = (
  queries: Queries,
  event: number,
  tag: string,
  ticket: string,
  epoch: number | undefined,
): Promise<LiveBinding | undefined> =>
  queries
    .selectFrom('binding')
    .select(liveColumns)
    .where((where) => where.and({ event, tag, replaced: 0, ticket }))
    .$if(epoch !== undefined, (select) => select.where('epoch', '=', epoch ?? 0))
    .orderBy('epoch')
    .orderBy('gate')
    .orderBy('boot')
    .orderBy('sequence')
    .limit(1)
    .executeTakeFirst();

/** Tags with several tickets, and tickets with several tags, among bindings that nothing has replaced: all that can be in conflict. */
export async function contestedSubjects(queries: Queries, event: number): Promise<readonly BindingSubject[]> {
  const several = async (kind: 'tag' | 'ticket'): Promise<readonly BindingSubject[]> => {
    const { rows } = await sql<{ readonly subject: string }>`
      select ${sql.ref(kind)} as subject from binding
      where event = ${event} and replaced = 0 and ${sql.ref(kind)} <> ''
      group by ${sql.ref(kind)}
      having min(${sql.ref(kind === 'tag' ? 'ticket' : 'tag')}) <> max(${sql.ref(kind === 'tag' ? 'ticket' : 'tag')})
      order by ${sql.ref(kind)}`.execute(queries);
    return rows.map(({ subject }) => ({ kind, subject }));
  };
  return [...(await several('tag')), ...(await several('ticket'))];
}
