// The test projects, from the quickest to the slowest. `unit` and `contract` share the cores; the others start processes,
// browsers and file systems of their own and run one file at a time. Sources are read as they are: no build comes first.
import { availableParallelism } from 'node:os';
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';
import { createNotRunReporter } from './test/support/not-run-reporter.ts';

interface Project {
  readonly name: string;
  /** Projects of one group run together, groups one after the other. */
  readonly group: number;
  readonly testTimeoutMs: number;
}

const projects: readonly Project[] = [
  { name: 'unit', group: 0, testTimeoutMs: 20_000 },
  { name: 'contract', group: 0, testTimeoutMs: 20_000 },
  { name: 'faults', group: 1, testTimeoutMs: process.env['POSTERN_FAULTS'] === 'big' ? 3_600_000 : 180_000 },
  { name: 'browser', group: 2, testTimeoutMs: 60_000 },
  { name: 'e2e', group: 3, testTimeoutMs: 180_000 },
];

const toVitestProject = ({ name, group, testTimeoutMs }: Project): TestProjectInlineConfiguration => ({
  ssr: { resolve: { conditions: ['source'] } },
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    environment: 'node',
    testTimeout: testTimeoutMs,
    hookTimeout: testTimeoutMs,
    maxWorkers: group === 0 ? Math.max(2, availableParallelism()) : 1,
    sequence: { groupOrder: group },
  },
});

export default defineConfig({
  test: {
    projects: projects.map(toVitestProject),
    passWithNoTests: true,
    reporters: ['default', createNotRunReporter()],
  },
});
