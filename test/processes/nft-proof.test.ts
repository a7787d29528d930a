// Goal: whoever holds a token on a real EVM gets in at a gate that is offline, by what a real wallet interface has signed; a sale in the
// middle moves that right, once the gate has heard of it; and a wallet that is a contract lets a phone in instead.
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import {
  bytesToHex,
  decide,
  encodeDynamicPass,
  encodeWalletCode,
  base64UrlToBytes,
  foldTicketHistory,
  hexToBytes,
  keyPairFromSeed,
  knownMethods,
  stepStartS,
  toWalletSignature,
  utf8,
  walletCodeText,
  walletCodeTypedData,
  type Presentation,
  type TicketResponse,
  type TokenList,
  type WalletBound,
  type WalletChallenge,
  type WalletCode,
} from '@postern/shared';
import { missingAnvil } from '../../scripts/lib/anvil.ts';
import { alice, bob, startTestChain, type TestChain } from '../support/chain.ts';
import { createTestCloud, someEvent, type TestCloud } from '../support/cloud.ts';
import { deployWallet } from '../support/contract-wallet.ts';
import { openFeedGate, type FeedGate } from '../support/feed-gate.ts';
import { runJob } from '../support/jobs.ts';
import { describeOrReport } from '../support/not-run.ts';

