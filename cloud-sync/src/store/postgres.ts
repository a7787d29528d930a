// PostgreSQL, for any number of processes: the only file of the service that imports pg. Values come back as SQLite gives them (numbers,
// 0 and 1, bytes as Buffer), a commit is durable whatever the server's default says, and a lost connection is logged, never thrown.
import { assert, type Logger } from '@postern/shared';
import { CompiledQuery, PostgresDialect, type Dialect } from 'kysely';
import pg from 'pg';

/** Connections of one process; a statement that finds none free waits. PostgreSQL takes 100 by default, from all processes together. */
const connectionsMax = 10;
/** Milliseconds until a connection must stand; also what a request waits for a free one. */
const connectTimeoutMs = 10_000;
/** An unused connection is closed after this. */
const idleConnectionMs = 60_000;
/** A statement that runs longer is cancelled: no request needs so long, and one that waits for a lock must not wait for ever. */
const statementTimeoutMs = 30_000;
/** A transaction whose process has gone silent gives back its locks. */
const idleTransactionTimeoutMs = 60_000;
/** Between two attempts to listen again after the connection was lost. */
const listenAgainMs = 1_000;
const channelName = 'postern';

export function openPostgres(url: string, log: Logger): Dialect {
  const pool = new pg.Pool({
    ...connectionOptions(url),
    max: connectionsMax,
    idleTimeoutMillis: idleConnectionMs,
    statement_timeout: statementTimeoutMs,
    idle_in_transaction_session_timeout: idleTransactionTimeoutMs,
    types: valueTypes(),
  });
  // Without listeners the loss of a connection would end the process: the pool's hears of unused ones, the client's of one that is lost
  // between two statements of a transaction, whose next statement then fails. The pool opens another one when needed.
  const lost = (cause: Error): void => log.warn({ cause: cause.message }, 'a database connection was lost');
  pool.on('error', lost);
  pool.on('connect', (client) => void client.on('error', lost));
  return new PostgresDialect({
    pool,
    // Marks that were acknowledged must survive a power cut, whatever the server's configuration says.
    onCreateConnection: async (connection) => {
      await connection.executeQuery(CompiledQuery.raw('set synchronous_commit = on'));
    },
  });
}

const connectionOptions = (url: string): pg.ClientConfig => ({
  connectionString: url,
  connectionTimeoutMillis: connectTimeoutMs,
  keepAlive: true,
  application_name: 'postern-cloud',
});

/** bigint, counts and sums become numbers; one past 2^53 is a bug, never rounded. */
function toNumber(text: string): number {
  const value = Number(text);
  assert(Number.isSafeInteger(value), 'integers in the database stay below 2^53');
  return value;
}

/** Values as SQLite gives them. */
function valueTypes(): pg.CustomTypesConfig {
  const { builtins } = pg.types;
  const types = new pg.TypeOverrides();
  types.setTypeParser(builtins.INT8, toNumber);
  // What sum() makes of bigint columns.
  types.setTypeParser(builtins.NUMERIC, toNumber);
  types.setTypeParser(builtins.BOOL, (text: string) => (text === 't' ? 1 : 0));
  return types;
}

/** Messages between the processes on one database: fast, and lost whenever a connection is. What matters is in a table. */
export interface Channel {
  /** Fewer than 8,000 bytes of UTF-8: PostgreSQL refuses more. */
  readonly send: (message: string) => Promise<void>;
  readonly close: () => Promise<void>;
}

export interface ChannelDeps {
  readonly log: Logger;
  /** A message of any process, this one's own included. */
  readonly received: (message: string) => void;
  /** Messages may have been missed. */
  readonly missed: () => void;
}

/** Opens the channel on a connection of its own, which is built anew whenever it is lost. */
export function openPostgresChannel(url: string, { log, received, missed }: ChannelDeps): Channel {
  let client: pg.Client | undefined;
  let again: NodeJS.Timeout | undefined;
  let isClosed = false;
  let wasLost = false;

  const lose = (lost: pg.Client, cause: string): void => {
    // A connection that breaks says so more than once.
    if (client !== lost || isClosed) return;
    client = undefined;
    wasLost = true;
    log.warn({ cause }, 'the connection to other processes was lost');
    void lost.end().catch(() => {
      // It is broken already; there is nothing left to end.
    });
    again = setTimeout(() => void connect(), listenAgainMs);
    again.unref();
  };
  const connect = async (): Promise<void> => {
    const fresh = new pg.Client(connectionOptions(url));
    client = fresh;
    fresh.on('error', (cause) => lose(fresh, cause.message));
    fresh.on('end', () => lose(fresh, 'closed by the server'));
    fresh.on('notification', ({ payload }) => received(payload ?? ''));
    try {
      await fresh.connect();
      await fresh.query(`listen ${channelName}`);
      if (wasLost) missed();
    } catch (cause) {
      lose(fresh, cause instanceof Error ? cause.message : String(cause));
    }
  };
  const opening = connect();

  return {
    send: async (message) => {
      await opening;
      const current = client;
      if (current === undefined || isClosed) return;
      try {
        await current.query('select pg_notify($1, $2)', [channelName, message]);
      } catch (cause) {
        lose(current, cause instanceof Error ? cause.message : String(cause));
      }
    },
    close: async () => {
      await opening;
      isClosed = true;
      clearTimeout(again);
      await client?.end();
    },
  };
}
