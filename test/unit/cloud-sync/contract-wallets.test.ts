// The question to a wallet that is a contract, to the byte, and what counts as yes.
import { describe, expect, it } from 'vitest';
import { bytesToHex, err, ok, type Address } from '@postern/shared';
import { createContractCheck, type CallContract } from '../../../cloud-sync/src/services/nft/contract-wallets.ts';

const wallet: Address = `0x${'ab'.repeat(20)}`;
const digest = new Uint8Array(32).fill(0xd1);
const yes = `0x1626ba7e${'0'.repeat(56)}`;
const ask = async (answer: Awaited<ReturnType<CallContract>>, signature = new Uint8Array(65).fill(0x5e)) => {
  const calls: unknown[] = [];
  const check = createContractCheck(async (to, data) => {
    calls.push([to, data]);
    return answer;
  });
  return { calls, said: await check({ wallet, digest, signature }, new AbortController().signal) };
};

describe('a wallet that is a contract', () => {
  it.each([0, 1, 31, 32, 33, 64, 65])('is asked with %d bytes of signature as the ABI has them', async (length) => {
    const signature = new Uint8Array(length).fill(0x5e);
    const word = (value: number): string => value.toString(16).padStart(64, '0');
    const padded = bytesToHex(signature).padEnd(Math.ceil(length / 32) * 64, '0');
    const data = `0x1626ba7e${'d1'.repeat(32)}${word(64)}${word(length)}${padded}`;
    expect((await ask(ok(yes), signature)).calls).toEqual([[wallet, data]]);
  });

  it('says yes with the one value that ERC-1271 has for it', async () => {
    expect((await ask(ok(yes))).said).toEqual(ok(true));
    // No contract there, a contract of another kind, one that refuses, and one that nearly says yes.
    for (const answer of ['0x', `0x${'0'.repeat(63)}1`, undefined, yes.slice(0, 10), `${yes}00`, '0xffffffff'])
      expect((await ask(ok(answer))).said).toEqual(ok(false));
  });

  it('is not believed to have said anything while the chain is away', async () => {
    const away = err({ type: 'rpc-unreachable', detail: 'No node answers.' });
    expect((await ask(away)).said).toEqual(err({ type: 'chain-unavailable', detail: 'No node answers.' }));
  });
});
