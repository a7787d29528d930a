// A real PostgreSQL for tests and benchmarks, on a loopback port, in the system's temporary folder. The server ends when its starter does,
// however that ends.
import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, chownSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { sql } from 'kysely';
import { withDatabase } from './cloud-database.ts';
import { account, binFolder, run } from './postgres-programs.ts';

export interface PostgresServer {
  /** `postgres://…/` of the server, without the database's name. */
  readonly url: string;
  /** Where its socket lies: in another network namespace `?host=` and this folder behind the URL reach it. */
  readonly socketFolder: string;
  readonly stop: () => Promise<void>;
}

const startTimeoutMs = 20_000;

/** Starts a server on a fresh folder, that keeps what it commits through a power cut unless somebody can do without. */
export async function startPostgresServer({
  isDurable = true,
}: { readonly isDurable?: boolean } = {}): Promise<PostgresServer> {
  const bin = binFolder();
  if (bin === undefined) throw new Error('PostgreSQL is not installed');
  const folder = mkdtempSync(join(tmpdir(), 'postern-postgres-'));
  const data = join(folder, 'data');
  const password = randomBytes(12).toString('hex');
  if (account() !== undefined) {
    chmodSync(folder, 0o700);
    chownSync(folder, account()?.uid ?? 0, account()?.gid ?? 0);
  }
  const made = run(
    join(bin, 'initdb'),
    `--pgdata=${data}`,
    '--username=postern',
    '--auth=trust',
    '--encoding=UTF8',
    '--locale=C.UTF-8',
    '--no-sync',
    '--no-instructions',
  );
  if (made.status !== 0) throw new Error(`initdb failed: ${made.stderr}`);
  const port = await freePort();
  const settings = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: folder,
    port: String(port),
    max_connections: '200',
    fsync: isDurable ? 'on' : 'off',
  };
  const child = startUntilWeEnd(folder, join(bin, 'postgres'), [
    '-D',
    data,
    ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  ]);
  let said = '';
  child.stderr?.on('data', (bytes: Buffer) => (said += bytes.toString()));
  const url = `postgres://postern:${password}@127.0.0.1:${port}/`;
  const stop = async (): Promise<void> => {
    const ended = child.exitCode === null ? once(child, 'exit') : undefined;
    child.stdin?.end();
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await untilReady(child, url);
  } catch (cause) {
    await stop();
    throw new Error(`PostgreSQL did not start: ${said}`, { cause });
  }
  return { url, socketFolder: folder, stop };
}

/** A shell between us and the server notices the end of our pipe, also when we are killed: then server and folder go at once. */
function startUntilWeEnd(folder: string, program: string, programArguments: readonly string[]): ChildProcess {
  const script = 'folder=$1; shift; "$@" </dev/null & read -r _; kill -QUIT $! 2>/dev/null; wait $!; rm -rf "$folder"';
  return spawn('sh', ['-c', script, 'sh', folder, program, ...programArguments], {
    stdio: ['pipe', 'ignore', 'pipe'],
    // Out of reach of a signal to all of the run, so that it can still clear up.
    detached: true,
    cwd: tmpdir(),
    ...account(),
  });
}

async function untilReady(child: ChildProcess, url: string): Promise<void> {
  for (const deadline = performance.now() + startTimeoutMs; performance.now() < deadline;) {
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}`);
    const answered = await withDatabase(`${url}postgres`, (database) => sql`select 1`.execute(database)).then(
      () => true,
      () => false,
    );
    if (answered) return;
    await delay(20);
  }
  throw new Error('it did not answer in time');
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
