// Compiles a small C source of ours when it is first needed.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const cache = fileURLToPath(new URL('../../.cache', import.meta.url));

/** The path of what this source becomes, whichever others were compiled before. Throws an Error that says why it cannot be compiled here. */
export function compileC(source: string, options: readonly string[] = []): string {
  const version = createHash('sha256').update(readFileSync(source)).digest('hex').slice(0, 16);
  const compiled = join(cache, `${basename(source, '.c')}-${version}`);
  if (existsSync(compiled)) return compiled;
  mkdirSync(cache, { recursive: true });
  // Under a name of its own, so that of two who compile at once neither runs half a program.
  const unfinished = `${compiled}.${process.pid}`;
  const { status, stderr, error } = spawnSync('cc', ['-O2', ...options, '-o', unfinished, source], {
    encoding: 'utf8',
  });
  if (error !== undefined) throw new Error('cc not installed');
  if (status !== 0) throw new Error(`${basename(source)} does not compile here: ${stderr.trim().split('\n')[0] ?? ''}`);
  renameSync(unfinished, compiled);
  return compiled;
}
