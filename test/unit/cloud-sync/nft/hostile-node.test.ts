// Goal: whatever a node of the chain answers, late, wrong, huge or not at all, is told in one sentence, changes no token that it should not, and
// stops nothing else.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { NftStatus, TicketResponse, TokenList } from '@postern/shared';
import { eventTopics } from '../../../../cloud-sync/src/services/nft/logs.ts';
import { answerBytesMax, requestMsMax } from '../../../../cloud-sync/src/services/nft/rpc.ts';
import { createTestCloud, someEvent, type TestCloud } from '../../../support/cloud.ts';
import {
  fakeChainId,
  fakeContract,
  hang,
  RpcRefusal,
  startFakeNode,
  type FakeNode,
} from '../../../support/fake-node.ts';
import { runJob } from '../../../support/jobs.ts';

const nobody = `0x${'00'.repeat(20)}`;
const alice = `0x${'a1'.repeat(20)}`;
const bob = `0x${'b0'.repeat(20)}`;

let node: FakeNode;
let other: FakeNode;
let test: TestCloud;
let ticket: TicketResponse;
let token: string;
beforeEach(async () => {
  node = await startFakeNode();
  other = await startFakeNode();
  await open();
});
afterEach(async () => {
  await test.close();
  await node.stop();
  await other.stop();
});

async function open(rpcs: readonly string[] = [node.url]): Promise<void> {
  test = await createTestCloud({
    nft: {
      rpcs: [...rpcs],
      chainId: fakeChainId,
      contract: fakeContract,
      key: '11'.repeat(32),
      startBlock: 1,
      confirmations: 10,
      feeMax: 100,
      consumeAfterS: 0,
    },
  });
  await test.json('POST', '/api/events', { ...someEvent, nft: { chainId: fakeChainId, contract: fakeContract } });
  ticket = await test.json<TicketResponse>('POST', '/api/tickets', { event: 1, type: 1 });
  const made = await test.json<{ payload: { token: string } }>(
    'POST',
    `/api/tickets/${ticket.id}/methods/nft/generate`,
    {
      wallet: alice,
    },
  );
  token = `0x${BigInt(made.payload.token).toString(16).padStart(64, '0')}`;
}
async function reopen(rpcs: readonly string[]): Promise<void> {
  await test.close();
  await open(rpcs);
}
const read = () => runJob(test, 'nft-mirror');
const send = () => runJob(test, 'nft-transactions');
const tokenNow = async (): Promise<TokenList['tokens'][number] | undefined> =>
  (await test.json<TokenList>('GET', `/api/tickets/${ticket.id}/nft`)).tokens[0];
const status = (): Promise<NftStatus> => test.json<NftStatus>('GET', '/admin/nft');
/** A mint in block 50, and what the node makes of it. */
const mint = (): void => void node.logs.push(node.transfer(50, token, nobody, alice));

describe('a node that tells the truth', () => {
  it('is read to where blocks are deep enough, in as many ranges as it takes', async () => {
    mint();
    node.logs.push(node.transfer(95, token, alice, bob));
    expect(await read()).toMatchObject({ state: 'done' });
    expect(await tokenNow()).toMatchObject({ state: 'confirmed', owner: alice, block: 50 });
    expect(await status()).toMatchObject({ through: 90, head: 100 });
    node.head = 105;
    await read();
    expect(await tokenNow()).toMatchObject({ owner: bob, block: 95 });
  });

  it('that takes only small questions is asked small ones', async () => {
    mint();
    node.answers.set('eth_getLogs', ([filter], truth) => {
      const { fromBlock, toBlock } = filter as { fromBlock: string; toBlock: string };
      if (Number(toBlock) - Number(fromBlock) >= 5) throw new RpcRefusal('query returned more than 10000 results');
      return truth();
    });
    expect(await read()).toMatchObject({ state: 'done' });
    expect(await tokenNow()).toMatchObject({ owner: alice });
  });

  it('knows tokens of the contract that are no tickets here, and they are nobody’s', async () => {
    node.logs.push(node.transfer(40, `0x${'77'.repeat(32)}`, nobody, bob));
    mint();
    expect(await read()).toMatchObject({ state: 'done', summary: expect.stringContaining('1 events of tickets') });
  });
});

