// The list of suspicious uses that a person works off, and its settings. What is suspicious is derived (suspicion-derive.ts); here people
// read it and say what they make of it: open -> explained -> closed, and open again when they were wrong.
import {
  err,
  ok,
  sightingSchema,
  type AuditActorKind,
  type Clock,
  type Result,
  type Sighting,
  type SuspicionChange,
  type SuspicionKind,
  type SuspicionPage,
  type SuspicionQuery,
  type SuspicionRules,
  type SuspicionState,
  type SuspicionView,
} from '@postern/shared';
import type { Selectable } from 'kysely';
import { z } from 'zod';
import type { Database } from '../store/database.ts';
import type { Schema } from '../store/schema.ts';
import type { Audit, AuditActor } from './audit.ts';
import { readLatestPage } from './latest-page.ts';
import { readEvent } from './events.ts';
import { readOrigins, useKey } from './personal-fields.ts';
import type { Failure } from './problems.ts';
import { readSuspicionRules, rebuildSuspicions } from './suspicion-derive.ts';

export interface Suspicions {
  readonly list: (event: number, query: SuspicionQuery) => Promise<Result<SuspicionPage, Failure>>;
  /** `state-unreachable` where the present state does not lead there; `note` says why. */
  readonly change: (
    event: number,
    id: string,
    change: SuspicionChange,
    by: AuditActor,
  ) => Promise<Result<SuspicionView, Failure>>;
  readonly rules: (event: number) => Promise<Result<SuspicionRules, Failure>>;
  /** Also derives the event's suspicions anew. */
  readonly changeRules: (
    event: number,
    rules: SuspicionRules,
    by: AuditActor,
  ) => Promise<Result<SuspicionRules, Failure>>;
}

export interface SuspicionsDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly audit: Pick<Audit, 'record'>;
}

type Row = Selectable<Schema['suspicion']>;

const nextStates: Readonly<Record<SuspicionState, readonly SuspicionState[]>> = {
  open: ['explained', 'closed'],
  explained: ['closed', 'open'],
  closed: ['open'],
};

export function createSuspicions({ database, clock, audit }: SuspicionsDeps): Suspicions {
  const present = async (event: number, rows: readonly Row[]): Promise<SuspicionView[]> => {
    const sightings = rows.map((row) => sightingSchema.array().parse(JSON.parse(row.sightings)));
    const origins = await readOrigins(database, event, sightings.flat());
    return rows.map((row, index) =>
      toView(
        row,
        (sightings[index] ?? []).map((sighting) => ({ ...sighting, ...origins.get(useKey(sighting)) })),
      ),
    );
  };
  const find = (queries: Database, event: number, id: string): Promise<Row | undefined> =>
    queries.selectFrom('suspicion').selectAll().where('event', '=', event).where('id', '=', id).executeTakeFirst();

  return {
    list: async (event, query) => {
      const { state, kind, ticket } = query;
      let select = database.selectFrom('suspicion').selectAll().where('event', '=', event);
      if (state !== undefined) select = select.where('state', '=', state);
      if (kind !== undefined) select = select.where('kind', '=', kind);
      if (ticket !== undefined) select = select.where('ticket', '=', ticket);
      const page = await readLatestPage(database, {
        name: 'suspicions',
        event,
        query,
        read: (isOlder, limit) =>
          select.where(isOlder).orderBy('last_at_ms', 'desc').orderBy('id', 'desc').limit(limit).execute(),
      });
      if (!page.ok) return page;
      const { rows, ...rest } = page.value;
      return ok({ suspicions: await present(event, rows), ...rest });
    },

    change: async (event, id, { state, note }, by) => {
      const changed = await database.transaction().execute(async (queries): Promise<Result<void, Failure>> => {
        const row = await find(queries, event, id);
        if (row === undefined) return err({ type: 'suspicion-unknown' });
        const unreachable: Failure = {
          type: 'state-unreachable',
          detail: `It is ${row.state}, which cannot become ${state}.`,
        };
        if (!nextStates[row.state as SuspicionState].includes(state)) return err(unreachable);
        const updated = await queries
          .updateTable('suspicion')
          .set({
            state,
            note,
            seen_count: row.count,
            seen_last_at_ms: row.last_at_ms,
            changed_by_kind: by.kind,
            changed_by: by.id,
            changed_at_ms: clock.wallMs(),
          })
          .where('event', '=', event)
          .where('id', '=', id)
          .where('state', '=', row.state)
          .returning('id')
          .executeTakeFirst();
        // Somebody else was quicker.
        if (updated === undefined) return err(unreachable);
        await audit.record(queries, {
          action: 'suspicion-changed',
          actor: by,
          event,
          ticket: row.ticket,
          subject: id,
          reason: row.kind,
          details: { from: row.state, to: state },
          note,
        });
        return ok(undefined);
      });
      if (!changed.ok) return changed;
      const row = await find(database, event, id);
      const [view] = row === undefined ? [] : await present(event, [row]);
      return view === undefined ? err({ type: 'suspicion-unknown' }) : ok(view);
    },

    rules: async (event) =>
      (await readEvent(database, event)) === undefined
        ? err({ type: 'event-unknown' })
        : ok(await readSuspicionRules(database, event)),

    changeRules: async (event, rules, by) => {
      if ((await readEvent(database, event)) === undefined) return err({ type: 'event-unknown' });
      await database.transaction().execute(async (queries) => {
        const changing = { travel_min_ms: rules.travelMinMs, refusals_min: rules.refusalsMin };
        await queries
          .insertInto('suspicion_rule')
          .values({ event, ...changing })
          .onConflict((conflict) => conflict.column('event').doUpdateSet(changing))
          .execute();
        await audit.record(queries, {
          action: 'policy-changed',
          actor: by,
          event,
          subject: 'suspicion-rules',
          details: { ...rules },
        });
      });
      await rebuildSuspicions(database, event);
      return ok(rules);
    },
  };
}

const toView = (row: Row, sightings: Sighting[]): SuspicionView => ({
  id: row.id,
  event: row.event,
  ticket: row.ticket,
  day: row.day,
  kind: row.kind as SuspicionKind,
  count: row.count,
  firstAtMs: row.first_at_ms,
  lastAtMs: row.last_at_ms,
  gates: z.string().array().parse(JSON.parse(row.gates)),
  sightings,
  holds: row.holds === 1,
  state: row.state as SuspicionState,
  extended: row.state !== 'open' && (row.count !== row.seen_count || row.last_at_ms !== row.seen_last_at_ms),
  ...(row.changed_by === null || row.changed_by_kind === null
    ? {}
    : { changedBy: { kind: row.changed_by_kind as AuditActorKind, id: row.changed_by } }),
  ...(row.changed_at_ms === null ? {} : { changedAtMs: row.changed_at_ms }),
  ...(row.note === null ? {} : { note: row.note }),
});
