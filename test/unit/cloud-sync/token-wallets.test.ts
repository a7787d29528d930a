// Goal: whoever holds a token gets in, at a gate by the wallet itself and by a phone that the wallet has named, and nobody else; and gates
// learn of a sale, a use and how far the chain was read with the next feed.
import Sqlite from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import {
  bytesToHex,
  encodeDynamicPass,
  base64UrlToBytes,
  decide,
  foldTicketHistory,
  keyPairFromSeed,
  knownMethods,
  ok,
  recoverAddress,
  type Holding,
  type KeyPair,
  type Presentation,
  type TicketResponse,
  type TransferOffer,
  type VerifyResponse,
  type WalletBound,
  type WalletChallenge,
} from '@postern/shared';
import type { ContractCheck } from '../../../cloud-sync/src/services/nft/contract-wallets.ts';
import { challengeLifetimeS } from '../../../cloud-sync/src/services/nft/wallet-bindings.ts';
import { createTestCloud, someEvent, type TestCloud, type TestCloudOptions } from '../../support/cloud.ts';
import { openFeedGate, type FeedGate } from '../../support/feed-gate.ts';
import { createPhone, makeLink, type TestPhone } from '../../support/phone.ts';
import {
  answerChallenge,
  chainOf,
  showWallet,
  signTyped,
  testWallet,
  tokenContract,
  tokenRules,
  type Chain,
} from '../../support/tokens.ts';

const [seller, buyer, thief] = [testWallet(1), testWallet(2), testWallet(3)];
const tokenId = (1n << 224n) + 42n;
let test: TestCloud;
let chain: Chain;
let ticket: TicketResponse;
let checkContract: ContractCheck;
async function open(options: TestCloudOptions = {}): Promise<void> {
  checkContract = async () => ok(false);
  test = await createTestCloud({ checkContract: (question, signal) => checkContract(question, signal), ...options });
  chain = chainOf(test);
  await test.json('POST', '/api/events', someEvent);
  await test.json('PUT', '/api/events/1/nft', tokenRules, 200);
  const { tickets } = await test.json<{ tickets: TicketResponse[] }>('POST', '/api/tickets/batch', {
    event: 1,
    tickets: Array.from({ length: 60 }, () => ({ type: 1 })),
  });
  if (tickets[0] === undefined) throw new Error('no ticket');
  ticket = tickets[0];
  await chain.read(10, test.time.clock.wallMs() - 60_000);
  await chain.own(tokenId, ticket.id, seller.address);
}
beforeEach(() => open());
afterEach(() => test.close());

/** As following the chain does it: the ticket's epoch rises with the token's. */
const sell = async (): Promise<void> => {
  await test.json('POST', `/api/tickets/${ticket.id}/transfer`, { holder: { name: 'New' } }, 200);
  await chain.own(tokenId, ticket.id, buyer.address, { epoch: 1 });
};

const openGate = async (): Promise<FeedGate> => {
  await test.cloud.feed.publish(1);
  const gate = await openFeedGate(test);
  onTestFinished(() => gate.close());
  await gate.poll();
  return gate;
};
const deliver = async (gate: FeedGate): Promise<void> => {
  await test.cloud.feed.publish(1);
  expect(await gate.poll()).toBe('changed');
};

async function present(gate: FeedGate, text: string): Promise<string> {
  const feed = gate.cache.current();
  if (feed === undefined) throw new Error('the gate has no feed');
  const shown: Presentation = { medium: 'optical', text, readerId: 'camera', seenAtMs: 0 };
  const lookups = { ...feed.tickets, tag: () => ({ type: 'unbound' }) as const };
  const claim = await knownMethods
    .find((method) => method.accepts(shown))
    ?.verify(shown, lookups, new AbortController().signal);
  if (claim?.ok !== true) return claim?.error.type ?? 'not-a-ticket';
  const held = feed.tickets.ticket(claim.value.ticketId);
  const { policy } = feed.manifest;
  const decision = decide({
    claim: claim.value,
    ticket: held,
    history: foldTicketHistory([], policy, held),
    policy,
    time: { nowMs: test.time.clock.wallMs(), trusted: true, source: 'server', uncertaintyMs: 50 },
    lane: { id: 'lane-1', gate: 'gate-a', zone: 'arena', direction: 'entry' },
    occupancy: () => ({ known: 0, spentOutOfTouch: 0 }),
    feedAgeMs: 0,
    inTouch: true,
  });
  return decision.kind === 'refuse' ? decision.refusal.type : decision.kind;
}

