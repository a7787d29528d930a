// A busy port is no reason to stop: the demo takes the next free one.
import { createServer } from 'node:net';

const attemptsMax = 200;

/** The first port from `first` upwards that 127.0.0.1 lets us listen on. Throws after 200 busy ones. */
export async function findFreePort(first: number): Promise<number> {
  for (let port = first; port < first + attemptsMax; port++) if (await isFree(port)) return port;
  throw new Error(`no free port between ${first} and ${first + attemptsMax - 1}`);
}

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
