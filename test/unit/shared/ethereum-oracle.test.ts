// Everything that wallets and a gate have to agree on to the bit, held against another implementation (viem) on random values.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  getAddress,
  hashMessage,
  hashTypedData as hashTypedDataByViem,
  recoverAddress as recoverByViem,
  type TypedDataDefinition,
} from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import {
  bytesToHex,
  checksumAddress,
  hashTypedData,
  hexToBytes,
  personalMessageHash,
  recoverAddress,
  walletBindingTypedData,
  walletCodeText,
  walletCodeTypedData,
  walletFromSecret,
  type Address,
  type TypedData,
} from '@postern/shared';

const hex = (bytes: Uint8Array): `0x${string}` => `0x${bytesToHex(bytes)}`;
const bytes = (text: string): Uint8Array => hexToBytes(text.slice(2)) ?? new Uint8Array(0);
const ofBytes = (length: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: length, maxLength: length });
const addresses = ofBytes(20).map((random): Address => hex(random));
const secrets = ofBytes(32).filter((secret) => secret[0] !== 0xff && secret.some((byte) => byte > 0));
const texts = fc.string({ unit: 'grapheme', maxLength: 60 });
const steps = fc.integer({ min: 0, max: 16_000_000_000 }).map((step) => step * 15);
const sayings = fc.record({
  event: fc.integer({ min: 0, max: 4_294_967_295 }),
  chainId: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
  contract: addresses,
  tokenId: fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }),
  issuedAtS: steps,
});
const asViem = (data: TypedData): TypedDataDefinition => data as unknown as TypedDataDefinition;

describe('viem agrees', () => {
  test('on addresses with their checksum', () => {
    fc.assert(
      fc.property(addresses, (address) => {
        expect(checksumAddress(address)).toBe(getAddress(address));
      }),
    );
  });

  test('on the hash of a text, whatever is in it', () => {
    fc.assert(
      fc.property(texts, (text) => {
        expect(hex(personalMessageHash(text))).toBe(hashMessage(text));
      }),
    );
  });

  test('on typed data of every kind that we have, struct in struct', () => {
    const types = {
      EIP712Domain: [
        { name: 'name', type: 'string' },
        { name: 'chainId', type: 'uint256' },
      ],
      Inner: [
        { name: 'id', type: 'uint64' },
        { name: 'note', type: 'string' },
      ],
      Outer: [
        { name: 'inner', type: 'Inner' },
        { name: 'again', type: 'Inner' },
        { name: 'flag', type: 'bool' },
        { name: 'who', type: 'address' },
        { name: 'short', type: 'bytes4' },
        { name: 'long', type: 'bytes' },
        { name: 'word', type: 'bytes32' },
        { name: 'amount', type: 'uint256' },
      ],
    };
    const inner = fc.record({ id: fc.integer({ min: 0 }), note: texts });
    const messages = fc.record({
      inner,
      again: inner,
      flag: fc.boolean(),
      who: addresses,
      short: ofBytes(4).map(hex),
      long: fc.uint8Array({ maxLength: 70 }).map(hex),
      word: ofBytes(32).map(hex),
      amount: fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }).map(String),
    });
    fc.assert(
      fc.property(messages, texts, fc.integer({ min: 1 }), (message, name, chainId) => {
        const data: TypedData = { types, primaryType: 'Outer', domain: { name, chainId }, message };
        expect(hex(hashTypedData(data))).toBe(hashTypedDataByViem(asViem(data)));
      }),
    );
  });

  test('on what its own accounts sign of ours: who it was', async () => {
    await fc.assert(
      fc.asyncProperty(secrets, sayings, ofBytes(32), async (secret, saying, random) => {
        const account = privateKeyToAccount(hex(secret));
        const address = account.address.toLowerCase();
        expect(walletFromSecret(secret).address).toBe(address);
        const said = await account.signMessage({ message: walletCodeText(saying) });
        expect(recoverAddress(personalMessageHash(walletCodeText(saying)), bytes(said))).toBe(address);
        const code = walletCodeTypedData(saying);
        const binding = walletBindingTypedData({
          ...saying,
          ticketReference: bytesToHex(random),
          holderKey: bytesToHex(random.toReversed()),
          nonce: bytesToHex(random),
          deadlineS: saying.issuedAtS,
        });
        for (const data of [code, binding]) {
          const typed = await account.signTypedData(asViem(data));
          expect(recoverAddress(hashTypedData(data), bytes(typed))).toBe(address);
        }
      }),
      { numRuns: 15 },
    );
  });

  test('on whose any signature is that we take, and takes what we refuse', async () => {
    const digest = new Uint8Array(32).fill(7);
    const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
    await fc.assert(
      fc.asyncProperty(secrets, ofBytes(64), async (secret, random) => {
        const anybody = Uint8Array.of(...random, 27);
        const signer = recoverAddress(digest, anybody);
        if (signer !== undefined)
          expect((await recoverByViem({ hash: hex(digest), signature: hex(anybody) })).toLowerCase()).toBe(signer);
        // The malleated form is good by the curve, and by viem: it is for us to refuse it.
        const wallet = walletFromSecret(secret);
        const signature = wallet.sign(digest);
        const s = order - BigInt(hex(signature.subarray(32, 64)));
        const malleated = Uint8Array.of(
          ...signature.subarray(0, 32),
          ...bytes(`0x${s.toString(16).padStart(64, '0')}`),
          signature[64] === 27 ? 28 : 27,
        );
        const byViem = await recoverByViem({ hash: hex(digest), signature: hex(malleated) });
        expect(byViem.toLowerCase()).toBe(wallet.address);
        expect(recoverAddress(digest, malleated)).toBeUndefined();
      }),
      { numRuns: 30 },
    );
  });
});
