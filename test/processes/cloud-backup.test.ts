// Goal: the commands as an operator types them: a backup onto a disk that fills up leaves nothing behind and says so; one that works becomes
// a service elsewhere, with its master key and not without.
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { someEvent } from '../support/cloud.ts';
import { firstReason, missingPrograms, runOrReport } from '../support/not-run.ts';

const program = fileURLToPath(new URL('../../cloud-sync/bin/cloud-sync', import.meta.url));
const inNamespace = ['--user', '--map-root-user', '--mount'];
const noSmallDisk = firstReason(
  missingPrograms('unshare', 'mount'),
  spawnSync('unshare', [...inNamespace, 'true']).status === 0 ? undefined : 'this machine allows no mount namespaces',
);

let folder: string;
let data: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'postern-backup-'));
  data = join(folder, 'data');
  writeFileSync(join(folder, 'event.json'), JSON.stringify(someEvent));
  expect(run('event', '--file', join(folder, 'event.json'), '--data', data).code).toBe(0);
  expect(run('issue', '--event', '1', '--type', '1', '--count', '4000', '--data', data).code).toBe(0);
  expect(run('feed', 'publish', '--event', '1', '--data', data).code).toBe(0);
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly errors: string;
}
function run(...argumentList: readonly string[]): Ended {
  const { status, stdout, stderr } = spawnSync(program, argumentList, {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  return { code: status, out: stdout, errors: stderr };
}

describe('cloud-sync backup', () => {
  runOrReport('onto a disk that fills up leaves nothing there and says what to do', noSmallDisk, () => {
    const disk = join(folder, 'disk');
    mkdirSync(disk);
    const script = `mount -t tmpfs -o size=1m none "$1" && { "$2" backup "$1/backup.db" --data "$3"; echo "code $?"; ls -A "$1"; }`;
    const { stdout, stderr } = spawnSync('unshare', [...inNamespace, 'sh', '-c', script, 'sh', disk, program, data], {
      encoding: 'utf8',
    });
    expect(stdout).toBe('code 2\n');
    expect(stderr).toContain(`the disk of ${disk} is full. Nothing was left there`);
  });

  test('and restore make the same service on an empty machine, which publishes above what gates have', () => {
    const backup = join(folder, 'backup.db');
    expect(run('backup', backup, '--data', data)).toMatchObject({
      code: 0,
      errors: expect.stringContaining('master.key'),
    });
    const other = join(folder, 'other');
    mkdirSync(other);
    const refused = run('restore', backup, '--data', other);
    expect(refused).toMatchObject({ code: 2, errors: expect.stringContaining('there is no master key') });
    writeFileSync(join(other, 'master.key'), `${'1'.repeat(64)}\n`);
    expect(run('restore', backup, '--data', other)).toMatchObject({
      code: 2,
      errors: expect.stringContaining('Bring back the master key that belongs to this database'),
    });
    expect(existsSync(join(other, 'cloud.db'))).toBe(false);
    copyFileSync(join(data, 'master.key'), join(other, 'master.key'));
    expect(run('restore', backup, '--data', other)).toMatchObject({
      code: 0,
      out: expect.stringContaining('Published event 1 anew'),
    });
    expect(readdirSync(other).filter((name) => name.startsWith('.'))).toEqual([]);
    expect(run('event', '--data', other).out).toBe('1\tTest night\t4000 tickets\n');
    const published = JSON.parse(run('feed', 'publish', '--event', '1', '--data', other).out);
    expect(published).toMatchObject({ version: 1_000_002, tickets: 4_000 });
    expect(run('audit', 'verify', '--data', other).code).toBe(0);
    expect(run('restore', backup, '--data', other)).toMatchObject({
      code: 2,
      errors: expect.stringContaining(`exists, and nothing is ever written over it. To restore in its place`),
    });
    expect(run('backup', backup, '--data', data)).toMatchObject({
      code: 2,
      errors: `cloud-sync: ${backup} exists, and nothing is ever written over it. Name another file.\n`,
    });
  });

  test('of PostgreSQL says which tools to use', () => {
    const url = 'postgres://postern:secret@db.example/postern';
    const refused = run('backup', join(folder, 'backup.db'), '--database', url);
    expect(refused).toMatchObject({ code: 2, errors: expect.stringContaining('pg_dump') });
    expect(refused.errors).not.toContain('secret');
  });
});
