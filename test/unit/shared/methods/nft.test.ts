// Method `nft` and what `decide` makes of its claims: who gets in with a wallet, and everybody who does not.
import { beforeAll, describe, expect, test } from 'vitest';
import {
  bytesToHex,
  concatBytes,
  createMethodRegistry,
  decide,
  encodeWalletCode,
  foldHistory,
  historyRules,
  knownMethods,
  nftMethod,
  nftRulesSchema,
  ready,
  stepStartS,
  tokenCredentialId,
  walletCodeDigest,
  walletFromSecret,
  type Address,
  type Claim,
  type Decision,
  type Lookups,
  type Mark,
  type NftLookups,
  type NftRules,
  type RefusalCode,
  type TokenEntry,
  type WalletCode,
} from '@postern/shared';
import { silentLogger } from '../../../support/gate-rig.ts';
import { aMark, aPolicy, eveningMs, ticketIdOfTests } from '../../../support/marks.ts';

beforeAll(() => ready);

const event = 7;
const nowMs = stepStartS(eveningMs + 3_600_000) * 1_000;
const [seller, buyer] = [1, 2].map((fill) => walletFromSecret(new Uint8Array(32).fill(fill))) as [
  ReturnType<typeof walletFromSecret>,
  ReturnType<typeof walletFromSecret>,
];
const contract: Address = `0x${'c0'.repeat(20)}`;
const rules = (more: object = {}): NftRules => nftRulesSchema.parse({ chainId: 31_337, contract, ...more });
const ticket = { id: ticketIdOfTests, type: 1, epoch: 0, status: 'valid', party: 1 } as const;
const tokenId = 12n;

const codeOf = (
  said: Partial<WalletCode> = {},
  wallet = buyer,
  alter: (signature: Uint8Array) => Uint8Array = (signature) => signature,
): string => {
  const facts = {
    event,
    chainId: 31_337,
    contract,
    tokenId,
    issuedAtS: stepStartS(nowMs),
    form: 'text',
    ...said,
  } as const;
  return encodeWalletCode({ ...facts, signature: alter(wallet.sign(walletCodeDigest(facts, facts.form))) });
};

const entry = (more: Partial<TokenEntry> = {}): TokenEntry => ({
  ticket,
  owner: buyer.address,
  consumed: false,
  ...more,
});
const nftOf = (token: TokenEntry | undefined = entry(), more: Partial<NftLookups> = {}): NftLookups => ({
  rules: rules(),
  head: { block: 100, atMs: nowMs - 60_000 },
  token: (asked) => (asked === tokenId ? token : undefined),
  ...more,
});
const lookupsOf = (nft: NftLookups | undefined = nftOf(), ofEvent = event): Lookups => ({
  event: ofEvent,
  issuerKey: () => undefined,
  ticketByCode: () => undefined,
  ticketByShortCode: () => undefined,
  tag: () => ({ type: 'unbound' }),
  nft: () => nft,
});
const verify = async (text: string, lookups = lookupsOf()) =>
  nftMethod.verify({ medium: 'optical', text, readerId: 'camera', seenAtMs: 0 }, lookups, new AbortController().signal);
const refusal = async (text: string, lookups?: Lookups): Promise<RefusalCode | 'a claim'> => {
  const claim = await verify(text, lookups);
  return claim.ok ? 'a claim' : claim.error.type;
};
const claimed = async (text = codeOf(), lookups?: Lookups): Promise<Claim> => {
  const claim = await verify(text, lookups);
  if (!claim.ok) throw new Error(claim.error.type);
  return claim.value;
};

