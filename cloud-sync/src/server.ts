// The service on a socket: listens until it is told to stop, and then lets what is under way end.
import { serve as listen, type ServerType } from '@hono/node-server';
import { err, ok, type Result } from '@postern/shared';
import type { Hono } from 'hono';
import type { Config } from './config.ts';
import type { Environment } from './routes/context.ts';

/** What is served. */
export interface Service {
  readonly app: Hono<Environment>;
  /** The address that gates and people are told. */
  readonly setPublicUrl: (url: string) => void;
  /** Begins what a running service does by itself. */
  readonly start: () => Promise<void>;
  /** Ends what would never end by itself: live streams. */
  readonly endStreams: () => void;
  /** Finishes pending publications and closes the database. */
  readonly close: () => Promise<void>;
}

export type ListenError =
  | { readonly type: 'port-in-use'; readonly port: number }
  | { readonly type: 'cannot-listen'; readonly cause: string };

export interface Listening {
  /** `http://HOST:PORT` with the port that was really taken. */
  readonly url: string;
  readonly stop: () => Promise<void>;
}

/** Connections that have not ended by themselves after a stop are cut after this long. */
const drainMs = 5_000;
const idleCheckMs = 50;

/** Listens; `port-in-use` when somebody else does. */
export async function serve(service: Service, config: Config): Promise<Result<Listening, ListenError>> {
  const started = await startServer(service.app, config);
  if (!started.ok) return started;
  const { server, port } = started.value;
  const url = `http://${config.host.includes(':') ? `[${config.host}]` : config.host}:${port}`;
  if (config.publicUrl === undefined) service.setPublicUrl(url);
  await service.start();
  const stop = async (): Promise<void> => {
    const closed = new Promise<void>((resolve) => void server.close(() => resolve()));
    service.endStreams();
    // A connection whose last answer has just ended is idle, and would stay open until its client lets go.
    const idle = setInterval(() => 'closeIdleConnections' in server && server.closeIdleConnections(), idleCheckMs);
    const cut = setTimeout(() => 'closeAllConnections' in server && server.closeAllConnections(), drainMs);
    await closed;
    clearInterval(idle);
    clearTimeout(cut);
    await service.close();
  };
  return ok({ url, stop });
}

function startServer(
  app: Hono<Environment>,
  config: Config,
): Promise<Result<{ readonly server: ServerType; readonly port: number }, ListenError>> {
  return new Promise((resolve) => {
    const server = listen({ fetch: app.fetch, hostname: config.host, port: config.port }, (address) =>
      resolve(ok({ server, port: address.port })),
    );
    server.once('error', (cause: NodeJS.ErrnoException) =>
      resolve(
        err(
          cause.code === 'EADDRINUSE'
            ? { type: 'port-in-use', port: config.port }
            : { type: 'cannot-listen', cause: cause.message },
        ),
      ),
    );
  });
}
