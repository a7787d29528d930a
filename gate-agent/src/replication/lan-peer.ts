// Another gate on the LAN as a peer: POST /sync over mutual TLS 1.3. Not a byte is sent before the other end has been identified as a
// gate of this deployment. One connection is kept between exchanges.
import { request, Agent } from 'node:https';
import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import {
  err,
  ok,
  syncContentType,
  syncMessageBytesMax,
  syncPath,
  type Clock,
  type Peer,
  type PeerError,
  type Result,
} from '@postern/shared';
import { withDeadline } from '../waiting.ts';
import { peerTimeHeader, readPeerTime, type PeerTime } from '../peers/peer-time.ts';
import { identifyPeer, tlsOptions, type TlsIdentity, type TrustState } from './tls-identity.ts';

export interface LanPeerDeps {
  /** `HOST:PORT`, IPv6 in brackets. */
  readonly address: string;
  readonly identity: TlsIdentity;
  readonly trust: () => TrustState;
  readonly timeoutMs?: number;
  /** Called with what the other gate says the time is, whenever it does; needs `clock`. */
  readonly onTime?: (time: PeerTime) => void;
  readonly clock?: Clock;
}

export interface LanPeer extends Peer {
  /** Who answers there, as its certificate has last proved; undefined before the first answer. */
  readonly gate: () => string | undefined;
  readonly close: () => void;
}

export const lanTimeoutMs = 8_000;
/** Why a gate does not speak with itself, which happens where all have one list. */
export const ownGateCause = 'this-gate-itself';

export function createLanPeer({
  address,
  identity,
  trust,
  timeoutMs = lanTimeoutMs,
  onTime,
  clock,
}: LanPeerDeps): LanPeer {
  const { host, port } = splitAddress(address);
  // No session cache: a resumed connection would not show the certificate again.
  const agent = new Agent({ keepAlive: true, maxSockets: 1, maxCachedSessions: 0, ...tlsOptions(identity) });
  const identified = new WeakMap<TLSSocket, string>();
  let gate: string | undefined;

  const noteTime = (response: IncomingMessage, sentMs: number | undefined): void => {
    const receivedMs = clock?.monotonicMs();
    if (sentMs === undefined || receivedMs === undefined || response.statusCode !== 200) return;
    const time = readPeerTime(response.headers[peerTimeHeader], sentMs, receivedMs);
    if (time !== undefined) onTime?.(time);
  };

  const identify = (socket: TLSSocket): Result<string, PeerError> => {
    const known = identified.get(socket);
    if (known !== undefined && trust().listedKey(known) !== undefined) return ok(known);
    const peer = identifyPeer(socket, identity, trust());
    if (!peer.ok) return err({ type: 'peer-refused', status: 0, cause: peer.error.type });
    if (peer.value === identity.gate) return err({ type: 'peer-refused', status: 0, cause: ownGateCause });
    identified.set(socket, peer.value);
    gate = peer.value;
    return peer;
  };

  return {
    id: address,
    kind: 'gate',
    gate: () => gate,
    exchange: (message, signal) =>
      withDeadline(
        signal,
        timeoutMs,
        (deadline) =>
          new Promise((resolve) => {
            let sentMs: number | undefined;
            const finish = (result: Result<Uint8Array, PeerError>): void => {
              resolve(result);
              if (!result.ok) outgoing.destroy();
            };
            const outgoing = request({
              host,
              port,
              agent,
              servername: '',
              method: 'POST',
              path: syncPath,
              headers: { 'Content-Type': syncContentType, 'Content-Length': message.length },
              signal: deadline.signal,
            });
            outgoing.on('error', (cause: NodeJS.ErrnoException) =>
              finish(
                err({
                  type: 'peer-unreachable',
                  cause: deadline.passed()
                    ? `no complete answer within ${timeoutMs / 1_000} s`
                    : (cause.code ?? cause.message).slice(0, 200),
                }),
              ),
            );
            outgoing.on('response', (response) => {
              noteTime(response, sentMs);
              void readAnswer(response).then(finish, (cause: unknown) =>
                finish(err({ type: 'peer-unreachable', cause: String(cause).slice(0, 200) })),
              );
            });
            outgoing.on('socket', (socket) => {
              const connected = socket as TLSSocket;
              const proceed = (): void => {
                const peer = identify(connected);
                if (!peer.ok) return finish(peer);
                sentMs = clock?.monotonicMs();
                outgoing.end(message);
              };
              if (connected.getProtocol() === null || connected.connecting) connected.once('secureConnect', proceed);
              else proceed();
            });
          }),
      ),
    close: () => agent.destroy(),
  };
}

async function readAnswer(response: IncomingMessage): Promise<Result<Uint8Array, PeerError>> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    if (bytes > syncMessageBytesMax)
      return err({ type: 'peer-garbage', cause: `more than ${syncMessageBytesMax} bytes` });
    chunks.push(chunk);
  }
  const body = new Uint8Array(Buffer.concat(chunks));
  if (response.statusCode === 200) return ok(body);
  return err({
    type: 'peer-refused',
    status: response.statusCode ?? 0,
    cause: Buffer.from(body.subarray(0, 64))
      .toString('latin1')
      .replace(/[^a-z0-9-]/g, ''),
  });
}

export function splitAddress(address: string): { readonly host: string; readonly port: number } {
  const colon = address.lastIndexOf(':');
  return { host: address.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(address.slice(colon + 1)) };
}
