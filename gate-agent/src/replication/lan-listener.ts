// Answers other gates on the LAN: mutual TLS 1.3, POST /sync, everything bounded. A connection that is not a listed gate's is cut, and
// whatever it has sent is not looked at.
import { createServer } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { syncContentType, syncMessageBytesMax, syncPath, type Logger } from '@postern/shared';
import { splitAddress } from './lan-peer.ts';
import { peerTimeHeader } from './peer-time.ts';
import { identifyPeer, tlsOptions, type TlsIdentity, type TrustState } from './tls-identity.ts';

export interface LanListenerDeps {
  /** `HOST:PORT`; port 0 takes any free one. */
  readonly address: string;
  readonly identity: TlsIdentity;
  readonly trust: () => TrustState;
  /** Answers one message of a gate; the status is an HTTP status. */
  readonly answer: (
    gate: string,
    message: Uint8Array,
  ) => Promise<{ readonly status: number; readonly body: Uint8Array }>;
  readonly log: Logger;
  /** Value of the time header while this gate's time is trusted (peer-time.ts). */
  readonly statedTime?: () => string | undefined;
}

export interface LanListener {
  readonly port: number;
  readonly close: () => Promise<void>;
}

export const connectionsMax = 128;
const requestTimeoutMs = 10_000;
const headersTimeoutMs = 5_000;
const checkConnectionsEveryMs = 1_000;
const idleTimeoutMs = 60_000;

/** Rejects when the address cannot be listened on. */
export async function startLanListener({
  address,
  identity,
  trust,
  answer,
  log,
  statedTime,
}: LanListenerDeps): Promise<LanListener> {
  const server = createServer({
    ...tlsOptions(identity),
    maxHeaderSize: 4_096,
    requestTimeout: requestTimeoutMs,
    headersTimeout: headersTimeoutMs,
    // Node looks only every 30 s otherwise, and a request that drips would live that much longer than its limit.
    connectionsCheckingInterval: checkConnectionsEveryMs,
    keepAliveTimeout: idleTimeoutMs,
    handshakeTimeout: headersTimeoutMs,
  });
  server.maxConnections = connectionsMax;
  const peers = new WeakMap<Socket, string>();

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const gate = peers.get(request.socket);
    // A gate that a newer feed no longer lists is cut off in the middle of a kept connection too.
    if (gate === undefined || trust().listedKey(gate) === undefined) return void request.socket.destroy();
    if (request.method !== 'POST' || request.url !== syncPath) return void response.writeHead(404).end('not-found');
    const message = await readBounded(request);
    if (message === undefined) return void response.writeHead(413, { Connection: 'close' }).end('body-too-large');
    const { status, body } = await answer(gate, message);
    const time = statedTime?.();
    response
      .writeHead(status, {
        'Content-Type': status === 200 ? syncContentType : 'text/plain',
        'Content-Length': body.length,
        ...(time === undefined ? {} : { [peerTimeHeader]: time }),
      })
      .end(body);
  };

  server.on('secureConnection', (socket) => {
    socket.on('error', () => {
      // A peer that goes away in mid-sentence: its next exchange says everything again.
    });
    const peer = identifyPeer(socket, identity, trust());
    if (peer.ok) return void peers.set(socket, peer.value);
    log.warn({ address: socket.remoteAddress, cause: peer.error.type }, 'a LAN connection was refused');
    socket.destroy();
  });
  server.on('tlsClientError', (cause) =>
    log.warn({ cause: cause.message.slice(0, 200) }, 'a LAN connection failed in its handshake'),
  );
  server.on(
    'request',
    (request, response) =>
      void handle(request, response).catch((cause: unknown) => {
        log.error({ cause: String(cause) }, 'a LAN request failed');
        request.socket.destroy();
      }),
  );

  const { host, port } = splitAddress(address);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      server.on('error', (cause) => log.error({ cause: cause.message }, 'the LAN listener failed'));
      resolve();
    });
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function readBounded(request: IncomingMessage): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    if (bytes > syncMessageBytesMax) return undefined;
    chunks.push(chunk);
  }
  return new Uint8Array(Buffer.concat(chunks));
}
