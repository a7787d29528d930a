// fetch with the gate's identity: every request carries a token signed by the gate's key over the cloud's last nonce, the method, the
// path and the body's hash. A 401 that brings a fresh nonce is tried once more.
import {
  encodeRequestToken,
  gateTokenAudience,
  nonceHeader,
  revocationNoticeHeader,
  vitalsWantedHeader,
  type Clock,
  type KeyPair,
} from '@postern/shared';

export interface GateFetchDeps {
  readonly gate: string;
  readonly keys: KeyPair;
  readonly clock: Clock;
  /** A notice of revocation came with an answer (revocation.ts). */
  readonly onRevoked?: (notice: string) => void;
  /** The cloud has something to say to this gate's vitals. */
  readonly onVitalsWanted?: () => void;
  /** For tests. */
  readonly fetch?: typeof fetch;
}

export interface GateRequestInit {
  readonly method?: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  readonly redirect?: 'error';
  readonly signal: AbortSignal;
}

/** Rejects as fetch does; any status is an answer. */
export type GateFetch = (url: string, init: GateRequestInit) => Promise<Response>;

/** The very first request has no nonce to sign: the cloud refuses it and hands one out. */
const noNonce = 'none';
const nonceCharsMax = 200;
const noticeCharsMax = 1_000;

export function createGateFetch(deps: GateFetchDeps): GateFetch {
  const { gate, keys, clock, onRevoked, onVitalsWanted, fetch: send = fetch } = deps;
  /** A nonce may be used more than once while it lives; each origin has its own. */
  const nonces = new Map<string, string>();

  const attempt = async (url: URL, init: GateRequestInit): Promise<Response> => {
    const method = init.method ?? 'GET';
    const token = encodeRequestToken(
      {
        audience: gateTokenAudience,
        issuer: gate,
        nonce: nonces.get(url.origin) ?? noNonce,
        method,
        path: url.pathname + url.search,
        body: init.body ?? new Uint8Array(0),
        nowMs: clock.wallMs(),
      },
      keys,
    );
    const response = await send(url, {
      method,
      headers: { ...init.headers, Authorization: `Bearer ${token}` },
      ...(init.body === undefined ? {} : { body: Uint8Array.from(init.body) }),
      redirect: 'error',
      signal: init.signal,
    });
    const nonce = response.headers.get(nonceHeader);
    if (nonce !== null && nonce.length > 0 && nonce.length <= nonceCharsMax) nonces.set(url.origin, nonce);
    const notice = response.headers.get(revocationNoticeHeader);
    if (notice !== null && notice.length <= noticeCharsMax) onRevoked?.(notice);
    if (response.headers.has(vitalsWantedHeader)) onVitalsWanted?.();
    return response;
  };

  return async (url, init) => {
    const target = new URL(url);
    const before = nonces.get(target.origin);
    const first = await attempt(target, init);
    if (first.status !== 401 || nonces.get(target.origin) === before) return first;
    await first.body?.cancel();
    return attempt(target, init);
  };
}
