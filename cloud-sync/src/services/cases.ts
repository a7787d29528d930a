// Cases as people read them and work them off: open -> explained -> closed, and open again when they were wrong. What a case is, is derived
// (case-rows.ts); what somebody made of it is kept apart, so that it outlives everything that is derived.
import {
  caseEntrySchema,
  err,
  gatesLost,
  gatesNotHeard,
  mayChangeText,
  ok,
  type AdmissionPolicy,
  type AuditActorKind,
  type CaseCause,
  type CaseChange,
  type CaseList,
  type CaseQuery,
  type CaseReason,
  type CaseState,
  type CaseView,
  type Clock,
  type Coverage,
  type Result,
} from '@postern/shared';
import type { Selectable } from 'kysely';
import { z } from 'zod';
import type { Database, Queries } from '../store/database.ts';
import { lockTickets } from '../store/locks.ts';
import type { Schema } from '../store/schema.ts';
import type { Audit, AuditActor } from './audit.ts';
import { seenKey } from './case-rows.ts';
import { caseText } from './case-text.ts';
import type { CoverageService } from './coverage.ts';
import { readLatestPage } from './latest-page.ts';
import { readEvent } from './events.ts';
import type { Failure } from './problems.ts';
import type { Outbox } from './webhooks/outbox.ts';

export interface Cases {
  readonly list: (event: number, query: CaseQuery) => Promise<Result<CaseList, Failure>>;
  readonly find: (event: number, id: string) => Promise<Result<CaseView, Failure>>;
  /** `state-unreachable` where the present state does not lead there. Also says that all uses of now have been judged. */
  readonly change: (
    event: number,
    id: string,
    change: CaseChange,
    by: AuditActor,
  ) => Promise<Result<CaseView, Failure>>;
  /** Open ones, the latest use first, for who knows what the gates have told of already. */
  readonly open: (event: number, coverage: Coverage, limit: number) => Promise<readonly CaseView[]>;
  readonly ofTicket: (event: number, ticket: string) => Promise<readonly CaseView[]>;
}

export interface CasesDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly audit: Pick<Audit, 'record'>;
  readonly coverage: Pick<CoverageService, 'read'>;
  /** Whoever watches the event has something new to see. */
  readonly changed: (event: number) => void;
  /** Tells webhooks, in the transaction of the change. */
  readonly tell: Outbox['tellChangedCase'];
}

type CaseRow = Selectable<Schema['case']>;

const nextStates: Readonly<Record<CaseState, readonly CaseState[]>> = {
  open: ['explained', 'closed'],
  explained: ['closed', 'open'],
  closed: ['open'],
};
const entriesSchema = z.object({ fitting: caseEntrySchema.array(), misfits: caseEntrySchema.array() });
const ticketCasesMax = 100;

