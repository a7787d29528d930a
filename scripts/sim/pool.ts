// Simulates many seeds on several threads. Results come in the order of the seeds, so that what is made of them does not depend on how
// many threads there are.
import { Worker } from 'node:worker_threads';
import type { PlantedBug } from './planted-bugs.ts';
import type { WorldSize } from './scenario.ts';
import type { SimulationResult } from './simulation.ts';

export interface SimulationJob {
  readonly size: WorldSize;
  readonly bug?: PlantedBug;
}

export interface PoolOptions {
  readonly job: SimulationJob;
  readonly seeds: readonly number[];
  readonly workers: number;
  /** Called in the order of the seeds; says whether to go on. */
  readonly onResult: (result: SimulationResult) => 'on' | 'stop';
}

/** A thread may run so far ahead of the seed that is reported next. */
const aheadMax = 64;

export async function simulateSeeds({ job, seeds, workers, onResult }: PoolOptions): Promise<void> {
  const results = new Map<number, SimulationResult>();
  let handedOut = 0;
  let reported = 0;
  let isStopped = false;

  const idle: Worker[] = [];
  const handOut = (): void => {
    while (idle.length > 0 && !isStopped && handedOut < seeds.length && handedOut < reported + aheadMax)
      idle.pop()?.postMessage(seeds[handedOut++]);
  };
  const report = (): void => {
    for (let next = results.get(reported); next !== undefined && !isStopped; next = results.get(reported)) {
      results.delete(reported++);
      isStopped = onResult(next) === 'stop';
    }
  };

  const threads = Array.from({ length: Math.min(workers, seeds.length) }, () => startThread(job));
  try {
    await new Promise<void>((resolve, reject) => {
      for (const thread of threads) {
        thread.on('error', reject);
        thread.on('message', (result: SimulationResult) => {
          results.set(seeds.indexOf(result.seed), result);
          idle.push(thread);
          report();
          handOut();
          if (isStopped || reported === seeds.length) resolve();
        });
        idle.push(thread);
      }
      handOut();
    });
  } finally {
    await Promise.all(threads.map((thread) => thread.terminate()));
  }
}

/** tsx does not follow into threads by itself (Node 20): the thread registers it before it loads the TypeScript file. */
function startThread(job: SimulationJob): Worker {
  const file = new URL('./simulation-worker.ts', import.meta.url).href;
  const bootstrap = `import { register } from ${JSON.stringify(import.meta.resolve('tsx/esm/api'))}; register(); await import(${JSON.stringify(file)});`;
  return new Worker(new URL(`data:text/javascript,${encodeURIComponent(bootstrap)}`), {
    workerData: job,
    execArgv: ['--conditions=source'],
  });
}
