// What is common to asking other servers: answers are read up to a maximum of bytes, and what went wrong is told without addresses.

/** Undefined over the maximum, of which it reads no more. */
export async function readBoundedText(response: Response, bytesMax: number): Promise<string | undefined> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > bytesMax) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** The system's code for it, such as ECONNREFUSED; messages may hold addresses and more. */
export function connectionCode(cause: unknown): string {
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
  return inner instanceof Error && 'code' in inner && typeof inner.code === 'string' ? inner.code : 'Connection lost.';
}
