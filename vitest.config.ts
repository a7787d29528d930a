// The test projects, from the quickest to the slowest. `unit` and `contract` share the cores and, as nothing of theirs outlives a test,
// what they have loaded: to load it again for every file took longer than most files. `processes` starts single programs and threads of
// ours, `fuzz` and `postgres` a server; the rest whole systems, browsers and file systems. `postgres` runs the cloud's tests of `unit` and
// `contract` again, on a real PostgreSQL. Sources are read as they are, but for gates and clouds that are processes of their own: those are
// compiled first, as a customer has them.
import { existsSync, statfsSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { defaultExclude, defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';
import { createNotRunReporter } from './test/support/not-run-reporter.ts';
import { missingPostgres } from './scripts/lib/postgres-programs.ts';

interface Project {
  readonly name: string;
  /** Projects of one group run together, groups one after the other. */
  readonly group: number;
  readonly testTimeoutMs: number;
  /** The files that one worker runs share their modules. */
  readonly sharesModules?: boolean;
  /** What the cloud's tests run on. */
  readonly database?: 'sqlite' | 'postgres';
  /** Whether its temporary files may lie in memory: its many small databases commit durably, and no power cut is played. */
  readonly inMemory?: boolean;
  /** Whether it starts gates and clouds as processes. */
  readonly startsPrograms?: boolean;
  /** Test files beside those of the folder of its name. */
  readonly include?: readonly string[];
  /** Of these, those that it leaves out. */
  readonly exclude?: readonly string[];
}

const projects: readonly Project[] = [
  { name: 'unit', group: 0, testTimeoutMs: 60_000, sharesModules: true, inMemory: true },
  { name: 'contract', group: 0, testTimeoutMs: 60_000, sharesModules: true },
  { name: 'processes', group: 1, testTimeoutMs: 120_000, startsPrograms: true },
  { name: 'fuzz', group: 1, testTimeoutMs: 120_000, inMemory: true },
  {
    name: 'postgres',
    group: 1,
    testTimeoutMs: 120_000,
    database: 'postgres',
    startsPrograms: true,
    sharesModules: true,
    inMemory: true,
    // Where there is no PostgreSQL, one file says so.
    include:
      missingPostgres() === undefined
        ? ['test/unit/cloud-sync/**/*.test.ts', 'test/contract/cloud-*.test.ts', 'test/fuzz/**/*.test.ts']
        : [],
    // What other servers say, and what pages do, is the same whatever the database.
    exclude: ['**/hostile-*.test.ts', 'test/unit/cloud-sync/dashboard/**'],
  },
  {
    name: 'faults',
    group: 2,
    testTimeoutMs: process.env['POSTERN_FAULTS'] === 'big' ? 3_600_000 : 180_000,
    startsPrograms: true,
  },
  { name: 'guest', group: 2, testTimeoutMs: 300_000 },
  { name: 'browser', group: 2, testTimeoutMs: 120_000, startsPrograms: true },
  // Not a test: `npm run screenshots`.
  { name: 'screenshots', group: 2, testTimeoutMs: 240_000 },
  { name: 'e2e', group: 2, testTimeoutMs: 240_000, startsPrograms: true },
];

const pollTimeoutMs = 45_000;

/** A file system in memory, used where there is room for a run's files. */
const memoryFolder = '/dev/shm';
const memoryNeededBytes = 2 * 1024 ** 3;
const memory = existsSync(memoryFolder) ? statfsSync(memoryFolder) : undefined;
const hasMemoryFolder = memory !== undefined && memory.bavail * memory.bsize >= memoryNeededBytes;

const toVitestProject = ({
  name,
  group,
  testTimeoutMs,
  sharesModules = false,
  database = 'sqlite',
  inMemory = false,
  startsPrograms = false,
  include = [],
  exclude = [],
}: Project): TestProjectInlineConfiguration => ({
  ssr: { resolve: { conditions: ['source'] } },
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`, ...include],
    exclude: [...defaultExclude, ...exclude],
    provide: { database },
    env: { TMPDIR: inMemory && hasMemoryFolder ? memoryFolder : tmpdir() },
    globalSetup: [
      ...(database === 'postgres' ? ['test/support/postgres-server.ts'] : []),
      ...(startsPrograms ? ['test/support/compiled-programs.ts'] : []),
    ],
    environment: 'node',
    isolate: !sharesModules,
    testTimeout: testTimeoutMs,
    hookTimeout: testTimeoutMs,
    // What is waited for comes at once on any machine but a busy one.
    expect: { poll: { timeout: pollTimeoutMs } },
    // Those that start programs wait for these most of the time.
    maxWorkers: Math.max(group === 0 ? 2 : 3, availableParallelism()),
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
