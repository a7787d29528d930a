// Which wristbands several tickets claim, derived from `bound` marks in the transaction that stores them; a person's choice is such a
// mark too (binding-conflicts.ts). It is what foldBindings finds at a gate, read from rows: a flood of claims on one tag or ticket is one
// conflict, of which the first claims are listed.
import {
  bindingConflictId,
  compareMarks,
  correctMarks,
  type BindingConflict,
  type BindingView,
  type BoundMark,
  type Mark,
  type MarkName,
} from '@postern/shared';
import {
  claimants,
  contestedSubjects,
  epochOf,
  firstBetween,
  forgetBindingRows,
  liveBindings,
  storeBindings,
  tagsOfTicket,
  type BindingSubject,
  type LiveBinding,
  type TouchedBinding,
} from '../store/bindings.ts';
import type { Queries } from '../store/database.ts';
import { lockBindings } from '../store/locks.ts';
import { readCorrectionMarks, readMark } from '../store/mark-rows.ts';

/** Bindings that a conflict lists: more than anybody makes by mistake. */
export const bindingsMax = 100;
/** Tags of one ticket that are looked at when its epoch has changed what holds of them. */
const tagsPerTicketMax = 100;
const idsPerStatementMax = 1_000;

/** After the tickets of the same marks have been locked. */
export async function deriveBindings(queries: Queries, event: number, marks: readonly Mark[]): Promise<void> {
  const bound = marks.filter(isBound);
  if (bound.length === 0) return;
  await lockBindings(queries, event);
  await deriveAround(queries, event, await storeBindings(queries, event, bound));
}

/** Of marks that have left the history. */
export async function forgetBindings(queries: Queries, event: number, marks: readonly Mark[]): Promise<void> {
  const bound = marks.filter(isBound);
  if (bound.length === 0) return;
  await lockBindings(queries, event);
  await deriveAround(queries, event, await forgetBindingRows(queries, event, bound));
}

/** Of one ticket whose party has changed, after it has been locked: it may have as many bands. */
export async function deriveBindingsOf(queries: Queries, event: number, ticket: string): Promise<void> {
  if ((await epochOf(queries, event, ticket, 'highest')) === undefined) return;
  await lockBindings(queries, event);
  await deriveConflicts(queries, event, [{ kind: 'ticket', subject: ticket }]);
}

/** Of all bands of an event, for who has dropped what was derived. */
export async function deriveBindingsAnew(queries: Queries, event: number): Promise<void> {
  await lockBindings(queries, event);
  for (const table of ['binding', 'binding_named', 'binding_conflict'] as const)
    await queries.deleteFrom(table).where('event', '=', event).execute();
  const rows = await queries
    .selectFrom('mark')
    .select(['event', 'gate', 'boot', 'bytes'])
    .where('event', '=', event)
    .where('kind', '=', 'bound')
    .execute();
  await storeBindings(queries, event, rows.flatMap(toBound));
  await deriveConflicts(queries, event, await contestedSubjects(queries, event));
}

/** Of the conflicts of an event, after clock corrections: what is in conflict stays so, but its times and their order may not. */
export async function deriveConflictTimes(queries: Queries, event: number): Promise<void> {
  await lockBindings(queries, event);
  const conflicts = await queries
    .selectFrom('binding_conflict')
    .select(['kind', 'subject'])
    .where('event', '=', event)
    .execute();
  await deriveConflicts(
    queries,
    event,
    conflicts.map(({ kind, subject }) => ({ kind: kind as BindingSubject['kind'], subject })),
  );
}

/** What changed bindings change: conflicts about their own tags and tickets, and about the other tags of a ticket that has changed its epoch. */
async function deriveAround(queries: Queries, event: number, touched: readonly TouchedBinding[]): Promise<void> {
  const tags = new Set(touched.map(({ tag }) => tag));
  const epochsByTicket = new Map<string, Set<number>>();
  for (const { ticket, epoch } of touched)
    if (ticket !== '') epochsByTicket.set(ticket, (epochsByTicket.get(ticket) ?? new Set()).add(epoch));
  for (const [ticket, epochs] of epochsByTicket) {
    for (const edge of ['lowest', 'highest'] as const) {
      const epoch = await epochOf(queries, event, ticket, edge);
      if (epoch !== undefined) epochs.add(epoch);
    }
    if (epochs.size > 1) for (const tag of await tagsOfTicket(queries, event, ticket, tagsPerTicketMax)) tags.add(tag);
  }
  await deriveConflicts(queries, event, [
    ...[...tags].map((subject): BindingSubject => ({ kind: 'tag', subject })),
    ...[...epochsByTicket.keys()].map((subject): BindingSubject => ({ kind: 'ticket', subject })),
  ]);
}

