// One bounded HTTP request: a deadline over the whole exchange, a limit on the answer while it arrives (a server that drips or
// floods is cut off), no redirects. Used for enrolment and for the signed time; the sync has its own client.
import { err, ok, type Result } from '@postern/shared';
import { withDeadline } from './waiting.ts';

export type HttpError =
  | { readonly type: 'http-unreachable'; readonly cause: string }
  | { readonly type: 'http-too-large'; readonly bytesMax: number };

export interface HttpAnswer {
  readonly status: number;
  readonly body: Uint8Array;
}

export interface PostOptions {
  readonly timeoutMs: number;
  readonly answerBytesMax: number;
  readonly signal?: AbortSignal | undefined;
  readonly fetch?: Post | undefined;
}

/** As `fetch`, also with a gate's signature. */
export type Post = (
  url: string,
  init: {
    readonly method: 'POST';
    readonly headers: Readonly<Record<string, string>>;
    readonly body: Buffer<ArrayBuffer>;
    readonly redirect: 'error';
    readonly signal: AbortSignal;
  },
) => Promise<Response>;

/** Posts JSON and reads at most `answerBytesMax` bytes of the answer, whatever its status. */
export const postJson = (
  url: string,
  body: unknown,
  { timeoutMs, answerBytesMax, signal = new AbortController().signal, fetch: send = fetch }: PostOptions,
): Promise<Result<HttpAnswer, HttpError>> =>
  withDeadline(signal, timeoutMs, async (deadline) => {
    try {
      const response = await send(url, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: Buffer.from(JSON.stringify(body)),
        redirect: 'error',
        signal: deadline.signal,
      });
      const chunks: Uint8Array[] = [];
      let bytes = 0;
      for await (const chunk of response.body ?? []) {
        bytes += chunk.length;
        if (bytes > answerBytesMax) return err({ type: 'http-too-large', bytesMax: answerBytesMax });
        chunks.push(chunk);
      }
      return ok({ status: response.status, body: new Uint8Array(Buffer.concat(chunks)) });
    } catch (cause) {
      return err({
        type: 'http-unreachable',
        cause: deadline.passed() ? `no complete answer within ${timeoutMs / 1_000} s` : causeText(cause),
      });
    }
  });

/** fetch hides the reason (ECONNREFUSED …) one level down. */
function causeText(cause: unknown): string {
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
  const code = inner instanceof Error && 'code' in inner && typeof inner.code === 'string' ? inner.code : undefined;
  return (code ?? (inner instanceof Error ? inner.message : 'unknown')).slice(0, 200);
}

/** The JSON of an answer, or undefined. */
export function answerJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    // Whoever asks checks with a schema, and that refuses undefined like any other garbage.
    return undefined;
  }
}
