// Goal: a gate whose LAN port is taken says so in words that help, and is reached by the others as soon as the port is free.
import { createServer, type AddressInfo, type Server } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import {
  keepListening,
  retryListeningMs,
  type KeptListener,
} from '../../../../gate-agent/src/replication/keep-listening.ts';
import type { LanListener } from '../../../../gate-agent/src/replication/lan-listener.ts';
import { splitAddress } from '../../../../gate-agent/src/replication/lan-peer.ts';
import { silentLog } from '../../../support/cloud.ts';
import { createVirtualTime, type VirtualTime } from '../../../support/virtual-time.ts';

const listenAt = async (port: number, host = '127.0.0.1'): Promise<Server> => {
  const server = createServer();
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, host, resolve));
  onTestFinished(() => void server.close());
  return server;
};
const portOf = (server: Server): number => (server.address() as AddressInfo).port;
const closeServer = (server: Server): Promise<void> => new Promise((resolve) => void server.close(() => resolve()));

/** As the LAN listener does, without TLS. */
const start = async (address: string): Promise<LanListener> => {
  const { host, port } = splitAddress(address);
  const server = await listenAt(port, host);
  return { port: portOf(server), close: () => closeServer(server) };
};

interface Keeping {
  readonly time: VirtualTime;
  readonly kept: KeptListener;
  readonly stop: () => Promise<void>;
}
async function keep(address: string, starts: typeof start = start): Promise<Keeping> {
  const time = createVirtualTime();
  const stopping = new AbortController();
  const kept = await keepListening({ address, start: starts, timer: time.timer, log: silentLog }, stopping.signal);
  const stop = async (): Promise<void> => {
    stopping.abort();
    await kept.close();
  };
  onTestFinished(stop);
  return { time, kept, stop };
}

test('a port that is taken is named with what to do, and taken over when it is free', async () => {
  const other = await listenAt(0);
  const port = portOf(other);
  const { kept, time } = await keep(`127.0.0.1:${port}`);
  expect(kept.port()).toBeUndefined();
  expect(kept.trouble()).toMatchObject({
    what: `other gates cannot reach this one: port ${port} is taken`,
    next: expect.stringMatching(/ss -ltnp .*\[lan\] listen.*tried again/),
  });
  await closeServer(other);
  await time.advance(retryListeningMs);
  await expect.poll(kept.port).toBe(port);
  expect(kept.trouble()).toBeUndefined();
});

test('an address that this machine does not have yet is said, and tried again', async () => {
  let attempts = 0;
  const { kept, time } = await keep('192.0.2.1:7443', async () => {
    attempts += 1;
    if (attempts < 3) throw Object.assign(new Error('listen EADDRNOTAVAIL'), { code: 'EADDRNOTAVAIL' });
    return { port: 7_443, close: async () => undefined };
  });
  expect(kept.trouble()?.what).toContain('does not have the address 192.0.2.1');
  await time.advance(2 * retryListeningMs);
  expect(attempts).toBe(3);
  expect(kept.port()).toBe(7_443);
  await time.advance(2 * retryListeningMs);
  expect(attempts).toBe(3);
});

test('stopping ends the attempts', async () => {
  const other = await listenAt(0);
  const { stop, kept, time } = await keep(`127.0.0.1:${portOf(other)}`);
  await stop();
  await closeServer(other);
  await time.advance(2 * retryListeningMs);
  expect(kept.port()).toBeUndefined();
});