describeOrReport('wallets that hold tokens', missingAnvil(), () => {
  let chain: TestChain;
  let cloud: TestCloud;
  let gate: FeedGate;
  let fresh: string;
  let ticket: TicketResponse;
  beforeAll(async () => {
    chain = await startTestChain();
  });
  afterAll(() => chain.stop());
  beforeEach(async () => {
    fresh = await chain.rpc<string>('evm_snapshot');
    cloud = await createTestCloud({ nft: chain.settings });
    await cloud.json('POST', '/api/events', someEvent);
    await cloud.json('PUT', '/api/events/1/nft', { chainId: chain.settings.chainId, contract: chain.contract }, 200);
    await cloud.json('POST', '/admin/events/1/publish', {});
    gate = await openFeedGate(cloud);
    expect(await gate.poll()).toBe('changed');
    ticket = await cloud.json<TicketResponse>('POST', '/api/tickets', { event: 1, type: 1 });
  });
  afterEach(async () => {
    gate.close();
    await cloud.close();
    await chain.rpc('evm_revert', fresh);
  });

  const follow = async (): Promise<void> => {
    await chain.mine(2);
    expect(await runJob(cloud, 'nft-mirror')).toMatchObject({ state: 'done' });
  };
  const mintFor = async (wallet: string): Promise<bigint> => {
    await cloud.json('POST', `/api/tickets/${ticket.id}/methods/nft/generate`, { wallet }, 201);
    expect(await runJob(cloud, 'nft-transactions')).toMatchObject({ state: 'done' });
    await follow();
    const { tokens } = await cloud.json<TokenList>('GET', `/api/tickets/${ticket.id}/nft`);
    return BigInt(tokens[0]?.token ?? '0');
  };
  const fetchFeed = async (): Promise<void> => {
    await cloud.json('POST', '/admin/events/1/publish', {});
    expect(await gate.poll()).toBe('changed');
  };
  /** As a page does it with a wallet's own interface. */
  const show = async (wallet: string, tokenId: bigint, form: WalletCode['form']): Promise<string> => {
    const saying = {
      event: 1,
      chainId: chain.settings.chainId,
      contract: chain.contract,
      tokenId,
      issuedAtS: stepStartS(cloud.time.clock.wallMs()),
    };
    const given =
      form === 'text'
        ? await chain.rpc<string>('personal_sign', `0x${bytesToHex(utf8(walletCodeText(saying)))}`, wallet)
        : await chain.rpc<string>('eth_signTypedData_v4', wallet, walletCodeTypedData(saying));
    const signature = toWalletSignature(hexToBytes(given.slice(2)) ?? new Uint8Array(0));
    if (signature === undefined) throw new Error(`no signature: ${given}`);
    return encodeWalletCode({ ...saying, form, signature });
  };
  /** What the gate says, from what it has on its disk alone. */
  const scan = async (text: string): Promise<string> => {
    const feed = gate.cache.current();
    if (feed === undefined) throw new Error('the gate has no feed');
    const shown: Presentation = { medium: 'optical', text, readerId: 'camera', seenAtMs: 0 };
    const claim = await knownMethods
      .find((method) => method.accepts(shown))
      ?.verify(shown, { ...feed.tickets, tag: () => ({ type: 'unbound' }) }, new AbortController().signal);
    if (claim?.ok !== true) return claim?.error.type ?? 'not-a-ticket';
    const { policy } = feed.manifest;
    const held = feed.tickets.ticket(claim.value.ticketId);
    const decision = decide({
      claim: claim.value,
      ticket: held,
      history: foldTicketHistory([], policy, held),
      policy,
      time: { nowMs: cloud.time.clock.wallMs(), trusted: true, source: 'server', uncertaintyMs: 50 },
      lane: { id: 'lane-1', gate: 'gate-a', zone: 'arena', direction: 'entry' },
      occupancy: () => ({ known: 0, spentOutOfTouch: 0 }),
      feedAgeMs: 0,
      inTouch: false,
    });
    return decision.kind === 'refuse' ? decision.refusal.type : decision.kind;
  };
  const transfer = 'function transferFrom(address from, address to, uint256 id)';

  test.each(['text', 'typed'] as const)(
    'a token signed for as %s opens the gate, and after a sale for the buyer',
    async (form) => {
      const tokenId = await mintFor(alice);
      expect(await scan(await show(alice, tokenId, form))).toBe('ticket-unknown');
      await fetchFeed();
      expect(await scan(await show(alice, tokenId, form))).toBe('admit');
      expect(await scan(await show(bob, tokenId, form))).toBe('not-owner');
      await chain.call(alice, transfer, [alice, bob, tokenId]);
      await follow();
      // The network is cut: the gate goes by what it has.
      expect(await scan(await show(alice, tokenId, form))).toBe('admit');
      await fetchFeed();
      expect(await scan(await show(alice, tokenId, form))).toBe('not-owner');
      expect(await scan(await show(bob, tokenId, form))).toBe('admit');
      expect(gate.cache.current()?.manifest.chain?.block).toBeGreaterThan(0);
    },
  );

  test('a wallet that is a contract names a phone, whose codes work until the token is sold', async () => {
    const wallet = await deployWallet(chain, alice);
    const tokenId = await mintFor(wallet.address);
    await fetchFeed();
    const phone = keyPairFromSeed(new Uint8Array(32).fill(9));
    const asked = { token: tokenId.toString(), holderKey: bytesToHex(phone.publicKey) };
    const path = '/api/events/1/wallet-challenges';
    const { typedData, nonce, deadline } = await cloud.json<WalletChallenge>('POST', path, asked);
    const bind = async (signer: string) => {
      const signature = await chain.rpc<string>('eth_signTypedData_v4', signer, typedData);
      return cloud.api('POST', '/api/events/1/wallet-bindings', { ...asked, nonce, deadline, signature });
    };
    expect(await (await bind(bob)).json()).toMatchObject({ type: 'wallet-wrong' });
    const { payload } = (await (await bind(alice)).json()) as WalletBound;
    const code = (): string =>
      encodeDynamicPass(
        base64UrlToBytes(payload.holderPass) ?? new Uint8Array(0),
        phone,
        Math.floor(cloud.time.clock.wallMs() / 1_000),
      );
    expect(await scan(code())).toBe('admit');
    // What the wallet's owner signs as a person is nothing: the token is the wallet's.
    expect(await scan(await show(alice, tokenId, 'typed'))).toBe('not-owner');
    await wallet.execute(transfer, [wallet.address, bob, tokenId]);
    await follow();
    await fetchFeed();
    expect(await scan(code())).toBe('replaced');
    expect(await scan(await show(bob, tokenId, 'text'))).toBe('admit');
  });
});
