// Standard output whose reader may have enough: `cloud-sync audit export | head`. That is no failure and no reason to end in the middle of
// the work, so a command goes on in silence, and one with much to say asks whether anybody still listens.

export interface Output {
  /** False once the reader has gone. */
  readonly isRead: () => boolean;
  /** Resolves when there is room for more; false once the reader has gone. */
  readonly write: (text: string) => Promise<boolean>;
}

export function watchOutput(): Output {
  let read = true;
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', (cause: NodeJS.ErrnoException) => {
      if (cause.code !== 'EPIPE') throw cause;
      if (stream === process.stdout) read = false;
    });
  return {
    isRead: () => read,
    write: (text) =>
      new Promise((resolve) => {
        // Called with the failure, too, which the listener above has seen.
        if (read) process.stdout.write(text, () => resolve(read));
        else resolve(false);
      }),
  };
}
