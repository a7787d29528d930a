// How fast the simulation of `npm run sim` is on this machine, and that the worlds it plays here are clean: gate-hours a second and seeds run,
// small worlds and a venue of 20 gates.
import { availableParallelism } from 'node:os';
import { simulateSeeds } from '../sim/pool.ts';
import type { WorldSize } from '../sim/scenario.ts';
import { benchRow, type Bench, type BenchRow } from './row.ts';

const hourMs = 3_600_000;

export const benchSimulation: Bench = async ({ quick }) => [
  ...(await benchWorlds('small worlds', 'small', quick ? 10 : 40)),
  ...(await benchWorlds('20 gates', { gates: 20, hours: 0.25 }, quick ? 1 : 2)),
];

async function benchWorlds(name: string, size: WorldSize, seedCount: number): Promise<readonly BenchRow[]> {
  const workers = Math.min(availableParallelism(), seedCount);
  let [gateMs, marks, violations] = [0, 0, 0];
  const startedMs = performance.now();
  await simulateSeeds({
    job: { size },
    seeds: Array.from({ length: seedCount }, (_, index) => index + 1),
    workers,
    onResult: (result) => {
      gateMs += result.simulatedMs * result.gates;
      marks += result.marks;
      violations += result.violations.length;
      return 'on';
    },
  });
  const seconds = (performance.now() - startedMs) / 1_000;
  return [
    benchRow(`simulation, ${name}: simulated gate-hours a second`, gateMs / hourMs / seconds, '1/s'),
    benchRow(`simulation, ${name}: marks made and merged everywhere a second`, marks / seconds, '1/s'),
    benchRow(`simulation, ${name}: invariants violated by ${seedCount} seeds`, violations, '', { bar: { atMost: 0 } }),
  ];
}
