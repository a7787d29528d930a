// Goal: no packet from the network can end the thread that reads it, and a flood of them costs little.
import { EventEmitter } from 'node:events';
import type { Socket } from 'node:dgram';
import { Bonjour } from 'bonjour-service';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { guard, packetsPerSecondMax } from '../../../../gate-agent/src/replication/multicast-socket.ts';
import { createVirtualTime } from '../../../support/virtual-time.ts';

interface Reader {
  readonly on: (event: 'message', listener: (packet: Buffer) => void) => void;
}
const fakeSocket = (): Socket => {
  const nothing = (): void => undefined;
  const calls = { send: nothing, close: nothing, address: nothing, addMembership: nothing, dropMembership: nothing };
  const settings = { setMulticastInterface: nothing, setMulticastTTL: nothing, setMulticastLoopback: nothing };
  return Object.assign(new EventEmitter(), calls, settings) as unknown as Socket;
};

test('more packets a second than a venue makes are not read, the next second is', () => {
  const time = createVirtualTime();
  const socket = fakeSocket();
  let read = 0;
  (guard(socket, time.clock) as Reader).on('message', () => (read += 1));
  const flood = (): void => {
    for (let packet = 0; packet < 10_000; packet++) socket.emit('message', Buffer.alloc(10), {});
  };
  flood();
  expect(read).toBe(packetsPerSecondMax);
  time.jump(1_000);
  flood();
  expect(read).toBe(2 * packetsPerSecondMax);
});

test('a packet over its size is not read, and one that makes the reader throw is forgotten', () => {
  const socket = fakeSocket();
  const lengths: number[] = [];
  (guard(socket, createVirtualTime().clock) as Reader).on('message', (packet) => {
    lengths.push(packet.length);
    if (packet.length === 13) throw new Error('unlucky');
  });
  for (const length of [12, 13, 65_000, 14]) socket.emit('message', Buffer.alloc(length), {});
  expect(lengths).toEqual([12, 13, 14]);
});

test('the library behind it survives whatever a packet holds', () => {
  const time = createVirtualTime();
  const socket = fakeSocket();
  const bonjour = new Bonjour({ socket: guard(socket, time.clock), bind: false } as object);
  bonjour.find({ type: 'postern-gate' });
  const flags = fc.constantFrom(0, 0x8000, 0x8400);
  const header = fc
    .tuple(flags, fc.nat(3), fc.nat(3), fc.nat(3), fc.nat(3))
    .map((words) => Buffer.from(Uint16Array.from([0, ...words]).buffer).swap16());
  fc.assert(
    fc.property(header, fc.uint8Array({ maxLength: 120 }), (start, rest) => {
      time.jump(1_000);
      expect(socket.emit('message', Buffer.concat([start, rest]), { address: '10.0.0.9', port: 5_353 })).toBe(true);
    }),
    { numRuns: 2_000 },
  );
  bonjour.destroy();
});
