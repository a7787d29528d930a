// The units that a package installs: systemd itself says whether it understands them and how exposed they leave a service.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { missingPrograms, runOrReport } from '../../support/not-run.ts';

const source = fileURLToPath(new URL('../../../systemd/', import.meta.url));
const units = readdirSync(source).filter((name) => name.endsWith('.service'));
const noAnalyze = missingPrograms('systemd-analyze');
const noSysusers = missingPrograms('systemd-sysusers');

/** Highest exposure that `systemd-analyze security` may find, times ten; the display runs a browser, which brings its own sandbox. */
const exposureMax: Readonly<Record<string, number>> = {
  'cloud-sync.service': 20,
  'gate-agent.service': 20,
  'gate-display.service': 80,
};

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'postern-units-'));
  cpSync(source, folder, { recursive: true });
  // What a unit starts need not be installed where it is checked.
  for (const unit of units) {
    const text = readFileSync(join(folder, unit), 'utf8');
    writeFileSync(join(folder, unit), text.replace(/^ExecStart=\S+/m, 'ExecStart=/bin/true'));
  }
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const run = (
  program: string,
  ...args: readonly string[]
): { readonly status: number | null; readonly output: string } => {
  const { status, stdout, stderr } = spawnSync(program, args, {
    encoding: 'utf8',
    env: { ...process.env, SYSTEMD_PAGER: '' },
  });
  return { status, output: `${stdout}${stderr}` };
};

describe.each(units)('%s', (unit) => {
  test('has an exposure that somebody has thought about', () => {
    expect(exposureMax[unit]).toBeGreaterThan(0);
  });

  runOrReport('contains nothing that systemd does not understand', noAnalyze, () => {
    // It exits 0 on unknown keys and only says so.
    expect(run('systemd-analyze', 'verify', '--man=no', join(folder, unit))).toEqual({ status: 0, output: '' });
  });

  runOrReport('leaves the service no more exposed than it must be', noAnalyze, () => {
    const threshold = `--threshold=${exposureMax[unit] ?? 0}`;
    const { status, output } = run('systemd-analyze', 'security', '--offline=true', threshold, join(folder, unit));
    expect({ status, overall: output.split('\n').findLast((line) => line.includes('Overall exposure')) }).toMatchObject(
      { status: 0 },
    );
  });

  runOrReport('runs as a user that sysusers creates', noSysusers, () => {
    const root = join(folder, `root-${unit}`);
    mkdirSync(join(root, 'etc'), { recursive: true });
    mkdirSync(join(root, 'usr/lib/sysusers.d'), { recursive: true });
    cpSync(join(source, 'postern.sysusers.conf'), join(root, 'usr/lib/sysusers.d/postern.conf'));
    expect(run('systemd-sysusers', `--root=${root}`)).toMatchObject({ status: 0 });
    const user = /^User=(.+)$/m.exec(readFileSync(join(source, unit), 'utf8'))?.[1];
    expect(readFileSync(join(root, 'etc/passwd'), 'utf8')).toContain(`${user}:x:`);
  });
});

test('the gate may use cameras, scanners and relays, by the names the kernel lists their devices under', () => {
  const text = readFileSync(join(source, 'gate-agent.service'), 'utf8');
  expect(text).toContain('\nDevicePolicy=closed\n');
  const allowed = [...text.matchAll(/^DeviceAllow=char-(\S+) rw$/gm)].map(([, name]) => name);
  expect(allowed.toSorted((a = '', b = '') => a.localeCompare(b))).toEqual([
    'dma_heap',
    'gpiochip',
    'hidraw',
    'media',
    'ttyACM',
    'ttyUSB',
    'video4linux',
  ]);
});

test('a unit with a misspelt key would be found', (context) => {
  if (noAnalyze !== undefined) context.skip(noAnalyze);
  const unit = join(folder, 'misspelt.service');
  writeFileSync(unit, '[Service]\nExecStart=/bin/true\nProtectSytem=strict\n');
  expect(run('systemd-analyze', 'verify', '--man=no', unit).output).toContain('ProtectSytem');
});

test('every folder of a service is its user’s own', () => {
  const folders = readFileSync(join(source, 'postern.tmpfiles.conf'), 'utf8');
  for (const unit of units) {
    const text = readFileSync(join(source, unit), 'utf8');
    const state = /^StateDirectory=(.+)$/m.exec(text)?.[1];
    const user = /^User=(.+)$/m.exec(text)?.[1];
    expect(folders).toMatch(new RegExp(`/var/lib/${state} +0700 ${user} +${user} `));
  }
});
