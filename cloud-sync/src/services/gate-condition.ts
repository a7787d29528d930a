// How a gate is, in a word, from when it was heard last, what it said of itself then, and what people have decided about it.
import {
  gateVitalsSchema,
  type GateCondition,
  type GateCounts,
  type GateProblem,
  type GateVitals,
  type GateView,
  type LostGate,
} from '@postern/shared';
import type { Selectable } from 'kysely';
import type { Schema } from '../store/schema.ts';
import { parseJson } from './parse-json.ts';
import { viewWipe } from './gate-wipes.ts';

/** A gate that has not called for this long is shown as silent. */
export const silentAfterMs = 60_000;
/** What a gate has said of itself counts for so long: one that runs says it every minute. */
const vitalsCountMs = 5 * 60_000;
/** A gate's clock that is farther off than this is worth a look, whatever the gate thinks of it. */
const offsetMsMax = 30_000;

export interface GateFacts {
  readonly row: Selectable<Schema['gate']>;
  readonly nowMs: number;
  readonly entries: number;
  readonly throughMs: number | undefined;
  readonly lost: LostGate | undefined;
  readonly vitals: KnownVitals | undefined;
  readonly wipe: Selectable<Schema['gate_wipe']> | undefined;
  readonly replacedBy: string | undefined;
}

export interface KnownVitals {
  readonly atMs: number;
  readonly offsetMs: number;
  readonly said: GateVitals;
}

/** Undefined for what an older service has kept in another form. */
export function readVitals(row: Selectable<Schema['gate_vitals']> | undefined): KnownVitals | undefined {
  if (row === undefined) return undefined;
  const said = gateVitalsSchema.safeParse(parseJson(row.vitals)).data;
  return said === undefined ? undefined : { atMs: row.received_at_ms, offsetMs: row.offset_ms, said };
}

const vitalsKeptMax = 5_000;

/** The same, read once of every message: a dashboard looks at all gates several times a second. */
export function createVitalsReader(): typeof readVitals {
  const kept = new Map<string, { readonly text: string; readonly known: KnownVitals | undefined }>();
  return (row) => {
    if (row === undefined) return undefined;
    const before = kept.get(row.gate);
    if (before?.text === row.vitals && before.known?.atMs === row.received_at_ms) return before.known;
    const known = readVitals(row);
    if (kept.size >= vitalsKeptMax) kept.clear();
    kept.set(row.gate, { text: row.vitals, known });
    return known;
  };
}

export function toGateView(facts: GateFacts): GateView {
  const { row, nowMs, entries, throughMs, lost, vitals, wipe, replacedBy } = facts;
  const enrolled = row.enrolled_at_ms !== null;
  const isSilent = row.last_contact_ms !== null && nowMs - row.last_contact_ms > silentAfterMs;
  const problems = problemsOf(facts);
  const [trouble] = problems;
  const { condition, sinceMs } = conditionOf(facts, isSilent, problems);
  return {
    id: row.id,
    name: row.name,
    zone: row.zone,
    enrolled,
    state: !enrolled || row.last_contact_ms === null ? 'never' : isSilent ? 'silent' : 'ok',
    condition,
    ...(sinceMs === undefined ? {} : { sinceMs }),
    ...(row.last_contact_ms === null ? {} : { lastContactMs: row.last_contact_ms }),
    ...(throughMs === undefined ? {} : { throughMs }),
    ...(lost === undefined ? {} : { lost }),
    ...(row.feed_version === null ? {} : { feedVersion: row.feed_version }),
    entries,
    ...(row.revoked_at_ms === null ? {} : { revokedAtMs: row.revoked_at_ms }),
    ...(row.replaces === null ? {} : { replaces: row.replaces }),
    ...(replacedBy === undefined ? {} : { replacedBy }),
    ...(trouble === undefined ? {} : { trouble, problemCount: problems.length }),
    ...(vitals === undefined ? {} : { vitals: viewVitals(vitals, row.event) }),
    ...(wipe === undefined ? {} : { wipe: viewWipe(wipe) }),
  };
}

