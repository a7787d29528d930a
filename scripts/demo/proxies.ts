// The demo's cables: one TCP relay for each direction in which two processes talk. Cutting the network drops every open
// socket and refuses new ones; nobody at either end is told, so the agents find out as they would behind a real switch.
import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net';

/** Open connections a cable carries at most; further ones are dropped as they arrive. */
const connectionsMax = 256;

export interface Cable {
  /** What the near end connects to. */
  readonly port: number;
  /** Where the far end listens; may be set (again) later, since an enrolled gate's port is known only when it runs. */
  readonly connectTo: (port: number) => void;
  readonly bytesCarried: () => number;
}

export interface Network {
  /** Lays a cable on 127.0.0.1; without a far end, or while the network is cut, connections are refused. */
  readonly layCable: (farPort?: number) => Promise<Cable>;
  readonly cut: () => void;
  readonly heal: () => void;
  readonly isCut: () => boolean;
  /** Drops everything and stops listening. */
  readonly close: () => Promise<void>;
}

export function createNetwork(): Network {
  const sockets = new Set<Socket>();
  const servers = new Set<Server>();
  let cut = false;

  const drop = (socket: Socket): void => {
    sockets.delete(socket);
    // A reset, not an orderly goodbye: a pulled cable never sends one.
    socket.resetAndDestroy();
  };

  const relay = (near: Socket, farPort: number, count: (bytes: number) => void): void => {
    const far = connect({ host: '127.0.0.1', port: farPort });
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.setNoDelay(true);
      from.on('data', (chunk) => count(chunk.length));
      from.pipe(to);
      // An error is always followed by `close`, which ends the other side as well.
      from.on('error', () => undefined);
      from.on('close', () => {
        sockets.delete(from);
        to.destroy();
      });
    }
  };

  return {
    layCable: async (initialFarPort) => {
      let farPort = initialFarPort;
      let carried = 0;
      const server = createServer((near) => {
        if (cut || farPort === undefined || sockets.size >= connectionsMax * 2) return drop(near);
        relay(near, farPort, (bytes) => (carried += bytes));
      });
      servers.add(server);
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(0, '127.0.0.1', resolve);
      });
      const { port } = server.address() as AddressInfo;
      return { port, connectTo: (next) => void (farPort = next), bytesCarried: () => carried };
    },
    cut: () => {
      cut = true;
      for (const socket of sockets) drop(socket);
    },
    heal: () => {
      cut = false;
    },
    isCut: () => cut,
    close: async () => {
      cut = true;
      for (const socket of sockets) drop(socket);
      await Promise.all([...servers].map((server) => new Promise<void>((resolve) => server.close(() => resolve()))));
    },
  };
}