describe('a gate', () => {
  it('lets the holder of a token in, and after a sale the new one, by snapshot and by delta', async () => {
    const gate = await openGate();
    expect(gate.cache.current()?.manifest.policy.nft).toMatchObject(tokenRules);
    expect(await present(gate, showWallet(test, seller, tokenId))).toBe('admit');
    expect(await present(gate, showWallet(test, buyer, tokenId))).toBe('not-owner');
    await sell();
    await deliver(gate);
    expect(gate.cache.current()?.manifest.deltas).toHaveLength(1);
    expect(await present(gate, showWallet(test, seller, tokenId))).toBe('not-owner');
    expect(await present(gate, showWallet(test, buyer, tokenId))).toBe('admit');
    await test.cloud.feed.publish(1, { snapshot: true });
    await gate.poll();
    expect(await present(gate, showWallet(test, buyer, tokenId))).toBe('admit');
    // The ticket was handed on here, and the token was not: it stands for an old one.
    await test.json('POST', `/api/tickets/${ticket.id}/transfer`, { holder: { name: 'New' } }, 200);
    await deliver(gate);
    expect(await present(gate, showWallet(test, buyer, tokenId))).toBe('replaced');
  });

  it('is told of a use on the chain, unless it was the cloud that told the chain', async () => {
    const gate = await openGate();
    await chain.own(tokenId, ticket.id, seller.address, { consumed: 1, consumption: 'ours' });
    await deliver(gate);
    expect(await present(gate, showWallet(test, seller, tokenId))).toBe('admit');
    await chain.own(tokenId, ticket.id, seller.address, { consumed: 1, consumption: null });
    await deliver(gate);
    expect(await present(gate, showWallet(test, seller, tokenId))).toBe('token-consumed');
  });

  it('knows every token again after the rules had named no contract for a while', async () => {
    const gate = await openGate();
    expect((await test.api('DELETE', '/api/events/1/nft')).status).toBe(204);
    await sell();
    await test.cloud.feed.publish(1, { snapshot: true });
    await gate.poll();
    expect(await present(gate, showWallet(test, buyer, tokenId))).toBe('key-unknown');
    await test.json('PUT', '/api/events/1/nft', tokenRules, 200);
    await deliver(gate);
    expect(await present(gate, showWallet(test, buyer, tokenId))).toBe('admit');
  });

  it('learns how far the chain was read without any ticket changing, and not at every block', async () => {
    const gate = await openGate();
    const read = (): unknown => gate.cache.current()?.manifest.chain;
    const startMs = test.time.clock.wallMs();
    expect(read()).toEqual({ block: 10, atMs: startMs - 60_000 });
    await chain.read(12, startMs + 60_000);
    expect(await gate.poll()).toBe('unchanged');
    await chain.read(40, startMs + 5 * 60_000);
    expect(await gate.poll()).toBe('changed');
    expect(read()).toEqual({ block: 40, atMs: startMs + 5 * 60_000 });
    expect(await gate.poll()).toBe('unchanged');
  });
});

