// Two gates on the LAN over real sockets: only listed gates of this deployment are answered, and nothing is sent to anybody else.
import { createServer, request } from 'node:https';
import { connect as tcpConnect, type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, type TLSSocket } from 'node:tls';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { ready, syncMessageBytesMax, type Logger } from '@postern/shared';
import { connectionsPerAddressMax } from '../../../../gate-agent/src/replication/answer-turns.ts';
import { startLanListener, type LanListener } from '../../../../gate-agent/src/replication/lan-listener.ts';
import { createLanPeer, type LanPeer } from '../../../../gate-agent/src/replication/lan-peer.ts';
import { tlsOptions, type TrustState } from '../../../../gate-agent/src/replication/tls-identity.ts';
import { createDeployment, deploymentNowMs, type CertifiedGate, type Deployment } from '../../../support/deployment.ts';

let ours: Deployment;
let forger: Deployment;
const opened: { close: () => unknown }[] = [];
beforeAll(async () => {
  await ready;
  ours = await createDeployment();
  forger = await createDeployment('forger');
});
afterEach(async () => {
  for (const item of opened.splice(0).toReversed()) await item.close();
});

const silent: Logger = { info: () => {}, warn: () => {}, error: () => {} };
const trusting =
  (gates: readonly CertifiedGate[], overrides: Partial<TrustState> = {}): (() => TrustState) =>
  () => ({
    atMs: deploymentNowMs,
    timeTrusted: true,
    graceMs: 0,
    listedKey: (gate) => gates.find((known) => known.gate === gate)?.keys.publicKey,
    ...overrides,
  });

interface Heard {
  readonly gate: string;
  readonly message: Uint8Array;
}

const listen = async (identity: CertifiedGate, trust: () => TrustState, heard: Heard[] = []): Promise<LanListener> => {
  const listener = await startLanListener({
    address: '127.0.0.1:0',
    identity,
    trust,
    log: silent,
    timeoutMs: 1_000,
    answer: async (gate, message) => {
      heard.push({ gate, message });
      return { status: 200, body: message.toReversed() };
    },
  });
  opened.push(listener);
  return listener;
};
const peerOf = (listener: LanListener, identity: CertifiedGate, trust: () => TrustState): LanPeer => {
  const peer = createLanPeer({ address: `127.0.0.1:${listener.port}`, identity, trust });
  opened.push(peer);
  return peer;
};
const signal = new AbortController().signal;

describe('gates of one deployment', () => {
  test('exchange messages, over one kept connection', async () => {
    const [a, b] = [await ours.certify('gate-a'), await ours.certify('gate-b')];
    const heard: Heard[] = [];
    const listener = await listen(a, trusting([a, b]), heard);
    const peer = peerOf(listener, b, trusting([a, b]));
    for (const byte of [1, 2, 3])
      expect(await peer.exchange(Uint8Array.of(byte, 9), signal)).toEqual({ ok: true, value: Uint8Array.of(9, byte) });
    expect(heard.map(({ gate }) => gate)).toEqual(['gate-b', 'gate-b', 'gate-b']);
  });

  test('carry a message of the largest size, and refuse a larger one', async () => {
    const [a, b] = [await ours.certify('gate-a'), await ours.certify('gate-b')];
    const listener = await startLanListener({
      address: '127.0.0.1:0',
      identity: a,
      trust: trusting([a, b]),
      log: silent,
      answer: async (_gate, message) => ({ status: 200, body: message }),
    });
    opened.push(listener);
    const peer = peerOf(listener, b, trusting([a, b]));
    const largest = await peer.exchange(new Uint8Array(syncMessageBytesMax), signal);
    expect(largest.ok && largest.value.length).toBe(syncMessageBytesMax);
    expect((await peer.exchange(new Uint8Array(syncMessageBytesMax + 1), signal)).ok).toBe(false);
  });

  test('whose certificate has expired go on within the grace', async () => {
    const [a, b] = [
      await ours.certify('gate-a'),
      await ours.certify('gate-b', { notAfterMs: deploymentNowMs - 1_000 }),
    ];
    const within = await listen(a, trusting([a, b], { graceMs: 60_000 }));
    expect((await peerOf(within, b, trusting([a, b])).exchange(Uint8Array.of(1), signal)).ok).toBe(true);
    const beyond = await listen(a, trusting([a, b]));
    expect((await peerOf(beyond, b, trusting([a, b])).exchange(Uint8Array.of(1), signal)).ok).toBe(false);
  });
});

