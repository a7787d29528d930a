// The live state of one event, bounded however large the event is: counts of everything, and of gates, zones, cases and entries only those
// that somebody has to look at first.
import {
  err,
  isProvisional,
  liveCasesMax,
  liveEntriesMax,
  liveGatesMax,
  liveZonesMax,
  ok,
  type Clock,
  type Coverage,
  type GateView,
  type LiveEntry,
  type LiveState,
  type LiveZone,
  type Result,
  type RollCallView,
  type Zone,
} from '@postern/shared';
import type { Database } from '../store/database.ts';
import type { Cases } from './cases.ts';
import type { RollCalls } from './central-roll-call.ts';
import type { CoverageService } from './coverage.ts';
import { readEvent } from './events.ts';
import { byGravity, countConditions } from './gate-condition.ts';
import type { GateViews } from './gate-views.ts';
import { groupBy } from './group-by.ts';
import { keepSmall } from './live-bounds.ts';
import { readLiveFigures } from './live-figures.ts';
import { createLiveSeries } from './live-series.ts';
import type { Failure } from './problems.ts';
import type { Rehearsals } from './rehearsals.ts';
import { readSparingly } from './sparing-reads.ts';

export interface LiveDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly coverage: CoverageService;
  readonly cases: Cases;
  readonly gateViews: GateViews;
  readonly rollCalls: RollCalls;
  readonly rehearsal: Rehearsals['view'];
}

export type ReadLive = (event: number) => Promise<Result<LiveState, Failure>>;

export function createReadLive(deps: LiveDeps): ReadLive {
  const { database, clock, coverage, cases, gateViews, rollCalls } = deps;
  const readFigures = readSparingly(clock, (event) => readLiveFigures(database, event));
  const readRollCall = readSparingly(clock, rollCalls);
  const readSeries = createLiveSeries(database, clock);

  return async (event) => {
    const policy = (await readEvent(database, event))?.policy;
    if (policy === undefined) return err({ type: 'event-unknown' });
    const { value: figures, atMs: countedAtMs } = await readFigures(event);
    const { value: rollCall } = await readRollCall(event);
    if (!rollCall.ok) return rollCall;
    const rehearsal = await deps.rehearsal(event);
    if (!rehearsal.ok) return rehearsal;
    const covered = await coverage.read(event);
    const { entriesByGate, ...counts } = figures;
    const gates = await gateViews.all(event, { covered, entriesByGate });
    const zones = toZones(policy.zones, rollCall.value, gates);
    const feed = await database
      .selectFrom('feed')
      .select(['version', 'created_at_ms'])
      .where('event', '=', event)
      .orderBy('version', 'desc')
      .limit(1)
      .executeTakeFirst();
    const state: LiveState = {
      event,
      name: policy.name,
      timeZone: policy.timeZone,
      atMs: clock.wallMs(),
      feedVersion: feed?.version ?? 0,
      ...(feed === undefined ? {} : { feedAtMs: feed.created_at_ms }),
      countedAtMs,
      ...counts,
      ...(covered.completeUpToMs === undefined ? {} : { completeUpToMs: covered.completeUpToMs }),
      rehearsal: rehearsal.value,
      zones: [...fullest(zones)],
      zonesLeftOut: Math.max(0, zones.length - liveZonesMax),
      series: await readSeries(event),
      gateCounts: countConditions(gates),
      gates: gates.toSorted(byGravity).slice(0, liveGatesMax),
      gatesLeftOut: Math.max(0, gates.length - liveGatesMax),
      entries: [...(await readLastEntries(database, event, covered))],
      openCases: [...(await cases.open(event, covered, liveCasesMax))],
    };
    return ok(keepSmall(state));
  };
}

function toZones(zones: readonly Zone[], { zones: counted }: RollCallView, gates: readonly GateView[]): LiveZone[] {
  const byZone = groupBy(gates, ({ zone }) => zone);
  const countsById = new Map(counted.map((count) => [count.zone, count]));
  return zones.map(({ id, name, capacity }) => {
    const count = countsById.get(id);
    return {
      zone: id,
      name,
      ...(capacity === undefined ? {} : { capacity }),
      inside: count?.inside ?? 0,
      insideLeast: count?.insideLeast ?? 0,
      ...(count?.insideMost === undefined ? {} : { insideMost: count.insideMost }),
      notHeardFrom: count?.notHeardFrom.length ?? 0,
      gates: countConditions(byZone.get(id) ?? []),
    };
  });
}

/** Those with the most persons inside, in their own order. */
function fullest(zones: readonly LiveZone[]): readonly LiveZone[] {
  if (zones.length <= liveZonesMax) return zones;
  const kept = new Set(zones.toSorted((a, b) => b.inside - a.inside).slice(0, liveZonesMax));
  return zones.filter((zone) => kept.has(zone));
}

async function readLastEntries(database: Database, event: number, covered: Coverage): Promise<readonly LiveEntry[]> {
  const rows = await database
    .selectFrom('entry')
    .selectAll()
    .where('event', '=', event)
    .orderBy('at_ms', 'desc')
    .limit(liveEntriesMax)
    .execute();
  return rows.map((row) => ({
    ticket: row.ticket,
    gate: row.gate,
    lane: row.lane,
    kind: row.kind,
    atMs: row.at_ms,
    uncertaintyMs: row.uncertainty_ms,
    persons: row.persons,
    provisional: isProvisional(covered, row.at_ms),
  }));
}
