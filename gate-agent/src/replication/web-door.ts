// Answers handhelds on the LAN: HTTPS under the gate's DNS name, for the cloud's own pages, every request signed by the handheld's own key
// (shared/src/gate-web.ts). The same messages as from other gates, in the same turns; nothing of it is on the way of a scan.
import { createServer } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  gateWebStatusPath,
  gateWebSyncPath,
  gateWebTokenAudience,
  isBodyOf,
  nonceHeader,
  requestTokenIssuer,
  syncContentType,
  verifyTokenBeforeBody,
  type Clock,
  type GateWebStatus,
  type Logger,
  type Nonces,
  type RequestTokenClaims,
} from '@postern/shared';
import { boundConnections, boundedServer, createAnswerTurns, readBounded, requestTimeoutMs } from './answer-turns.ts';
import { splitAddress } from './lan-peer.ts';
import { peerTimeHeader } from '../peers/peer-time.ts';
import type { TrustState } from './tls-identity.ts';

/** PEM: what the gate shows to browsers. */
export interface WebTls {
  readonly key: string;
  /** With what leads to the authority, where something does. */
  readonly cert: string;
}

export interface WebDoorDeps {
  readonly gate: string;
  /** `HOST:PORT`; port 0 takes any free one. */
  readonly address: string;
  readonly tls: WebTls;
  /** Whose pages are answered, as `https://tickets.example.org`; nobody's is empty. */
  readonly origins: () => readonly string[];
  readonly trust: () => TrustState;
  readonly answer: (
    sender: string,
    message: Uint8Array,
  ) => Promise<{ readonly status: number; readonly body: Uint8Array }>;
  readonly status: () => GateWebStatus;
  readonly nonces: Nonces;
  readonly clock: Clock;
  readonly log: Logger;
  /** Value of the time header while this gate's time is trusted (peers/peer-time.ts). */
  readonly statedTime?: () => string | undefined;
  readonly timeoutMs?: number;
}

export interface WebDoor {
  readonly port: number;
  /** The certificate has been renewed. */
  readonly renew: (tls: WebTls) => void;
  readonly close: () => Promise<void>;
}

/** Requests of one address that prove nobody, a minute. */
export const unprovenMax = 60;
const unprovenWindowMs = 60_000;
/** Addresses that are counted; a LAN has no more, and who makes up more starts the count anew for all. */
const addressesMax = 1_000;
/** How long a browser remembers that it may ask. */
const preflightMaxAgeS = 600;