const lies: readonly (readonly [string, () => void, string])[] = [
  [
    'gives logs of another contract',
    () => node.answers.set('eth_getLogs', () => [{ ...node.transfer(50, token, nobody, alice), address: bob }]),
    'rpc-lies',
  ],
  [
    'gives logs of blocks that nobody asked for',
    () => node.answers.set('eth_getLogs', () => [node.transfer(2_000_000, token, nobody, alice)]),
    'rpc-lies',
  ],
  [
    'gives logs of a block with another hash',
    () =>
      node.answers.set('eth_getLogs', () => [
        { ...node.transfer(50, token, nobody, alice), blockHash: `0x${'ee'.repeat(32)}` },
      ]),
    'rpc-lies',
  ],
  [
    'gives logs in no order',
    () =>
      node.answers.set('eth_getLogs', () => [
        node.transfer(60, token, alice, bob),
        node.transfer(50, token, nobody, alice),
      ]),
    'rpc-lies',
  ],
  [
    'gives the same log twice',
    () =>
      node.answers.set('eth_getLogs', () => [
        node.transfer(50, token, nobody, alice),
        node.transfer(50, token, nobody, alice),
      ]),
    'rpc-lies',
  ],
  [
    'gives a log that was taken back',
    () => node.answers.set('eth_getLogs', () => [{ ...node.transfer(50, token, nobody, alice), removed: true }]),
    'rpc-lies',
  ],
  [
    'gives a log that the contract does not write',
    () =>
      node.answers.set('eth_getLogs', () => [
        { ...node.transfer(50, token, nobody, alice), topics: [eventTopics.consumed] },
      ]),
    'rpc-lies',
  ],
  [
    'gives another block than was asked for',
    () =>
      node.answers.set('eth_getBlockByNumber', (_params, truth) => ({
        ...(truth() as object),
        number: '0x5',
      })),
    'rpc-lies',
  ],
  ['gives numbers that are none', () => node.answers.set('eth_blockNumber', () => '0x'), 'rpc-answer-wrong'],
  [
    'gives numbers that nobody counts to',
    () => node.answers.set('eth_blockNumber', () => `0x${'f'.repeat(64)}`),
    'rpc-answer-wrong',
  ],
  ['gives a list of no logs', () => node.answers.set('eth_getLogs', () => ({ length: 1e9 })), 'rpc-answer-wrong'],
  ['gives no JSON', () => node.answers.set('eth_blockNumber', () => 'raw:<html>'), 'rpc-answer-wrong'],
  ['gives neither result nor error', () => node.answers.set('eth_blockNumber', () => 'raw:{}'), 'rpc-answer-wrong'],
  [
    'gives no end',
    () => node.answers.set('eth_blockNumber', () => `raw:"${'x'.repeat(answerBytesMax)}"`),
    'rpc-answer-too-large',
  ],
  [
    'refuses',
    () =>
      node.answers.set('eth_blockNumber', () => {
        throw new RpcRefusal('no');
      }),
    'rpc-refused',
  ],
  ['is of another chain', () => node.answers.set('eth_chainId', () => '0x1'), 'chain-wrong'],
  ['has no such contract', () => node.answers.set('eth_call', () => '0x'), 'contract-wrong'],
  [
    'has another contract there',
    () =>
      node.answers.set('eth_call', () => {
        throw new RpcRefusal('execution reverted');
      }),
    'contract-wrong',
  ],
];

