// Goal: a deployment from before keys rotated goes on with the keys it has, gets next ones, and knows whose passes its key has signed.
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Migrator } from 'kysely';
import { expect, it } from 'vitest';
import { bytesToHex, keyId, keyPairFromSeed, ready } from '@postern/shared';
import { createVault } from '../../../cloud-sync/src/services/vault.ts';
import { start } from '../../../cloud-sync/src/store/migrations/0001-start.ts';
import { createTestCloud } from '../../support/cloud.ts';
import { openCloudDatabase } from '../../../scripts/lib/cloud-database.ts';

const masterKey = '11'.repeat(32);
const random = (bytes: number): Uint8Array => new Uint8Array(bytes).fill(5);

it('is brought up to date with its keys, its passes and its events', async () => {
  await ready;
  const folder = mkdtempSync(join(tmpdir(), 'postern-cloud-'));
  const databaseUrl = `sqlite:${join(folder, 'cloud.db')}`;
  const database = openCloudDatabase(databaseUrl);
  await new Migrator({
    db: database,
    provider: { getMigrations: async () => ({ '0001-start': start }) },
  }).migrateToLatest();
  const vault = createVault(new Uint8Array(32).fill(0x11), random);
  const pair = (byte: number): { seed: Uint8Array; publicKey: Uint8Array } => {
    const seed = new Uint8Array(32).fill(byte);
    return { seed, publicKey: keyPairFromSeed(seed).publicKey };
  };
  for (const [index, purpose] of ['issuer', 'feed', 'authority', 'server'].entries()) {
    const { seed, publicKey } = pair(index + 1);
    const row = {
      id: keyId(publicKey),
      purpose,
      state: 'active',
      public_key: purpose === 'server' ? '' : bytesToHex(publicKey),
      sealed_secret: vault.seal(seed, purpose),
      certificate: null,
      created_at_ms: 1_000,
    };
    await database
      .insertInto('key')
      .values(row as never)
      .execute();
  }
  const policy = JSON.stringify({ event: 1, name: 'Old', types: [{ id: 1, name: 'Standing' }], zones: [] });
  await database
    .insertInto('event')
    .values({ id: 1, policy, code_hash_key: '00'.repeat(32), revision: 1, rules_revision: 1, created_at_ms: 1_000 })
    .execute();
  const ticket = {
    event: 1,
    type: 1,
    epoch: 2,
    status: 'valid',
    party: 1,
    hold: null,
    valid_from_s: null,
    valid_until_s: null,
    revision: 1,
    created_at_ms: 2_000,
  };
  await database
    .insertInto('ticket')
    // As the table was then.
    .values([
      { ...ticket, id: '0a'.repeat(16), code_hash: null },
      { ...ticket, id: '0b'.repeat(16), code_hash: '00'.repeat(16) },
    ] as never)
    .execute();
  await database.destroy();

  const test = await createTestCloud({ folder, databaseUrl, masterKey });
  const issuer = keyId(pair(1).publicKey);
  const listed = await test.cloud.keyRotation.list();
  expect(listed.map(({ purpose, state }) => `${purpose} ${state}`)).toEqual([
    'feed active',
    'feed next',
    'issuer active',
    'issuer next',
    'token active',
    'token next',
  ]);
  expect(listed.find((key) => key.keyId === issuer)).toMatchObject({ state: 'active', activatedAtMs: 1_000 });
  expect(await test.json('GET', `/admin/keys/${issuer}/tickets`)).toEqual({
    tickets: [
      { event: 1, ticket: '0a'.repeat(16), type: 1, epoch: 2, status: 'valid', signedAtMs: 2_000, hasGoodPass: false },
    ],
  });
  // Gates are told of the next keys, and of the cloud's address.
  expect(await test.cloud.events.find(1)).toMatchObject({ ok: true, value: { rulesRevision: 5 } });
  await test.close();
});
