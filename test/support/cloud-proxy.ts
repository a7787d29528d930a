// A proxy in front of a cloud, as deployments have one, under whose address phones open the page; a test says what else it serves.
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Headers that say something of the very bytes. */
const ofTheBody: ReadonlySet<string> = new Set(['content-length', 'etag', 'last-modified']);

export interface CloudProxy {
  /** Without a slash at the end. */
  readonly url: string;
  /** Whom it asks. */
  readonly leadTo: (cloudUrl: string) => void;
  /** From now on what lies under that path is served altered. */
  readonly alter: (path: string, change: (text: string) => string) => void;
  readonly close: () => Promise<void>;
}

export async function startCloudProxy(): Promise<CloudProxy> {
  let cloudUrl = '';
  const alterations = new Map<string, (text: string) => string>();
  const server: Server = createServer((incoming, outgoing) => {
    const change = alterations.get(incoming.url ?? '');
    // What is altered has to be read, so it comes as it is.
    const { 'accept-encoding': encoding, ...others } = incoming.headers;
    const headers =
      change === undefined && encoding !== undefined ? { ...others, 'accept-encoding': encoding } : others;
    const asked = request(cloudUrl + (incoming.url ?? ''), { method: incoming.method, headers }, (answer) => {
      if (change === undefined) {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
        return;
      }
      const parts: Buffer[] = [];
      answer.on('data', (part: Buffer) => parts.push(part));
      answer.on('end', () => {
        const kept = Object.entries(answer.headers).filter(([name]) => !ofTheBody.has(name));
        outgoing
          .writeHead(answer.statusCode ?? 502, Object.fromEntries(kept))
          .end(change(Buffer.concat(parts).toString()));
      });
    });
    // As without a proxy: nobody answers.
    asked.on('error', () => outgoing.destroy());
    incoming.pipe(asked);
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    leadTo: (url) => (cloudUrl = url),
    alter: (path, change) => void alterations.set(path, change),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
