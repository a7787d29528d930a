// Tests that need something this machine may lack. Where it is missing they are skipped with the reason, and the closing
// summary of `npm test` prints every such reason. With POSTERN_REQUIRE_ALL=1 a missing thing is a failure instead.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'vitest';

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

/** Why programs cannot be used: names the ones that are not on PATH (nor in the sbin folders), or undefined. */
export function missingPrograms(...programs: readonly string[]): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(':'), '/usr/local/sbin', '/usr/sbin', '/sbin'];
  const missing = programs.filter((program) => !folders.some((folder) => existsSync(join(folder, program))));
  return missing.length === 0 ? undefined : `${missing.join(', ')} not installed`;
}

/** Why a test that needs root cannot run, or undefined. */
export const missingRoot = (): string | undefined => (process.getuid?.() === 0 ? undefined : 'needs root');

/** The first reason of several, so that a test can need more than one thing. */
export const firstReason = (...reasons: readonly (string | undefined)[]): string | undefined =>
  reasons.find((reason) => reason !== undefined);