export function createCases({ database, clock, audit, coverage, changed, tell }: CasesDeps): Cases {
  const rowOf = (queries: Queries, event: number, id: string): Promise<CaseRow | undefined> =>
    queries.selectFrom('case').selectAll().where('event', '=', event).where('id', '=', id).executeTakeFirst();

  const select = (event: number) => database.selectFrom('case').selectAll().where('event', '=', event);

  const present = async (event: number, rows: readonly CaseRow[], known?: Coverage): Promise<readonly CaseView[]> => {
    if (rows.length === 0) return [];
    const policy = (await readEvent(database, event))?.policy;
    const covered = known ?? (await coverage.read(event));
    const gates = await database.selectFrom('gate').select(['id', 'name']).where('event', '=', event).execute();
    const works = await database
      .selectFrom('case_work')
      .selectAll()
      .where('event', '=', event)
      .where(
        'id',
        'in',
        rows.map(({ id }) => id),
      )
      .execute();
    const worksById = new Map(works.map((work) => [work.id, work]));
    const namesByGate = new Map(gates.map(({ id, name }) => [id, name]));
    return rows.map((row) => toView(row, worksById.get(row.id), { policy, covered, namesByGate }));
  };

  return {
    list: async (event, query) => {
      const { state, cause, gate, ticket, day } = query;
      let wanted = select(event);
      if (state !== undefined) wanted = wanted.where('state', '=', state);
      if (cause !== undefined) wanted = wanted.where('cause', '=', cause);
      // In lower case, which SQLite's LIKE would ignore, and with nothing in them that a pattern could mistake.
      if (gate !== undefined) wanted = wanted.where('gates', 'like', `%"${gate}"%`);
      if (ticket !== undefined) wanted = wanted.where('ticket', '=', ticket);
      if (day !== undefined) wanted = wanted.where('day', '=', day);
      const page = await readLatestPage(database, {
        name: 'cases',
        event,
        query,
        read: (isOlder, limit) =>
          wanted.where(isOlder).orderBy('last_at_ms', 'desc').orderBy('id', 'desc').limit(limit).execute(),
      });
      if (!page.ok) return page;
      const { rows, ...rest } = page.value;
      return ok({ cases: [...(await present(event, rows))], ...rest });
    },

    find: async (event, id) => {
      const row = await rowOf(database, event, id);
      const [view] = row === undefined ? [] : await present(event, [row]);
      return view === undefined ? err({ type: 'case-unknown' }) : ok(view);
    },

    change: async (event, id, { state, reason, note }, by) => {
      const done = await database.transaction().execute(async (queries): Promise<Result<void, Failure>> => {
        const about = await rowOf(queries, event, id);
        if (about === undefined) return err({ type: 'case-unknown' });
        // No use may join it between what is read here and what is written.
        await lockTickets(queries, event, [about.ticket]);
        const row = await rowOf(queries, event, id);
        if (row === undefined) return err({ type: 'case-unknown' });
        if (!nextStates[row.state as CaseState].includes(state))
          return err({ type: 'state-unreachable', detail: `It is ${row.state}, which cannot become ${state}.` });
        const { misfits } = entriesSchema.parse(JSON.parse(row.entries));
        const work = {
          state,
          reason,
          note: note ?? null,
          seen: JSON.stringify(misfits.map(seenKey)),
          seen_count: row.misfit_count,
          changed_by_kind: by.kind,
          changed_by: by.id,
          changed_at_ms: clock.wallMs(),
        };
        await queries
          .insertInto('case_work')
          .values({ event, id, ticket: row.ticket, day: row.day, ...work })
          .onConflict((conflict) => conflict.columns(['event', 'id']).doUpdateSet(work))
          .execute();
        await queries
          .updateTable('case')
          .set({
            // Of a case without ground there is nothing to do, whatever somebody thinks of it.
            state: row.holds === 0 && state === 'open' ? 'closed' : state,
            reopened: 0,
            changed_at_ms: work.changed_at_ms,
            ...(row.holds === 0 ? { last_at_ms: work.changed_at_ms } : {}),
          })
          .where('event', '=', event)
          .where('id', '=', id)
          .execute();
        await audit.record(queries, {
          action: 'case-changed',
          actor: by,
          event,
          ticket: row.ticket,
          subject: id,
          reason,
          details: { from: row.state, to: state, uses: row.misfit_count },
          ...(note === undefined ? {} : { note }),
        });
        await tell(queries, event, { id, ticket: row.ticket, day: row.day, state });
        return ok(undefined);
      });
      if (!done.ok) return done;
      changed(event);
      const row = await rowOf(database, event, id);
      const [view] = row === undefined ? [] : await present(event, [row]);
      return view === undefined ? err({ type: 'case-unknown' }) : ok(view);
    },

    open: async (event, covered, limit) =>
      present(
        event,
        await select(event).where('state', '=', 'open').orderBy('last_at_ms', 'desc').limit(limit).execute(),
        covered,
      ),

    ofTicket: async (event, ticket) =>
      present(
        event,
        await select(event).where('ticket', '=', ticket).orderBy('last_at_ms', 'desc').limit(ticketCasesMax).execute(),
      ),
  };
}

interface Surroundings {
  readonly policy: AdmissionPolicy | undefined;
  readonly covered: Coverage;
  readonly namesByGate: ReadonlyMap<string, string>;
}

function toView(
  row: CaseRow,
  work: Selectable<Schema['case_work']> | undefined,
  { policy, covered, namesByGate }: Surroundings,
): CaseView {
  const notHeard = gatesNotHeard(covered, row.last_at_ms);
  const mayChange = mayChangeText(notHeard.length);
  const type = policy?.types.find(({ id }) => id === row.ticket_type);
  const found = {
    id: row.id,
    event: row.event,
    ticket: row.ticket,
    ...(row.ticket_type === null
      ? {}
      : { ticketType: { id: row.ticket_type, name: type?.name ?? `${row.ticket_type}` } }),
    day: row.day,
    ...entriesSchema.parse(JSON.parse(row.entries)),
    misfitCount: row.misfit_count,
    orderUncertain: row.order_uncertain === 1,
    cause: row.cause as CaseCause,
    holds: row.holds === 1,
    gatesNotHeard: [...notHeard],
    gatesLost: [...gatesLost(covered, row.last_at_ms)],
    ...(mayChange === undefined ? {} : { mayChange }),
    state: row.state as CaseState,
    reopened: row.reopened === 1,
    ...(work === undefined
      ? {}
      : {
          reason: work.reason as CaseReason,
          ...(work.note === null ? {} : { note: work.note }),
          changedBy: { kind: work.changed_by_kind as AuditActorKind, id: work.changed_by },
          changedAtMs: work.changed_at_ms,
        }),
    openedAtMs: row.opened_at_ms,
    lastAtMs: row.last_at_ms,
  };
  return { ...found, text: caseText(found, namesByGate, policy?.timeZone ?? 'UTC') };
}