async function deriveConflicts(queries: Queries, event: number, subjects: readonly BindingSubject[]): Promise<void> {
  const ids = subjects.map(({ kind, subject }) => bindingConflictId(event, kind, subject));
  for (let start = 0; start < ids.length; start += idsPerStatementMax)
    await queries
      .deleteFrom('binding_conflict')
      .where('event', '=', event)
      .where('id', 'in', ids.slice(start, start + idsPerStatementMax))
      .execute();
  for (const about of subjects) {
    const holding = await (about.kind === 'tag'
      ? claimsOnTag(queries, event, about.subject)
      : claimsOnTicket(queries, event, about.subject));
    if (holding.length === 0) continue;
    const marks = await readBound(queries, event, holding);
    const corrected = correctMarks([...marks, ...(await readCorrectionMarks(queries, event, marks))]);
    const id = bindingConflictId(event, about.kind, about.subject);
    const conflict = { id, event, ...about, marks: corrected.filter(isBound).toSorted(compareMarks) };
    await queries.insertInto('binding_conflict').values(toRow(conflict)).execute();
  }
}

/** What holds of a tag that several tickets claim; nothing where they do not. */
async function claimsOnTag(queries: Queries, event: number, tag: string): Promise<readonly LiveBinding[]> {
  const holding = await holdingOfTag(queries, event, tag, { claimantsMin: 2 });
  return new Set(holding.map(({ ticket }) => ticket)).size > 1 ? holding : [];
}

/**
 * What holds of a tag, also that no ticket has it; nothing where it has fewer claimants than asked for. Of a flood the first binding of each
 * of the first claimants.
 */
export async function holdingOfTag(
  queries: Queries,
  event: number,
  tag: string,
  { claimantsMin = 1 }: { readonly claimantsMin?: number } = {},
): Promise<readonly LiveBinding[]> {
  const about = { kind: 'tag', subject: tag } as const;
  const live = await liveBindings(queries, event, about, { limit: bindingsMax + 1 });
  const isWhole = live.length <= bindingsMax;
  const tickets = isWhole
    ? [...new Set(live.map(({ ticket }) => ticket))]
    : await claimants(queries, event, about, { limit: bindingsMax });
  if (tickets.length < claimantsMin) return [];
  const holding: LiveBinding[] = [];
  for (const ticket of tickets) {
    const epoch = ticket === '' ? undefined : await epochOf(queries, event, ticket, 'highest');
    const first = isWhole ? undefined : await firstBetween(queries, event, tag, ticket, epoch);
    if (first !== undefined) holding.push(first);
    if (isWhole)
      holding.push(
        ...live.filter((claim) => claim.ticket === ticket && (epoch === undefined || claim.epoch === epoch)),
      );
  }
  return holding;
}

/** What holds of a ticket that has more tags than it may have; nothing where it has not. */
async function claimsOnTicket(queries: Queries, event: number, ticket: string): Promise<readonly LiveBinding[]> {
  const about = { kind: 'ticket', subject: ticket } as const;
  const epoch = await epochOf(queries, event, ticket, 'highest');
  if (epoch === undefined) return [];
  // Most tickets have one band, whatever their party.
  if ((await liveBindings(queries, event, about, { epoch, limit: 2 })).length < 2) return [];
  const bandsMax = await readBandsMax(queries, event, ticket);
  const tags = await claimants(queries, event, about, { epoch, limit: bandsMax + 1 });
  if (tags.length <= bandsMax) return [];
  const live = await liveBindings(queries, event, about, { epoch, limit: bindingsMax + 1 });
  if (live.length <= bindingsMax) return live;
  const holding: LiveBinding[] = [];
  for (const tag of await claimants(queries, event, about, { epoch, limit: bindingsMax })) {
    const first = await firstBetween(queries, event, tag, ticket, epoch);
    if (first !== undefined) holding.push(first);
  }
  return holding;
}

/** One band for each of a ticket's party. */
async function readBandsMax(queries: Queries, event: number, ticket: string): Promise<number> {
  const row = await queries
    .selectFrom('ticket')
    .select('party')
    .where('event', '=', event)
    .where('id', '=', ticket)
    .executeTakeFirst();
  return Math.max(1, row?.party ?? 1);
}

/** The bindings of these names, at most `bindingsMax`. */
export async function readBound(
  queries: Queries,
  event: number,
  names: readonly MarkName[],
): Promise<readonly BoundMark[]> {
  if (names.length === 0) return [];
  const rows = await queries
    .selectFrom('mark')
    .select(['event', 'gate', 'boot', 'bytes'])
    .where((where) =>
      where.or(
        names.slice(0, bindingsMax).map(({ gate, boot, sequence }) => where.and({ event, gate, boot, sequence })),
      ),
    )
    .execute();
  return rows.flatMap(toBound);
}

const isBound = (mark: Mark): mark is BoundMark => mark.kind === 'bound';

function toBound(row: Parameters<typeof readMark>[0]): readonly BoundMark[] {
  const mark = readMark(row);
  return mark?.kind === 'bound' ? [mark] : [];
}

const toRow = ({ event, id, kind, subject, marks }: BindingConflict) => ({
  event,
  id,
  kind,
  subject,
  bindings: JSON.stringify(marks.map(toBindingView)),
  last_at_ms: Math.max(...marks.map(({ at }) => at.ms)),
});

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
