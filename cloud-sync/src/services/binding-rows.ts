// Which wristbands several tickets claim, derived from `bound` marks in the transaction that stores them; a person's choice is such a
// mark too (binding-conflicts.ts).
import {
  correctMarks,
  foldBindings,
  markKey,
  type BandsMax,
  type BindingConflict,
  type Bindings,
  type BindingView,
  type BoundMark,
  type Mark,
} from '@postern/shared';
import type { Queries } from '../store/database.ts';
import { lockBindings } from '../store/locks.ts';
import { readCorrectionMarks, readMark } from '../store/mark-rows.ts';

/** After the tickets of the same marks have been locked. */
export async function deriveBindings(queries: Queries, event: number, marks: readonly Mark[]): Promise<void> {
  const bound = marks.filter((mark): mark is BoundMark => mark.kind === 'bound');
  if (bound.length === 0) return;
  await lockBindings(queries, event);
  await storeBindings(queries, event, bound);
  await deriveConflicts(queries, event, bound);
}

/** Of marks that have left the history. */
export async function forgetBindings(queries: Queries, event: number, marks: readonly Mark[]): Promise<void> {
  const bound = marks.filter((mark): mark is BoundMark => mark.kind === 'bound');
  if (bound.length === 0) return;
  await lockBindings(queries, event);
  for (const { gate, boot, sequence } of bound)
    await queries
      .deleteFrom('binding')
      .where((where) => where.and({ event, gate, boot, sequence }))
      .execute();
  await deriveConflicts(queries, event, bound);
}

/** Of one ticket whose party has changed, after it has been locked: it may have as many bands. */
export async function deriveBindingsOf(queries: Queries, event: number, ticket: string): Promise<void> {
  const bound = await readBound(queries, event, [], [ticket]);
  if (bound.length === 0) return;
  await lockBindings(queries, event);
  await deriveConflicts(queries, event, bound);
}

/** Of all bands of an event, for who has dropped what was derived. */
export async function deriveBindingsAnew(queries: Queries, event: number): Promise<void> {
  await lockBindings(queries, event);
  for (const table of ['binding', 'binding_conflict'] as const)
    await queries.deleteFrom(table).where('event', '=', event).execute();
  const rows = await queries
    .selectFrom('mark')
    .select(['event', 'gate', 'boot', 'bytes'])
    .where('event', '=', event)
    .where('kind', '=', 'bound')
    .execute();
  const bound = rows.flatMap(toBound);
  await storeBindings(queries, event, bound);
  await storeConflicts(queries, (await foldAround(queries, event, bound)).conflicts);
}

async function storeBindings(queries: Queries, event: number, bound: readonly BoundMark[]): Promise<void> {
  for (const { gate, boot, sequence, tagHash, ticketId } of bound)
    await queries
      .insertInto('binding')
      .values({ event, gate, boot, sequence, tag: tagHash, ticket: ticketId })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
}

/** Rings of bindings around new ones that bear on a conflict: those they touch, what may have replaced these, and what that. */
const rings = 3;

/** What new bindings change: conflicts about their own tags and tickets, and about those that share one with them. */
async function deriveConflicts(queries: Queries, event: number, bound: readonly BoundMark[]): Promise<void> {
  let around: readonly BoundMark[] = await readBound(queries, event, tagsOf(bound), ticketsOf(bound));
  const touched = [...around, ...bound];
  const subjects = [...tagsOf(touched), ...ticketsOf(touched)];
  for (let ring = 0; ring < rings; ring++) around = await readBound(queries, event, tagsOf(around), ticketsOf(around));
  const { conflicts } = await foldAround(queries, event, around);
  for (const some of chunksOf(subjects))
    await queries.deleteFrom('binding_conflict').where('event', '=', event).where('subject', 'in', some).execute();
  const concerned = new Set(subjects);
  await storeConflicts(
    queries,
    conflicts.filter(({ subject }) => concerned.has(subject)),
  );
}

async function foldAround(queries: Queries, event: number, around: readonly BoundMark[]): Promise<Bindings> {
  const corrections = await readCorrectionMarks(queries, event, around);
  return foldBindings(correctMarks([...around, ...corrections]), await readBandsMax(queries, event, ticketsOf(around)));
}

async function storeConflicts(queries: Queries, conflicts: readonly BindingConflict[]): Promise<void> {
  for (const conflict of conflicts) await queries.insertInto('binding_conflict').values(toRow(conflict)).execute();
}

const tagsOf = (bound: readonly BoundMark[]): readonly string[] => [...new Set(bound.map(({ tagHash }) => tagHash))];
const ticketsOf = (bound: readonly BoundMark[]): readonly string[] => [
  ...new Set(bound.flatMap(({ ticketId }) => (ticketId === '' ? [] : [ticketId]))),
];

/** Bindings of any of these tags or tickets, each once. */
export async function readBound(
  queries: Queries,
  event: number,
  tags: readonly string[],
  tickets: readonly string[],
): Promise<readonly BoundMark[]> {
  const found = new Map<string, BoundMark>();
  for (const [column, values] of [
    ['tag', tags],
    ['ticket', tickets],
  ] as const)
    for (const some of chunksOf(values)) {
      const rows = await queries
        .selectFrom('binding')
        .innerJoin('mark', (join) =>
          join
            .onRef('mark.event', '=', 'binding.event')
            .onRef('mark.gate', '=', 'binding.gate')
            .onRef('mark.boot', '=', 'binding.boot')
            .onRef('mark.sequence', '=', 'binding.sequence'),
        )
        .select(['mark.event', 'mark.gate', 'mark.boot', 'mark.bytes'])
        .where('binding.event', '=', event)
        .where(`binding.${column}`, 'in', some)
        .execute();
      for (const mark of rows.flatMap(toBound)) found.set(markKey(mark), mark);
    }
  return [...found.values()];
}

function toBound(row: Parameters<typeof readMark>[0]): readonly BoundMark[] {
  const mark = readMark(row);
  return mark?.kind === 'bound' ? [mark] : [];
}

const keysPerStatementMax = 1_000;

function* chunksOf(keys: readonly string[]): Generator<readonly string[]> {
  for (let start = 0; start < keys.length; start += keysPerStatementMax)
    yield keys.slice(start, start + keysPerStatementMax);
}

/** One band for each of a ticket's party. */
async function readBandsMax(queries: Queries, event: number, tickets: readonly string[]): Promise<BandsMax> {
  const parties = new Map<string, number>();
  for (const some of chunksOf(tickets))
    for (const { id, party } of await queries
      .selectFrom('ticket')
      .select(['id', 'party'])
      .where('event', '=', event)
      .where('id', 'in', some)
      .execute())
      parties.set(id, party);
  return (ticketId) => parties.get(ticketId) ?? 1;
}

const toRow = ({ event, id, kind, subject, marks }: BindingConflict) => ({
  event,
  id,
  kind,
  subject,
  bindings: JSON.stringify(marks.slice(0, bindingsMax).map(toBindingView)),
  last_at_ms: Math.max(...marks.map(({ at }) => at.ms)),
});

/** Bindings that a conflict lists: more than anybody makes by mistake. */
const bindingsMax = 100;

const toBindingView = ({
  gate,
  boot,
  sequence,
  at,
  clock,
  lane,
  tagHash,
  ticketId,
  epoch,
  operator,
}: BoundMark): BindingView => ({
  gate,
  boot,
  sequence,
  atMs: at.ms,
  uncertaintyMs: clock.uncertaintyMs,
  lane,
  tag: tagHash,
  ticket: ticketId,
  epoch,
  ...(operator === undefined ? {} : { operator }),
});