describe('a listener', () => {
  test.each([
    ['a gate that the feed does not list', async () => ({ caller: await ours.certify('gate-x'), listed: [] })],
    [
      'a forger with a listed name',
      async () => ({
        caller: { ...(await forger.certify('gate-b')), ca: ours.ca },
        listed: [await ours.certify('gate-b')],
      }),
    ],
  ] as const)('does not answer %s', async (_name, make) => {
    const a = await ours.certify('gate-a');
    const { caller, listed } = await make();
    const heard: Heard[] = [];
    const listener = await listen(a, trusting([a, ...listed]), heard);
    const answer = await peerOf(listener, caller, trusting([a])).exchange(Uint8Array.of(1), signal);
    expect(answer).toMatchObject({ ok: false });
    expect(heard).toEqual([]);
  });

  test('does not answer a caller without a certificate, or one that speaks an older TLS', async () => {
    const a = await ours.certify('gate-a');
    const heard: Heard[] = [];
    const listener = await listen(a, trusting([a]), heard);
    const ended = (options: object): Promise<string> =>
      new Promise((resolve) => {
        const socket = connect({ host: '127.0.0.1', port: listener.port, rejectUnauthorized: false, ...options }, () =>
          socket.write('POST /sync HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n1'),
        );
        socket
          .on('data', () => resolve('answered'))
          .on('error', () => resolve('ended'))
          .on('close', () => resolve('ended'));
      });
    expect(await ended({})).toBe('ended');
    expect(await ended({ ...tlsOptions(a), minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' })).toBe('ended');
    expect(heard).toEqual([]);
  });

  test('knows nothing but the exchange', async () => {
    const [a, b] = [await ours.certify('gate-a'), await ours.certify('gate-b')];
    const listener = await listen(a, trusting([a, b]));
    const status = await new Promise((resolve) => {
      request(
        { host: '127.0.0.1', port: listener.port, path: '/metrics', agent: false, servername: '', ...tlsOptions(b) },
        (response) => resolve(response.resume().statusCode),
      ).end();
    });
    expect(status).toBe(404);
  });
});

describe('a caller', () => {
  test('sends nothing to a forger who has taken the address, nor to itself', async () => {
    const [a, b] = [await ours.certify('gate-a'), await ours.certify('gate-b')];
    const impostor = { ...(await forger.certify('gate-a')), ca: ours.ca };
    const heard: Heard[] = [];
    const listener = await listen(impostor, trusting([impostor, b]), heard);
    expect(await peerOf(listener, b, trusting([a, b])).exchange(Uint8Array.of(1), signal)).toMatchObject({
      ok: false,
      error: { type: 'peer-refused', cause: 'certificate-untrusted' },
    });
    const mirror = await listen(b, trusting([b]), heard);
    expect(await peerOf(mirror, b, trusting([b])).exchange(Uint8Array.of(1), signal)).toMatchObject({
      ok: false,
      error: { type: 'peer-refused' },
    });
    expect(heard).toEqual([]);
  });

  test('tells an unreachable address and a broken-off exchange', async () => {
    const b = await ours.certify('gate-b');
    const listener = await listen(b, trusting([b]));
    const peer = createLanPeer({ address: `127.0.0.1:${listener.port}`, identity: b, trust: trusting([b]) });
    opened.push(peer);
    await listener.close();
    expect(await peer.exchange(Uint8Array.of(1), signal)).toEqual({
      ok: false,
      error: { type: 'peer-unreachable', cause: 'ECONNREFUSED' },
    });
    expect(await peer.exchange(Uint8Array.of(1), AbortSignal.abort())).toMatchObject({
      ok: false,
      error: { type: 'peer-unreachable' },
    });
  });
});

describe('a hostile or broken peer', () => {
  /** A connection of that gate, on which anything can be written. */
  const speakAs = (gate: CertifiedGate, listener: LanListener): TLSSocket => {
    const socket = connect({ host: '127.0.0.1', port: listener.port, ...tlsOptions(gate) });
    socket.on('error', () => undefined);
    opened.push({ close: () => void socket.destroy() });
    return socket;
  };
  const ended = (socket: TLSSocket): Promise<string> =>
    new Promise((resolve) => {
      let heard = '';
      socket.on('data', (data: Buffer) => (heard += data.toString('latin1'))).on('close', () => resolve(heard));
    });
  const head = 'POST /sync HTTP/1.1\r\nHost: x\r\n';

  test('that drips holds up nobody else, and is cut off', async () => {
    const [a, b, c] = [await ours.certify('gate-a'), await ours.certify('gate-b'), await ours.certify('gate-c')];
    const listener = await listen(a, trusting([a, b, c]));
    const dripping = speakAs(c, listener);
    dripping.write(`${head}Content-Length: 1000\r\n\r\n`);
    const drip = setInterval(() => dripping.write('x'), 50);
    opened.push({ close: () => clearInterval(drip) });
    const peer = peerOf(listener, b, trusting([a, b, c]));
    for (let round = 0; round < 20; round++) expect((await peer.exchange(Uint8Array.of(round), signal)).ok).toBe(true);
    expect(await ended(dripping)).not.toContain('200 OK');
  });

  test('that sends what is no request, or too many headers, is cut off', async () => {
    const [a, b] = [await ours.certify('gate-a'), await ours.certify('gate-b')];
    const heard: Heard[] = [];
    const listener = await listen(a, trusting([a, b]), heard);
    for (const garbage of ['\u0000\u0001\u0002'.repeat(100), `${head}X: ${'x'.repeat(10_000)}\r\n\r\n`]) {
      const socket = speakAs(b, listener);
      socket.write(garbage);
      expect(await ended(socket)).not.toContain('200 OK');
    }
    expect(heard).toEqual([]);
  });

  test('that asks many things at once is answered one after the other, and refused most', async () => {
    const [a, b] = [await ours.certify('gate-a'), await ours.certify('gate-b')];
    let answering = 0;
    let answeringMax = 0;
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    const listener = await startLanListener({
      address: '127.0.0.1:0',
      identity: a,
      trust: trusting([a, b]),
      log: silent,
      answer: async () => {
        answeringMax = Math.max(answeringMax, ++answering);
        await released;
        answering -= 1;
        return { status: 200, body: new Uint8Array(1) };
      },
    });
    opened.push(listener);
    const flood = Array.from({ length: 10 }, () => peerOf(listener, b, trusting([a, b])));
    let answered = 0;
    const answers = flood.map(async (peer) => {
      const answer = await peer.exchange(Uint8Array.of(1), signal);
      answered += 1;
      return answer;
    });
    await expect.poll(() => answered, { timeout: 7_000 }).toBe(8);
    release();
    const all = await Promise.all(answers);
    expect(all.filter(({ ok }) => ok)).toHaveLength(2);
    expect(all.filter((answer) => !answer.ok && answer.error.cause === 'one-at-a-time')).toHaveLength(8);
    expect(answeringMax).toBe(1);
  });

  test('that gives up again and again before it is answered is answered as soon as it waits', async () => {
    const [a, b] = [await ours.certify('gate-a'), await ours.certify('gate-b')];
    const answersMs = [300, 300, 300, 0];
    const listener = await startLanListener({
      address: '127.0.0.1:0',
      identity: a,
      trust: trusting([a, b]),
      log: silent,
      answer: async () => {
        await sleep(answersMs.shift());
        return { status: 200, body: new Uint8Array(1) };
      },
    });
    opened.push(listener);
    const address = `127.0.0.1:${listener.port}`;
    const hasty = createLanPeer({ address, identity: b, trust: trusting([a, b]), timeoutMs: 100 });
    opened.push(hasty);
    for (let round = 0; round < 3; round++) expect((await hasty.exchange(Uint8Array.of(1), signal)).ok).toBe(false);
    await expect
      .poll(async () => (await peerOf(listener, b, trusting([a, b])).exchange(Uint8Array.of(1), signal)).ok, {
        timeout: 10_000,
      })
      .toBe(true);
  });

  test('cannot take all connections from one address', async () => {
    const [a, b] = [await ours.certify('gate-a'), await ours.certify('gate-b')];
    const listener = await listen(a, trusting([a, b]));
    const sockets = Array.from({ length: connectionsPerAddressMax + 20 }, () => {
      const socket = tcpConnect(listener.port, '127.0.0.1');
      opened.push({ close: () => void socket.destroy() });
      return new Promise<'cut'>((resolve) => socket.on('error', () => undefined).on('close', () => resolve('cut')));
    });
    // Those that say nothing are cut off too, by the limit on handshakes; it takes longer.
    let cut = 0;
    for (const socket of sockets) void socket.then(() => (cut += 1));
    await expect.poll(() => cut, { timeout: 45_000 }).toBeGreaterThanOrEqual(20);
    await Promise.all(sockets);
    expect((await peerOf(listener, b, trusting([a, b])).exchange(Uint8Array.of(1), signal)).ok).toBe(true);
  });

  test('that answers drop by drop, or for ever, is given up at the deadline', async () => {
    const [a, b] = [await ours.certify('gate-a'), await ours.certify('gate-b')];
    for (const answer of ['drips', 'floods'] as const) {
      const server = createServer(tlsOptions(a), (_request, response) => {
        response.writeHead(200);
        const bytes = new Uint8Array(answer === 'drips' ? 1 : 64 * 1024);
        const timer = setInterval(() => response.write(bytes), answer === 'drips' ? 20 : 0);
        response.on('close', () => clearInterval(timer));
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      opened.push({ close: () => (server.closeAllConnections(), server.close()) });
      const { port } = server.address() as AddressInfo;
      const peer = createLanPeer({
        address: `127.0.0.1:${port}`,
        identity: b,
        trust: trusting([a, b]),
        timeoutMs: answer === 'drips' ? 300 : 10_000,
      });
      opened.push(peer);
      expect(await peer.exchange(Uint8Array.of(1), signal)).toMatchObject({
        ok: false,
        error: { type: answer === 'drips' ? 'peer-unreachable' : 'peer-garbage' },
      });
    }
  });
});
