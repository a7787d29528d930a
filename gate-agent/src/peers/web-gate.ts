// A gate on the LAN as a page reaches it (shared/src/gate-web.ts): the peer of a handheld that runs in a browser.
import {
  gateWebStatusPath,
  gateWebSyncPath,
  gateWebTokenAudience,
  nonceHeader,
  type Clock,
  type KeyPair,
  type Peer,
} from '@postern/shared';
import { createHttpPeer } from './cloud-peer.ts';
import { createGateFetch, type GateFetch } from './gate-auth.ts';

export interface WebGateDeps {
  /** The gate that is asked, and where: `https://gate-a.gates.example.org:7445`. */
  readonly gate: string;
  readonly url: string;
  /** Who asks. */
  readonly self: string;
  readonly keys: KeyPair;
  readonly clock: Clock;
  /** For tests. */
  readonly fetch?: typeof fetch;
}

/** Next door: whoever does not answer soon is not there. */
const webGateTimeoutMs = 5_000;

/** Requests to that gate, signed by whoever asks. */
export const createWebGateFetch = ({ gate, url, self, keys, clock, fetch: send = fetch }: WebGateDeps): GateFetch =>
  createGateFetch({
    gate: self,
    keys,
    clock,
    audience: gateWebTokenAudience,
    askForNonce: async (_url, signal) => {
      const response = await send(url + gateWebStatusPath(gate), { redirect: 'error', signal });
      return response.headers.get(nonceHeader) ?? undefined;
    },
    fetch: send,
  });

export const createWebGatePeer = (deps: WebGateDeps): Peer =>
  createHttpPeer({
    id: deps.gate,
    kind: 'gate',
    url: deps.url + gateWebSyncPath(deps.gate),
    fetch: createWebGateFetch(deps),
    timeoutMs: webGateTimeoutMs,
  });
