// `npm run check`: types, lint, formatting, unused code, the README's table of endpoints and roles, and the import rules, one after the other, all of them even when one
// fails. Exit code 1 when any did.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** What is checked, each by one program out of node_modules. */
export const checks = [
  { name: 'types', command: ['tsc', '-b'] },
  { name: 'lint', command: ['oxlint', '--type-aware', '--deny-warnings', '--quiet'] },
  { name: 'format', command: ['oxfmt', '--check', '.'] },
  { name: 'unused code', command: ['knip', '--no-progress'] },
  {
    name: 'table of endpoints and roles',
    command: ['tsx', '--conditions=source', 'scripts/access-table.ts', '--check'],
  },
  { name: 'import rules', command: ['vitest', 'run', '--project', 'unit', 'test/unit/import-rules.test.ts'] },
];

/** Runs one check with its output on the terminal; true when it found nothing. */
export function runCheck({ name, command: [program, ...args] }) {
  console.log(`\n── check: ${name}`);
  const started = performance.now();
  const { status, error } = spawnSync(join(root, 'node_modules/.bin', program), args, { cwd: root, stdio: 'inherit' });
  if (error) console.error(error.message);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(status === 0 ? `   ${name}: fine (${seconds} s)` : `   ${name}: FAILED (${seconds} s)`);
  return status === 0;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const failed = checks.filter((check) => !runCheck(check)).map(({ name }) => name);
  console.log(failed.length === 0 ? '\nall checks passed' : `\nfailed: ${failed.join(', ')}`);
  process.exitCode = failed.length === 0 ? 0 : 1;
}
