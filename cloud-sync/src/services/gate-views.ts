// The gates of an event as people see them: all at once for the live state, a page at a time for a list, one with everything that it has said.
import {
  err,
  laneConfigSchema,
  ok,
  type Clock,
  type Coverage,
  type GateDetail,
  type GateList,
  type GateQuery,
  type GateView,
  type Result,
} from '@postern/shared';
import type { Selectable } from 'kysely';
import { z } from 'zod';
import type { Database } from '../store/database.ts';
import type { Schema } from '../store/schema.ts';
import type { CoverageService } from './coverage.ts';
import { cursorText, readPage } from './cursor.ts';
import { cameInItsPlace } from './gate-successors.ts';
import { createVitalsReader, problemsOf, toGateView, type GateFacts } from './gate-condition.ts';
import type { Failure } from './problems.ts';

export interface GateViews {
  /** In the order of ids. `entriesByGate` as they have been counted. */
  readonly all: (
    event: number,
    known?: { readonly covered: Coverage; readonly entriesByGate: ReadonlyMap<string, number> },
  ) => Promise<readonly GateView[]>;
  readonly list: (event: number, query: GateQuery) => Promise<Result<GateList, Failure>>;
  /** `mayKnowOf`: events about which whoever asks may learn something. */
  readonly find: (
    event: number,
    gate: string,
    mayKnowOf: (event: number) => boolean,
  ) => Promise<Result<GateDetail, Failure>>;
}

export interface GateViewsDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly coverage: CoverageService;
  readonly countEntriesByGate: (event: number) => Promise<ReadonlyMap<string, number>>;
}

type GateRow = Selectable<Schema['gate']>;
const keySchema = z.tuple([cursorText]);

export function createGateViews({ database, clock, coverage, countEntriesByGate }: GateViewsDeps): GateViews {
  const readVitals = createVitalsReader();
  const factsOf = async (
    event: number,
    covered: Coverage,
    entriesByGate: ReadonlyMap<string, number>,
  ): Promise<readonly GateFacts[]> => {
    const rows = await database.selectFrom('gate').selectAll().where('event', '=', event).orderBy('id').execute();
    const lost = await coverage.lost(event);
    const ids = database.selectFrom('gate').select('id').where('event', '=', event);
    const vitals = await database.selectFrom('gate_vitals').selectAll().where('gate', 'in', ids).execute();
    const wipes = await database.selectFrom('gate_wipe').selectAll().where('gate', 'in', ids).execute();
    const vitalsByGate = new Map(vitals.map((said) => [said.gate, said]));
    const wipesByGate = new Map(wipes.map((wipe) => [wipe.gate, wipe]));
    const throughByGate = new Map(covered.gates.map(({ gate, throughMs }) => [gate, throughMs]));
    const successors = new Map(
      rows.flatMap((row) => (row.replaces !== null && cameInItsPlace(row) ? [[row.replaces, row.id]] : [])),
    );
    const nowMs = clock.wallMs();
    return rows.map((row) => ({
      row,
      nowMs,
      entries: entriesByGate.get(row.id) ?? 0,
      // Nothing heard of it is no time that it has signed.
      throughMs: throughByGate.get(row.id) === 0 ? undefined : throughByGate.get(row.id),
      lost: lost.get(row.id),
      vitals: readVitals(vitalsByGate.get(row.id)),
      wipe: wipesByGate.get(row.id),
      replacedBy: successors.get(row.id),
    }));
  };

  const all: GateViews['all'] = async (event, known) => {
    const covered = known?.covered ?? (await coverage.read(event));
    const entriesByGate = known?.entriesByGate ?? (await countEntriesByGate(event));
    return (await factsOf(event, covered, entriesByGate)).map(toGateView);
  };

  return {
    all,

    list: async (event, query) => {
      const { condition, zone, search } = query;
      const wanted = search?.toLowerCase();
      const found = (await all(event)).filter(
        (gate) =>
          (condition === undefined || gate.condition === condition) &&
          (zone === undefined || gate.zone === zone) &&
          (wanted === undefined || gate.id.includes(wanted) || gate.name.toLowerCase().includes(wanted)),
      );
      const page = await readPage({
        name: 'gates',
        query: { ...query, event },
        key: keySchema,
        read: async (after, limit) => found.filter(({ id }) => id > (after?.[0] ?? '')).slice(0, limit),
        keyOf: ({ id }): z.infer<typeof keySchema> => [id],
      });
      if (!page.ok) return page;
      const { rows, ...rest } = page.value;
      return ok({ gates: [...rows], ...rest });
    },

    find: async (event, gate, mayKnowOf) => {
      const facts = (await factsOf(event, await coverage.read(event), await countEntriesByGate(event))).find(
        ({ row }) => row.id === gate,
      );
      if (facts === undefined) return err({ type: 'gate-unknown' });
      const others = await database
        .selectFrom('gate')
        .select('event')
        .where('id', '=', gate)
        .where('event', '!=', event)
        .orderBy('event')
        .execute();
      const code = await database
        .selectFrom('enrolment')
        .select('expires_at_ms')
        .where('gate', '=', gate)
        .where('used_at_ms', 'is', null)
        .where('expires_at_ms', '>', facts.nowMs)
        .executeTakeFirst();
      return ok({
        ...toGateView(facts),
        ...detailOf(facts.row),
        ...(code === undefined ? {} : { codeUntilMs: code.expires_at_ms }),
        alsoAt: others.flatMap((other) => (mayKnowOf(other.event) ? [other.event] : [])),
        problems: [...problemsOf(facts)],
        laneStates: facts.vitals?.said.lanes ?? [],
        readerStates: facts.vitals?.said.readers ?? [],
      });
    },
  };
}

const detailOf = (
  row: GateRow,
): Pick<GateDetail, 'lanes' | 'address' | 'createdAtMs' | 'enrolledAtMs' | 'revokedReason'> => ({
  lanes: laneConfigSchema.array().parse(JSON.parse(row.lanes)),
  ...(row.address === null ? {} : { address: row.address }),
  createdAtMs: row.created_at_ms,
  ...(row.enrolled_at_ms === null ? {} : { enrolledAtMs: row.enrolled_at_ms }),
  ...(row.revoked_reason === null ? {} : { revokedReason: row.revoked_reason }),
});
