// A multicast socket for mDNS with a guard before the library that reads it: packets are few and small enough, and whatever one of them
// makes the library throw ends with that packet.
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import type { Clock } from '@postern/shared';

export interface MulticastSocket {
  /** What multicast-dns wants of a socket. */
  readonly guarded: object;
}

const port = 5_353;
const packetBytesMax = 9_000;
export const packetsPerSecondMax = 300;

/** Rejects when port 5353 cannot be shared. `onError` hears what goes wrong later: the socket is to be thrown away. */
export async function openMulticastSocket(
  type: 'udp4' | 'udp6',
  clock: Clock,
  onError: (cause: Error) => void,
): Promise<MulticastSocket> {
  const socket = createSocket({ type, reuseAddr: true, ipv6Only: type === 'udp6' });
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(port, () => {
      socket.off('error', reject);
      socket.on('error', onError);
      resolve();
    });
  });
  return { guarded: guard(socket, clock) };
}

type Listener = (packet: Buffer, sender: RemoteInfo) => void;

/** For tests. */
export function guard(socket: Socket, clock: Clock): object {
  let secondStartedMs = clock.monotonicMs();
  let packets = 0;
  const isTooMuch = (packet: Buffer): boolean => {
    const nowMs = clock.monotonicMs();
    if (nowMs - secondStartedMs >= 1_000) {
      secondStartedMs = nowMs;
      packets = 0;
    }
    packets += 1;
    return packets > packetsPerSecondMax || packet.length > packetBytesMax;
  };
  const listen = (event: string, listener: Listener): void => {
    // It is bound already; its errors are the opener's.
    if (event === 'listening') return queueMicrotask(listener as () => void);
    if (event !== 'message') return;
    socket.on('message', (packet, sender) => {
      if (isTooMuch(packet)) return;
      try {
        listener(packet, sender);
      } catch {
        // Somebody's packet was made to do this; the next one is read as if it had not come.
      }
    });
  };
  const passOn = ['send', 'close', 'address', 'addMembership', 'dropMembership', 'setMulticastInterface'] as const;
  return {
    on: listen,
    setMulticastTTL: (hops: number) => socket.setMulticastTTL(hops),
    setMulticastLoopback: (on: boolean) => socket.setMulticastLoopback(on),
    ...Object.fromEntries(
      passOn.map((name) => [name, (socket[name] as (...values: unknown[]) => unknown).bind(socket)]),
    ),
  };
}
