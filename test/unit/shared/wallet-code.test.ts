// The text that a wallet's holder shows: one form, bounded, exact.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  base45Decode,
  base45Encode,
  cborEncode,
  decodeWalletCode,
  encodeWalletCode,
  walletCodeBytesMax,
  walletCodeDigest,
  walletCodePrefix,
  walletCodeSigner,
  walletCodeText,
  walletCodeTypedData,
  walletFromSecret,
  type Address,
  type CborValue,
  type WalletCode,
  type WalletSaying,
} from '@postern/shared';

const wallet = walletFromSecret(new Uint8Array(32).fill(3));
const saying: WalletSaying = {
  event: 7,
  chainId: 31_337,
  contract: '0x5fbdb2315678afecb367f032d93f642f64180aa3',
  tokenId: 12n,
  issuedAtS: 1_795_806_135,
};
const signed = (said: WalletSaying, form: WalletCode['form'] = 'text'): WalletCode => ({
  ...said,
  form,
  signature: wallet.sign(walletCodeDigest(said, form)),
});

const sayings: fc.Arbitrary<WalletSaying> = fc.record({
  event: fc.integer({ min: 0, max: 4_294_967_295 }),
  chainId: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
  contract: fc
    .uint8Array({ minLength: 20, maxLength: 20 })
    .map((bytes): Address => `0x${Buffer.from(bytes).toString('hex')}`),
  tokenId: fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }),
  issuedAtS: fc.integer({ min: 0, max: Math.floor(253_402_300_799 / 15) }).map((step) => step * 15),
});
const formsOf = fc.constantFrom('text' as const, 'typed' as const);

describe('a wallet code', () => {
  test('comes back as it was, names its signer, and is small enough for any QR code', () => {
    fc.assert(
      fc.property(sayings, formsOf, (said, form) => {
        const code = signed(said, form);
        const text = encodeWalletCode(code);
        expect(decodeWalletCode(text)).toEqual({ ok: true, value: code });
        expect(walletCodeSigner(code)).toBe(wallet.address);
        const bytes = base45Decode(text.slice(walletCodePrefix.length));
        expect(bytes.ok && bytes.value.length <= walletCodeBytesMax).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  test('is signed over every one of its facts, in either form', () => {
    const others: readonly WalletSaying[] = [
      { ...saying, event: 8 },
      { ...saying, chainId: 1 },
      { ...saying, contract: '0x5fbdb2315678afecb367f032d93f642f64180aa4' },
      { ...saying, tokenId: 13n },
      { ...saying, issuedAtS: saying.issuedAtS + 15 },
    ];
    for (const form of ['text', 'typed'] as const) {
      const { signature } = signed(saying, form);
      for (const other of others) expect(walletCodeSigner({ ...other, form, signature })).not.toBe(wallet.address);
      // What was signed as one form is nothing as the other.
      const swapped = form === 'text' ? 'typed' : 'text';
      expect(walletCodeSigner({ ...saying, form: swapped, signature })).not.toBe(wallet.address);
    }
  });

  test('shows people what they sign', () => {
    expect(walletCodeText(saying)).toBe(
      [
        'Show my ticket at the gate.',
        '',
        'Event: 7',
        'Chain: 31337',
        'Contract: 0x5FbDB2315678afecb367f032d93F642f64180aa3',
        'Token: 12',
        'Time: 2026-11-27T19:02:15Z',
        '',
        'Whoever shows the code that is made from this goes in with the ticket. It moves no token and costs nothing.',
      ].join('\n'),
    );
    // What wallets take is JSON.
    expect(JSON.parse(JSON.stringify(walletCodeTypedData(saying)))).toEqual(walletCodeTypedData(saying));
  });

  test('cut, lengthened or altered is no other code of the same wallet', () => {
    const text = encodeWalletCode(signed(saying));
    for (let length = 0; length < text.length; length++) expect(decodeWalletCode(text.slice(0, length)).ok).toBe(false);
    expect(decodeWalletCode(`${text}00`).ok).toBe(false);
    for (let at = walletCodePrefix.length; at < text.length; at++) {
      const altered = decodeWalletCode(text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1));
      if (altered.ok) expect(walletCodeSigner(altered.value)).not.toBe(wallet.address);
    }
  });

  const { signature } = signed(saying);
  const contract = Buffer.from(saying.contract.slice(2), 'hex');
  const facts: readonly CborValue[] = [
    0,
    7,
    31_337,
    Uint8Array.from(contract),
    Uint8Array.of(12),
    saying.issuedAtS,
    signature,
  ];
  const withFact = (index: number, value: CborValue): readonly CborValue[] => facts.with(index, value);
  test('made up by hand, as the cases below are, is read', () => {
    const text = walletCodePrefix + base45Encode(cborEncode(facts));
    expect(decodeWalletCode(text)).toEqual({ ok: true, value: signed(saying) });
  });
  test.each<[string, CborValue]>([
    ['another form', withFact(0, 2)],
    ['no event', withFact(1, 'seven')],
    ['an event beyond 32 bits', withFact(1, 4_294_967_296)],
    ['chain 0', withFact(2, 0)],
    ['a contract of 19 bytes', withFact(3, new Uint8Array(19))],
    ['a token with a leading zero', withFact(4, Uint8Array.of(0, 12))],
    ['a token without bytes', withFact(4, new Uint8Array(0))],
    ['a token of 33 bytes', withFact(4, new Uint8Array(33).fill(1))],
    ['a time that is no step', withFact(5, saying.issuedAtS + 1)],
    ['a negative time', withFact(5, -15)],
    ['a fraction of a time', withFact(5, 1.5)],
    ['a signature of 64 bytes', withFact(6, signature.slice(1))],
    ['a signature of 66 bytes', withFact(6, new Uint8Array(66))],
    ['one more fact', [...facts, 0]],
    ['one fact less', facts.slice(0, 6)],
    ['a map', new Map([[1, 2]])],
    ['a number', 7],
  ])('with %s is malformed', (_name, value) => {
    const text = walletCodePrefix + base45Encode(cborEncode(value));
    expect(decodeWalletCode(text)).toMatchObject({ ok: false, error: { type: 'malformed' } });
  });

  test('answers any text with a code or one typed error, and never throws', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.string().map((text) => walletCodePrefix + text),
        ),
        (text) => {
          const decoded = decodeWalletCode(text);
          expect(decoded.ok ? 'malformed' : decoded.error.type).toMatch(/^(?:malformed|not-a-ticket)$/);
        },
      ),
    );
  });
});
