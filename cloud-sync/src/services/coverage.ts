// Up to when the cloud knows everything of an event, and the gates that somebody has declared lost: visibly, with a reason, audited, and
// taken back when they turn up again.
import {
  coverageOf,
  err,
  ok,
  type AuditActorKind,
  type Clock,
  type Coverage,
  type CoverageView,
  type LostGate,
  type LostGateRequest,
  type ReplicaStore,
  type Result,
} from '@postern/shared';
import type { Database } from '../store/database.ts';
import type { Audit, AuditActor } from './audit.ts';
import { raiseRulesRevision, readEvent } from './events.ts';
import type { Failure } from './problems.ts';

export interface CoverageService {
  /** Of the gates that may have marks: those that have been enrolled. */
  readonly read: (event: number) => Promise<Coverage>;
  readonly lost: (event: number) => Promise<ReadonlyMap<string, LostGate>>;
  readonly view: (event: number) => Promise<Result<CoverageView, Failure>>;
  /** Declared already, the reason and the note are replaced. */
  readonly declareLost: (
    event: number,
    gate: string,
    request: LostGateRequest,
    by: AuditActor,
  ) => Promise<Result<LostGate, Failure>>;
  /** `state-unreachable` where it is not declared lost. */
  readonly takeBack: (event: number, gate: string, by: AuditActor) => Promise<Result<void, Failure>>;
}

export interface CoverageDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly replica: Pick<ReplicaStore, 'frontier'>;
  readonly audit: Pick<Audit, 'record'>;
  /** Gates are told with the next feed, and who watches at once. */
  readonly changed: (event: number) => void;
}

export function createCoverage({ database, clock, replica, audit, changed }: CoverageDeps): CoverageService {
  const gatesOf = (event: number) =>
    database
      .selectFrom('gate')
      .select(['id', 'name', 'enrolled_at_ms', 'revoked_at_ms'])
      .where('event', '=', event)
      .orderBy('id')
      .execute();

  const lost: CoverageService['lost'] = async (event) => {
    const rows = await database.selectFrom('gate_lost').selectAll().where('event', '=', event).execute();
    return new Map(
      rows.map((row) => [
        row.gate,
        {
          gate: row.gate,
          reason: row.reason as LostGate['reason'],
          ...(row.note === null ? {} : { note: row.note }),
          by: { kind: row.declared_by_kind as AuditActorKind, id: row.declared_by },
          atMs: row.declared_at_ms,
        },
      ]),
    );
  };

  const read: CoverageService['read'] = async (event) => {
    const gates = await gatesOf(event);
    const lostGates = await lost(event);
    // Of a revoked one nothing more is believed.
    const expected = gates.flatMap(({ id, enrolled_at_ms, revoked_at_ms }) =>
      enrolled_at_ms === null || revoked_at_ms !== null ? [] : [{ id, lost: lostGates.has(id) }],
    );
    return coverageOf(await replica.frontier(event), expected);
  };

  const isGate = async (event: number, gate: string): Promise<boolean> =>
    (await gatesOf(event)).some(({ id }) => id === gate);

  return {
    read,
    lost,

    view: async (event) => {
      if ((await readEvent(database, event)) === undefined) return err({ type: 'event-unknown' });
      const { completeUpToMs, gates } = await read(event);
      const names = new Map((await gatesOf(event)).map(({ id, name }) => [id, name]));
      const lostGates = await lost(event);
      return ok({
        event,
        ...(completeUpToMs === undefined ? {} : { completeUpToMs }),
        atMs: clock.wallMs(),
        gates: gates.map(({ gate, throughMs }) => {
          const declared = lostGates.get(gate);
          return {
            gate,
            name: names.get(gate) ?? gate,
            throughMs,
            ...(declared === undefined ? {} : { lost: declared }),
          };
        }),
      });
    },

    declareLost: async (event, gate, { reason, note }, by) => {
      if (!(await isGate(event, gate))) return err({ type: 'gate-unknown' });
      const atMs = clock.wallMs();
      const declared = {
        reason,
        note: note ?? null,
        declared_by_kind: by.kind,
        declared_by: by.id,
        declared_at_ms: atMs,
      };
      await database.transaction().execute(async (queries) => {
        await queries
          .insertInto('gate_lost')
          .values({ event, gate, ...declared })
          .onConflict((conflict) => conflict.columns(['event', 'gate']).doUpdateSet(declared))
          .execute();
        await raiseRulesRevision(queries, event);
        await audit.record(queries, {
          action: 'gate-lost',
          actor: by,
          event,
          gate,
          subject: gate,
          reason,
          ...(note === undefined ? {} : { note }),
        });
      });
      changed(event);
      return ok({ gate, reason, ...(note === undefined ? {} : { note }), by: { kind: by.kind, id: by.id }, atMs });
    },

    takeBack: async (event, gate, by) => {
      if (!(await isGate(event, gate))) return err({ type: 'gate-unknown' });
      const taken = await database.transaction().execute(async (queries) => {
        const row = await queries
          .deleteFrom('gate_lost')
          .where((where) => where.and({ event, gate }))
          .returning('gate')
          .executeTakeFirst();
        if (row === undefined) return false;
        await raiseRulesRevision(queries, event);
        await audit.record(queries, { action: 'gate-found', actor: by, event, gate, subject: gate });
        return true;
      });
      if (!taken) return err({ type: 'state-unreachable', detail: 'This gate is not declared lost.' });
      changed(event);
      return ok(undefined);
    },
  };
}
