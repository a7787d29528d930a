// Sends one message to one receiver, whoever that is: the address is checked where the connection is made, so that a name cannot lead
// elsewhere meanwhile; redirects are not followed, time and answer are bounded, and of the answer only the status counts.
import { lookup as resolve, type LookupAddress, type LookupOptions } from 'node:dns';
import * as http from 'node:http';
import * as https from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import type { Timer } from '@postern/shared';
import type { Addresses } from '../network-addresses.ts';

/** From the first look at the name to the status: Standard Webhooks says 15 to 30 s. */
export const sendTimeoutMs = 15_000;
/** Of an answer that is read so that the connection can be used again; of a longer one the connection is cut. */
const answerBytesMax = 16 * 1024;
const connectionsPerHostMax = 4;
const retryAfterMaxS = 24 * 3_600;

export type SendFailure =
  | 'time-out'
  | 'address-forbidden'
  | 'plain-http-forbidden'
  | 'name-unknown'
  | 'connection-refused'
  | 'tls-failed'
  | 'connection-failed';
export type Sent =
  | { readonly type: 'answered'; readonly status: number; readonly retryAfterS?: number }
  | { readonly type: 'failed'; readonly failure: SendFailure };

export interface Sender {
  /** Never rejects; undefined where `signal` has ended it: what the receiver has made of it is not known. */
  readonly send: (
    url: string,
    headers: Readonly<Record<string, string>>,
    body: string,
    signal: AbortSignal,
  ) => Promise<Sent | undefined>;
  readonly close: () => void;
}

export interface SenderDeps {
  readonly timer: Timer;
  readonly addresses: Addresses;
  /** As `dns.lookup` with `all`. */
  readonly resolveName?: (
    name: string,
    options: LookupOptions & { readonly all: true },
    done: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
  ) => void;
}

class Forbidden extends Error {
  readonly failure: SendFailure;
  constructor(failure: SendFailure) {
    super(failure);
    this.failure = failure;
  }
}

export function createSender({ timer, addresses, resolveName = resolve }: SenderDeps): Sender {
  const options = { keepAlive: true, maxSockets: connectionsPerHostMax };
  const agents = { 'http:': new http.Agent(options), 'https:': new https.Agent(options) };

  const explain = (address: string, protocol: string): SendFailure | undefined => {
    if (!addresses.isAllowed(address)) return 'address-forbidden';
    return protocol === 'http:' && !addresses.isOwnNetwork(address) ? 'plain-http-forbidden' : undefined;
  };
  /** Every address of the name must be a good one, and it is these that are connected to. */
  const lookupFor =
    (protocol: string): LookupFunction =>
    (name, asked, done) =>
      resolveName(name, { ...asked, all: true }, (error, found) => {
        const [first] = found ?? [];
        if (error !== null || first === undefined) return done(error ?? new Error('no address'), '', 0);
        for (const { address } of found) {
          const failure = explain(address, protocol);
          if (failure !== undefined) return done(new Forbidden(failure), '', 0);
        }
        return asked.all === true ? done(null, found) : done(null, first.address, first.family);
      });

  const post = (
    url: URL,
    headers: Readonly<Record<string, string>>,
    body: string,
    signal: AbortSignal,
  ): Promise<Sent> =>
    new Promise((done, fail) => {
      const secure = url.protocol === 'https:';
      const request = (secure ? https : http).request(url, {
        method: 'POST',
        agent: secure ? agents['https:'] : agents['http:'],
        lookup: lookupFor(url.protocol),
        headers: {
          ...headers,
          'Content-Type': 'application/json',
          'Content-Length': Buffer.byteLength(body),
          'User-Agent': 'postern-cloud',
        },
        signal,
      });
      request.once('error', fail);
      request.once('response', (response) => {
        const retryAfter = Number(response.headers['retry-after'] ?? Number.NaN);
        let bytes = 0;
        response.on('data', (part: Buffer) => {
          bytes += part.length;
          if (bytes > answerBytesMax) response.destroy();
        });
        // Whatever becomes of the rest, the status has been said.
        response.on('error', () => undefined);
        response.once('close', () =>
          done({
            type: 'answered',
            status: response.statusCode ?? 0,
            ...(retryAfter > 0 ? { retryAfterS: Math.min(Math.ceil(retryAfter), retryAfterMaxS) } : {}),
          }),
        );
      });
      request.end(body);
    });

  return {
    send: async (text, headers, body, signal) => {
      const url = new URL(text);
      const literal = url.hostname.replace(/^\[|\]$/g, '');
      const refused = isIP(literal) === 0 ? undefined : explain(literal, url.protocol);
      if (refused !== undefined) return { type: 'failed', failure: refused };
      const abort = new AbortController();
      const cancel = timer.after(sendTimeoutMs, () => abort.abort());
      try {
        return await post(url, headers, body, AbortSignal.any([abort.signal, signal]));
      } catch (cause) {
        if (signal.aborted) return undefined;
        return { type: 'failed', failure: abort.signal.aborted ? 'time-out' : failureOf(cause) };
      } finally {
        cancel();
      }
    },
    close: () => {
      for (const agent of Object.values(agents)) agent.destroy();
    },
  };
}

function failureOf(cause: unknown): SendFailure {
  if (cause instanceof Forbidden) return cause.failure;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'name-unknown';
  if (code === 'ECONNREFUSED') return 'connection-refused';
  return /CERT|TLS|SSL|SELF_SIGNED|ALTNAME|UNABLE_TO/.test(code) ? 'tls-failed' : 'connection-failed';
}