it('a list never says that owners are known farther than it knows them, whenever the chain is read on', async () => {
  await test.close();
  // So that something can be written in the middle of what is going on.
  await open({ database: 'sqlite' });
  const gate = await openGate();
  const database = new Sqlite(test.databaseUrl.replace(/^sqlite:/, ''));
  onTestFinished(() => void database.close());
  const nowMs = test.time.clock.wallMs();
  /** In one transaction, as the mirror does it. */
  const readOn = database.transaction((owner: string, block: number) => {
    database.exec('UPDATE event SET revision = revision + 1');
    database.prepare('UPDATE nft_token SET owner = ?, revision = (SELECT revision FROM event)').run(owner);
    database.prepare('UPDATE nft_chain SET next_block = ?, block_at_ms = ?').run(block + 1, nowMs + block);
  });
  let farthest = 0;
  for (let nth = 1; nth <= 8; nth++) {
    database.exec('UPDATE event SET rules_revision = rules_revision + 1');
    const [owner, block] = [nth % 2 === 0 ? seller : buyer, 10 + nth];
    let looks = 0;
    const clock = vi.spyOn(test.time.clock, 'wallMs').mockImplementation(() => {
      if (++looks === nth) readOn(owner.address, block);
      return nowMs;
    });
    await test.cloud.feed.publish(1);
    clock.mockRestore();
    if (looks < nth) break;
    farthest = nth;
    await gate.poll();
    const saysSo = gate.cache.current()?.manifest.chain?.block === block;
    expect([nth, saysSo, saysSo ? await present(gate, showWallet(test, owner, tokenId)) : 'admit']).toEqual([
      nth,
      saysSo,
      'admit',
    ]);
    await test.cloud.feed.publish(1);
    await gate.poll();
    expect(await present(gate, showWallet(test, owner, tokenId))).toBe('admit');
  }
  expect(farthest).toBeGreaterThan(1);
});

describe('a ticket on a phone whose token is sold', () => {
  it('stays where it is until the chain says whose it is: its seller keeps it by no other phone, and gives it to nobody', async () => {
    const phones = [createPhone(test), createPhone(test)] as const;
    const { link } = await makeLink(test, ticket.id);
    const holding = (await (await phones[0].claim(link)).json()) as Holding;
    expect(holding).toMatchObject({ state: 'valid', transferable: false });
    const typeOf = async (response: Response): Promise<string> => ((await response.json()) as { type: string }).type;
    expect(await typeOf(await phones[0].ask(holding, 'POST', '/transfer'))).toBe('ticket-is-token');
    expect(await typeOf(await phones[1].claim(link, { move: true }))).toBe('ticket-is-token');
    expect((await test.json<TicketResponse>('GET', `/api/tickets/${ticket.id}`)).epoch).toBe(0);
    expect(await (await phones[0].ask(holding)).json()).toMatchObject({ state: 'valid' });
  });

  it('that was offered to a friend before it became a token goes to nobody by that', async () => {
    const { tickets } = await test.json<{ tickets: TicketResponse[] }>('GET', '/api/tickets?event=1&limit=2');
    const other = tickets.find(({ id }) => id !== ticket.id);
    if (other === undefined) throw new Error('there are sixty');
    const phones = [createPhone(test), createPhone(test)] as const;
    const { link } = await makeLink(test, other.id);
    const holding = (await (await phones[0].claim(link)).json()) as Holding;
    expect(holding).toMatchObject({ transferable: true });
    const offered = (await (await phones[0].ask(holding, 'POST', '/transfer')).json()) as TransferOffer;
    await chain.own(tokenId + 1n, other.id, seller.address);
    expect(await (await phones[1].claim(offered.link)).json()).toMatchObject({ type: 'ticket-is-token' });
    expect((await test.api('DELETE', '/api/events/1/nft')).status).toBe(204);
    expect((await phones[1].claim(offered.link)).status).toBe(201);
  });
});

describe('central verify', () => {
  const verify = (payload: string) =>
    test.json<VerifyResponse>('POST', `/api/tickets/${ticket.id}/methods/nft/verify`, { presented_data: payload }, 200);

  it('knows what gates know, and leaves the same mark, once', async () => {
    expect(await verify(showWallet(test, thief, tokenId))).toMatchObject({ success: false, reason: 'not-owner' });
    expect(await verify(showWallet(test, seller, tokenId + 1n))).toMatchObject({ reason: 'ticket-unknown' });
    expect(await verify(showWallet(test, seller, tokenId))).toMatchObject({ success: true, reason: 'admitted' });
    await test.time.advance(15_000);
    expect(await verify(showWallet(test, seller, tokenId))).toMatchObject({ reason: 'already-used' });
  });
});

