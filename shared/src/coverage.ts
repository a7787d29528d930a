// Up to when a history is complete: every gate signs, with each head, a time below which no mark of that process start will follow. What
// lies after the least of these may still change, and these are the gates that have to be heard first.
import { compareHybrid } from './clock.ts';
import type { SegmentState } from './segment.ts';

/** A gate that may have marks of the event. */
export interface ExpectedGate {
  readonly id: string;
  /** A person has declared that nothing more will come of it: it is named, and not waited for. */
  readonly lost?: boolean | undefined;
}

export interface GateCoverage {
  readonly gate: string;
  /** Everything that it did up to here is known, Unix ms; 0 when nothing was ever heard of it. */
  readonly throughMs: number;
  readonly lost: boolean;
}

export interface Coverage {
  /** Everything up to here is known, Unix ms, but for what lost gates have kept to themselves; undefined when no gate is waited for. */
  readonly completeUpToMs: number | undefined;
  readonly gates: readonly GateCoverage[];
}

/**
 * `frontier`: the latest segment of every process start. An older start counts as long as its last segment is open; once it has been
 * closed, nothing of it can follow.
 */
export function coverageOf(frontier: readonly SegmentState[], expected: readonly ExpectedGate[]): Coverage {
  const statesByGate = new Map<string, SegmentState[]>();
  for (const state of frontier) {
    const states = statesByGate.get(state.gate);
    if (states === undefined) statesByGate.set(state.gate, [state]);
    else states.push(state);
  }
  const gates = expected.map(({ id, lost = false }) => ({
    gate: id,
    throughMs: throughOf(statesByGate.get(id) ?? []),
    lost,
  }));
  return coverageOfGates(gates);
}

export function coverageOfGates(gates: readonly GateCoverage[]): Coverage {
  const waitedFor = gates.flatMap(({ throughMs, lost }) => (lost ? [] : [throughMs]));
  return { completeUpToMs: waitedFor.length === 0 ? undefined : Math.min(...waitedFor), gates };
}

function throughOf(states: readonly SegmentState[]): number {
  const [latest, ...older] = states.toSorted((a, b) => compareHybrid(b.through, a.through));
  return Math.min(latest?.through.ms ?? 0, ...older.filter(({ closed }) => !closed).map(({ through }) => through.ms));
}

/** Gates that may still tell of something at or before `atMs`; lost ones are not waited for. */
export const gatesNotHeard = ({ gates }: Coverage, atMs: number): readonly string[] =>
  gates.flatMap(({ gate, throughMs, lost }) => (!lost && throughMs < atMs ? [gate] : []));

/** Gates that were declared lost before they had told of everything up to `atMs`. */
export const gatesLost = ({ gates }: Coverage, atMs: number): readonly string[] =>
  gates.flatMap(({ gate, throughMs, lost }) => (lost && throughMs < atMs ? [gate] : []));

export const isProvisional = ({ completeUpToMs }: Coverage, atMs: number): boolean =>
  completeUpToMs !== undefined && completeUpToMs < atMs;

/** What a screen says beside something that is provisional. */
export const mayChangeText = (notHeard: number): string | undefined =>
  notHeard === 0 ? undefined : `May change: ${notHeard === 1 ? '1 gate' : `${notHeard} gates`} not heard from`;