function conditionOf(
  { row, lost }: GateFacts,
  isSilent: boolean,
  problems: readonly GateProblem[],
): { readonly condition: GateCondition; readonly sinceMs?: number | undefined } {
  if (row.revoked_at_ms !== null) return { condition: 'revoked', sinceMs: row.revoked_at_ms };
  if (lost !== undefined) return { condition: 'lost', sinceMs: lost.atMs };
  if (row.enrolled_at_ms === null || row.last_contact_ms === null) return { condition: 'never' };
  if (isSilent) return { condition: 'out-of-touch', sinceMs: row.last_contact_ms };
  return { condition: problems.length > 0 ? 'trouble' : 'green' };
}

/** What is wrong with it as far as this event is concerned, the gravest first; nothing of what it said too long ago. */
export function problemsOf({
  row,
  vitals,
  nowMs,
}: Pick<GateFacts, 'row' | 'vitals' | 'nowMs'>): readonly GateProblem[] {
  if (vitals === undefined || nowMs - vitals.atMs > vitalsCountMs || row.revoked_at_ms !== null) return [];
  const own = vitals.said.problems.filter(({ event }) => event === undefined || event === row.event);
  const isOff = Math.abs(vitals.offsetMs) > offsetMsMax + vitals.said.clock.uncertaintyMs;
  return isOff ? [...own, clockProblem(vitals.offsetMs)] : own;
}

const clockProblem = (offsetMs: number): GateProblem => ({
  severity: 'warn',
  what: `its clock is ${Math.round(Math.abs(offsetMs) / 1_000)} s ${offsetMs > 0 ? 'ahead of' : 'behind'} the cloud's`,
  next: 'connect it to the cloud for a minute; if it stays so, look at the clock of the cloud',
});

function viewVitals({ atMs, offsetMs, said }: KnownVitals, event: number): NonNullable<GateView['vitals']> {
  const own = said.events.find((at) => at.event === event);
  const { source, trusted, uncertaintyMs } = said.clock;
  return {
    atMs,
    kind: said.kind,
    version: said.version,
    ...(own?.feedVersion === undefined ? {} : { feedVersion: own.feedVersion }),
    ...(own?.feedAgeS === undefined ? {} : { feedAgeMs: own.feedAgeS * 1_000 }),
    ...(own?.waiting === undefined ? {} : { waiting: own.waiting }),
    clock: { source, trusted, uncertaintyMs, offsetMs },
    ...(said.disk === undefined ? {} : { diskFreeBytes: said.disk.freeBytes, diskTotalBytes: said.disk.totalBytes }),
    ...(said.temperatureC === undefined ? {} : { temperatureC: said.temperatureC }),
    ...(said.battery === undefined ? {} : { battery: said.battery }),
    readers: said.readers.length,
    readersFaulty: said.readers.filter(({ fault }) => fault !== undefined).length,
    lanesClosed: said.lanes.filter(({ state }) => state === 'closed').length,
  };
}

const gravity: readonly GateCondition[] = ['trouble', 'out-of-touch', 'lost', 'never', 'green', 'revoked'];

/** What somebody has to look at first; of one kind, whoever has been so for longest. */
export const byGravity = (a: GateView, b: GateView): number =>
  Number(b.trouble?.severity === 'fail') - Number(a.trouble?.severity === 'fail') ||
  gravity.indexOf(a.condition) - gravity.indexOf(b.condition) ||
  (a.sinceMs ?? 0) - (b.sinceMs ?? 0) ||
  (a.id < b.id ? -1 : 1);

export function countConditions(gates: readonly Pick<GateView, 'condition'>[]): GateCounts {
  const counts: GateCounts = { green: 0, trouble: 0, 'out-of-touch': 0, never: 0, lost: 0, revoked: 0 };
  for (const { condition } of gates) counts[condition] += 1;
  return counts;
}
