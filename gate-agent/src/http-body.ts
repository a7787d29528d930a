// What an HTTP client reads: a body piece by piece, in browsers that cannot iterate a stream, too, and why there was no answer.

/** Cancels the stream when the loop over it ends early. */
export async function* piecesOf(body: ReadableStream<Uint8Array> | null): AsyncGenerator<Uint8Array, void, void> {
  if (body === null) return;
  const reader = body.getReader();
  let ended = false;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      ended = done;
      if (done) return;
      yield value;
    }
  } finally {
    // It may have failed by now, which whoever reads has been told already.
    if (!ended) await reader.cancel().catch(() => undefined);
  }
}

/** Node's fetch hides the reason (ECONNREFUSED …) one level down. */
export function causeText(cause: unknown): string {
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
  const code = inner instanceof Error && 'code' in inner && typeof inner.code === 'string' ? inner.code : undefined;
  return (code ?? (inner instanceof Error ? inner.message : 'unknown')).slice(0, 200);
}
