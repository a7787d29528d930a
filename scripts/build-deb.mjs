// Builds the two Debian packages, postern-gate and postern-cloud, with dpkg-deb.
//   node scripts/build-deb.mjs [--out FOLDER] [--no-build]
// They are for the architecture of the machine this runs on: better-sqlite3 is compiled, so there is no cross building; for a
// Raspberry Pi (arm64) run it on one. What node_modules holds is packed, after a check against package-lock.json: what was tested
// is what is installed. With an equal SOURCE_DATE_EPOCH (default: the time of the last commit) the same input gives equal bytes.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { writeControl } from './deb/control.mjs';
import { checkImports } from './deb/imports.mjs';
import { packages } from './deb/packages.mjs';
import { stage } from './deb/stage.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const { values: options } = parseArgs({
  options: { out: { type: 'string', default: join(root, '.cache/deb') }, 'no-build': { type: 'boolean' } },
});
const out = resolve(options.out);

try {
  main();
} catch (error) {
  console.error(`build-deb: ${error.message}`);
  process.exitCode = 1;
}

function main() {
  const architecture = run('dpkg', '--print-architecture');
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  if (!options['no-build']) build();
  mkdirSync(out, { recursive: true });
  for (const target of packages) pack(target, { version, architecture });
  console.log(`for ${architecture} only: it holds compiled code, so build on the architecture that it shall run on`);
}

/** Compiles what is packed. Tests and scripts are not part of it, so their types do not matter here. */
function build() {
  run(
    process.execPath,
    join(root, 'node_modules/typescript/bin/tsc'),
    '-b',
    ...packages.map((target) => target.workspace),
  );
  run(process.execPath, join(root, 'scripts/build-pages.mjs'), '--if-needed');
}

function pack(target, { version, architecture }) {
  const folder = mkdtempSync(join(tmpdir(), `${target.name}-`));
  try {
    const { application, bundled } = stage({ root, folder, target });
    checkImports(application);
    writeControl({ folder, application, bundled, target, version, architecture });
    const file = join(out, `${target.name}_${version}_${architecture}.deb`);
    run('dpkg-deb', '--root-owner-group', '--build', folder, file);
    const installedMegabytes = (Number(run('du', '-sk', '--apparent-size', folder).split('\t')[0]) / 1024).toFixed(1);
    const packedMegabytes = (statSync(file).size / 1024 ** 2).toFixed(1);
    console.log(`${file}: ${packedMegabytes} MB, installed ${installedMegabytes} MB, ${bundled.length} npm packages`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs a program to its end in the repository and returns what it wrote, trimmed; throws with its words when it fails. */
function run(program, ...args) {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    cwd: root,
    encoding: 'utf8',
    env: environment(),
  });
  if (error) throw new Error(`${program} does not start: ${error.message}`, { cause: error });
  if (status !== 0) throw new Error(`${[program, ...args].join(' ')} ended with ${status}\n${stdout}${stderr}`);
  return stdout.trim();
}

/** dpkg-deb takes no time in the archive later than SOURCE_DATE_EPOCH, in seconds. */
function environment() {
  if (process.env.SOURCE_DATE_EPOCH) return process.env;
  const { status, stdout } = spawnSync('git', ['log', '-1', '--format=%ct'], { cwd: root, encoding: 'utf8' });
  return status === 0 ? { ...process.env, SOURCE_DATE_EPOCH: stdout.trim() } : process.env;
}
