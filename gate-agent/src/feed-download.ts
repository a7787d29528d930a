// One download of the feed's: bounded in bytes while they arrive, in the time between two reads and in the time for all of it, so that
// a server that floods, stalls or drips is cut off. Redirects are not followed.
import { concatBytes, err, ok, type Result, type Timer } from '@postern/shared';
import { causeText, piecesOf } from './http-body.ts';
import { withAbort } from './waiting.ts';

/** A read that takes longer ends the download. */
export const readTimeoutMs = 10_000;
/** Every download gets this long, and what its bytes take at the slowest line that we wait for. */
const downloadBaseMs = 30_000;
const slowestBytesPerSecond = 16 * 1024;

export type DownloadError =
  | { readonly type: 'feed-unreachable'; readonly cause: string }
  /** The server answered with an error status. */
  | { readonly type: 'feed-refused'; readonly status: number }
  | { readonly type: 'feed-too-slow'; readonly bytes: number }
  | {
      readonly type: 'feed-too-large';
      readonly what: 'manifest' | 'snapshot' | 'delta' | 'faces';
      readonly bytes: number;
      readonly bytesMax: number;
    };

/** As the platform's fetch, with the gate's identity already taken care of. */
export type FeedFetch = (
  url: string,
  init: {
    readonly headers: Readonly<Record<string, string>>;
    readonly redirect: 'error';
    readonly signal: AbortSignal;
  },
) => Promise<Response>;

export interface DownloadDeps {
  readonly fetch: FeedFetch;
  readonly timer: Timer;
}

export interface DownloadOptions {
  readonly url: string;
  readonly what: 'manifest' | 'snapshot' | 'delta' | 'faces';
  readonly bytesMax: number;
  readonly etag?: string | undefined;
  readonly signal: AbortSignal;
}

export interface DownloadedHead {
  readonly notModified: boolean;
  readonly etag: string | undefined;
}

/** Into memory. */
export async function downloadBytes(
  deps: DownloadDeps,
  options: DownloadOptions,
): Promise<Result<DownloadedHead & { readonly bytes: Uint8Array }, DownloadError>> {
  const chunks: Uint8Array[] = [];
  const head = await download(deps, options, async (chunk) => void chunks.push(chunk));
  return head.ok ? ok({ ...head.value, bytes: concatBytes(...chunks) }) : head;
}

/** The file system of downloads that are too large for memory. */
export interface DownloadDisk {
  /** A new or emptied file. */
  readonly open: (path: string) => Promise<DownloadSink>;
  readonly remove: (path: string) => Promise<void>;
}

export interface DownloadSink {
  readonly write: (chunk: Uint8Array) => Promise<void>;
  readonly close: () => Promise<void>;
}

/** Into a file, which is closed then, and may be left in part when this fails. Rejects when the disk fails. */
export async function downloadFile(
  deps: DownloadDeps,
  options: DownloadOptions,
  file: DownloadSink,
): Promise<Result<DownloadedHead, DownloadError>> {
  try {
    return await download(deps, options, file.write);
  } finally {
    await file.close();
  }
}

const download = (
  deps: DownloadDeps,
  options: DownloadOptions,
  write: (chunk: Uint8Array) => Promise<void>,
): Promise<Result<DownloadedHead, DownloadError>> =>
  withAbort(options.signal, (controller) => downloadUnder(controller, deps, options, write));

async function downloadUnder(
  controller: AbortController,
  { fetch, timer }: DownloadDeps,
  { url, what, bytesMax, etag }: DownloadOptions,
  write: (chunk: Uint8Array) => Promise<void>,
): Promise<Result<DownloadedHead, DownloadError>> {
  let tooSlow = false;
  const cut = (): void => {
    tooSlow = true;
    controller.abort();
  };
  const cancelDeadline = timer.after(downloadBaseMs + (bytesMax / slowestBytesPerSecond) * 1_000, cut);
  let cancelRead = timer.after(readTimeoutMs, cut);
  const heard = (): void => {
    cancelRead();
    cancelRead = timer.after(readTimeoutMs, cut);
  };
  let bytes = 0;
  let writing = false;
  try {
    // Packed files are packed already; a body that the client would unpack on the way could be any size.
    const headers = { 'Accept-Encoding': 'identity', ...(etag === undefined ? {} : { 'If-None-Match': etag }) };
    const response = await fetch(url, { headers, redirect: 'error', signal: controller.signal });
    heard();
    if (response.status === 304 && etag !== undefined) return ok({ notModified: true, etag });
    if (response.status !== 200) {
      await response.body?.cancel();
      return err({ type: 'feed-refused', status: response.status });
    }
    for await (const chunk of piecesOf(response.body)) {
      heard();
      bytes += chunk.length;
      if (bytes > bytesMax) return err({ type: 'feed-too-large', what, bytes, bytesMax });
      writing = true;
      await write(chunk);
      writing = false;
    }
    return ok({ notModified: false, etag: response.headers.get('ETag') ?? undefined });
  } catch (cause) {
    if (writing) throw cause;
    if (tooSlow) return err({ type: 'feed-too-slow', bytes });
    return err({ type: 'feed-unreachable', cause: causeText(cause) });
  } finally {
    cancelRead();
    cancelDeadline();
  }
}
