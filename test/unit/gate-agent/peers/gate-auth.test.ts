// Requests signed by the gate: over the cloud's last nonce, tried once more when only the nonce was old.
import { beforeAll, expect, test } from 'vitest';
import { gateTokenAudience, keyPairFromSeed, nonceHeader, ready, verifyRequestToken } from '@postern/shared';
import { createGateFetch, type GateFetch } from '../../../../gate-agent/src/peers/gate-auth.ts';

beforeAll(() => ready);
const keys = () => keyPairFromSeed(new Uint8Array(32).fill(3));
const clock = { wallMs: () => 1_700_000_000_000, monotonicMs: () => 0 };
const signal = new AbortController().signal;

/** A cloud that accepts only the nonce it gave last. */
function strictCloud(): { readonly send: GateFetch; readonly statuses: number[]; readonly forget: () => void } {
  const statuses: number[] = [];
  let nonce = 'first';
  let given = 0;
  const fetch = (async (url: URL, init: RequestInit) => {
    const token = new Headers(init.headers).get('Authorization')?.replace('Bearer ', '') ?? '';
    const body = new Uint8Array(init.body === undefined || init.body === null ? [] : (init.body as Buffer));
    const claims = verifyRequestToken(token, keys().publicKey, {
      audience: gateTokenAudience,
      method: init.method ?? '',
      path: url.pathname + url.search,
      body,
    });
    const status = claims.ok && claims.value.nonce === nonce && claims.value.iss === 'gate-a' ? 200 : 401;
    nonce = `nonce-${++given}`;
    statuses.push(status);
    return new Response('answer', { status, headers: { [nonceHeader]: nonce } });
  }) as typeof globalThis.fetch;
  return {
    send: createGateFetch({ gate: 'gate-a', keys: keys(), clock, fetch }),
    statuses,
    forget: () => void (nonce = 'restarted'),
  };
}

test('the first request learns the nonce, the next ones know it', async () => {
  const { send, statuses } = strictCloud();
  expect((await send('http://cloud.test/sync?x=1', { method: 'POST', body: Uint8Array.of(1, 2), signal })).status).toBe(
    200,
  );
  expect((await send('http://cloud.test/feed/7/manifest', { signal })).status).toBe(200);
  expect(statuses).toEqual([401, 200, 200]);
});

test('a forgotten nonce costs one more try', async () => {
  const { send, statuses, forget } = strictCloud();
  await send('http://cloud.test/sync', { method: 'POST', body: Uint8Array.of(1), signal });
  forget();
  expect((await send('http://cloud.test/sync', { method: 'POST', body: Uint8Array.of(1), signal })).status).toBe(200);
  expect(statuses).toEqual([401, 200, 401, 200]);
});

test('a refusal that brings no new nonce is not tried again', async () => {
  let calls = 0;
  const send = createGateFetch({
    gate: 'gate-a',
    keys: keys(),
    clock,
    fetch: async () => (calls++, new Response('no', { status: 401 })),
  });
  expect((await send('http://cloud.test/sync', { signal })).status).toBe(401);
  expect(calls).toBe(1);
});
