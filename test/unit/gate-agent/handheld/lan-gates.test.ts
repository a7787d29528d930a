// The way from a handheld to gates on the LAN: a few at a time, whoever does not answer makes room, and nobody is asked before the browser
// allows it.
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  gateWebStatusPath,
  gateWebSyncPath,
  gateWebTokenAudience,
  keyPairFromSeed,
  ready,
  sha256,
  syncContentType,
  utf8,
  verifyRequestToken,
  type KeyPair,
  type Peer,
  type PeerError,
} from '@postern/shared';
import { createLanGates, lanGatesMax, turnMs } from '../../../../gate-agent/src/handheld/core/lan-gates.ts';
import { createWebGatePeer } from '../../../../gate-agent/src/peers/web-gate.ts';
import { createVirtualTime, type VirtualTime } from '../../../support/virtual-time.ts';

let keys: KeyPair;
beforeAll(async () => {
  await ready;
  keys = keyPairFromSeed(sha256(utf8('phone')));
});

describe('a gate on the LAN as a peer', () => {
  interface Asked {
    readonly method: string;
    readonly path: string;
    readonly token: string;
    readonly body: Uint8Array;
  }
  const asked: Asked[] = [];
  let nonce = 'first';
  let status = 200;
  beforeEach(() => {
    asked.length = 0;
    nonce = 'first';
    status = 200;
  });
  const fakeFetch = (async (input: string | URL, init: RequestInit = {}) => {
    const url = new URL(input);
    const body = init.body === undefined || init.body === null ? new Uint8Array(0) : (init.body as Uint8Array);
    const headers = new Headers(init.headers);
    const token = headers.get('Authorization')?.slice('Bearer '.length) ?? '';
    asked.push({ method: init.method ?? 'GET', path: url.pathname, token, body });
    if (token === '') return new Response(null, { status: 204, headers: { 'Postern-Nonce': nonce } });
    return new Response(Uint8Array.of(7), {
      status,
      headers: { 'Content-Type': syncContentType, 'Postern-Nonce': nonce },
    });
  }) as typeof fetch;
  const peer = (time: VirtualTime): Peer =>
    createWebGatePeer({
      gate: 'gate-a',
      url: 'https://gate-a.gates.test:7445',
      self: 'phone-1',
      keys,
      clock: time.clock,
      fetch: fakeFetch,
    });
  const exchange = (of: Peer): ReturnType<Peer['exchange']> =>
    of.exchange(Uint8Array.of(1, 2), new AbortController().signal);
  const claimsOf = ({ method, path, token, body }: Asked) =>
    verifyRequestToken(token, keys.publicKey, { audience: gateWebTokenAudience, method, path, body });

  test('asks for a nonce first, then signs each message for this gate alone', async () => {
    const of = peer(createVirtualTime());
    expect(await exchange(of)).toEqual({ ok: true, value: Uint8Array.of(7) });
    nonce = 'second';
    await exchange(of);
    await exchange(of);
    expect(asked.map(({ path }) => path)).toEqual([
      gateWebStatusPath('gate-a'),
      ...Array.from({ length: 3 }, () => gateWebSyncPath('gate-a')),
    ]);
    expect(asked.slice(1).map((one) => claimsOf(one))).toMatchObject([
      { ok: true, value: { iss: 'phone-1', nonce: 'first' } },
      { ok: true, value: { nonce: 'first' } },
      { ok: true, value: { nonce: 'second' } },
    ]);
  });

  test('asks for another nonce once the last one is old', async () => {
    const time = createVirtualTime();
    const of = peer(time);
    await exchange(of);
    await time.advance(5 * 60_000);
    await exchange(of);
    expect(asked.filter(({ token }) => token === '')).toHaveLength(2);
  });

  test('is refused where the gate does not know the handheld', async () => {
    status = 403;
    expect(await exchange(peer(createVirtualTime()))).toMatchObject({
      ok: false,
      error: { type: 'peer-refused', status: 403 },
    });
  });
});

describe('the gates that a handheld speaks with', () => {
  const stopping: AbortController[] = [];
  afterEach(() => {
    for (const controller of stopping.splice(0)) controller.abort();
  });

  const start = (gates: string[]) => {
    const time = createVirtualTime();
    const followed = new Map<string, (error: PeerError | undefined) => unknown>();
    const stop = new AbortController();
    stopping.push(stop);
    const lan = createLanGates({
      domain: 'gates.test',
      self: 'phone-1',
      keys,
      gates: () => gates,
      follow: (peer, onTurn, signal) =>
        new Promise((resolve) => {
          followed.set(peer.id, onTurn);
          signal.addEventListener('abort', () => {
            followed.delete(peer.id);
            resolve();
          });
        }),
      forget: () => undefined,
      clock: time.clock,
      timer: time.timer,
    });
    const ended = lan.run(stop.signal);
    return { lan, time, followed, gates, stop, ended };
  };
  const unreachable: PeerError = { type: 'peer-unreachable', cause: 'no' };

  test('are none before the browser allows it, and none once it no longer does', async () => {
    const { lan, time, followed } = start(['gate-a', 'phone-1']);
    await time.advance(10 * turnMs);
    expect([...followed.keys()]).toEqual([]);
    lan.allow(true);
    await time.advance(turnMs);
    expect([...followed.keys()]).toEqual(['gate-a']);
    lan.allow(false);
    await time.advance(turnMs);
    expect([...followed.keys()]).toEqual([]);
  });

  test('are a few at a time; who does not answer makes room for the next, who answers stays', async () => {
    const { lan, time, followed } = start(['a', 'b', 'c', 'd', 'e']);
    lan.allow(true);
    await time.advance(turnMs);
    expect([...followed.keys()]).toEqual(['a', 'b', 'c']);
    expect(followed.size).toBe(lanGatesMax);
    followed.get('a')?.(undefined);
    for (const gate of ['b', 'c']) {
      const tell = followed.get(gate);
      tell?.(unreachable);
      tell?.(unreachable);
    }
    await time.advance(turnMs);
    expect([...followed.keys()].toSorted()).toEqual(['a', 'd', 'e']);
  });

  test('are let go when the list no longer names them, and at the end', async () => {
    const { lan, time, followed, gates, stop, ended } = start(['a', 'b']);
    lan.allow(true);
    await time.advance(turnMs);
    gates.splice(0, 1);
    await time.advance(turnMs);
    expect([...followed.keys()]).toEqual(['b']);
    stop.abort();
    await ended;
    expect([...followed.keys()]).toEqual([]);
  });
});
