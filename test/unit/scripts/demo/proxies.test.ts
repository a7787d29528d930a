// Goal: the demo's network behaves like a cable: it carries bytes, and when cut it drops and refuses without a word.
import { createServer, connect, type AddressInfo, type Socket } from 'node:net';
import { once } from 'node:events';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createNetwork, type Network } from '../../../../scripts/demo/proxies.ts';

let network: Network;
const farSockets = new Set<Socket>();
const echo = createServer((socket) => {
  farSockets.add(socket);
  socket.on('error', () => undefined);
  socket.pipe(socket);
});
let echoPort = 0;

beforeEach(async () => {
  network = createNetwork();
  echo.listen(0, '127.0.0.1');
  await once(echo, 'listening');
  echoPort = (echo.address() as AddressInfo).port;
});

afterEach(async () => {
  await network.close();
  for (const socket of farSockets) socket.destroy();
  farSockets.clear();
  await new Promise((resolve) => echo.close(resolve));
});

async function connectTo(port: number): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port });
  await once(socket, 'connect');
  return socket;
}

/** Resolves when the connection is gone, by whatever way. */
const gone = async (socket: Socket): Promise<void> => {
  socket.on('error', () => undefined);
  socket.resume();
  if (!socket.destroyed) await new Promise((resolve) => socket.once('close', resolve));
};

test('a cable carries bytes both ways and counts them', async () => {
  const cable = await network.layCable(echoPort);
  const socket = await connectTo(cable.port);
  socket.write('ticket');
  const [answer] = (await once(socket, 'data')) as [Buffer];
  expect(answer.toString()).toBe('ticket');
  expect(cable.bytesCarried()).toBe(12);
  socket.destroy();
});

test('cutting drops open connections at both ends and refuses new ones, healing lets them through again', async () => {
  const cable = await network.layCable(echoPort);
  const before = await connectTo(cable.port);
  before.write('x');
  await once(before, 'data');
  const farEnd = [...farSockets][0];
  network.cut();
  expect(network.isCut()).toBe(true);
  await gone(before);
  if (farEnd !== undefined) await gone(farEnd);
  await gone(connect({ host: '127.0.0.1', port: cable.port }));
  network.heal();
  const after = await connectTo(cable.port);
  after.write('y');
  const [answer] = (await once(after, 'data')) as [Buffer];
  expect(answer.toString()).toBe('y');
  after.destroy();
});

test('a cable without a far end refuses until it gets one', async () => {
  const cable = await network.layCable();
  await gone(connect({ host: '127.0.0.1', port: cable.port }));
  cable.connectTo(echoPort);
  const socket = await connectTo(cable.port);
  socket.write('z');
  await once(socket, 'data');
  socket.destroy();
});
