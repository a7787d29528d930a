// Goal: a ticket becomes a token on a real EVM and goes where its token goes; what happens there reaches the gates' list, what happens at a gate
// reaches the chain, once each, whatever the chain takes back in between.
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { NftStatus, TicketResponse, TokenList } from '@postern/shared';
import { anvilKeys, missingAnvil } from '../../scripts/lib/anvil.ts';
import { createTestCloud, someEvent, type TestCloud } from '../support/cloud.ts';
import { alice, bob, minter, startTestChain, type TestChain } from '../support/chain.ts';
import { runJob } from '../support/jobs.ts';
import { describeOrReport } from '../support/not-run.ts';

describeOrReport('tokens on a chain', missingAnvil(), () => {
  let chain: TestChain;
  let cloud: TestCloud;
  let fresh: string;
  beforeAll(async () => {
    chain = await startTestChain();
  });
  afterAll(() => chain.stop());
  beforeEach(async () => {
    fresh = await chain.rpc<string>('evm_snapshot');
    cloud = await openCloud();
    await cloud.json('POST', '/api/events', {
      ...someEvent,
      nft: { chainId: chain.settings.chainId, contract: chain.contract },
    });
    await cloud.json('POST', '/admin/events/1/publish', {});
  });
  afterEach(async () => {
    await cloud.close();
    await chain.rpc('evm_revert', fresh);
  });
  const openCloud = (more: Partial<TestChain['settings']> = {}): Promise<TestCloud> =>
    createTestCloud({ nft: { ...chain.settings, ...more } });

  const issue = (): Promise<TicketResponse> =>
    cloud.json<TicketResponse>('POST', '/api/tickets', { event: 1, type: 1 });
  const generate = (ticket: TicketResponse, wallet: string = alice, status = 201) =>
    cloud.json<{ payload: { token: string; state: string } }>(
      'POST',
      `/api/tickets/${ticket.id}/methods/nft/generate`,
      { wallet },
      status,
    );
  const tokenOf = async ({ id }: TicketResponse): Promise<TokenList['tokens'][number] | undefined> =>
    (await cloud.json<TokenList>('GET', `/api/tickets/${id}/nft`)).tokens[0];
  const find = ({ id }: TicketResponse): Promise<TicketResponse> =>
    cloud.json<TicketResponse>('GET', `/api/tickets/${id}`);
  const send = () => runJob(cloud, 'nft-transactions');
  const read = () => runJob(cloud, 'nft-mirror');
  const feedVersion = async (): Promise<number> =>
    (await cloud.json<{ version: number }>('POST', '/admin/events/1/publish', {})).version;
  /** From the ticket to a token that is believed. */
  const mint = async (): Promise<TicketResponse> => {
    const ticket = await issue();
    await generate(ticket);
    expect(await send()).toMatchObject({ state: 'done' });
    await chain.mine(2);
    expect(await read()).toMatchObject({ state: 'done' });
    return ticket;
  };
  const use = (ticket: TicketResponse, pass: string) =>
    cloud.json<{ success: boolean; reason?: string }>(
      'POST',
      `/api/tickets/${ticket.id}/methods/qr/verify`,
      { presented_data: pass },
      200,
    );

  test('a ticket is minted once, however often it is asked for, and known once it is deep enough', async () => {
    const ticket = await issue();
    const { payload } = await generate(ticket);
    expect(payload).toMatchObject({ wallet: alice, contract: chain.contract, chainId: 31_337, state: 'waiting' });
    expect(await generate(ticket)).toMatchObject({ payload: { token: payload.token } });
    await generate(ticket, bob, 409);
    const [before] = [await feedVersion()];
    await send();
    expect(await tokenOf(ticket)).toMatchObject({ token: payload.token, state: 'pending' });
    await send();
    expect(await tokenOf(ticket)).toMatchObject({ state: 'mined' });
    await read();
    expect(await tokenOf(ticket)).not.toHaveProperty('owner');
    expect(await feedVersion()).toBe(before);
    await chain.mine(2);
    await read();
    const token = await tokenOf(ticket);
    expect(token).toMatchObject({ state: 'confirmed', owner: alice, locked: false, consumed: false });
    expect(token?.transaction).toMatch(/^0x[0-9a-f]{64}$/);
    // Gates hear of it.
    expect(await feedVersion()).toBe(before + 1);
    expect(await chain.rpc('eth_getTransactionCount', minter, 'latest')).toBe('0x2');
  });

  test('a token that is sold takes its ticket along: the seller’s pass is dead, and the buyer is told nothing of the seller', async () => {
    const ticket = await mint();
    await cloud.json('PATCH', `/api/tickets/${ticket.id}`, { holder: { name: 'Ada Seller' } }, 200);
    const { token = '' } = (await tokenOf(ticket)) ?? {};
    await chain.call(alice, 'function transferFrom(address from, address to, uint256 id)', [alice, bob, BigInt(token)]);
    const before = await feedVersion();
    await chain.mine(2);
    await read();
    expect(await tokenOf(ticket)).toMatchObject({ owner: bob, epoch: 1 });
    const moved = await find(ticket);
    expect(moved).toMatchObject({ epoch: 1 });
    expect(moved).not.toHaveProperty('holder');
    expect(await feedVersion()).toBe(before + 1);
    expect(await use(ticket, ticket.text ?? '')).toMatchObject({ success: false, reason: 'replaced' });
    const { entries } = await cloud.json<{ entries: { action: string; reason?: string }[] }>(
      'GET',
      '/audits/log?event=1',
    );
    expect(entries).toContainEqual(expect.objectContaining({ action: 'transfer', reason: 'chain', ticket: ticket.id }));
  });

  test('a token that its ticket has left behind takes nothing along', async () => {
    const ticket = await mint();
    const { token = '' } = (await tokenOf(ticket)) ?? {};
    await cloud.json('POST', `/api/tickets/${ticket.id}/reissue`, {}, 200);
    await chain.call(alice, 'function transferFrom(address from, address to, uint256 id)', [alice, bob, BigInt(token)]);
    await chain.mine(2);
    await read();
    expect(await tokenOf(ticket)).toMatchObject({ owner: bob, epoch: 0 });
    expect(await find(ticket)).toMatchObject({ epoch: 1 });
  });

  test('what was used at a gate is consumed on the chain, once, and what somebody else has consumed is taken as done', async () => {
    const [one, other] = [await mint(), await mint()];
    for (const ticket of [one, other]) expect(await use(ticket, ticket.text ?? '')).toMatchObject({ success: true });
    const { token = '' } = (await tokenOf(other)) ?? {};
    await chain.call(minter, 'function consume(uint256 id)', [BigInt(token)]);
    await expect(chain.call(minter, 'function consume(uint256 id)', [BigInt(token)])).rejects.toThrow(/revert/);
    expect(await send()).toMatchObject({ state: 'done', summary: expect.stringContaining('Sent 1 transactions') });
    await chain.mine(2);
    await read();
    for (const ticket of [one, other]) expect(await tokenOf(ticket)).toMatchObject({ consumed: true });
    const sent = await chain.rpc('eth_getTransactionCount', minter, 'latest');
    await send();
    await chain.mine(2);
    await send();
    expect(await chain.rpc('eth_getTransactionCount', minter, 'latest')).toBe(sent);
  });

  test('a use that the settings say may still be given back is not consumed yet', async () => {
    await cloud.close();
    cloud = await openCloud({ consumeAfterS: 600 });
    await cloud.json('POST', '/api/events', {
      ...someEvent,
      nft: { chainId: chain.settings.chainId, contract: chain.contract },
    });
    const ticket = await mint();
    expect(await use(ticket, ticket.text ?? '')).toMatchObject({ success: true });
    await send();
    expect(await tokenOf(ticket)).not.toHaveProperty('consumption');
    cloud.time.jump(600_000);
    await send();
    expect(await tokenOf(ticket)).toHaveProperty('consumption');
  });

  test('a reorganisation takes back what was believed, and it is read, sent and consumed again as it is then', async () => {
    const ticket = await mint();
    const { token = '' } = (await tokenOf(ticket)) ?? {};
    const beforeSale = await chain.rpc<string>('evm_snapshot');
    await chain.call(alice, 'function transferFrom(address from, address to, uint256 id)', [alice, bob, BigInt(token)]);
    expect(await use(ticket, ticket.text ?? '')).toMatchObject({ success: true });
    await send();
    await chain.mine(2);
    await read();
    await send();
    expect(await tokenOf(ticket)).toMatchObject({ owner: bob, consumed: true });
    // The other branch has no sale and no consumption, and is longer.
    await chain.rpc('evm_revert', beforeSale);
    await chain.mine(8);
    const version = await feedVersion();
    expect(await read()).toMatchObject({ state: 'done', summary: expect.stringContaining('reorganised') });
    expect(await tokenOf(ticket)).toMatchObject({ owner: alice, consumed: false });
    // Whoever holds it now is new again: the epoch never goes down.
    expect(await tokenOf(ticket)).toMatchObject({ epoch: 2 });
    expect(await feedVersion()).toBeGreaterThan(version);
    expect(await cloud.json<NftStatus>('GET', '/admin/nft')).toMatchObject({ rewound: 1 });
    await send();
    await chain.mine(2);
    await read();
    expect(await tokenOf(ticket)).toMatchObject({ owner: alice, consumed: true });
  });

  test('a reorganisation that reaches further than what is remembered makes all be read again', async () => {
    const ticket = await mint();
    expect(await tokenOf(ticket)).toMatchObject({ owner: alice });
    await chain.rpc('evm_revert', fresh);
    fresh = await chain.rpc<string>('evm_snapshot');
    await chain.mine(20);
    expect(await read()).toMatchObject({ state: 'done' });
    expect(await tokenOf(ticket)).not.toHaveProperty('owner');
    // The mint was signed before: the same transaction is sent again, with the same hash.
    const { transaction } = (await tokenOf(ticket)) ?? {};
    await send();
    await chain.mine(2);
    await read();
    expect(await tokenOf(ticket)).toMatchObject({ owner: alice, transaction });
  });

  test('a chain that ends before what was read is noticed and changes nothing', async () => {
    const early = await chain.rpc<string>('evm_snapshot');
    const ticket = await mint();
    await chain.rpc('evm_revert', early);
    expect(await read()).toMatchObject({ state: 'failed', failure: 'rpc-lies' });
    expect(await tokenOf(ticket)).toMatchObject({ owner: alice });
    const { problem } = await cloud.json<NftStatus>('GET', '/admin/nft');
    expect(problem?.detail).toContain('it was read up to block');
  });

  test('frozen tokens stay where they are, and may still be minted and consumed', async () => {
    const ticket = await mint();
    const { token = '' } = (await tokenOf(ticket)) ?? {};
    const sale = () =>
      chain.call(alice, 'function transferFrom(address from, address to, uint256 id)', [alice, bob, BigInt(token)]);
    await cloud.json('PUT', '/api/events/1/nft/freeze', { fromMs: 1_000 }, 202);
    await expect(sale()).rejects.toThrow(/revert/);
    const late = await mint();
    expect(await tokenOf(late)).toMatchObject({ owner: alice });
    expect(await use(late, late.text ?? '')).toMatchObject({ success: true });
    await send();
    await chain.mine(2);
    await read();
    expect(await tokenOf(late)).toMatchObject({ consumed: true });
    await cloud.json('PUT', '/api/events/1/nft/freeze', { fromMs: null }, 202);
    await sale();
  });

  test('a locked token stays where it is, and the mirror says so', async () => {
    const ticket = await mint();
    const { token = '' } = (await tokenOf(ticket)) ?? {};
    await chain.call(minter, 'function lock(uint256 id)', [BigInt(token)]);
    await expect(
      chain.call(alice, 'function transferFrom(address from, address to, uint256 id)', [alice, bob, BigInt(token)]),
    ).rejects.toThrow(/revert/);
    await chain.mine(2);
    await read();
    expect(await tokenOf(ticket)).toMatchObject({ locked: true });
  });

  test('nobody without the role mints, locks, consumes or freezes', async () => {
    for (const [signature, args] of [
      ['function mint(address to, uint256 id, bytes32 r)', [alice, 1n, `0x${'00'.repeat(32)}`]],
      ['function mintBatch(address[] to, uint256[] ids, bytes32[] r)', [[], [], []]],
      ['function consume(uint256 id)', [1n]],
      ['function consumeBatch(uint256[] ids)', [[]]],
      ['function lock(uint256 id)', [1n]],
      ['function unlock(uint256 id)', [1n]],
      ['function freeze(uint32 event_, uint64 from)', [1, 1n]],
    ] as const)
      await expect(chain.call(alice, signature, args)).rejects.toThrow(/revert|AccessControl/);
  });

  test('a transaction that was signed and not sent, because the process died, is sent as it was', async () => {
    const ticket = await issue();
    await generate(ticket);
    // Taken by the node, and lost with everything that waits there.
    await chain.rpc('evm_setAutomine', false);
    await send();
    const { transaction } = (await tokenOf(ticket)) ?? {};
    expect(transaction).toBeDefined();
    await chain.rpc('anvil_dropAllTransactions');
    await chain.rpc('evm_setAutomine', true);
    await send();
    await chain.mine(2);
    await read();
    expect(await tokenOf(ticket)).toMatchObject({ owner: alice, transaction });
    expect(await chain.rpc('eth_getTransactionCount', minter, 'latest')).toBe('0x2');
  });

  test('a transaction that is in no block for too long is replaced at a higher price, and never done twice', async () => {
    const ticket = await issue();
    await generate(ticket);
    await chain.rpc('evm_setAutomine', false);
    await send();
    const first = (await tokenOf(ticket))?.transaction;
    cloud.time.jump(120_000);
    expect(await send()).toMatchObject({ state: 'done', summary: expect.stringContaining('replaced 1') });
    const second = (await tokenOf(ticket))?.transaction;
    expect(second).not.toBe(first);
    await chain.rpc('evm_setAutomine', true);
    await chain.mine(3);
    await read();
    expect(await tokenOf(ticket)).toMatchObject({ owner: alice, transaction: second });
    await send();
    expect(await chain.rpc('eth_getTransactionCount', minter, 'latest')).toBe('0x2');
  });

  test('an account that somebody else uses too is no obstacle', async () => {
    await chain.rpc('eth_sendTransaction', { from: minter, to: alice, value: '0x1' });
    const ticket = await mint();
    await chain.rpc('eth_sendTransaction', { from: minter, to: alice, value: '0x1' });
    expect(await tokenOf(ticket)).toMatchObject({ owner: alice });
    expect(await tokenOf(await mint())).toMatchObject({ owner: alice });
  });

  test('a key without a role is refused before anything is sent, and told so', async () => {
    await cloud.close();
    cloud = await openCloud({ key: anvilKeys[1] });
    await cloud.json('POST', '/api/events', {
      ...someEvent,
      nft: { chainId: chain.settings.chainId, contract: chain.contract },
    });
    const ticket = await issue();
    await generate(ticket);
    expect(await send()).toMatchObject({ state: 'failed', failure: 'contract-refuses' });
    expect(await tokenOf(ticket)).toMatchObject({ state: 'waiting' });
  });
});
