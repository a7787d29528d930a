// Load over HTTP: requests that were written beforehand go out over keep-alive connections, each of which sends the next one as soon as
// the last is answered. Bare sockets, because a client that costs as much as the server would be what is measured.
import { connect } from 'node:net';

export interface LoadRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly token?: string;
  /** JSON text. */
  readonly body?: string;
}

export interface Load {
  /** Base URL, `http://HOST:PORT`. */
  readonly url: string;
  readonly requests: readonly LoadRequest[];
  /** Whether an answer is the expected one; the load fails with the first that is not. */
  readonly isGood: (status: number, body: string) => boolean;
}

export interface LoadResult {
  readonly seconds: number;
  /** Milliseconds from a request's first byte to its answer's last. */
  readonly latenciesMs: readonly number[];
}

/** Nothing that is measured takes so long: then something hangs. */
const loadTimeoutMs = 120_000;

/** Sends everything, over `connections` at a time. */
export async function runLoad({ url, requests, isGood }: Load, connections: number): Promise<LoadResult> {
  const { hostname, port, host } = new URL(url);
  const messages = requests.map((request) => toMessage(request, host));
  const latenciesMs: number[] = [];
  let next = 0;

  const runConnection = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const socket = connect({ host: hostname, port: Number(port), noDelay: true });
      const timeout = setTimeout(() => fail('no answer in time'), loadTimeoutMs);
      let sentMs = 0;
      let received = '';
      const end = (): void => {
        clearTimeout(timeout);
        socket.destroy();
      };
      const fail = (cause: string): void => {
        end();
        reject(new Error(`${url}: ${cause}`));
      };
      const send = (): void => {
        const message = messages[next++];
        if (message === undefined) {
          end();
          resolve();
          return;
        }
        sentMs = performance.now();
        socket.write(message);
      };
      socket.setEncoding('latin1');
      socket.on('connect', send);
      socket.on('error', (cause) => fail(cause.message));
      socket.on('close', () => fail('the connection was closed'));
      socket.on('data', (text: string) => {
        received += text;
        const answer = readAnswer(received);
        if (answer === undefined) return;
        latenciesMs.push(performance.now() - sentMs);
        received = '';
        if (isGood(answer.status, answer.body)) send();
        else fail(`answered ${answer.status}: ${answer.body}`);
      });
    });

  const started = performance.now();
  await Promise.all(Array.from({ length: connections }, runConnection));
  return { seconds: (performance.now() - started) / 1_000, latenciesMs };
}

function toMessage({ method, path, token, body }: LoadRequest, host: string): string {
  return [
    `${method} ${path} HTTP/1.1`,
    `Host: ${host}`,
    ...(token === undefined ? [] : [`Authorization: Bearer ${token}`]),
    ...(body === undefined ? [] : ['Content-Type: application/json', `Content-Length: ${Buffer.byteLength(body)}`]),
    '',
    body ?? '',
  ].join('\r\n');
}

/** Undefined until the answer is complete. One connection has one request under way, so nothing follows it. */
function readAnswer(text: string): { readonly status: number; readonly body: string } | undefined {
  const headEnd = text.indexOf('\r\n\r\n');
  if (headEnd < 0) return undefined;
  const head = text.slice(0, headEnd);
  const body = text.slice(headEnd + 4);
  const length = /^content-length: *(\d+)/im.exec(head)?.[1];
  const isComplete = length === undefined ? body.endsWith('0\r\n\r\n') : body.length >= Number(length);
  return isComplete ? { status: Number(head.slice(9, 12)), body } : undefined;
}
