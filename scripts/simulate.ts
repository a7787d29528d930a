// `npm run sim`: simulated days of gates, one a seed (scripts/sim/). Prints a line a seed and, for every violated invariant, what happened
// before it and the command that plays it again. Exit code 1 when one was violated.
//   --seeds N (20)     --seed S     only this one; with --seeds, the first of so many
//   --gates G (3)      --hours H (8)     a day of a venue; or --world small: 3-5 gates, 30 tickets, five minutes
//   --json FILE        {"seeds","marks","simulatedHours","violations","traceHash"}
//   --workers N        threads, as many as there are cores; the trace does not depend on it
//   --steps            with --seed: everything that happens, a line a step
//   --plant BUG        with a bug in it that must be found; stops at the first violation
import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { bytesToHex, createSha256, loadLedger, ready, utf8 } from '@postern/shared';
import { plantedBugs, type PlantedBug } from './sim/planted-bugs.ts';
import { simulateSeeds, type SimulationJob } from './sim/pool.ts';
import type { WorldSize } from './sim/scenario.ts';
import { simulate, type SimulationResult } from './sim/simulation.ts';

const values = readOptions();

/** Bad words on the command line are one line and exit code 2: 1 says that an invariant was violated. */
function readOptions() {
  try {
    return parseArgs({
      options: {
        seeds: { type: 'string' },
        gates: { type: 'string' },
        hours: { type: 'string' },
        seed: { type: 'string' },
        world: { type: 'string' },
        workers: { type: 'string', default: String(availableParallelism()) },
        json: { type: 'string' },
        steps: { type: 'boolean', default: false },
        plant: { type: 'string' },
      },
    }).values;
  } catch (cause) {
    return refuse(cause instanceof Error ? cause.message : String(cause));
  }
}

function refuse(cause: string): never {
  console.error(cause);
  process.exit(2);
}

function positive(name: string, text: string, max: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= max) return value;
  return refuse(`--${name} must be a whole number from 1 to ${max}, not "${text}"`);
}

/** A quarter of an hour of a large venue is a day's work for a small machine. */
function positiveHours(text: string): number {
  const value = Number(text);
  return value >= 0.1 && value <= 1_000 ? value : refuse(`--hours must be a number from 0.1 to 1000, not "${text}"`);
}

if (values.world !== undefined && values.world !== 'small') refuse(`--world must be "small", not "${values.world}"`);
if (values.world !== undefined && (values.gates ?? values.hours) !== undefined)
  refuse('--world small has 3 to 5 gates for five minutes: leave out --gates and --hours');
if (values.steps && (values.seed === undefined || values.seeds !== undefined))
  refuse('--steps needs --seed, and no --seeds');
const bug = plantedBugs.find((known): known is PlantedBug => known === values.plant);
if (values.plant !== undefined && bug === undefined) refuse(`--plant takes one of ${plantedBugs.join(', ')}`);

const size: WorldSize =
  values.world === 'small'
    ? 'small'
    : { gates: positive('gates', values.gates ?? '3', 100), hours: positiveHours(values.hours ?? '8') };
const sizeOptions = size === 'small' ? '--world small' : `--gates ${size.gates} --hours ${size.hours}`;
const options = bug === undefined ? sizeOptions : `${sizeOptions} --plant ${bug}`;
const workers = positive('workers', values.workers, 256);
const first = positive('seed', values.seed ?? '1', 0xffff_ffff);
const count = positive('seeds', values.seeds ?? (values.seed === undefined ? '20' : '1'), 1_000_000);
if (first + count - 1 > 0xffff_ffff) refuse(`there are no ${count} seeds from ${first} on: the last is 4294967295`);
const seeds = Array.from({ length: count }, (_, index) => first + index);
const job: SimulationJob = { size, ...(bug === undefined ? {} : { bug }) };

if (values.json !== undefined) write(values.json, '');

/** Tried before anything is simulated: nobody waits an hour to be told that a folder does not exist. */
function write(path: string, text: string): void {
  try {
    writeFileSync(path, text);
  } catch (cause) {
    refuse(`--json ${path} cannot be written: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
}

const total = createSha256();
const violations: { seed: number; invariant: string; detail: string; replay: string }[] = [];
const happened = new Map<string, number>();
const startedMs = performance.now();
let [reported, marks, simulatedMs, gateMs] = [0, 0, 0, 0];

function report(result: SimulationResult): 'on' | 'stop' {
  const { seed } = result;
  const replay = `npm run sim -- ${options} --seed ${seed}`;
  reported += 1;
  marks += result.marks;
  simulatedMs += result.simulatedMs;
  gateMs += result.simulatedMs * result.gates;
  total.update(utf8(result.traceHash));
  for (const [kind, count] of result.happened) happened.set(kind, (happened.get(kind) ?? 0) + count);
  const verdict = result.violations.length === 0 ? 'fine' : `${result.violations.length} violated`;
  console.log(
    `seed ${String(seed).padStart(5)}  ${result.gates} gates  ${String(result.marks).padStart(6)} marks  trace ${result.traceHash.slice(0, 16)}  ${verdict}`,
  );
  for (const { invariant, detail, atMs, lastSteps } of result.violations) {
    violations.push({ seed, invariant, detail, replay });
    console.log(`  ${invariant} at ${(atMs / 1_000).toFixed(3)} s: ${detail}\n    again: ${replay} --steps`);
    for (const step of lastSteps.slice(-8)) console.log(`    | ${step.slice(0, 200)}`);
  }
  return bug !== undefined && violations.length > 0 ? 'stop' : 'on';
}

console.log(`simulating ${options.replace('--', '')}, ${seeds.length} seed${seeds.length === 1 ? '' : 's'}`);
if (values.steps) {
  await ready;
  report(
    await simulate({ ...job, seed: seeds[0] ?? 1, ledger: await loadLedger(), onStep: (step) => console.log(step) }),
  );
} else {
  await simulateSeeds({ job, seeds, workers, onResult: report });
}

const seconds = (performance.now() - startedMs) / 1_000;
const hours = (ms: number): number => Math.round(ms / 36_000) / 100;
const outcome = {
  seeds: reported,
  marks,
  simulatedHours: hours(simulatedMs),
  violations,
  traceHash: bytesToHex(total.digest()),
};
if (values.json !== undefined) write(values.json, `${JSON.stringify(outcome, null, 2)}\n`);
console.log(
  `what happened: ${[...happened]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([kind, count]) => `${count} ${kind}`)
    .join(', ')}`,
);
console.log(
  `${hours(gateMs)} gate-hours in ${seconds.toFixed(1)} s, ${(hours(gateMs) / seconds).toFixed(2)} a second; ${violations.length} violations`,
);
console.log(JSON.stringify({ ...outcome, violations: violations.length === 0 ? [] : violations.slice(0, 20) }));
process.exitCode = violations.length === 0 ? 0 : 1;
