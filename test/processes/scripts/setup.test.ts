// scripts/setup on machines that lack something, played by a folder of programs that is all it can see. It never gets as far
// as installing anything here: the stand-in for npm fails.
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const setup = fileURLToPath(new URL('../../../scripts/setup', import.meta.url));
const borrowed = ['bash', 'dirname', 'env', 'mkdir', 'tail', 'sleep'];

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'postern-setup-'));
  mkdirSync(join(folder, 'bin'));
  for (const program of borrowed) symlinkSync(`/usr/bin/${program}`, join(folder, 'bin', program));
  pretend('npm', 'exit 1');
  pretend('apt-get', 'exit 1');
  pretend('id', 'echo 1000');
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function pretend(program: string, script: string): void {
  const file = join(folder, 'bin', program);
  writeFileSync(file, `#!/bin/bash\n${script}\n`);
  chmodSync(file, 0o755);
}

function run(...args: readonly string[]): { readonly status: number | null; readonly output: string } {
  const { status, stdout, stderr } = spawnSync(join(folder, 'bin/bash'), [setup, ...args], {
    encoding: 'utf8',
    env: { PATH: join(folder, 'bin'), TMPDIR: folder, CI: 'true' },
    input: '',
    timeout: 45_000,
  });
  return { status, output: stdout + stderr };
}

describe('Node', () => {
  test.each(['v20.18.3', 'v18.20.1', 'v9.99.0', 'nonsense'])(
    '%s is refused with the line that installs a newer one',
    (version) => {
      pretend('node', `echo ${version}`);
      const { status, output } = run('start');
      expect(status).toBe(1);
      expect(output).toContain(`20.19 or later; ${version} is installed`);
      expect(output).toMatch(/apt-get install -y .*npm|package manager/);
    },
  );

  test('a machine without any is told so', () => {
    const { status, output } = run('start');
    expect(status).toBe(1);
    expect(output).toContain('none is installed');
  });

  test.each(['v20.19.0', 'v21.0.0', 'v22.3.1'])('%s is new enough', (version) => {
    pretend('node', `echo ${version}`);
    expect(run('start').output).not.toContain('or later');
  });
});

describe('without ffmpeg and without root', () => {
  beforeEach(() => pretend('node', 'echo v20.19.0'));

  test('npm start cannot run, and the one line that installs it is named', () => {
    const { status, output } = run('start');
    expect(status).toBe(1);
    expect(output).toContain('sudo apt-get update && sudo apt-get install -y --no-install-recommends ffmpeg');
    expect(output).toContain('npm start cannot run without ffmpeg');
  });

  test('its size and time are said, and sudo is never asked for a password', () => {
    pretend('sudo', '[ "$1" = -n ] && exit 1; echo asked');
    const { output } = run('start');
    expect(output).toMatch(/\d+ MB to download, about \d+ s/);
    expect(output).not.toContain('asked');
  });

  test('the tests’ programs are named only for the tests', () => {
    expect(run('start').output).not.toContain('strace');
  });
});

describe('--gate', () => {
  const calls = (): string => (existsSync(join(folder, 'calls')) ? readFileSync(join(folder, 'calls'), 'utf8') : '');
  /** Says in `calls` that it was called, and how. */
  const record = (program: string, then = ''): void =>
    pretend(program, `echo "${program} $*" >>'${join(folder, 'calls')}'\n${then}`);

  beforeEach(() => {
    pretend('node', 'case $1 in -p) echo 1.2.3 ;; *) echo v20.19.0 ;; esac');
    pretend('stat', 'echo pi');
    pretend('getent', 'echo pi:x:1000:1000::/home/pi:/bin/bash');
    pretend('dpkg', 'echo arm64');
    symlinkSync('/usr/bin/mktemp', join(folder, 'bin/mktemp'));
    record('apt-get');
    record('npm');
    record('runuser', '[ "$1 $2 $3" = "-u pi --" ] && shift 3 && exec "$@"');
  });

  test('--dry-run says every step and does none', () => {
    const { status, output } = run('--gate', '--dry-run');
    expect(status).toBe(0);
    for (const step of ['1.', '2.', '3. build the package, as pi', '4. install it', '5.'])
      expect(output).toContain(`setup:   ${step}`);
    expect(calls()).toBe('');
  });

  test('without root it says the same, does nothing and fails', () => {
    const { status, output } = run('--gate');
    expect(status).toBe(1);
    expect(output).toContain('4. install it');
    expect(output).toContain('nothing was done, since that needs root: sudo scripts/setup --gate');
    expect(calls()).toBe('');
  });

  test('as root it builds as the owner of the checkout, installs that package, starts nothing and says what is next', () => {
    pretend('id', 'echo 0');
    const { status, output } = run('--gate');
    expect(output).toContain('enrol https://');
    expect(status).toBe(0);
    expect(calls()).toMatch(/^runuser -u pi -- env HOME=\/home\/pi npm run deb\nnpm run deb$/m);
    expect(calls().trimEnd()).toMatch(
      /\napt-get install -y --reinstall \/.*\/\.cache\/deb\/postern-gate_1\.2\.3_arm64\.deb$/,
    );
    expect(calls()).not.toMatch(/systemctl|postern-cloud/);
  });

  test('a package that cannot be built is not installed', () => {
    pretend('id', 'echo 0');
    record('npm', '[ "$*" != "run deb" ]');
    const { status, output } = run('--gate');
    expect(status).toBe(1);
    expect(output).toContain('could not be built');
    expect(calls()).not.toContain('--reinstall');
  });

  test.each([['--gate', '--dry'], ['--gate--dry-run'], ['start', '--dry-run']])('%s %s is refused', (...args) => {
    expect(run(...args)).toMatchObject({ status: 1, output: expect.stringContaining('usage') });
    expect(calls()).toBe('');
  });
});

test('an unknown profile is refused', () => {
  pretend('node', 'echo v20.19.0');
  expect(run('everything')).toMatchObject({ status: 1, output: expect.stringContaining('usage') });
});
