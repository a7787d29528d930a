// The story of one ticket on one line of time: what was done with it through the cloud, what happened at gates, the cases that it is in and what went back
// to pretix. Only reads, and of each source only the latest.
import {
  centralGate,
  compareMarks,
  err,
  isProvisional,
  markKey,
  ok,
  readCorrections,
  storyStepsMax,
  type AuditAction,
  type AuditActorKind,
  type Coverage,
  type Mark,
  type Result,
  type StoryActor,
  type StoryStep,
  type TicketStory,
} from '@postern/shared';
import type { Selectable } from 'kysely';
import type { Database } from '../store/database.ts';
import { readCorrectionMarks, readMark } from '../store/mark-rows.ts';
import type { Schema } from '../store/schema.ts';
import type { Cases } from './cases.ts';
import type { CoverageService } from './coverage.ts';
import { readEvent } from './events.ts';
import { toMarkView } from './mark-view.ts';
import type { Failure } from './problems.ts';

export interface TicketStoryDeps {
  readonly database: Database;
  readonly coverage: Pick<CoverageService, 'read'>;
  readonly cases: Pick<Cases, 'ofTicket'>;
}

/** `mayKnowNames`: of the people who have done something through the cloud. */
export type ReadTicketStory = (
  ticket: string,
  mayKnowNames: (event: number) => boolean,
) => Promise<Result<TicketStory, Failure>>;

type EntryRow = Pick<
  Selectable<Schema['audit_entry']>,
  'at_ms' | 'action' | 'actor_kind' | 'actor' | 'gate' | 'method' | 'reason' | 'mark'
>;

export function createTicketStory({ database, coverage, cases }: TicketStoryDeps): ReadTicketStory {
  return async (id, mayKnowNames) => {
    const ticket = await database.selectFrom('ticket').selectAll().where('id', '=', id).executeTakeFirst();
    const policy = ticket === undefined ? undefined : (await readEvent(database, ticket.event))?.policy;
    if (ticket === undefined || policy === undefined) return err({ type: 'ticket-unknown' });
    const { event } = ticket;
    const covered = await coverage.read(event);
    const entries = await readEntries(database, event, id);
    const marks = await readMarks(database, event, id);
    const checkIns = await readCheckIns(database, event, id);
    const story = await database
      .selectFrom('story')
      .select(['uses_spent', 'inside'])
      .where('event', '=', event)
      .where('ticket', '=', id)
      .executeTakeFirst();
    const actorOf = await createActorOf(database, entries.rows, mayKnowNames(event));
    const gateName = await createGateName(database, event);
    const byMark = new Map(entries.rows.flatMap((row) => (row.mark === null ? [] : [[row.mark, row]])));
    const created = entries.rows.find(({ action }) => action === 'ticket-created');
    const steps: StoryStep[] = [
      { type: 'issued', atMs: ticket.created_at_ms, ...(created === undefined ? {} : { by: actorOf(created) }) },
      // What has left a mark is told by it.
      ...entries.rows
        .filter((row) => row !== created && row.mark === null)
        .map((row) => toDone(row, actorOf, gateName)),
      ...(await toMarkSteps(database, event, marks.rows, { covered, byMark, actorOf, gateName })),
      ...(await cases.ofTicket(event, id)).map((of) => ({ type: 'case' as const, atMs: of.lastAtMs, case: of })),
      ...checkIns.rows.map(toCheckIn),
    ];
    return ok({
      ticket: id,
      event,
      timeZone: policy.timeZone,
      epoch: ticket.epoch,
      status: ticket.status,
      usesSpent: story?.uses_spent ?? 0,
      inside: story?.inside ?? 0,
      ...(covered.completeUpToMs === undefined ? {} : { completeUpToMs: covered.completeUpToMs }),
      steps: steps.toSorted((a, b) => a.atMs - b.atMs || order.indexOf(a.type) - order.indexOf(b.type)),
      leftOut: entries.leftOut + marks.leftOut + checkIns.leftOut,
    });
  };
}

/** Of what happened in one millisecond. */
const order: readonly StoryStep['type'][] = ['issued', 'done', 'mark', 'case', 'pretix'];

interface Latest<T> {
  readonly rows: readonly T[];
  readonly leftOut: number;
}
const latestOf = <T>(rows: readonly T[], count: number): Latest<T> => ({
  rows,
  leftOut: Math.max(0, count - rows.length),
});

async function readEntries(database: Database, event: number, ticket: string): Promise<Latest<EntryRow>> {
  const of = database.selectFrom('audit_entry').where('event', '=', event).where('ticket', '=', ticket);
  const { count } = await of.select(({ fn }) => fn.countAll<number>().as('count')).executeTakeFirstOrThrow();
  const rows = await of
    .select(['at_ms', 'action', 'actor_kind', 'actor', 'gate', 'method', 'reason', 'mark'])
    .orderBy('at_ms', 'desc')
    .orderBy('chain', 'desc')
    .orderBy('sequence', 'desc')
    .limit(storyStepsMax)
    .execute();
  return latestOf(rows.toReversed(), count);
}

