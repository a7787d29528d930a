// Goal: the master key comes from where the settings say and nowhere else, and keys can move under another one.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { keyId } from '@postern/shared';
import { readConfig } from '../../../cloud-sync/src/config.ts';
import { readMasterKey, readMasterKeyFile } from '../../../cloud-sync/src/services/vault.ts';
import { createTestCloud } from '../../support/cloud.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'postern-master-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const random = (bytes: number): Uint8Array => new Uint8Array(bytes).fill(7);
const write = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};
const firstByte = (environment: Readonly<Record<string, string>>): number | string => {
  const config = readConfig({ data: join(folder, 'data') }, environment);
  if (!config.ok) return config.error.problems.join();
  const key = readMasterKey(config.value, random);
  return key.ok ? (key.value[0] ?? -1) : key.error.type;
};

describe('the master key', () => {
  it('comes from the environment, a file, a systemd credential, or is made in the data folder', () => {
    const file = write('key', `${'22'.repeat(32)}\n`);
    const credentials = join(folder, 'credentials');
    mkdirSync(credentials);
    writeFileSync(join(credentials, 'master.key'), '33'.repeat(32));
    expect(firstByte({ POSTERN_CLOUD_MASTER_KEY: '11'.repeat(32) })).toBe(0x11);
    expect(firstByte({ POSTERN_CLOUD_MASTER_KEY_FILE: file })).toBe(0x22);
    expect(firstByte({ CREDENTIALS_DIRECTORY: credentials })).toBe(0x33);
    expect(firstByte({ POSTERN_CLOUD_MASTER_KEY_FILE: file, CREDENTIALS_DIRECTORY: credentials })).toBe(0x22);
    expect(firstByte({ CREDENTIALS_DIRECTORY: folder })).toBe(7);
    expect(readFileSync(join(folder, 'data', 'master.key'), 'utf8')).toBe(`${'07'.repeat(32)}\n`);
  });

  it('is not guessed when two places are named, and a file that is named must be there and fit', () => {
    const file = write('key', '22'.repeat(32));
    expect(firstByte({ POSTERN_CLOUD_MASTER_KEY: '11'.repeat(32), POSTERN_CLOUD_MASTER_KEY_FILE: file })).toContain(
      'one of the two',
    );
    expect(firstByte({ POSTERN_CLOUD_MASTER_KEY_FILE: join(folder, 'nothing') })).toBe('vault-unreadable');
    for (const text of ['', 'zz'.repeat(32), '22'.repeat(31), '22'.repeat(33)])
      expect(firstByte({ POSTERN_CLOUD_MASTER_KEY_FILE: write('bad', text) })).toBe('vault-unreadable');
  });

  it.each(['-1', '1.5', 'x', '3651'])('goes with days of rotation that make sense, unlike %s', (days) => {
    expect(firstByte({ POSTERN_CLOUD_ISSUER_KEY_DAYS: days })).toContain('POSTERN_CLOUD_ISSUER_KEY_DAYS');
  });

  it('can be replaced: the same keys under another one, and the old one opens nothing', async () => {
    const [old, young] = ['11'.repeat(32), '22'.repeat(32)];
    const first = await createTestCloud({ folder, masterKey: old });
    await first.cloud.keyRotation.rotate('issuer', { force: true });
    const active = keyId((await first.cloud.keys.current()).issuer.publicKey);
    const key = readMasterKeyFile(write('young', young));
    if (!key.ok) throw new Error(key.error.cause);
    // issuer, feed and token with their next ones, the authorities of gates and of their names, central, server and audit; the retired key has no secret any more.
    expect(await first.cloud.reseal(key.value)).toEqual({ ok: true, value: 11 });
    // A process that goes on must not seal new keys under the old one.
    await expect(first.cloud.keyRotation.rotate('issuer', { force: true })).rejects.toThrow('does not open');
    expect(await first.cloud.reseal(key.value)).toMatchObject({ ok: false, error: { type: 'vault-unreadable' } });
    await first.cloud.close();
    await expect(createTestCloud({ folder, masterKey: old })).rejects.toThrow('vault-unreadable');
    const second = await createTestCloud({ folder, masterKey: young, seed: 2 });
    expect(keyId((await second.cloud.keys.current()).issuer.publicKey)).toBe(active);
    expect((await second.cloud.keyRotation.rotate('issuer', { force: true })).ok).toBe(true);
    await second.close();
  });
});
