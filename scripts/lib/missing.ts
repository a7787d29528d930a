// Why something cannot be tried on this machine: what tests and benchmarks say instead of running.
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** Why programs cannot be used: names the ones that are not on PATH (nor in the sbin folders), or undefined. */
export function missingPrograms(...programs: readonly string[]): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(':'), '/usr/local/sbin', '/usr/sbin', '/sbin'];
  const missing = programs.filter((program) => !folders.some((folder) => existsSync(join(folder, program))));
  return missing.length === 0 ? undefined : `${missing.join(', ')} not installed`;
}

/** Why what needs root cannot run, or undefined. */
export const missingRoot = (): string | undefined => (process.getuid?.() === 0 ? undefined : 'needs root');

/** The first reason of several, so that something can need more than one thing. */
export const firstReason = (...reasons: readonly (string | undefined)[]): string | undefined =>
  reasons.find((reason) => reason !== undefined);