async function readMarks(database: Database, event: number, ticket: string): Promise<Latest<Mark>> {
  const of = database.selectFrom('mark').where('event', '=', event).where('ticket', '=', ticket);
  const { count } = await of.select(({ fn }) => fn.countAll<number>().as('count')).executeTakeFirstOrThrow();
  const rows = await of
    .select(['event', 'gate', 'boot', 'bytes'])
    .orderBy('at_ms', 'desc')
    .limit(storyStepsMax)
    .execute();
  return latestOf(rows.flatMap((row) => readMark(row) ?? []).toSorted(compareMarks), count);
}

async function readCheckIns(
  database: Database,
  event: number,
  ticket: string,
): Promise<Latest<Selectable<Schema['pretix_check_in']>>> {
  const of = database.selectFrom('pretix_check_in').where('event', '=', event).where('ticket', '=', ticket);
  const { count } = await of.select(({ fn }) => fn.countAll<number>().as('count')).executeTakeFirstOrThrow();
  const rows = await of.selectAll().orderBy('at_ms', 'desc').limit(storyStepsMax).execute();
  return latestOf(rows, count);
}

type ActorOf = (row: Pick<EntryRow, 'actor_kind' | 'actor'>) => StoryActor;

async function createActorOf(database: Database, rows: readonly EntryRow[], mayKnowNames: boolean): Promise<ActorOf> {
  const ids = [...new Set(rows.flatMap(({ actor_kind, actor }) => (actor_kind === 'user' ? [actor] : [])))];
  const users =
    mayKnowNames && ids.length > 0
      ? await database.selectFrom('user').select(['id', 'name']).where('id', 'in', ids).execute()
      : [];
  const names = new Map(users.map(({ id, name }) => [id, name]));
  return ({ actor_kind, actor }) => {
    const name = actor_kind === 'user' ? names.get(actor) : undefined;
    return { kind: actor_kind as AuditActorKind, id: actor, ...(name === undefined ? {} : { name }) };
  };
}

async function createGateName(database: Database, event: number): Promise<(gate: string) => string> {
  const gates = await database.selectFrom('gate').select(['id', 'name']).where('event', '=', event).execute();
  const names = new Map([[centralGate, 'Cloud'], ...gates.map(({ id, name }) => [id, name] as const)]);
  return (gate) => names.get(gate) ?? gate;
}

const toDone = (row: EntryRow, actorOf: ActorOf, gateName: (gate: string) => string): StoryStep => ({
  type: 'done',
  atMs: row.at_ms,
  by: actorOf(row),
  action: row.action as AuditAction,
  ...(row.method === null ? {} : { method: row.method }),
  ...(row.gate === null ? {} : { gate: row.gate, gateName: gateName(row.gate) }),
  ...(row.reason === null ? {} : { reason: row.reason }),
});

const toCheckIn = (row: Selectable<Schema['pretix_check_in']>): StoryStep => ({
  type: 'pretix',
  atMs: row.at_ms,
  kind: row.kind as 'entry' | 'exit' | 'annul',
  state: row.state,
  ...(row.reason === null ? {} : { reason: row.reason }),
});

interface AroundMarks {
  readonly covered: Coverage;
  /** Entries of the audit log by the mark that goes with them. */
  readonly byMark: ReadonlyMap<string, EntryRow>;
  readonly actorOf: ActorOf;
  readonly gateName: (gate: string) => string;
}

async function toMarkSteps(
  database: Database,
  event: number,
  marks: readonly Mark[],
  { covered, byMark, actorOf, gateName }: AroundMarks,
): Promise<readonly StoryStep[]> {
  if (marks.length === 0) return [];
  const corrections = readCorrections(await readCorrectionMarks(database, event, marks));
  const effective = await readEffective(database, event, marks);
  return marks.map((mark) => {
    const time = corrections.timeOf(mark);
    const entry = byMark.get(markKey(mark));
    const by =
      mark.operator === undefined
        ? entry && actorOf(entry)
        : ({ kind: 'operator', id: mark.operator } satisfies StoryActor);
    return {
      type: 'mark',
      atMs: time.at.ms,
      ...(by === undefined ? {} : { by }),
      ...(time.at.ms === mark.at.ms ? {} : { stampedAtMs: mark.at.ms }),
      gateName: gateName(mark.gate),
      mark: toMarkView(mark),
      provisional: isProvisional(covered, time.at.ms),
      counts: doesCount(mark, effective),
    };
  });
}

/** Keys of the marks that are an entry or an exit by the fold. */
async function readEffective(database: Database, event: number, marks: readonly Mark[]): Promise<ReadonlySet<string>> {
  const tickets = [...new Set(marks.flatMap((mark) => ('ticketId' in mark ? [mark.ticketId] : [])))];
  const keys: string[] = [];
  for (const table of ['entry', 'departure'] as const) {
    const rows = await database
      .selectFrom(table)
      .select(['event', 'gate', 'boot', 'sequence'])
      .where('event', '=', event)
      .where('ticket', 'in', tickets)
      .execute();
    keys.push(...rows.map(markKey));
  }
  return new Set(keys);
}

/** Entries and exits count if the fold says so, rehearsed ones never; whatever else happened is simply so. */
const doesCount = (mark: Mark, effective: ReadonlySet<string>): boolean =>
  mark.kind !== 'rehearsed' &&
  (!(mark.kind === 'admitted' || mark.kind === 'overridden' || mark.kind === 'exited') || effective.has(markKey(mark)));
