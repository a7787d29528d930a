// Goal: a phone that nobody has told the time learns it from a gate next door, as sure as that gate is and the question took, and asks nobody while it
// knows.
import { beforeAll, expect, test } from 'vitest';
import { gateWebStatusPath, keyPairFromSeed, ready, sha256, utf8, type KeyPair } from '@postern/shared';
import type { TimeSample } from '../../../../gate-agent/src/clock-trust.ts';
import { keepAskingLanTime, lanTimeEveryMs } from '../../../../gate-agent/src/handheld/core/lan-time.ts';
import { createVirtualTime } from '../../../support/virtual-time.ts';

const statedMs = Date.UTC(2030, 0, 1);
let keys: KeyPair;
beforeAll(async () => {
  await ready;
  keys = keyPairFromSeed(sha256(utf8('phone')));
});

/** What each gate says; `undefined` answers nothing, and answers take 100 ms. */
function start(gates: Readonly<Record<string, { readonly status?: number; readonly time?: string } | undefined>>) {
  const time = createVirtualTime();
  const stopping = new AbortController();
  const learned: TimeSample[] = [];
  const asked: string[] = [];
  const phone = { isTrusted: false };
  const fakeFetch = (async (input: string | URL, init: RequestInit = {}) => {
    const { hostname, pathname } = new URL(input);
    const gate = gates[hostname.split('.')[0] ?? ''];
    expect(pathname).toBe(gateWebStatusPath(hostname.split('.')[0] ?? ''));
    if (!new Headers(init.headers).has('Authorization')) {
      await new Promise((resolve) => void time.timer.after(5_000, () => resolve(undefined)));
      return new Response(null, { status: 204, headers: { 'Postern-Nonce': 'fresh' } });
    }
    asked.push(hostname);
    if (gate === undefined) throw new TypeError('Failed to fetch');
    await new Promise((resolve) => void time.timer.after(100, () => resolve(undefined)));
    const headers = new Headers({ 'Postern-Nonce': 'fresh' });
    if (gate.time !== undefined) headers.set('Postern-Time', gate.time);
    return new Response('{}', { status: gate.status ?? 200, headers });
  }) as typeof fetch;
  const ended = keepAskingLanTime(
    {
      domain: 'gates.test',
      self: 'phone-1',
      keys,
      gates: () => Object.keys(gates),
      isTrusted: () => phone.isTrusted,
      clock: time.clock,
      timer: time.timer,
      fetch: fakeFetch,
    },
    (sample) => {
      learned.push(sample);
      phone.isTrusted = true;
    },
    stopping.signal,
  );
  return { time, learned, asked, phone, stop: () => (stopping.abort(), ended) };
}

test('half of the way there and back is added to what the gate itself is sure of, and asking for a nonce before is no part of that', async () => {
  const { time, learned, stop } = start({ 'gate-a': { time: `${statedMs};30` } });
  await time.advance(5_100);
  expect(learned).toEqual([
    { source: 'peer', trueMs: statedMs, uncertaintyMs: 80, monotonicMs: time.clock.monotonicMs() - 50 },
  ]);
  await stop();
});

test('nobody is asked while the time is trusted, and somebody as soon as it no longer is', async () => {
  const { time, learned, asked, phone, stop } = start({ 'gate-a': { time: `${statedMs};30` } });
  await time.advance(60_000);
  expect([asked.length, learned.length]).toEqual([1, 1]);
  phone.isTrusted = false;
  await time.advance(lanTimeEveryMs + 10_000);
  expect([asked.length, learned.length]).toEqual([2, 2]);
  await stop();
});

test('the next gate is asked where one is gone, is not sure, says nonsense or does not know the phone', async () => {
  const { time, learned, asked, stop } = start({
    'gate-a': undefined,
    'gate-b': {},
    'gate-c': { time: 'noon' },
    'gate-d': { status: 401, time: `${statedMs};30` },
    'gate-e': { time: `${statedMs + 1};30` },
  });
  await time.advance(30_000);
  expect([...new Set(asked)]).toEqual(['a', 'b', 'c', 'd', 'e'].map((name) => `gate-${name}.gates.test`));
  expect(learned.map(({ trueMs }) => trueMs)).toEqual([statedMs + 1]);
  await stop();
});
