// Wristbands that two tickets claim, for the person who settles it. The choice is a mark of the cloud that names every binding it
// replaces, so it travels to all gates and holds on all of them alike.
import {
  bindingViewSchema,
  draftBindings,
  err,
  markKey,
  ok,
  type BindingChoice,
  type BindingConflictList,
  type BindingConflictQuery,
  type BindingConflictView,
  type BoundMark,
  type MarkDraft,
  type Result,
} from '@postern/shared';
import type { Selectable } from 'kysely';
import type { Database } from '../store/database.ts';
import type { Schema } from '../store/schema.ts';
import type { AuditActor } from './audit.ts';
import { readBound } from './binding-rows.ts';
import { readLatestPage } from './latest-page.ts';
import type { Failure } from './problems.ts';
import { workingStore, type StoreOf } from './working-store.ts';

export interface BindingConflicts {
  readonly list: (event: number, query: BindingConflictQuery) => Promise<Result<BindingConflictList, Failure>>;
  /** `choice-unknown` when the chosen binding is none of them (any more); answers the conflict that was settled. */
  readonly resolve: (
    event: number,
    id: string,
    choice: BindingChoice,
    by: AuditActor,
  ) => Promise<Result<BindingConflictView, Failure>>;
}

export interface BindingConflictsDeps {
  readonly database: Database;
  /** Writes the cloud's own marks. */
  readonly storeOf: StoreOf;
}

type Row = Selectable<Schema['binding_conflict']>;

export function createBindingConflicts({ database, storeOf }: BindingConflictsDeps): BindingConflicts {
  return {
    list: async (event, query) => {
      const select = database.selectFrom('binding_conflict').selectAll().where('event', '=', event);
      const page = await readLatestPage(database, {
        name: 'binding-conflicts',
        event,
        query,
        read: (isOlder, limit) =>
          select.where(isOlder).orderBy('last_at_ms', 'desc').orderBy('id', 'desc').limit(limit).execute(),
      });
      if (!page.ok) return page;
      const { rows, ...rest } = page.value;
      return ok({ conflicts: rows.map(toView), ...rest });
    },

    resolve: async (event, id, { choose, note }, by) => {
      const row = await database
        .selectFrom('binding_conflict')
        .selectAll()
        .where('event', '=', event)
        .where('id', '=', id)
        .executeTakeFirst();
      if (row === undefined) return err({ type: 'conflict-unknown' });
      const view = toView(row);
      const marks = await readBound(database, event, view.bindings);
      const chosen =
        choose === 'none' ? undefined : marks.find((mark) => markKey(mark) === markKey({ event, ...choose }));
      if (choose !== 'none' && chosen === undefined) return err({ type: 'choice-unknown' });
      const store = await workingStore(storeOf, event, (_decision, mark) =>
        mark === undefined
          ? undefined
          : {
              audit: {
                action: 'binding-settled',
                actor: by,
                event,
                subject: id,
                ...(chosen === undefined || chosen.ticketId === '' ? {} : { ticket: chosen.ticketId }),
                mark: markKey(mark),
                details: { kind: row.kind, bindings: marks.length },
                ...(note === undefined ? {} : { note }),
              },
            },
      );
      if (store === undefined) return err({ type: 'store-unavailable' });
      for (const draft of draftsOf(event, chosen, marks))
        if (!(await store.append(draft)).ok) return err({ type: 'store-unavailable' });
      return ok(view);
    },
  };
}

/** Says again what was chosen, in knowledge of all; without a choice, takes each tag from whatever ticket it had. */
function draftsOf(event: number, chosen: BoundMark | undefined, marks: readonly BoundMark[]): readonly MarkDraft[] {
  const place = { event, lane: '', method: chosen?.method ?? '' };
  if (chosen !== undefined) return draftBindings(place, chosen, marks);
  const tags = [...new Set(marks.map(({ tagHash }) => tagHash))];
  return tags.flatMap((tagHash) =>
    draftBindings(
      place,
      { tagHash, ticketId: '', epoch: 0 },
      marks.filter((mark) => mark.tagHash === tagHash),
    ),
  );
}

const toView = (row: Row): BindingConflictView => ({
  id: row.id,
  event: row.event,
  kind: row.kind as BindingConflictView['kind'],
  subject: row.subject,
  bindings: bindingViewSchema.array().parse(JSON.parse(row.bindings)),
  lastAtMs: row.last_at_ms,
});
