// fetch with the gate's identity: every request carries a token signed by the gate's key over the cloud's last nonce, the method, the
// path and the body's hash. A 401 that brings a fresh nonce is tried once more.
import {
  encodeRequestToken,
  gateTokenAudience,
  nonceHeader,
  revocationNoticeHeader,
  serverTimeNonceBytes,
  timePath,
  vitalsWantedHeader,
  type Clock,
  type KeyPair,
  type TokenAudience,
} from '@postern/shared';

export interface GateFetchDeps {
  readonly gate: string;
  readonly keys: KeyPair;
  readonly clock: Clock;
  /** A notice of revocation came with an answer (revocation.ts). */
  readonly onRevoked?: (notice: string) => void;
  /** The cloud has something to say to this gate's vitals. */
  readonly onVitalsWanted?: () => void;
  /** Whom it asks; the cloud, where nothing is said. */
  readonly audience?: TokenAudience;
  /** Gets a nonce without a refusal, which a page's console would show as a fault; called where none is known or the last one is old. */
  readonly askForNonce?: (url: URL, signal: AbortSignal) => Promise<string | undefined>;
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
/** A nonce lives a minute longer (shared/src/nonces.ts). */
const nonceAgeMsMax = 4 * 60_000;
const noticeCharsMax = 1_000;

export function createGateFetch({
  gate,
  keys,
  clock,
  onRevoked,
  onVitalsWanted,
  audience = gateTokenAudience,
  askForNonce,
  fetch: send = fetch,
}: GateFetchDeps): GateFetch {
  /** A nonce may be used more than once while it lives; each origin has its own. */
  const nonces = new Map<string, { readonly nonce: string; readonly atMs: number }>();
  const keep = (origin: string, nonce: string | null | undefined): void => {
    if (nonce !== null && nonce !== undefined && nonce.length > 0 && nonce.length <= nonceCharsMax)
      nonces.set(origin, { nonce, atMs: clock.monotonicMs() });
  };

  const attempt = async (url: URL, init: GateRequestInit): Promise<Response> => {
    const method = init.method ?? 'GET';
    const token = encodeRequestToken(
      {
        audience,
        issuer: gate,
        nonce: nonces.get(url.origin)?.nonce ?? noNonce,
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
    keep(url.origin, response.headers.get(nonceHeader));
    const notice = response.headers.get(revocationNoticeHeader);
    if (notice !== null && notice.length <= noticeCharsMax) onRevoked?.(notice);
    if (response.headers.has(vitalsWantedHeader)) onVitalsWanted?.();
    return response;
  };

  return async (url, init) => {
    const target = new URL(url);
    const known = nonces.get(target.origin);
    if (askForNonce !== undefined && (known === undefined || clock.monotonicMs() - known.atMs > nonceAgeMsMax))
      keep(target.origin, await askForNonce(target, init.signal));
    const before = nonces.get(target.origin);
    const first = await attempt(target, init);
    if (first.status !== 401 || nonces.get(target.origin) === before) return first;
    await first.body?.cancel();
    return attempt(target, init);
  };
}

/** The cloud gives a nonce with everything that it answers; the time is there for anybody. */
export const askCloudForNonce =
  (cloudUrl: string, send: typeof fetch): NonNullable<GateFetchDeps['askForNonce']> =>
  async (_url, signal) => {
    const response = await send(cloudUrl + timePath, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ nonce: '00'.repeat(serverTimeNonceBytes) }),
      redirect: 'error',
      signal,
    });
    return response.headers.get(nonceHeader) ?? undefined;
  };
