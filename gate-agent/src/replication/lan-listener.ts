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
  readonly timeoutMs?: number;
}

export interface LanListener {
  readonly port: number;
  readonly close: () => Promise<void>;
}

export const connectionsMax = 256;
/** So that one machine cannot take all of them. */
export const connectionsPerAddressMax = 32;
/** Of one gate: the one that is answered, and one behind it, as from a gate that has given up waiting and asks anew. */
const waitingPerGateMax = 2;
/** Messages that are read or answered at once; whoever comes later waits, so that memory has a bound. */
const answersAtOnceMax = 16;
/** For a whole request, and for reading the answer; half of it for the handshake and for the headers. */
const requestTimeoutMs = 10_000;
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
  timeoutMs = requestTimeoutMs,
}: LanListenerDeps): Promise<LanListener> {
  const server = createServer({
    ...tlsOptions(identity),
    maxHeaderSize: 4_096,
    requestTimeout: timeoutMs,
    headersTimeout: timeoutMs / 2,
    // Node looks only every 30 s otherwise, and a request that drips would live that much longer than its limit.
    connectionsCheckingInterval: checkConnectionsEveryMs,
    keepAliveTimeout: idleTimeoutMs,
    handshakeTimeout: timeoutMs / 2,
  });
  server.maxConnections = connectionsMax;
  server.timeout = timeoutMs;
  const peers = new WeakMap<Socket, string>();
  const places = createPlaces(answersAtOnceMax);
  /** Gates that are being answered, each one question at a time: how many it has asked, and when its last one is done. */
  const asking = new Map<string, { readonly waiting: number; readonly turn: Promise<void> }>();
  const connections = new Map<string, number>();

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    // From the beginning: who asks may be gone before the answer is there.
    const closed = new Promise<void>((resolve) => response.once('close', resolve));
    const gate = peers.get(request.socket);
    // A gate that a newer feed no longer lists is cut off in the middle of a kept connection too.
    if (gate === undefined || trust().listedKey(gate) === undefined) return void request.socket.destroy();
    if (request.method !== 'POST' || request.url !== syncPath) return void response.writeHead(404).end('not-found');
    const before = asking.get(gate) ?? { waiting: 0, turn: Promise.resolve() };
    if (before.waiting >= waitingPerGateMax)
      return void response.writeHead(429, { Connection: 'close' }).end('one-at-a-time');
    const turn = before.turn.then(() => places.take(() => reply(gate, request, response, closed)));
    const asked = { waiting: before.waiting + 1, turn: turn.catch(() => undefined) };
    asking.set(gate, asked);
    try {
      await turn;
    } finally {
      const now = asking.get(gate) ?? asked;
      if (now.waiting === 1) asking.delete(gate);
      else asking.set(gate, { ...now, waiting: now.waiting - 1 });
    }
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

  server.on('connection', (socket: Socket) => {
    const from = socket.remoteAddress ?? '';
    const open = (connections.get(from) ?? 0) + 1;
    if (open > connectionsPerAddressMax) return void socket.destroy();
    connections.set(from, open);
    socket.once('close', () => {
      const left = (connections.get(from) ?? 1) - 1;
      if (left > 0) connections.set(from, left);
      else connections.delete(from);
    });
  });
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

interface Places {
  /** Runs the task as soon as one of the places is free, first come, first served. */
  readonly take: (task: () => Promise<void>) => Promise<void>;
}

function createPlaces(count: number): Places {
  const waiting: (() => void)[] = [];
  let free = count;
  return {
    take: async (task) => {
      if (free > 0) free -= 1;
      else await new Promise<void>((resolve) => waiting.push(resolve));
      try {
        await task();
      } finally {
        const next = waiting.shift();
        if (next === undefined) free += 1;
        else next();
      }
    },
  };
}
