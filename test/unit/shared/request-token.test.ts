// A token proves one request of one gate or holder, and nothing that is sent in its place makes the verifier throw or believe.
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  base64UrlToBytes,
  bytesToBase64Url,
  encodeRequestToken,
  gateTokenAudience,
  holderTokenAudience,
  keyPairFromSeed,
  ready,
  requestTokenIssuer,
  verifyRequestToken,
  type TokenRequest,
  type KeyPair,
} from '@postern/shared';

let keys: KeyPair;
let token: string;
const request: TokenRequest = {
  audience: gateTokenAudience,
  issuer: 'gate-a',
  nonce: 'nonce',
  method: 'POST',
  path: '/sync?x=1',
  body: Uint8Array.of(1, 2, 3),
  nowMs: 1_700_000_000_500,
};
beforeAll(async () => {
  await ready;
  keys = keyPairFromSeed(new Uint8Array(32).fill(7));
  token = encodeRequestToken(request, keys);
});
const forge = (
  change: (claims: Record<string, unknown>) => Record<string, unknown>,
  header: object = { alg: 'EdDSA', typ: 'JWT' },
): string => {
  const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>;
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part(header)}.${part(change(claims))}.${token.split('.')[2]}`;
};

describe('a request token', () => {
  it('verifies for its own request and says whose it is', () => {
    expect(verifyRequestToken(token, keys.publicKey, request)).toMatchObject({
      ok: true,
      value: { iss: 'gate-a', nonce: 'nonce', iat: 1_700_000_000, exp: 1_700_000_060 },
    });
    expect(requestTokenIssuer(token)).toBe('gate-a');
  });

  it.each([
    ['audience', { audience: holderTokenAudience } as const],
    ['method', { method: 'GET' }],
    ['path', { path: '/sync?x=2' }],
    ['body', { body: Uint8Array.of(1, 2) }],
  ])('does not verify for another %s', (_what, change) => {
    expect(verifyRequestToken(token, keys.publicKey, { ...request, ...change })).toEqual({
      ok: false,
      error: { type: 'token-mismatch' },
    });
  });

  it('works whatever its sender believes the time to be', () => {
    for (const nowMs of [-5, 0, 4_102_444_800_000])
      expect(verifyRequestToken(encodeRequestToken({ ...request, nowMs }, keys), keys.publicKey, request).ok).toBe(
        true,
      );
  });

  it('dies with every bit that is flipped in it', () => {
    for (let index = 0; index < token.length; index++) {
      for (let bit = 0; bit < 7; bit++) {
        const flipped =
          token.slice(0, index) + String.fromCharCode(token.charCodeAt(index) ^ (1 << bit)) + token.slice(index + 1);
        expect(verifyRequestToken(flipped, keys.publicKey, request).ok).toBe(false);
      }
    }
  });

  it('is not believed unsigned, under another algorithm, or with claims nobody knows the form of', () => {
    const tried = [
      forge((claims) => claims, { alg: 'none' }),
      forge((claims) => claims, { alg: 'HS256', typ: 'JWT' }),
      forge((claims) => claims, { alg: 'EdDSA', typ: 'JWT', jwk: {} }),
      forge((claims) => ({ ...claims, iss: 'gate-b' })),
      forge((claims) => ({ ...claims, iss: '../gate' })),
      forge((claims) => ({ ...claims, exp: '1' })),
      `${token.split('.').slice(0, 2).join('.')}.`,
    ];
    for (const candidate of tried) expect(verifyRequestToken(candidate, keys.publicKey, request).ok).toBe(false);
  });

  it('never throws for any text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[\w-]{0,60}\.[\w-]{0,60}\.[\w-]{0,90}$/)), (text) => {
        expect(verifyRequestToken(text, keys.publicKey, request).ok).toBe(false);
        expect(requestTokenIssuer(text)).toBeUndefined();
      }),
      { numRuns: 10_000 },
    );
  });
});

describe('base64url', () => {
  it('gives back every byte string and takes no second spelling of one', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 70 }), (bytes) => {
        const text = bytesToBase64Url(bytes);
        expect(text).toBe(Buffer.from(bytes).toString('base64url'));
        expect(base64UrlToBytes(text)).toEqual(bytes);
        expect(base64UrlToBytes(`${text}=`)).toBeUndefined();
      }),
    );
    for (const text of ['A', 'AB', 'A+', 'AA==', 'AAB', '\u00e9A']) expect(base64UrlToBytes(text)).toBeUndefined();
  });
});
