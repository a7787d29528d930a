// Goal: what the SDK for other people's pages makes with a wallet is, to the character, what a gate reads, and with the cloud it lets a phone in.
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  bytesToHex,
  decodeWalletCode,
  encodeWalletCode,
  hashTypedData,
  hexToBytes,
  keyPairFromSeed,
  placeInTime,
  walletCodeDigest,
  walletCodeSigner,
  walletFromSecret,
  type Address,
  type TicketResponse,
  type TypedData,
} from '@postern/shared';
import { letPhoneShow, showTicket, type WalletProvider } from '../../../cloud-sync/src/sdk/wallet.ts';
import { createTestCloud, someEvent } from '../../support/cloud.ts';
import { chainOf, tokenRules } from '../../support/tokens.ts';

const wallet = walletFromSecret(new Uint8Array(32).fill(3));
/** Signs what it is asked to, v as it counts. */
const providerOf = (alter = (signature: Uint8Array): Uint8Array => signature): WalletProvider => ({
  request: async ({ method, params: [account, typedData] }) => {
    expect([method, account]).toEqual(['eth_signTypedData_v4', wallet.address]);
    const digest = hashTypedData(JSON.parse(String(typedData)) as TypedData);
    return `0x${bytesToHex(alter(wallet.sign(digest)))}`;
  },
});
const fromZero = (signature: Uint8Array): Uint8Array => signature.with(64, (signature[64] ?? 27) - 27);

describe('a page with a wallet', () => {
  it('shows what a gate reads, whatever the numbers, and whether the wallet counts v from 27 or from 0', async () => {
    const saying = fc.record({
      event: fc.integer({ min: 0, max: 4_294_967_295 }),
      chainId: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
      contract: fc
        .uint8Array({ minLength: 20, maxLength: 20 })
        .map((bytes): Address => `0x${Buffer.from(bytes).toString('hex')}`),
      token: fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }),
    });
    const times = fc.integer({ min: 0, max: 4_000_000_000_000 });
    await fc.assert(
      fc.asyncProperty(saying, times, fc.boolean(), async ({ token, ...said }, nowMs, counts) => {
        const { text, untilMs } = await showTicket(
          providerOf(counts ? undefined : fromZero),
          wallet.address,
          { ...said, token: token.toString() },
          nowMs,
        );
        const facts = {
          ...said,
          tokenId: token,
          issuedAtS: Math.floor((nowMs + 10_000) / 15_000) * 15,
          form: 'typed',
        } as const;
        const signature = wallet.sign(walletCodeDigest(facts, 'typed'));
        expect(text).toBe(encodeWalletCode({ ...facts, signature }));
        expect(untilMs - nowMs).toBeGreaterThan(25_000);
        expect(untilMs - nowMs).toBeLessThanOrEqual(40_000);
        const time = { nowMs, trusted: true, source: 'server', uncertaintyMs: 0 } as const;
        expect(placeInTime(facts.issuedAtS, time)).toBe('now');
      }),
      { numRuns: 50 },
    );
  });

  it('is told what to do where the wallet is a contract, and that somebody has said no', async () => {
    const token = { ...tokenRules, event: 1, token: '1' };
    const long = providerOf(() => new Uint8Array(130));
    await expect(showTicket(long, wallet.address, token, 0)).rejects.toThrow('let a phone show the ticket');
    const refused: WalletProvider = { request: () => Promise.reject(new Error('User rejected the request.')) };
    await expect(showTicket(refused, wallet.address, token, 0)).rejects.toThrow('rejected');
  });

  it('is no older than it says', async () => {
    const { text } = await showTicket(providerOf(), wallet.address, { ...tokenRules, event: 1, token: '1' }, 1_000_000);
    const code = decodeWalletCode(text);
    expect(code.ok && walletCodeSigner(code.value)).toBe(wallet.address);
  });
});

describe('a page that lets a phone show the ticket', () => {
  afterEach(() => vi.unstubAllGlobals());

  it('gets the phone’s pass from the cloud, or why not', async () => {
    const test = await createTestCloud();
    try {
      await test.json('POST', '/api/events', someEvent);
      await test.json('PUT', '/api/events/1/nft', tokenRules, 200);
      const ticket = await test.json<TicketResponse>('POST', '/api/tickets', { event: 1, type: 1 });
      await chainOf(test).own(12n, ticket.id, wallet.address);
      const url = 'https://cloud.test';
      vi.stubGlobal('fetch', (input: string, init: RequestInit) => test.request(input.slice(url.length), init));
      const holderKey = bytesToHex(keyPairFromSeed(new Uint8Array(32).fill(9)).publicKey);
      const show = (token: string) =>
        letPhoneShow(providerOf(), wallet.address, { event: 1, token }, { url, holderKey });
      const { payload, ...rest } = await show('12');
      expect(rest).toMatchObject({ ticket: ticket.id });
      expect(payload.stepS).toBe(15);
      expect(hexToBytes(bytesToHex(Buffer.from(payload.holderPass, 'base64url')))?.length).toBeGreaterThan(100);
      await expect(show('13')).rejects.toThrow(/^token-unknown/);
    } finally {
      await test.close();
    }
  });
});
