// The floor under a mark's way to all gates: a bare message over kept TCP connections to every one of them, and back. Arguments: a port on
// which messages are sent back; or `send`, how often, and the addresses. Prints a JSON array of the milliseconds until the last was back.
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as rest } from 'node:timers/promises';
import { splitAddress } from '../../gate-agent/src/replication/lan-peer.ts';

/** About what a signed mark takes. */
const message = new Uint8Array(400);
const pauseMs = 50;

async function send(times: number, addresses: readonly string[]): Promise<readonly number[]> {
  const sockets = await Promise.all(
    addresses.map(async (address) => {
      const socket = connect(splitAddress(address)).setNoDelay();
      await once(socket, 'connect');
      return socket;
    }),
  );
  const samples: number[] = [];
  for (let time = 0; time < times; time++) {
    const startedMs = performance.now();
    const back = Promise.all(sockets.map(readBack));
    for (const socket of sockets) socket.write(message);
    await back;
    samples.push(performance.now() - startedMs);
    await rest(pauseMs);
  }
  for (const socket of sockets) socket.destroy();
  return samples;
}

const readBack = (socket: Socket): Promise<void> =>
  new Promise((resolve) => {
    let bytes = 0;
    const read = (data: Uint8Array): void => {
      bytes += data.length;
      if (bytes < message.length) return;
      socket.off('data', read);
      resolve();
    };
    socket.on('data', read);
  });

const [first = '0', times = '1', ...addresses] = process.argv.slice(2);
if (first === 'send') console.log(JSON.stringify(await send(Number(times), addresses)));
else
  createServer((socket) => {
    socket.setNoDelay().on('error', () => undefined);
    socket.on('data', (data) => socket.write(data));
  }).listen(Number(first), () => console.log('ready'));