describe('a wallet’s code', () => {
  test.each(['text', 'typed'] as const)('signed as %s by the token’s owner claims its ticket', async (form) => {
    expect(await claimed(codeOf({ form }))).toEqual({
      method: 'nft',
      assurance: 'signed',
      event,
      ticketId: ticket.id,
      type: 1,
      epoch: 0,
      credentialId: tokenCredentialId({ contract, tokenId }),
      issuedAtS: stepStartS(nowMs),
      token: { asOfMs: nowMs - 60_000, consumed: false },
    });
  });

  test('of whoever held the token before, or never did, is refused with when the owner was known', async () => {
    expect(await verify(codeOf({}, seller))).toEqual({
      ok: false,
      error: { type: 'not-owner', detail: { atMs: nowMs - 60_000 } },
    });
    // Before the sale was mirrored it was the other way round.
    expect(await refusal(codeOf({}, seller), lookupsOf(nftOf(entry({ owner: seller.address }))))).toBe('a claim');
  });

  test('for another event, chain, contract or token is refused as what it is', async () => {
    expect(await refusal(codeOf({ event: 8 }))).toBe('other-event');
    expect(await refusal(codeOf({ chainId: 1 }))).toBe('key-unknown');
    expect(await refusal(codeOf({ contract: `0x${'c1'.repeat(20)}` }))).toBe('key-unknown');
    expect(await refusal(codeOf({ tokenId: 13n }))).toBe('ticket-unknown');
    expect(await refusal(codeOf(), lookupsOf(nftOf(entry(), { head: undefined })))).toBe('ticket-unknown');
  });

  test('with a signature that was altered in a way that curves allow is refused', async () => {
    const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
    const otherHalf = (signature: Uint8Array): Uint8Array => {
      const s = order - BigInt(`0x${bytesToHex(signature.subarray(32, 64))}`);
      const bytes = Uint8Array.from(Buffer.from(s.toString(16).padStart(64, '0'), 'hex'));
      return concatBytes(signature.subarray(0, 32), bytes, Uint8Array.of(signature[64] === 27 ? 28 : 27));
    };
    const withV =
      (v: (given: number) => number) =>
      (signature: Uint8Array): Uint8Array =>
        concatBytes(signature.subarray(0, 64), Uint8Array.of(v(signature[64] ?? 0)));
    expect(await refusal(codeOf({}, buyer, otherHalf))).toBe('signature-invalid');
    for (const v of [0, 1, 29, 31_337 * 2 + 35].map((value) => value & 0xff))
      expect(
        await refusal(
          codeOf(
            {},
            buyer,
            withV(() => v),
          ),
        ),
      ).toBe('signature-invalid');
    expect(
      await refusal(
        codeOf(
          {},
          buyer,
          withV((given) => (given === 27 ? 28 : 27)),
        ),
      ),
    ).not.toBe('a claim');
    expect(await refusal(codeOf({}, buyer, () => new Uint8Array(65)))).toBe('signature-invalid');
  });

  test('is asked of each event of a gate: they may share a contract', async () => {
    const other = lookupsOf(nftOf(), 8);
    const registry = createMethodRegistry({
      methods: knownMethods,
      lookups: lookupsOf(),
      furtherLookups: [other],
      clock: { wallMs: () => nowMs, monotonicMs: () => 0 },
      logger: silentLogger,
    });
    const scan = (text: string) =>
      registry.verify({ medium: 'optical', text, readerId: 'camera', seenAtMs: 0 }, new AbortController().signal);
    expect(await scan(codeOf({ event: 8 }))).toMatchObject({ ok: true, value: { event: 8 } });
    expect(await scan(codeOf({ event: 9 }))).toMatchObject({ error: { type: 'other-event' } });
    // What a scan engine puts around it is taken off.
    expect(await scan(`]Q3${codeOf()}\r\n`)).toMatchObject({ ok: true });
  });
});

