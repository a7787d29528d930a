// Global set-up of the projects that start gates and clouds as processes: they are compiled as for a customer, which takes a moment when nothing
// has changed, and each start is then twice as quick as from sources.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const compiler = fileURLToPath(new URL('../../node_modules/typescript/bin/tsc', import.meta.url));

export function setup(): void {
  const { status, stdout } = spawnSync(process.execPath, [compiler, '-b', 'gate-agent', 'cloud-sync'], {
    cwd: root,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`the programs do not compile:\n${stdout}`);
}

/** What starts the command of a workspace; its arguments follow. */
export const compiledProgram = (workspace: 'gate-agent' | 'cloud-sync'): string =>
  fileURLToPath(new URL(`../../${workspace}/dist/cli.js`, import.meta.url));
