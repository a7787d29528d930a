import { bytesToHex, hexToBytes, keyId, keyPairFromSeed, ready, signServerTime, type KeyPair } from '@postern/shared';
import { beforeAll, expect, test } from 'vitest';
import { askServerTime } from '../../../gate-agent/src/time-client.ts';

const serverMs = Date.UTC(2026, 6, 1, 19);
let feedKey: KeyPair;
let otherKey: KeyPair;
beforeAll(async () => {
  await ready;
  feedKey = keyPairFromSeed(new Uint8Array(32).fill(1));
  otherKey = keyPairFromSeed(new Uint8Array(32).fill(2));
});

type Answer = (nonce: Uint8Array) => Response;

/** Asks a server whose answer takes 80 ms of monotonic time. */
function ask(answer: Answer) {
  let monotonicMs = 1_000;
  const fetchFake: typeof fetch = async (_url, init) => {
    monotonicMs += 80;
    const { nonce } = JSON.parse(init?.body instanceof Uint8Array ? new TextDecoder().decode(init.body) : '') as {
      nonce: string;
    };
    return answer(hexToBytes(nonce) ?? new Uint8Array());
  };
  return askServerTime({
    cloudUrl: 'http://cloud.test/base/',
    clock: { wallMs: () => 0, monotonicMs: () => monotonicMs },
    random: (bytes) => new Uint8Array(bytes).fill(5),
    feedKeyOf: (id) => (id === keyId(feedKey.publicKey) ? feedKey.publicKey : undefined),
    fetch: fetchFake,
  });
}
const bytes = (body: Uint8Array, status = 200): Response => new Response(Buffer.from(body), { status });

test('a signed answer is worth half its round trip', async () => {
  expect(await ask((nonce) => bytes(signServerTime(nonce, serverMs, feedKey)))).toEqual({
    ok: true,
    value: { source: 'server', trueMs: serverMs, uncertaintyMs: 41, monotonicMs: 1_040 },
  });
});

test.each<[string, () => Answer, string]>([
  [
    'signed by somebody else',
    () => (nonce) => bytes(signServerTime(nonce, serverMs, otherKey)),
    'server-time-key-unknown',
  ],
  [
    'to another question',
    () => () => bytes(signServerTime(new Uint8Array(16), serverMs, feedKey)),
    'server-time-nonce-mismatch',
  ],
  [
    'with a changed bit',
    () => (nonce) => {
      const signed = signServerTime(nonce, serverMs, feedKey);
      signed[signed.length - 1] = (signed.at(-1) ?? 0) ^ 1;
      return bytes(signed);
    },
    'server-time-signature-invalid',
  ],
  ['that is garbage', () => () => new Response('<html>'), 'server-time-malformed'],
  ['that never ends', () => () => bytes(new Uint8Array(100_000)), 'http-too-large'],
  ['that is an error', () => () => new Response('no', { status: 500 }), 'time-refused'],
  [
    'that does not come',
    () => () => {
      throw new TypeError('fetch failed', { cause: Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }) });
    },
    'http-unreachable',
  ],
])('an answer %s is not believed', async (_what, answer, type) => {
  expect(await ask(answer())).toMatchObject({ ok: false, error: { type } });
});

test('the nonce is fresh for the server and in the question', async () => {
  let seen = '';
  await ask((nonce) => {
    seen = bytesToHex(nonce);
    return bytes(signServerTime(nonce, serverMs, feedKey));
  });
  expect(seen).toBe('05'.repeat(16));
});
