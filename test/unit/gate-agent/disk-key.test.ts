// Where the key of the databases is looked for, and what is said when it is not there or another one.
import { chmodSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import {
  diskKeyPath,
  findDiskKey,
  makeDiskKey,
  noteSealed,
  type DiskKeyPlaces,
} from '../../../gate-agent/src/disk-key.ts';
import { createSystemRandom } from '../../../gate-agent/src/system.ts';
import { temporaryFolder } from '../../support/gate-store-harness.ts';

const [first, second] = ['a1'.repeat(32), 'b2'.repeat(32)];
let data: string;
let credentials: string;
beforeEach(() => {
  data = join(temporaryFolder(), 'data');
  credentials = join(data, '../credentials');
  for (const folder of [data, join(data, 'identity'), credentials]) mkdirSync(folder);
});
const find = (more: Partial<DiskKeyPlaces> = {}) =>
  findDiskKey({ data, keyFile: undefined, credentials: [undefined], ...more });

describe('a key', () => {
  test('that nobody has is none, as long as nothing is sealed', () => {
    expect(find()).toEqual({ ok: true, value: { key: undefined, from: undefined, sealed: false } });
  });

  test('beside the identity is random, for the gate alone, and found', async () => {
    await makeDiskKey(data, createSystemRandom());
    const found = find();
    expect(found).toMatchObject({ ok: true, value: { from: diskKeyPath(data), sealed: false } });
    expect(found.ok && found.value.key).toMatch(/^[0-9a-f]{64}$/);
    expect(statSync(diskKeyPath(data)).mode & 0o777).toBe(0o600);
    await makeDiskKey(data, createSystemRandom());
    expect(find()).not.toEqual(found);
  });

  test('of systemd goes before that, one of a file in gate.toml before both', async () => {
    await makeDiskKey(data, createSystemRandom());
    writeFileSync(join(credentials, 'disk-key'), `${first}\n`);
    expect(find({ credentials: [credentials] })).toMatchObject({ value: { key: first } });
    const keyFile = join(data, '../stick');
    writeFileSync(keyFile, second.toUpperCase());
    expect(find({ credentials: [credentials], keyFile })).toMatchObject({ value: { key: second, from: keyFile } });
  });

  test('of the running service is the last one looked for, and no concern of whoever may not read it', () => {
    writeFileSync(join(credentials, 'disk-key'), first);
    expect(find({ credentials: [undefined, credentials] })).toMatchObject({ value: { key: first } });
    writeFileSync(diskKeyPath(data), second);
    expect(find({ credentials: [undefined, credentials] })).toMatchObject({ value: { key: second } });
    writeFileSync(join(credentials, 'disk-key'), '');
    chmodSync(diskKeyPath(data), 0o600);
    expect(find({ credentials: [undefined, credentials] }).ok).toBe(true);
  });

  test.each([
    ['too short', 'a1a1'],
    ['something else', 'x'.repeat(64)],
    ['endless', 'a'.repeat(100_000)],
    ['empty', ''],
  ])('that is %s is refused with what to do', (_what, text) => {
    writeFileSync(diskKeyPath(data), text);
    const found = find();
    expect(found).toMatchObject({ ok: false, error: { type: 'disk-key-unreadable' } });
    expect(!found.ok && found.error.cause).toContain('64 hexadecimal digits');
  });
});

describe('once the databases are sealed', () => {
  beforeEach(() => noteSealed(data, first));

  test('the right key is known to be right', () => {
    writeFileSync(diskKeyPath(data), first);
    expect(find()).toMatchObject({ ok: true, value: { key: first, sealed: true } });
  });

  test('another key and no key are errors of their own, which say where it was looked for', () => {
    expect(find()).toMatchObject({ ok: false, error: { type: 'disk-key-missing' } });
    writeFileSync(diskKeyPath(data), second);
    const wrong = find();
    expect(wrong).toMatchObject({ ok: false, error: { type: 'disk-key-wrong' } });
    expect(!wrong.ok && wrong.error.cause).toContain(diskKeyPath(data));
  });

  test('a damaged note does not make a gate go on without its key', () => {
    writeFileSync(join(data, 'sealed.json'), '{');
    expect(find()).toMatchObject({ ok: false, error: { type: 'disk-key-missing' } });
    writeFileSync(diskKeyPath(data), first);
    expect(find()).toMatchObject({ ok: true, value: { sealed: true } });
  });
});

test('a file that gate.toml names and that is not there is an error, whatever lies elsewhere', () => {
  writeFileSync(diskKeyPath(data), first);
  expect(find({ keyFile: join(data, 'none') })).toMatchObject({ ok: false, error: { type: 'disk-key-missing' } });
});