describe('a node that', () => {
  it.each(lies)('%s is told, and nothing is believed', async (_what, lie, failure) => {
    lie();
    expect(await read()).toMatchObject({ state: 'failed', failure });
    expect(await tokenNow()).not.toHaveProperty('owner');
    const { problem } = await status();
    expect(problem?.type).toBe(failure);
    expect(problem?.detail).toMatch(/\.$/);
  });

  it('hangs is given up after a while, and keeps nobody waiting meanwhile', async () => {
    node.answers.set('eth_blockNumber', () => hang);
    const reading = read();
    await expect.poll(() => node.asked.get('eth_blockNumber')).toBe(1);
    const used = await test.json<{ success: boolean }>(
      'POST',
      `/api/tickets/${ticket.id}/methods/qr/verify`,
      { presented_data: ticket.text },
      200,
    );
    expect(used.success).toBe(true);
    await test.time.advance(requestMsMax);
    expect(await reading).toMatchObject({ state: 'failed', failure: 'rpc-unreachable' });
  });

  it('is not there at all fails its own work and no other', async () => {
    await node.stop();
    expect(await read()).toMatchObject({ state: 'failed', failure: 'rpc-unreachable' });
    expect(await send()).toMatchObject({ state: 'failed', failure: 'rpc-unreachable' });
    await test.json('POST', `/api/tickets/${ticket.id}/methods/nft/generate`, { wallet: alice });
    await test.json('POST', '/admin/events/1/publish', {});
    node = await startFakeNode();
  });

  it('goes back behind what was read is told, and nothing is taken back for it', async () => {
    mint();
    await read();
    node.head = 20;
    expect(await read()).toMatchObject({ state: 'failed', failure: 'rpc-lies' });
    expect(await tokenNow()).toMatchObject({ owner: alice });
  });

  it('has another history now is followed back, and who had bought in the other one has nothing of it', async () => {
    mint();
    node.logs.push(node.transfer(80, token, alice, bob));
    await read();
    expect(await tokenNow()).toMatchObject({ owner: bob, epoch: 1 });
    node.forkAt = 60;
    node.branch = 'b';
    node.logs.pop();
    node.head = 120;
    expect(await read()).toMatchObject({ state: 'done', summary: expect.stringContaining('reorganised') });
    expect(await tokenNow()).toMatchObject({ owner: alice, epoch: 2 });
    expect(await status()).toMatchObject({ rewound: 1, through: 110 });
  });
});

describe('of several nodes', () => {
  it('the next is asked where one is not there, hangs on, or is of another chain', async () => {
    await reopen([node.url, other.url]);
    node.answers.set('eth_chainId', () => '0x1');
    other.logs.push(other.transfer(50, token, nobody, alice));
    expect(await read()).toMatchObject({ state: 'done' });
    expect(await tokenNow()).toMatchObject({ owner: alice });
  });

  it('one that invents another history takes back nothing of what the other still has', async () => {
    await reopen([node.url, other.url]);
    mint();
    other.logs.push(other.transfer(50, token, nobody, alice));
    await read();
    expect(await tokenNow()).toMatchObject({ owner: alice });
    for (const forkAt of [60, 1]) {
      node.forkAt = forkAt;
      node.branch = 'b';
      node.logs.length = 0;
      [node.head, other.head] = [120, 120];
      expect(await read()).toMatchObject({ state: 'failed', failure: 'rpc-lies' });
      expect(await tokenNow()).toMatchObject({ owner: alice });
      expect(await status()).toMatchObject({ rewound: 0, through: 90 });
      // The next run asks the other one first.
      await test.time.advance(1_000);
      expect(await read()).toMatchObject({ state: 'failed', failure: 'rpc-lies' });
      expect(await tokenNow()).toMatchObject({ owner: alice });
    }
  });

  it('two that contradict each other are both not believed', async () => {
    await reopen([node.url, other.url]);
    mint();
    expect(await read()).toMatchObject({ state: 'failed', failure: 'rpc-lies' });
    expect(await tokenNow()).not.toHaveProperty('owner');
    // The first has hidden nothing; the second has it now, too.
    other.logs.push(other.transfer(50, token, nobody, alice));
    expect(await read()).toMatchObject({ state: 'done' });
    expect(await tokenNow()).toMatchObject({ owner: alice });
  });
});

