declare module 'unix-dgram' {
  interface Socket {
    on(event: 'error', listener: (cause: Error) => void): this;
    bind(path: string): void;
    send(message: Buffer, offset: number, length: number, path: string): void;
    close(): void;
  }
  function createSocket(type: 'unix_dgram', listener?: (message: Buffer) => void): Socket;
  const unixDgram: { readonly createSocket: typeof createSocket };
  export default unixDgram;
}
