// Answers other gates on the LAN: mutual TLS 1.3, POST /sync, everything bounded. A connection that is not a listed gate's is cut, and
// whatever it has sent is not looked at.
import { createServer } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { syncContentType, syncPath, type Logger } from '@postern/shared';
import { boundConnections, boundedServer, createAnswerTurns, readBounded, requestTimeoutMs } from './answer-turns.ts';
import { splitAddress } from './lan-peer.ts';
import { peerTimeHeader } from '../peers/peer-time.ts';
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
  /** Value of the time header while this gate's time is trusted (peers/peer-time.ts). */
  readonly statedTime?: () => string | undefined;
  readonly timeoutMs?: number;
}

export interface LanListener {
  readonly port: number;
  readonly close: () => Promise<void>;
}

/** Rejects when the address cannot be listened on. */
export async function startLanListener({
  address,
  identity,
  trust,
  answer,
  log,
  statedTime,
  timeoutMs = requestTimeoutMs,
}: LanListenerDeps): Promise<LanListener> {
  const server = createServer({ ...tlsOptions(identity), ...boundedServer(timeoutMs) });
  boundConnections(server, timeoutMs);
  const peers = new WeakMap<Socket, string>();
  const turns = createAnswerTurns();

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    // From the beginning: who asks may be gone before the answer is there.
    const closed = new Promise<void>((resolve) => response.once('close', resolve));
    const gate = peers.get(request.socket);
    // A gate that a newer feed no longer lists is cut off in the middle of a kept connection too.
    if (gate === undefined || trust().listedKey(gate) === undefined) return void request.socket.destroy();
    if (request.method !== 'POST' || request.url !== syncPath) return void response.writeHead(404).end('not-found');
    const answered = await turns.take(gate, () => reply(gate, request, response, closed));
    if (!answered) response.writeHead(429, { Connection: 'close' }).end('one-at-a-time');
  };

  const reply = async (
    gate: string,
    request: IncomingMessage,
    response: ServerResponse,
    closed: Promise<void>,
  ): Promise<void> => {
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
    // Whoever does not read the answer keeps the place, until the connection is cut.
    await closed;
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
