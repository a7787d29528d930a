// Goal: somebody with a key and the address of a node has a contract, a service that reads it and a freeze, by what the commands print.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { anvilKeys, missingAnvil, startAnvil, type Anvil } from '../../scripts/lib/anvil.ts';
import { runCloudWith, type Finished } from '../support/cloud-process.ts';
import { createTestDatabase } from '../support/database.ts';
import { describeOrReport } from '../support/not-run.ts';

describeOrReport('cloud-sync nft', missingAnvil(), () => {
  let anvil: Anvil;
  let folder: string;
  let settings: Record<string, string>;
  beforeAll(async () => {
    anvil = await startAnvil();
    folder = mkdtempSync(join(tmpdir(), 'postern-nft-'));
    await createTestDatabase(folder, { kind: 'sqlite' });
    writeFileSync(join(folder, 'nft.key'), `${anvilKeys[0]}\n`);
    settings = {
      POSTERN_CLOUD_NFT_RPC: anvil.url,
      POSTERN_CLOUD_NFT_CHAIN_ID: '31337',
      POSTERN_CLOUD_NFT_KEY_FILE: join(folder, 'nft.key'),
      POSTERN_CLOUD_NFT_CONFIRMATIONS: '0',
    };
  });
  afterAll(async () => {
    await anvil.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  const run = (...args: readonly string[]): Promise<Finished> =>
    runCloudWith(settings, ...args, '--database', `sqlite:${join(folder, 'cloud.db')}`).ended;

  test('names the account that has to pay where it cannot', async () => {
    const file = join(folder, 'poor.key');
    writeFileSync(file, `${'5'.repeat(64)}\n`);
    const refused = await runCloudWith({ ...settings, POSTERN_CLOUD_NFT_KEY_FILE: file }, 'nft', 'deploy').ended;
    expect(refused).toMatchObject({
      code: 2,
      errors: expect.stringMatching(/0x[0-9a-f]{40}, which signs, cannot pay/),
    });
  }, 240_000);

  test('waits for a chain that takes its time', async () => {
    const slow = await startAnvil('--block-time', '1');
    const deployed = await runCloudWith({ ...settings, POSTERN_CLOUD_NFT_RPC: slow.url }, 'nft', 'deploy').ended;
    await slow.stop();
    expect(deployed).toMatchObject({ code: 0, out: expect.stringContaining('The contract is at 0x') });
  });

  test('makes a contract whose settings it prints, and then reads and freezes there', async () => {
    const deployed = await run('nft', 'deploy', '--name', 'Festival', '--symbol', 'FEST');
    expect(deployed).toMatchObject({ code: 0 });
    for (const name of ['CONTRACT', 'START_BLOCK']) {
      const [, value = ''] = new RegExp(`POSTERN_CLOUD_NFT_${name}=(\\S+)`).exec(deployed.out) ?? [];
      settings[`POSTERN_CLOUD_NFT_${name}`] = value;
    }
    const read = await run('jobs', '--run', 'nft-mirror');
    expect(read).toMatchObject({ code: 0, out: expect.stringContaining('Read 1 blocks') });
    const frozen = await run('nft', 'freeze', '--event', '1', '--from', '2026-11-27T18:00:00Z');
    expect(frozen).toMatchObject({ code: 0, out: expect.stringMatching(/Sent as 0x[0-9a-f]{64}/) });
    const status = await run('nft', 'status');
    expect(status.out).toContain(`Contract ${settings['POSTERN_CLOUD_NFT_CONTRACT']} on chain 31337`);
    expect(status.out).toContain('1 transactions under way');
    // Four programs, one after the other.
  }, 240_000);
});
