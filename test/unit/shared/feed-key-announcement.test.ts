// Goal: a gate finds its way from a feed key it trusts to the one that signs, however many rotations it missed, and nobody who holds
// none of these keys can lead it anywhere.
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  announceFeedKey,
  announcementsHeader,
  announcementsMax,
  followAnnouncements,
  keyId,
  ready,
  signCose,
  signManifest,
  trustedFeedKeys,
  verifyManifestAndSigner,
  type CborValue,
  type KeyPair,
  type TrustedFeedKey,
} from '@postern/shared';
import { announce, buildManifest, feedKeys } from '../../../scripts/lib/build-feed.ts';

let chain: readonly KeyPair[];
let announcements: readonly Uint8Array[];
beforeAll(async () => {
  await ready;
  chain = Array.from({ length: 10 }, (_, index) => feedKeys(`chain ${index}`));
  announcements = chain.slice(1).map((next, index) => announceFeedKey(next.publicKey, chain[index] as KeyPair));
});

const trust = (...keys: readonly (KeyPair | undefined)[]): readonly TrustedFeedKey[] =>
  trustedFeedKeys({ keys: keys.flatMap((key) => (key === undefined ? [] : [announce(key, 'active')])) });
const snapshot = {
  version: 1,
  tickets: 0,
  sha256: 'aa'.repeat(32),
  bytes: 1,
  database: { sha256: 'bb'.repeat(32), bytes: 1 },
};
const signedBy = (signer: KeyPair | undefined, carried: readonly Uint8Array[]): Uint8Array =>
  signManifest(buildManifest({ snapshot }), signer as KeyPair, carried);
const signerOf = (bytes: Uint8Array, trusted: readonly TrustedFeedKey[]): string => {
  const verified = verifyManifestAndSigner(bytes, trusted);
  return verified.ok ? verified.value.signer.keyId : verified.error.type;
};
const idOf = (key: KeyPair | undefined): string => keyId((key as KeyPair).publicKey);

describe('announcements of feed keys', () => {
  it('lead from any key of the chain to every later one, and never back', () => {
    for (const [from, trusted] of chain.entries())
      for (const [by, signer] of chain.entries())
        expect(signerOf(signedBy(signer, announcements), trust(trusted))).toBe(
          by >= from ? idOf(signer) : 'feed-signature-invalid',
        );
  });

  it('lead nowhere where one of them is missing', () => {
    const broken = announcements.toSpliced(4, 1);
    expect(signerOf(signedBy(chain[4], broken), trust(chain[0]))).toBe(idOf(chain[4]));
    expect(signerOf(signedBy(chain[5], broken), trust(chain[0]))).toBe('feed-signature-invalid');
    expect(signerOf(signedBy(chain[9], broken), trust(chain[5]))).toBe(idOf(chain[9]));
  });

  it('count only by a key that is trusted already', () => {
    const stranger = feedKeys('stranger');
    const own = announceFeedKey(stranger.publicKey, feedKeys('another stranger'));
    const self = announceFeedKey(stranger.publicKey, stranger);
    expect(signerOf(signedBy(stranger, [...announcements, own, self]), trust(chain[0]))).toBe('feed-signature-invalid');
  });

  it('are not taken from a signature that was made for something else', () => {
    const [a, b] = chain as readonly [KeyPair, KeyPair];
    const forTime = signCose({
      keys: a,
      payload: b.publicKey,
      externalAad: new TextEncoder().encode('postern-time-v1'),
    });
    expect(signerOf(signedBy(b, [forTime]), trust(a))).toBe('feed-signature-invalid');
  });

  it('do not make a manifest good whose own signature is not', () => {
    const bytes = signedBy(chain[3], announcements);
    bytes[bytes.length - 1] = (bytes[bytes.length - 1] ?? 0) ^ 1;
    expect(signerOf(bytes, trust(chain[0]))).toBe('feed-signature-invalid');
  });

  it('never extend trust and never throw, whatever stands in the header', () => {
    const junk = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc.constantFrom(...announcements).map((bytes) => bytes.slice(0, -1)),
      fc.integer(),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.oneof(fc.array(junk, { maxLength: 80 }), junk), (value) => {
        const trusted = trust(chain[0]);
        const label = [...announcementsHeader([]).keys()][0] as number;
        const header = new Map<number, CborValue>([[label, value]]);
        expect(followAnnouncements(trusted, header)).toEqual(trusted);
      }),
      { numRuns: 500 },
    );
  });

  it('are followed only as far as a manifest may carry them', () => {
    const [a, b] = chain as readonly [KeyPair, KeyPair];
    const many = Array.from({ length: announcementsMax }, () => announceFeedKey(b.publicKey, a));
    expect(signerOf(signedBy(b, many), trust(a))).toBe(idOf(b));
    expect(() => signedBy(b, [...many, ...many])).toThrow('at most');
  });
});
