// scripts/setup on machines that lack something, played by a folder of programs that is all it can see. It never gets as far
// as installing anything here: the stand-in for npm fails.
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
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
    env: { PATH: join(folder, 'bin'), CI: 'true' },
    input: '',
    timeout: 15_000,
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

test('an unknown profile is refused', () => {
  pretend('node', 'echo v20.19.0');
  expect(run('everything')).toMatchObject({ status: 1, output: expect.stringContaining('usage') });
});