describe('what is decided about a wallet’s claim', () => {
  const decided = (
    claim: Claim,
    more: { marks?: readonly Mark[]; nft?: object; atMs?: number; others?: Claim[] } = {},
  ) => {
    const policy = aPolicy({ nft: rules(more.nft) });
    return decide({
      claim,
      ...(more.others === undefined ? {} : { others: more.others }),
      ticket,
      policy,
      time: { nowMs: more.atMs ?? nowMs, trusted: true, source: 'server', uncertaintyMs: 50 },
      lane: { id: 'lane-1', gate: 'gate-a', zone: 'arena', direction: 'entry' },
      occupancy: () => ({ known: 0, spentOutOfTouch: 0 }),
      feedAgeMs: 0,
      inTouch: true,
      history: foldHistory(more.marks ?? [], historyRules(policy, ticket)),
    });
  };
  const codeOfDecision = (decision: Decision): string =>
    decision.kind === 'refuse' ? decision.refusal.type : decision.kind;

  test('a step before and after is of now, others are not', async () => {
    const at = async (steps: number): Promise<string> =>
      codeOfDecision(decided(await claimed(codeOf({ issuedAtS: stepStartS(nowMs) + steps * 15 }))));
    expect([await at(-3), await at(-1), await at(0), await at(1), await at(3)]).toEqual([
      'expired',
      'admit',
      'admit',
      'admit',
      'not-yet-valid',
    ]);
  });

  test('once in, the same code and every later one is spent', async () => {
    const claim = await claimed();
    const entered = aMark({ method: 'nft', issuedAtS: claim.issuedAtS ?? 0 });
    expect(codeOfDecision(decided(claim, { marks: [entered] }))).toBe('code-replayed');
    const next = await claimed(codeOf({ issuedAtS: stepStartS(nowMs) + 15 }));
    expect(codeOfDecision(decided(next, { marks: [entered] }))).toBe('already-used');
  });

  test('a use that only the chain knows of is refused; one that gates know of is for the gates to judge', async () => {
    const claim = await claimed(codeOf(), lookupsOf(nftOf(entry({ consumed: true }))));
    expect(codeOfDecision(decided(claim))).toBe('token-consumed');
    expect(codeOfDecision(decided(claim, { marks: [aMark({ gate: 'gate-b' })] }))).toBe('already-used');
  });

  test('an owner known too long ago counts as the event’s rules say', async () => {
    const head = { block: 1, atMs: nowMs - 61 * 60_000 };
    const claim = await claimed(codeOf(), lookupsOf(nftOf(entry(), { head })));
    const stale = (nft: object) => decided(claim, { nft: { staleAfterMinutes: 60, ...nft } });
    expect(stale({})).toMatchObject({ kind: 'admit', warnings: ['owner-stale'] });
    expect(stale({ whenStale: 'supervisor' })).toMatchObject({ kind: 'hold', reason: 'supervisor' });
    expect(stale({ whenStale: 'refuse' })).toMatchObject({
      refusal: { type: 'owner-stale', detail: { atMs: head.atMs } },
    });
    expect(decided(claim, { nft: { staleAfterMinutes: 62, whenStale: 'refuse' } })).toMatchObject({
      kind: 'admit',
      warnings: [],
    });
    // From the freeze on nothing changes hands.
    const frozen = { whenStale: 'refuse', frozenFromS: head.atMs / 1_000 };
    expect(stale(frozen)).toMatchObject({ kind: 'admit', warnings: [] });
    expect(stale({ ...frozen, frozenFromS: head.atMs / 1_000 + 1 })).toMatchObject({ kind: 'refuse' });
  });

  test('as a second factor it is judged the same', async () => {
    const first: Claim = { method: 'qr', assurance: 'signed', event, ticketId: ticket.id, type: 1, epoch: 0 };
    const fresh = await claimed();
    expect(codeOfDecision(decided(first, { others: [fresh] }))).toBe('admit');
    const consumed = await claimed(codeOf(), lookupsOf(nftOf(entry({ consumed: true }))));
    expect(codeOfDecision(decided(first, { others: [consumed] }))).toBe('token-consumed');
    const head = { block: 1, atMs: nowMs - 10 * 3_600_000 };
    const old = await claimed(codeOf(), lookupsOf(nftOf(entry(), { head })));
    expect(codeOfDecision(decided(first, { others: [old], nft: { whenStale: 'refuse' } }))).toBe('owner-stale');
    expect(codeOfDecision(decided(first, { others: [old], nft: { whenStale: 'supervisor' } }))).toBe('hold');
  });
});
