// A cloud of a test behind a port of this machine, for browsers.
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import type { TestCloud } from './cloud.ts';

export interface ServedCloud {
  /** Without a slash at the end. */
  readonly url: string;
  readonly port: number;
  /** Ends its streams and connections; the cloud itself stays open. */
  readonly stop: () => Promise<void>;
}

/** At `port`, where an earlier one was; else at any. */
export async function serveCloud({ cloud }: TestCloud, port = 0): Promise<ServedCloud> {
  const server = createAdaptorServer({ fetch: cloud.app.fetch });
  await new Promise<void>((resolve) => void server.listen(port, '127.0.0.1', resolve));
  const used = (server.address() as AddressInfo).port;
  return {
    url: `http://127.0.0.1:${used}`,
    port: used,
    stop: () =>
      new Promise((resolve) => {
        cloud.endStreams();
        server.close(() => resolve());
        if ('closeAllConnections' in server) server.closeAllConnections();
      }),
  };
}
