// Counts what a vitest run did and says, for every test that was skipped, why. With POSTERN_TEST_SUMMARY=FILE it writes that
// as JSON instead, so that `npm test` can close with one account of everything it ran.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Reporter, TestCase, TestModule, TestSuite } from 'vitest/node';

export interface TestSummary {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** What failed: tests, files and groups that did not load, errors outside of any test. */
  readonly failures: readonly string[];
  /** Skipped tests; `reason` is missing where the test gave none. */
  readonly notRun: readonly { readonly test: string; readonly reason?: string }[];
}

export function createNotRunReporter(): Reporter {
  return {
    onTestRunEnd: (modules, unhandledErrors) => {
      const errors = unhandledErrors.map(({ message }) => `error outside of a test: ${message}`);
      const summary = summarise(modules, errors);
      const file = process.env['POSTERN_TEST_SUMMARY'];
      if (file === undefined) return printNotRun(summary);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, JSON.stringify(summary));
    },
  };
}

function printNotRun({ notRun }: TestSummary): void {
  for (const { test, reason } of notRun) console.log(`not run: ${reason ?? 'no reason given'}: ${test}`);
}

function summarise(modules: readonly TestModule[], errors: readonly string[]): TestSummary {
  const tests = modules.flatMap((module) => [...module.children.allTests()]);
  const withState = (...states: readonly string[]): TestCase[] =>
    tests.filter((test) => states.includes(test.result().state));
  const brokenModules = modules.filter((module) => module.errors().length > 0);
  const brokenSuites = modules
    .flatMap((module) => [...module.children.allSuites()])
    .filter((suite) => suite.errors().length > 0);
  const failures = [
    ...withState('failed').map(nameOf),
    ...brokenModules.map((module) => module.relativeModuleId),
    ...brokenSuites.map(nameOf),
    ...errors,
  ];
  const skipped = withState('skipped', 'pending');
  return {
    passed: withState('passed').length,
    failed: failures.length,
    skipped: skipped.length,
    failures,
    notRun: skipped.map((test) => ({ test: nameOf(test), ...reasonOf(test) })),
  };
}

const nameOf = (item: TestCase | TestSuite): string => `${item.module.relativeModuleId} > ${item.fullName}`;

function reasonOf(test: TestCase): { readonly reason?: string } {
  const result = test.result();
  return result.state === 'skipped' && result.note !== undefined ? { reason: result.note } : {};
}
