// Two pieces of work timed against each other.
import { median } from '../lib/statistics.ts';

/** Rounds until the compiler has seen both. */
const warmUpRounds = 2_000;

/** Medians of both, interleaved, so that a change of the machine's speed falls on both. */
export function compare(
  rounds: number,
  run: () => unknown,
  baseline: () => unknown,
): { readonly us: number; readonly baselineUs: number } {
  const runUs: number[] = [];
  const baselineUs: number[] = [];
  for (let round = 0; round < warmUpRounds + rounds; round++) {
    const us = timeUs(run);
    const bareUs = timeUs(baseline);
    if (round < warmUpRounds) continue;
    runUs.push(us);
    baselineUs.push(bareUs);
  }
  return { us: median(runUs), baselineUs: median(baselineUs) };
}

function timeUs(run: () => unknown): number {
  const started = performance.now();
  run();
  return (performance.now() - started) * 1_000;
}

/** The same for work that ends later; the floor need not. */
export async function compareAsync(
  rounds: number,
  run: () => Promise<unknown>,
  baseline: () => unknown,
): Promise<{ readonly us: number; readonly baselineUs: number }> {
  const runUs: number[] = [];
  const baselineUs: number[] = [];
  const warmUps = Math.min(warmUpRounds, rounds);
  for (let round = 0; round < warmUps + rounds; round++) {
    const started = performance.now();
    await run();
    const us = (performance.now() - started) * 1_000;
    const bareUs = timeUs(baseline);
    if (round < warmUps) continue;
    runUs.push(us);
    baselineUs.push(bareUs);
  }
  return { us: median(runUs), baselineUs: median(baselineUs) };
}