describe('a wallet that lets a phone show its ticket', () => {
  const phone = (fill = 12): KeyPair => keyPairFromSeed(new Uint8Array(32).fill(fill));
  const holderKey = (fill?: number): string => bytesToHex(phone(fill).publicKey);
  /** Nobody has signed in. */
  const post = (path: string, body: object): Promise<Response> =>
    test.request(`/api/events/1/${path}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
  const challenge = async (fill?: number): Promise<WalletChallenge> => {
    const answer = await post('wallet-challenges', { token: tokenId.toString(), holderKey: holderKey(fill) });
    expect(answer.status).toBe(201);
    return (await answer.json()) as WalletChallenge;
  };
  const answerOf = (asked: WalletChallenge, signature: string, more: object = {}): object => ({
    token: tokenId.toString(),
    holderKey: holderKey(),
    nonce: asked.nonce,
    deadline: asked.deadline,
    signature,
    ...more,
  });
  const bind = async (body: object): Promise<WalletBound | string> => {
    const answer = await post('wallet-bindings', body);
    const said = (await answer.json()) as WalletBound & { readonly type: string };
    return answer.status === 201 ? said : said.type;
  };
  const bindings = async (): Promise<readonly object[]> =>
    (await test.json<{ bindings: object[] }>('GET', `/api/tickets/${ticket.id}/wallet-bindings`)).bindings;
  const codeOf = (bound: WalletBound | string): string => {
    const pass = typeof bound === 'string' ? undefined : base64UrlToBytes(bound.payload.holderPass);
    if (pass === undefined) throw new Error(`not bound: ${JSON.stringify(bound)}`);
    return encodeDynamicPass(pass, phone(), Math.floor(test.time.clock.wallMs() / 1_000));
  };

  it('signs once, the phone makes codes, and a sale ends them at the gates', async () => {
    const gate = await openGate();
    const asked = await challenge();
    const bound = await bind(answerOf(asked, signTyped(seller, asked.typedData)));
    expect(bound).toMatchObject({ ticket: ticket.id, method: 'dynamic', payload: { stepS: 15 } });
    expect(await present(gate, codeOf(bound))).toBe('admit');
    expect(await bindings()).toEqual([
      {
        token: tokenId.toString(),
        wallet: seller.address,
        kind: 'key',
        epoch: 0,
        createdAtMs: test.time.clock.wallMs(),
        holds: true,
      },
    ]);
    await sell();
    await deliver(gate);
    expect(await present(gate, codeOf(bound))).toBe('replaced');
    expect(await bindings()).toMatchObject([{ holds: false }]);
    // Neither the old challenge nor the old wallet is worth anything now.
    expect(await bind(answerOf(asked, signTyped(seller, asked.typedData)))).toBe('challenge-invalid');
    const again = await challenge();
    expect(await bind(answerOf(again, signTyped(seller, again.typedData)))).toBe('wallet-wrong');
    expect(await present(gate, codeOf(await bind(answerOf(again, signTyped(buyer, again.typedData)))))).toBe('admit');
    const { entries } = await test.json<{ entries: { action: string; ticket?: string }[] }>(
      'GET',
      '/audits/log?event=1&action=wallet-bound',
    );
    expect(entries).toMatchObject([{ ticket: ticket.id }, { ticket: ticket.id }]);
    expect(JSON.stringify(entries)).not.toContain(seller.address.slice(2));
  });

  it('is asked for the very phone, token and time: nothing in the answer can be exchanged', async () => {
    const asked = await challenge();
    const signature = signTyped(seller, asked.typedData);
    expect(await bind(answerOf(asked, signature, { holderKey: holderKey(13) }))).toBe('challenge-invalid');
    expect(await bind(answerOf(asked, signature, { deadline: asked.deadline + 60 }))).toBe('challenge-invalid');
    expect(await bind(answerOf(asked, signature, { nonce: 'ab'.repeat(32) }))).toBe('challenge-invalid');
    expect(await bind(answerOf(asked, signature, { token: (tokenId + 1n).toString() }))).toBe('token-unknown');
    // Somebody else's challenge, for their own phone, with this wallet's signature.
    const other = await challenge(13);
    expect(await bind(answerOf(other, signature, { holderKey: holderKey(13) }))).toBe('wallet-wrong');
    expect(await bind(answerOf(asked, signTyped(thief, asked.typedData)))).toBe('wallet-wrong');
    await test.time.advance((challengeLifetimeS + 1) * 1_000);
    expect(await bind(answerOf(asked, signature))).toBe('challenge-invalid');
    expect(await bindings()).toEqual([]);
  });

  it('gets the same answer again for the same request, and none for another signature on the same challenge', async () => {
    checkContract = async ({ signature }) => ok(signature.length === 130);
    const asked = await challenge();
    const first = answerOf(asked, `0x${'a1'.repeat(130)}`);
    const bound = await bind(first);
    expect(bound).toMatchObject({ ticket: ticket.id });
    expect(await bind(first)).toEqual(bound);
    expect(await bind(answerOf(asked, `0x${'b2'.repeat(130)}`))).toBe('challenge-used');
    expect(await bindings()).toMatchObject([{ kind: 'contract' }]);
  });

  it('that is a contract is asked on the chain, with the digest and the signature; a chain that is away says so', async () => {
    const seen: unknown[] = [];
    const asked = await challenge();
    checkContract = async ({ wallet, digest, signature }) => {
      seen.push(wallet, recoverAddress(digest, signature));
      return { ok: false, error: { type: 'chain-unavailable', detail: 'No node answers.' } };
    };
    // By the owner of the contract's wallet, which is not the owner of the token.
    const signature = signTyped(thief, asked.typedData);
    expect(await bind(answerOf(asked, signature))).toBe('chain-unavailable');
    expect(seen).toEqual([seller.address, thief.address]);
    checkContract = async () => ok(true);
    expect(await bind(answerOf(asked, signature))).toMatchObject({ ticket: ticket.id });
  });

  it('lets so many phones show it, and no more until the token has changed hands', async () => {
    const bindOne = async (): Promise<WalletBound | string> => {
      const asked = await challenge();
      return bind(answerOf(asked, signTyped(seller, asked.typedData)));
    };
    for (let phones = 0; phones < 10; phones++) expect(await bindOne()).toMatchObject({ ticket: ticket.id });
    expect(await bindOne()).toBe('bindings-too-many');
    await sell();
    const asked = await challenge();
    expect(await bind(answerOf(asked, signTyped(buyer, asked.typedData)))).toMatchObject({ ticket: ticket.id });
  });

  it('is refused where there is nothing to show', async () => {
    const ask = async (body: object = {}): Promise<string> => {
      const answer = await post('wallet-challenges', { token: tokenId.toString(), holderKey: holderKey(), ...body });
      return answer.status === 201 ? 'given out' : ((await answer.json()) as { type: string }).type;
    };
    expect(await ask()).toBe('given out');
    expect(await ask({ token: '7' })).toBe('token-unknown');
    for (const token of ['007', 'seven', '', `${10n ** 80n}`]) expect(await ask({ token })).toBe('request-invalid');
    expect(await ask({ holderKey: '00'.repeat(32) })).toBe('holder-key-unsound');
    await chain.own(tokenId, ticket.id, seller.address, { handed_on: 1 });
    expect(await ask()).toBe('chain-unavailable');
    await chain.own(tokenId, ticket.id, seller.address, { handed_on: 0, consumed: 1 });
    expect(await ask()).toBe('ticket-not-valid');
    await chain.own(tokenId, ticket.id, seller.address, { consumed: 0 });
    await test.json('POST', `/api/tickets/${ticket.id}/revoke`, { reason: 'refund' }, 200);
    expect(await ask()).toBe('ticket-not-valid');
    await test.json('POST', '/admin/methods/nft/toggle', { enabled: false, event: 1 }, 200);
    expect(await ask()).toBe('method-off');
    expect((await test.api('DELETE', '/api/events/1/nft')).status).toBe(204);
    expect(await ask()).toBe('nft-rules-unset');
  });

  describe('names a phone, which', () => {
    let ada: TestPhone;
    beforeEach(() => {
      ada = createPhone(test);
    });
    const named = async (wallet = seller): Promise<WalletBound> => {
      const about = { wallet, tokenId, holderKey: bytesToHex(ada.keys.publicKey) };
      const bound = await bind(await answerChallenge(test, 1, about));
      if (typeof bound === 'string') throw new Error(`not bound: ${bound}`);
      return bound;
    };
    const read = async (bound: WalletBound): Promise<Holding> => {
      const answer = await ada.ask(bound);
      expect(answer.status).toBe(200);
      return (await answer.json()) as Holding;
    };
    const problemOf = async (answer: Response): Promise<string> => ((await answer.json()) as { type: string }).type;

    it('is told how the ticket stands, and has no way but the token to pass it on', async () => {
      const gate = await openGate();
      const bound = await named();
      const holding = await read(bound);
      expect(holding).toMatchObject({ holder: bound.holder, ticket: ticket.id, state: 'valid', transferable: false });
      expect(await present(gate, ada.code(holding, test.time.clock.wallMs()))).toBe('admit');
      expect(await problemOf(await ada.ask(bound, 'POST', '/transfer'))).toBe('transfer-forbidden');
      expect(await problemOf(await createPhone(test).ask(bound))).toBe('token-invalid');
      await test.json('POST', `/api/tickets/${ticket.id}/revoke`, { reason: 'refund' }, 200);
      expect(await read(bound)).toMatchObject({ state: 'revoked' });
    });

    it('hears that the token was sold as soon as the chain is known to say so, and comes back with it', async () => {
      const bound = await named();
      await chain.own(tokenId, ticket.id, buyer.address, { handed_on: 1 });
      expect((await read(bound)).state).toBe('sold');
      await sell();
      await chain.own(tokenId, ticket.id, buyer.address, { epoch: 1, handed_on: 0 });
      const sold = await read(bound);
      expect([sold.state, sold.holderPass]).toEqual(['sold', undefined]);
      const again = await named(buyer);
      expect(again.holder).not.toBe(bound.holder);
      expect((await read(again)).state).toBe('valid');
      expect((await read(bound)).state).toBe('sold');
    });

    it('hears that the ticket has left its token, and not that it was sold', async () => {
      const bound = await named();
      await test.json('POST', `/api/tickets/${ticket.id}/transfer`, { holder: { name: 'New' } }, 200);
      expect((await read(bound)).state).toBe('replaced');
    });
  });

  it('cannot be guessed at for long: wrong signatures are limited by address', async () => {
    const asked = await challenge();
    const wrong = answerOf(asked, signTyped(thief, asked.typedData));
    const answers = new Set<string>();
    for (let tries = 0; tries < 40; tries++) {
      const answer = await bind(wrong);
      answers.add(typeof answer === 'string' ? answer : 'bound');
    }
    expect([...answers]).toEqual(['wallet-wrong', 'attempts-exhausted']);
  });
});

describe('the rules of an event', () => {
  it('name the contract, with its checksum or without, and are read, changed and taken away', async () => {
    const rules = await test.json<{ nft: object }>(
      'PUT',
      '/api/events/1/nft',
      {
        ...tokenRules,
        contract: '0x5FbDB2315678afecb367f032d93F642f64180aa3',
        frozenFromS: 1_800_000_000,
      },
      200,
    );
    expect(rules.nft).toEqual({
      chainId: 31_337,
      contract: tokenContract,
      frozenFromS: 1_800_000_000,
      staleAfterMinutes: 240,
      whenStale: 'warn',
    });
    expect(await test.json('GET', '/api/events/1/nft')).toEqual({ event: 1, ...rules });
    const mistyped = { ...tokenRules, contract: '0x5fbDB2315678afecb367f032d93F642f64180aa3' };
    expect((await test.api('PUT', '/api/events/1/nft', mistyped)).status).toBe(400);
  });
});
