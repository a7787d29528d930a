// One bounded HTTP request: a deadline over the whole exchange, a limit on the answer while it arrives (a server that drips or
// floods is cut off), no redirects. Used for enrolment and for the signed time; the sync has its own client.
import { concatBytes, err, ok, utf8, type Result } from '@postern/shared';
import { causeText, piecesOf } from './http-body.ts';
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
    readonly body: Uint8Array<ArrayBuffer>;
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
        body: Uint8Array.from(utf8(JSON.stringify(body))),
        redirect: 'error',
        signal: deadline.signal,
      });
      const chunks: Uint8Array[] = [];
      let bytes = 0;
      for await (const chunk of piecesOf(response.body)) {
        bytes += chunk.length;
        if (bytes > answerBytesMax) return err({ type: 'http-too-large', bytesMax: answerBytesMax });
        chunks.push(chunk);
      }
      return ok({ status: response.status, body: concatBytes(...chunks) });
    } catch (cause) {
      return err({
        type: 'http-unreachable',
        cause: deadline.passed() ? `no complete answer within ${timeoutMs / 1_000} s` : causeText(cause),
      });
    }
  });

/** The JSON of an answer, or undefined. */
export function answerJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    // Whoever asks checks with a schema, and that refuses undefined like any other garbage.
    return undefined;
  }
}
