// The question to a wallet that is a contract, to the byte, and what counts as yes.
import { describe, expect, it } from 'vitest';
import { bytesToHex, err, ok, type Address } from '@postern/shared';
import type { Chain, Connection } from '../../../cloud-sync/src/services/nft/chain.ts';
import { createContractCheck } from '../../../cloud-sync/src/services/nft/contract-wallets.ts';

const wallet: Address = `0x${'ab'.repeat(20)}`;
const digest = new Uint8Array(32).fill(0xd1);
const yes = `0x1626ba7e${'0'.repeat(56)}` as const;
const away = err({ type: 'rpc-unreachable', detail: 'No node answers.' } as const);
const ask = async (
  answer: Awaited<ReturnType<Connection['call']>>,
  { signature = new Uint8Array(65).fill(0x5e), chainId = 31_337, isAway = false } = {},
) => {
  const calls: unknown[] = [];
  const call: Connection['call'] = async (asked) => {
    calls.push(asked);
    return answer;
  };
  const connect: Chain['connect'] = async () => (isAway ? away : ok({ call } as Connection));
  const check = createContractCheck({ chainId: 31_337, connect });
  return { calls, said: await check({ chainId, wallet, digest, signature }, new AbortController().signal) };
};

describe('a wallet that is a contract', () => {
  it.each([0, 1, 31, 32, 33, 64, 65])('is asked with %d bytes of signature as the ABI has them', async (length) => {
    const signature = new Uint8Array(length).fill(0x5e);
    const word = (value: number): string => value.toString(16).padStart(64, '0');
    const padded = bytesToHex(signature).padEnd(Math.ceil(length / 32) * 64, '0');
    const data = `0x1626ba7e${'d1'.repeat(32)}${word(64)}${word(length)}${padded}`;
    expect((await ask(ok(yes), { signature })).calls).toEqual([{ to: wallet, data }]);
  });

  it('says yes with the one value that ERC-1271 has for it', async () => {
    expect((await ask(ok(yes))).said).toEqual(ok(true));
    // No contract there, a contract of another kind, one that refuses, and one that nearly says yes.
    for (const answer of [
      '0x',
      `0x${'0'.repeat(63)}1`,
      `0x${yes.slice(2, 10)}`,
      `0x${yes.slice(2)}00`,
      '0xffffffff',
    ] as const)
      expect((await ask(ok(answer))).said).toEqual(ok(false));
    expect((await ask(err({ type: 'contract-refuses', detail: 'reverted' }))).said).toEqual(ok(false));
    expect(await ask(ok(yes), { chainId: 1 })).toEqual({ calls: [], said: ok(false) });
  });

  it('is not believed to have said anything while the chain is away', async () => {
    const unavailable = err({ type: 'chain-unavailable', detail: 'No node answers.' });
    expect((await ask(away)).said).toEqual(unavailable);
    expect((await ask(ok(yes), { isAway: true })).said).toEqual(unavailable);
  });
});
