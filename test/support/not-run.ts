// Tests that need something this machine may lack. Where it is missing they are skipped with the reason, and the closing
// summary of `npm test` prints every such reason. With POSTERN_REQUIRE_ALL=1 a missing thing is a failure instead.
import { describe, test } from 'vitest';

export { firstReason, missingPrograms, missingRoot } from '../../scripts/lib/missing.ts';

/** A test's timeout in milliseconds; the project's own when undefined. */
type TimeoutMs = number | undefined;

const everythingRequired = process.env['POSTERN_REQUIRE_ALL'] === '1';

function reportNotRun(name: string, reasonNotHere: string): void {
  test(name, (context) => {
    if (everythingRequired) throw new Error(`not run: ${reasonNotHere}`);
    context.skip(reasonNotHere);
  });
}

/** Registers `fn` as a test, or, when `reasonNotHere` says why it cannot run on this machine, a skipped one with that reason. */
export function runOrReport(
  name: string,
  reasonNotHere: string | undefined,
  fn: () => void | Promise<void>,
  timeoutMs?: TimeoutMs,
): void {
  if (reasonNotHere === undefined) test(name, fn, timeoutMs);
  else reportNotRun(name, reasonNotHere);
}

/** As `runOrReport`, for a whole group: without what it needs, neither its tests nor its hooks are registered. */
export function describeOrReport(name: string, reasonNotHere: string | undefined, fn: () => void): void {
  if (reasonNotHere === undefined) describe(name, fn);
  else describe(name, () => reportNotRun('the whole group', reasonNotHere));
}
