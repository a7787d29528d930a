// Runs the checks and the test projects and closes with what was not run and why, then, alone on the last line,
// `N passed, N failed, N skipped`. A check counts as one test; a test skipped without a reason counts as failed.
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { checks, runCheck } from './check.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const summaryFile = join(root, '.cache/test-summary.json');

/** What each kind of run includes. The import rules are a unit test too, so a full run needs them only once. */
const runs = {
  full: {
    checks: checks.filter(({ name }) => name !== 'import rules'),
    pages: true,
    projects: ['unit', 'contract', 'processes', 'fuzz', 'postgres', 'faults', 'browser', 'e2e'],
    environment: {},
  },
  fast: { checks: [], pages: false, projects: ['unit', 'contract'], environment: {} },
  faults: { checks: [], pages: false, projects: ['faults'], environment: { POSTERN_FAULTS: 'big' } },
};

const { values } = parseArgs({ options: { fast: { type: 'boolean' }, faults: { type: 'boolean' } } });
const run = values.fast ? runs.fast : values.faults ? runs.faults : runs.full;

const checked = run.checks.map((check) => ({ name: check.name, passed: runCheck(check) }));
if (run.pages) checked.push({ name: 'pages', passed: buildPages() });
const tests = runVitest(run);

const withoutReason = tests.notRun.filter(({ reason }) => reason === undefined);
const passed = checked.filter((check) => check.passed).length + tests.passed;
const failed = checked.length - checked.filter((check) => check.passed).length + tests.failed + withoutReason.length;
const skipped = tests.skipped - withoutReason.length;

console.log();
for (const { name } of checked.filter((check) => !check.passed)) console.log(`failed: check: ${name}`);
for (const name of tests.failures) console.log(`failed: ${name}`);
for (const { test, reason } of tests.notRun) {
  console.log(reason === undefined ? `failed: skipped without a reason: ${test}` : `not run: ${reason}: ${test}`);
}
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exitCode = failed === 0 ? 0 : 1;

function buildPages() {
  console.log('\n── pages');
  return node('scripts/build-pages.mjs', '--if-needed') === 0;
}

/** Runs vitest on the run's projects and reads what its reporter counted; a vitest that left no counts is one failure. */
function runVitest({ projects, environment }) {
  console.log(`\n── tests: ${projects.join(', ')}`);
  rmSync(summaryFile, { force: true });
  const { status } = spawnSync(
    process.execPath,
    [join(root, 'node_modules/vitest/vitest.mjs'), 'run', ...projects.flatMap((project) => ['--project', project])],
    {
      cwd: root,
      stdio: 'inherit',
      env: { ...process.env, ...environment, POSTERN_TEST_SUMMARY: summaryFile },
    },
  );
  try {
    const summary = JSON.parse(readFileSync(summaryFile, 'utf8'));
    const unexplained = status !== 0 && summary.failed === 0;
    return unexplained ? { ...summary, failed: 1, failures: [`vitest ended with ${status}`] } : summary;
  } catch (error) {
    // Vitest died before its reporter ran.
    const failures = [`vitest ended with ${status} and no summary: ${error.message}`];
    return { passed: 0, failed: 1, skipped: 0, failures, notRun: [] };
  }
}

function node(script, ...args) {
  return spawnSync(process.execPath, [join(root, script), ...args], { cwd: root, stdio: 'inherit' }).status;
}
