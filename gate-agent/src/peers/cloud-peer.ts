// Peers that answer by HTTP, as the cloud does: one POST an exchange, signed by the gate, with a deadline and a bound on the answer while it
// arrives.
import {
  concatBytes,
  err,
  ok,
  syncContentType,
  syncMessageBytesMax,
  syncPath,
  type Peer,
  type PeerError,
  type Result,
} from '@postern/shared';
import { causeText, piecesOf } from '../http-body.ts';
import { withDeadline } from '../waiting.ts';
import type { GateFetch } from './gate-auth.ts';

export interface CloudPeerDeps {
  /** Base URL without a slash at its end. */
  readonly cloudUrl: string;
  readonly fetch: GateFetch;
  readonly timeoutMs?: number;
}

export const cloudTimeoutMs = 20_000;

export const createCloudPeer = ({ cloudUrl, fetch, timeoutMs = cloudTimeoutMs }: CloudPeerDeps): Peer =>
  createHttpPeer({ id: 'cloud', kind: 'cloud', url: `${cloudUrl.replace(/\/$/, '')}${syncPath}`, fetch, timeoutMs });

export interface HttpPeerDeps extends Pick<Peer, 'id' | 'kind'> {
  readonly url: string;
  readonly fetch: GateFetch;
  readonly timeoutMs: number;
}

export const createHttpPeer = ({ id, kind, url, fetch: send, timeoutMs }: HttpPeerDeps): Peer => ({
  id,
  kind,
  exchange: (message, signal) =>
    withDeadline(signal, timeoutMs, async (deadline) => {
      try {
        const response = await send(url, {
          method: 'POST',
          headers: { 'Content-Type': syncContentType, Accept: syncContentType },
          body: message,
          signal: deadline.signal,
        });
        const body = await readBounded(response.body, syncMessageBytesMax);
        if (!body.ok) return body;
        if (response.status !== 200)
          return err({
            type: 'peer-refused',
            status: response.status,
            cause: refusalText(body.value, response.status),
          });
        return response.headers.get('Content-Type')?.startsWith(syncContentType) === true
          ? body
          : err({ type: 'peer-garbage', cause: 'an answer of another content type' });
      } catch (cause) {
        return err({
          type: 'peer-unreachable',
          cause: deadline.passed() ? `no complete answer within ${timeoutMs / 1_000} s` : causeText(cause),
        });
      }
    }),
});

async function readBounded(
  body: ReadableStream<Uint8Array> | null,
  bytesMax: number,
): Promise<Result<Uint8Array, PeerError>> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of piecesOf(body)) {
    bytes += chunk.length;
    if (bytes > bytesMax) return err({ type: 'peer-garbage', cause: `more than ${bytesMax} bytes` });
    chunks.push(chunk);
  }
  return ok(concatBytes(...chunks));
}

/** The `type` of an RFC 9457 problem, or the bare status. */
function refusalText(body: Uint8Array, status: number): string {
  const type = /"type"\s*:\s*"([a-z0-9-]{1,64})"/.exec(new TextDecoder().decode(body.subarray(0, 2_048)))?.[1];
  return type ?? `status ${status}`;
}