/** Rejects when the address cannot be listened on. */
export async function startWebDoor(deps: WebDoorDeps): Promise<WebDoor> {
  const { gate, trust, answer, nonces, log, timeoutMs = requestTimeoutMs } = deps;
  const server = createServer({ ...deps.tls, minVersion: 'TLSv1.3', ...boundedServer(timeoutMs) });
  boundConnections(server, timeoutMs);
  const turns = createAnswerTurns();
  const unproven = createUnproven(deps.clock);

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const closed = new Promise<void>((resolve) => response.once('close', resolve));
    const refuse = (status: number, cause: string): void => {
      // What somebody goes on sending is not read.
      response.writeHead(status, { 'Content-Type': 'text/plain', Connection: 'close' }).end(cause);
    };
    response.setHeader('Vary', 'Origin');
    response.setHeader('Cache-Control', 'no-store');
    response.setHeader('X-Content-Type-Options', 'nosniff');
    const { origin = '' } = request.headers;
    if (origin === '' || !deps.origins().includes(origin)) return refuse(403, 'origin-forbidden');
    response.setHeader('Access-Control-Allow-Origin', origin);
    if (request.method === 'OPTIONS') return allow(request, response);
    response.setHeader('Access-Control-Expose-Headers', `${nonceHeader}, ${peerTimeHeader}`);
    response.setHeader(nonceHeader, nonces.make());
    const isSync = request.method === 'POST' && request.url === gateWebSyncPath(gate);
    if (!isSync && !(request.method === 'GET' && request.url === gateWebStatusPath(gate)))
      return refuse(404, 'not-found');
    // Who has no nonce yet asks for one; a refusal would stand in the page's console as a fault.
    if (!isSync && request.headers.authorization === undefined) return void response.writeHead(204).end();
    const from = request.socket.remoteAddress ?? '';
    if (unproven.isTooMany(from)) return refuse(429, 'attempts-exhausted');
    const claims = prove(request);
    if (typeof claims === 'string') {
      // Whoever has an old nonce is who they say.
      if (claims !== 'nonce-needed') unproven.note(from);
      return refuse(401, claims);
    }
    if (!isSync) return sendStatus(response);
    const answered = await turns.take(claims.iss, () => reply(claims, request, response, closed, refuse));
    if (!answered) refuse(429, 'one-at-a-time');
  };

  /** A handheld's claims, before its body has been read. */
  const prove = (request: IncomingMessage): RequestTokenClaims | 'token-invalid' | 'nonce-needed' => {
    const token = /^Bearer ([\x21-\x7e]{1,2048})$/i.exec(request.headers.authorization ?? '')?.[1];
    const issuer = token === undefined ? undefined : requestTokenIssuer(token);
    const publicKey = issuer === undefined ? undefined : trust().listedKey(issuer);
    if (token === undefined || publicKey === undefined) return 'token-invalid';
    const claims = verifyTokenBeforeBody(token, publicKey, {
      audience: gateWebTokenAudience,
      method: request.method ?? '',
      path: request.url ?? '',
    });
    if (!claims.ok) return 'token-invalid';
    return nonces.isGood(claims.value.nonce) ? claims.value : 'nonce-needed';
  };

  const reply = async (
    claims: RequestTokenClaims,
    request: IncomingMessage,
    response: ServerResponse,
    closed: Promise<void>,
    refuse: (status: number, cause: string) => void,
  ): Promise<void> => {
    const message = await readBounded(request);
    if (message === undefined) return refuse(413, 'body-too-large');
    if (!isBodyOf(claims, message)) return refuse(401, 'token-invalid');
    const { status, body } = await answer(claims.iss, message);
    tellTime(response);
    response
      .writeHead(status, {
        'Content-Type': status === 200 ? syncContentType : 'text/plain',
        'Content-Length': body.length,
      })
      .end(body);
    // Whoever does not read the answer keeps the place, until the connection is cut.
    await closed;
  };

  const tellTime = (response: ServerResponse): void => {
    const time = deps.statedTime?.();
    if (time !== undefined) response.setHeader(peerTimeHeader, time);
  };

  const sendStatus = (response: ServerResponse): void => {
    tellTime(response);
    response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(deps.status()));
  };

  server.on('tlsClientError', (cause) =>
    log.warn({ cause: cause.message.slice(0, 200) }, "a handheld's connection failed in its handshake"),
  );
  server.on(
    'request',
    (request, response) =>
      void handle(request, response).catch((cause: unknown) => {
        log.error({ cause: String(cause) }, "a handheld's request failed");
        request.socket.destroy();
      }),
  );
  const { host, port } = splitAddress(deps.address);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      server.on('error', (cause) => log.error({ cause: cause.message }, 'the door for handhelds failed'));
      resolve();
    });
  });
  return {
    port: (server.address() as AddressInfo).port,
    renew: (tls) => server.setSecureContext({ ...tls, minVersion: 'TLSv1.3' }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** The preflight (Fetch, 4.8), also that of Private Network Access, which asks whether a public page may reach into this network. */
function allow(request: IncomingMessage, response: ServerResponse): void {
  response.setHeader('Access-Control-Allow-Methods', 'GET, POST');
  response.setHeader('Access-Control-Allow-Headers', 'Authorization, Content-Type');
  response.setHeader('Access-Control-Max-Age', preflightMaxAgeS);
  if (request.headers['access-control-request-private-network'] === 'true')
    response.setHeader('Access-Control-Allow-Private-Network', 'true');
  response.writeHead(204).end();
}

interface Unproven {
  readonly note: (address: string) => void;
  readonly isTooMany: (address: string) => boolean;
}

function createUnproven(clock: Clock): Unproven {
  const counts = new Map<string, number>();
  let beganMs = clock.monotonicMs();
  return {
    note: (address) => {
      if (counts.size >= addressesMax) counts.clear();
      counts.set(address, (counts.get(address) ?? 0) + 1);
    },
    isTooMany: (address) => {
      const nowMs = clock.monotonicMs();
      if (nowMs - beganMs > unprovenWindowMs) {
        counts.clear();
        beganMs = nowMs;
      }
      return (counts.get(address) ?? 0) >= unprovenMax;
    },
  };
}
