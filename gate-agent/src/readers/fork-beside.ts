// Starts a file beside the one that asks as a process of its own: JavaScript when built; when run from source, TypeScript that tsx (a
// development tool) loads. It hears and tells by messages only.
import { fork, type ChildProcess } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** `name` without its ending; `beside` is the `import.meta.url` of who asks; `env` takes the place of our own environment. */
export function forkBeside(
  name: string,
  beside: string,
  { args, env }: { readonly args: readonly string[]; readonly env?: Readonly<Record<string, string>> },
): ChildProcess {
  const isSource = beside.endsWith('.ts');
  return fork(fileURLToPath(new URL(`./${name}${isSource ? '.ts' : '.js'}`, beside)), args, {
    execArgv: isSource ? ['--conditions=source', '--import', tsxLoader()] : [],
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    ...(env === undefined ? {} : { env }),
  });
}

const tsxLoader = (): string =>
  pathToFileURL(join(dirname(createRequire(import.meta.url).resolve('tsx/package.json')), 'dist/loader.mjs')).href;
