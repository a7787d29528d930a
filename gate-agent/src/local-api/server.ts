// Listens on the gate's own port with short time limits everywhere, and turns "address in use" into a sentence that says what to do.
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { serve } from '@hono/node-server';
import { err, ok, type Result } from '@postern/shared';
import type { Hono } from 'hono';

export type ListenError = { readonly type: 'port-in-use' | 'listen-failed'; readonly message: string };

export interface LocalServer {
  readonly port: number;
  /** Where a browser on this machine finds it. */
  readonly url: string;
  readonly close: () => Promise<void>;
}

export interface ListenOptions {
  readonly listen: string;
  readonly port: number;
  readonly app: Hono;
  readonly silentMs?: number;
}

/** Connections that are open at once, event streams included. */
const connectionsMax = 128;
/** So long nothing goes to or fro, then it is over: longer than any answer takes. Whoever does not read an event stream keeps its place no longer. */
const silentMsMax = 60_000;

export function listen({
  listen: hostname,
  port,
  app,
  silentMs = silentMsMax,
}: ListenOptions): Promise<Result<LocalServer, ListenError>> {
  return new Promise((resolve) => {
    const server = serve({
      fetch: app.fetch,
      hostname,
      port,
      // Node looks only every 30 s otherwise whether a request has outlived its limit.
      serverOptions: {
        requestTimeout: 10_000,
        headersTimeout: 5_000,
        connectionsCheckingInterval: 1_000,
        keepAliveTimeout: 5_000,
        maxHeaderSize: 8_192,
      },
    }) as Server;
    server.maxConnections = connectionsMax;
    server.timeout = silentMs;
    server.once('error', (cause: NodeJS.ErrnoException) => resolve(err(describe(cause, hostname, port))));
    server.once('listening', () => {
      const bound = (server.address() as AddressInfo).port;
      const host =
        hostname === '0.0.0.0' || hostname === '::' ? '127.0.0.1' : hostname.includes(':') ? `[${hostname}]` : hostname;
      resolve(
        ok({
          port: bound,
          url: `http://${host}:${bound}`,
          close: () =>
            new Promise((closed) => {
              server.close(() => closed());
              server.closeAllConnections();
            }),
        }),
      );
    });
  });
}

function describe(cause: NodeJS.ErrnoException, hostname: string, port: number): ListenError {
  if (cause.code === 'EADDRINUSE')
    return {
      type: 'port-in-use',
      message: `port ${port} on ${hostname} is in use, perhaps by this gate's other process; stop that one (see: ss -ltnp 'sport = :${port}'), or set another [local] port in the configuration (0 takes any free one)`,
    };
  if (cause.code === 'EACCES')
    return {
      type: 'listen-failed',
      message: `port ${port} needs more rights than this user has; set [local] port to 1024 or higher`,
    };
  if (cause.code === 'EADDRNOTAVAIL')
    return { type: 'listen-failed', message: `this machine has no address ${hostname}; correct [local] listen` };
  return { type: 'listen-failed', message: `cannot listen on ${hostname}:${port}: ${cause.message}` };
}