describe('sending', () => {
  it('asks no node where there is nothing to send', async () => {
    await send();
    node.answers.set('eth_getTransactionReceipt', ([hash]) => ({
      transactionHash: hash,
      blockNumber: '0x32',
      blockHash: node.hashOf(50),
      status: '0x1',
    }));
    expect(await send()).toMatchObject({ summary: expect.stringContaining('1 are final') });
    node.asked.clear();
    expect(await send()).toMatchObject({ state: 'done', summary: 'Nothing was to be sent.' });
    expect(node.asked.size).toBe(0);
  });

  it('notices a receipt of a block that is not on the chain', async () => {
    await send();
    node.answers.set('eth_getTransactionReceipt', ([hash]) => ({
      transactionHash: hash,
      blockNumber: '0x32',
      blockHash: `0x${'ee'.repeat(32)}`,
      status: '0x1',
    }));
    expect(await send()).toMatchObject({ state: 'failed', failure: 'rpc-lies' });
  });

  it('tries again what the contract did not do', async () => {
    await send();
    node.answers.set('eth_getTransactionReceipt', ([hash]) => ({
      transactionHash: hash,
      blockNumber: '0x32',
      blockHash: node.hashOf(50),
      status: '0x0',
    }));
    expect(await send()).toMatchObject({ summary: expect.stringContaining('1 came to nothing') });
    expect(new Set(node.sent).size).toBe(2);
  });

  it('is signed once, however often it is sent: the same nonce, the same bytes', async () => {
    expect(await send()).toMatchObject({ state: 'done', summary: expect.stringContaining('Sent 1') });
    await send();
    await send();
    expect(new Set(node.sent).size).toBe(1);
    expect(node.sent.length).toBe(3);
  });

  it('survives a node that takes it and says that it did not', async () => {
    node.answers.set('eth_sendRawTransaction', (_params, truth) => {
      truth();
      throw new RpcRefusal('internal error');
    });
    expect(await send()).toMatchObject({ state: 'failed', failure: 'rpc-refused' });
    node.answers.delete('eth_sendRawTransaction');
    expect(await send()).toMatchObject({ state: 'done' });
    expect(new Set(node.sent).size).toBe(1);
  });

  it.each(['already known', 'nonce too low', 'replacement transaction underpriced'])(
    'takes “%s” for what it is: it is there',
    async (message) => {
      node.answers.set('eth_sendRawTransaction', () => {
        throw new RpcRefusal(message);
      });
      expect(await send()).toMatchObject({ state: 'done' });
    },
  );

  it('says that the account is empty', async () => {
    node.answers.set('eth_sendRawTransaction', () => {
      throw new RpcRefusal('insufficient funds for gas * price + value');
    });
    expect(await send()).toMatchObject({ state: 'failed', failure: 'account-empty' });
  });

  it('waits while the chain costs more than the settings allow', async () => {
    node.answers.set('eth_maxPriorityFeePerGas', () => '0x174876e800');
    expect(await send()).toMatchObject({ state: 'failed', failure: 'fee-too-high' });
    expect(node.sent).toEqual([]);
  });

  it('notices that another transaction took its nonce, and signs another one', async () => {
    await send();
    node.answers.set('eth_getTransactionCount', () => '0x1');
    expect(await send()).toMatchObject({ summary: expect.stringContaining('1 came to nothing') });
    expect(new Set(node.sent).size).toBe(2);
  });
});

describe('erasing visitors', () => {
  it('leaves nothing here of whose wallet had which ticket', async () => {
    mint();
    await read();
    expect(await tokenNow()).toMatchObject({ owner: alice });
    const { wallMs } = test.time.clock;
    await test.json('PUT', '/api/events/1/deadlines', { endsAtMs: wallMs(), keepPersonalDataDays: 1 });
    test.time.jump(86_400_000);
    expect(await runJob(test, 'erase-visitors')).toMatchObject({ state: 'done' });
    expect(await tokenNow()).toBeUndefined();
    // Its events are then those of a stranger's token.
    node.logs.push(node.transfer(95, token, alice, bob));
    node.head = 120;
    expect(await read()).toMatchObject({ state: 'done', summary: expect.stringContaining(' 0 events of tickets') });
  });
});
