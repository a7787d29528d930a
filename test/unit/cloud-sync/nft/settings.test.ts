// Goal: what the settings say of a chain is taken exactly, and what is wrong with them is said by the name that somebody has typed.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readConfig } from '../../../../cloud-sync/src/config.ts';
import { readNftKey } from '../../../../cloud-sync/src/services/nft/signing-key.ts';

const key = '0123456789abcdef'.repeat(4);
const contract = '0x5FbDB2315678afecb367f032d93F642f64180aa3';
const right = {
  POSTERN_CLOUD_NFT_RPC: 'https://rpc.example/KEY, http://127.0.0.1:8545',
  POSTERN_CLOUD_NFT_CHAIN_ID: '137',
  POSTERN_CLOUD_NFT_CONTRACT: contract,
  POSTERN_CLOUD_NFT_KEY_FILE: '/etc/postern/nft.key',
};

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'postern-nft-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('the settings of a chain', () => {
  it('are none where none is named, and all of them otherwise', () => {
    expect(readConfig({}, {})).toMatchObject({ ok: true, value: { nft: undefined } });
    expect(readConfig({}, right)).toMatchObject({
      ok: true,
      value: {
        nft: {
          rpcs: ['https://rpc.example/KEY', 'http://127.0.0.1:8545'],
          chainId: 137,
          contract: contract.toLowerCase(),
          keyFile: '/etc/postern/nft.key',
          startBlock: 0,
          confirmations: 12,
          feeMax: 100,
          consumeAfterS: 600,
        },
      },
    });
  });

  it.each([
    [{ POSTERN_CLOUD_NFT_RPC: 'wss://rpc.example' }, 'POSTERN_CLOUD_NFT_RPC: must be up to 8 addresses'],
    [{ POSTERN_CLOUD_NFT_RPC: 'https://a.example,' }, 'POSTERN_CLOUD_NFT_RPC: must be up to 8 addresses'],
    [{ POSTERN_CLOUD_NFT_CHAIN_ID: '0' }, 'POSTERN_CLOUD_NFT_CHAIN_ID: '],
    [{ POSTERN_CLOUD_NFT_CONTRACT: '0x12' }, 'POSTERN_CLOUD_NFT_CONTRACT: not an address'],
    [{ POSTERN_CLOUD_NFT_CONTRACT: contract.replace('b', 'B') }, 'POSTERN_CLOUD_NFT_CONTRACT: not an address'],
    [{ POSTERN_CLOUD_NFT_KEY: key }, 'POSTERN_CLOUD_NFT_KEY or POSTERN_CLOUD_NFT_KEY_FILE: give one of the two'],
    [{ POSTERN_CLOUD_NFT_CONFIRMATIONS: '-1' }, 'POSTERN_CLOUD_NFT_CONFIRMATIONS: '],
  ])('are refused with %j', (wrong, problem) => {
    const config = readConfig({}, { ...right, ...wrong });
    expect(config.ok ? '' : config.error.problems.join('\n')).toContain(problem);
  });

  it('take the key from systemd where no setting names one', () => {
    writeFileSync(join(folder, 'nft.key'), key);
    const { POSTERN_CLOUD_NFT_KEY_FILE: _file, ...without } = right;
    expect(readConfig({}, { ...without, CREDENTIALS_DIRECTORY: folder })).toMatchObject({
      value: { nft: { keyFile: join(folder, 'nft.key') } },
    });
    expect(readConfig({}, without).ok).toBe(false);
  });
});

describe('the key that signs', () => {
  it('is read with and without 0x, and with a line end', () => {
    for (const text of [key, `0x${key}`, `${key.toUpperCase()}\n`]) {
      writeFileSync(join(folder, 'key'), text);
      expect(readNftKey({ keyFile: join(folder, 'key') })).toEqual({ ok: true, value: key });
    }
  });

  it('that is missing, short or none is told without being shown', () => {
    writeFileSync(join(folder, 'short'), key.slice(1));
    for (const keyFile of [join(folder, 'absent'), join(folder, 'short')]) {
      const read = readNftKey({ keyFile });
      expect(read.ok ? '' : read.error.type).toBe('nft-key-unreadable');
      expect(JSON.stringify(read)).not.toContain(key.slice(1, 20));
    }
  });
});
