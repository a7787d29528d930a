// Clouds for benchmarks: real processes on a real disk, SQLite or PostgreSQL, beside the bare server of their floors on an equal database;
// with an event, tickets, and a program that may verify them.
import { fork, spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TicketResponse } from '@postern/shared';
import { sql } from 'kysely';
import { readConfig } from '../../cloud-sync/src/config.ts';
import { openCloud, type Cloud } from '../../cloud-sync/src/main.ts';
import { migrate } from '../../cloud-sync/src/store/database.ts';
import { createSystem } from '../../cloud-sync/src/system.ts';
import { missingPostgres } from '../lib/postgres-programs.ts';
import { withDatabase } from '../lib/cloud-database.ts';
import { startPostgresServer } from '../lib/postgres-server.ts';
import { benchFolder, silentLogger } from './gate-rig.ts';

export type DatabaseKind = 'SQLite' | 'PostgreSQL';

/** Where databases come from; SQLite ones lie in `folder`. */
export interface BenchDatabases {
  readonly folder: string;
  /** What can be measured here. */
  readonly kinds: readonly DatabaseKind[];
  /** The URL of a new one with the current schema. */
  readonly create: (kind: DatabaseKind) => Promise<string>;
  /** Ends a process before the databases go. */
  readonly own: <C extends ChildProcess>(child: C) => C;
}

export async function withDatabases<T>(work: (databases: BenchDatabases) => Promise<T>): Promise<T> {
  const folder = benchFolder();
  const missing = missingPostgres();
  if (missing !== undefined) console.log(`   not run on PostgreSQL: ${missing}`);
  const server = missing === undefined ? await startPostgresServer() : undefined;
  const children: ChildProcess[] = [];
  let databases = 0;
  const create = async (kind: DatabaseKind): Promise<string> => {
    const name = `bench_${(databases += 1)}`;
    const url = kind === 'SQLite' ? `sqlite:${join(folder.path, `${name}.db`)}` : `${server?.url ?? ''}${name}`;
    if (kind === 'PostgreSQL')
      await withDatabase(`${server?.url ?? ''}postgres`, (database) =>
        sql`create database ${sql.id(name)}`.execute(database),
      );
    const migrated = await withDatabase(url, migrate);
    if (!migrated.ok) throw new Error(migrated.error.type);
    return url;
  };
  try {
    return await work({
      folder: folder.path,
      kinds: server === undefined ? ['SQLite'] : ['SQLite', 'PostgreSQL'],
      create,
      own: (child) => {
        children.push(child);
        return child;
      },
    });
  } finally {
    await Promise.all(children.map(end));
    await server?.stop();
    folder.remove();
  }
}

/** A process of its own, which ends with `withDatabases`. */
export interface ServerProcess {
  readonly url: string;
}

const bareServer = fileURLToPath(new URL('./bare-server.ts', import.meta.url));
const cloudSync = fileURLToPath(new URL('../../cloud-sync/bin/cloud-sync', import.meta.url));
const fromSource = ['--conditions=source', '--import', 'tsx'];

export async function startBareServer({ own }: BenchDatabases, databaseUrl: string): Promise<ServerProcess> {
  const child = own(
    fork(bareServer, [databaseUrl], { execArgv: fromSource, stdio: ['ignore', 'pipe', 'inherit', 'ipc'] }),
  );
  return { url: await untilSaid(child, /^(http:\S+)$/m) };
}

export interface BenchCloud extends ServerProcess {
  /** What the administrator sends; absent when an earlier process on this database has it. */
  readonly token: string | undefined;
}

/** One cloud as a customer runs it, `name` its folder; processes on one database share `masterKey`. */
export async function startCloud(
  { folder, own }: BenchDatabases,
  { name, databaseUrl, masterKey }: { readonly name: string; readonly databaseUrl: string; readonly masterKey: string },
): Promise<BenchCloud> {
  const data = join(folder, name);
  mkdirSync(data, { recursive: true });
  const settings = ['--data', data, '--database', databaseUrl, '--port', '0', '--log-level', 'warn'];
  const child = own(
    spawn(cloudSync, ['serve', ...settings], {
      stdio: ['ignore', 'pipe', 'inherit'],
      // One address and one account send everything here; usual limits would refuse most of it.
      env: { ...process.env, POSTERN_CLOUD_MASTER_KEY: masterKey, POSTERN_CLOUD_LIMITS_FACTOR: '1000' },
    }),
  );
  let token: string | undefined;
  child.stdout.on('data', (data: Buffer) => (token ??= /with token +(\S+)/.exec(data.toString())?.[1]));
  const url = await untilSaid(child, /^cloud-sync is ready: (\S+)$/m);
  return { url, token };
}

/** A cloud in this process, without a socket. */
export async function openBenchCloud(
  { folder }: Pick<BenchDatabases, 'folder'>,
  name: string,
  databaseUrl: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<Cloud> {
  const settings = { data: join(folder, name), database: databaseUrl, port: '0', logLevel: 'silent' };
  const config = readConfig(settings, environment);
  if (!config.ok) throw new Error(config.error.problems.join('; '));
  const opened = await openCloud({ ...createSystem(), config: config.value, log: silentLogger });
  if (!opened.ok) throw new Error(opened.error.type);
  return opened.value;
}

export const makeMasterKey = (): string => randomBytes(32).toString('hex');

/** A program that may read and verify tickets; answers with its key. */
export async function createProgram(cloud: BenchCloud): Promise<string> {
  const program = { name: 'bench', scopes: ['tickets:read', 'tickets:verify'] };
  return (await post<{ readonly key: string }>(cloud, '/admin/api-keys', program)).key;
}

export const benchEvent = {
  event: 1,
  name: 'Bench',
  timeZone: 'Europe/Berlin',
  zones: [{ id: 'main', name: 'Main' }],
  types: [{ id: 1, name: 'Day', uses: 1, zones: ['main'] }],
};

/** Makes the event 1, each of whose tickets admits once. */
export const createEvent = (cloud: BenchCloud): Promise<unknown> => post(cloud, '/api/events', benchEvent);

const ticketsPerRequest = 1_000;

export async function issueTickets(cloud: BenchCloud, count: number): Promise<readonly TicketResponse[]> {
  const tickets: TicketResponse[] = [];
  while (tickets.length < count) {
    const some = Array.from({ length: Math.min(ticketsPerRequest, count - tickets.length) }, () => ({ type: 1 }));
    const path = '/api/tickets/batch';
    tickets.push(
      ...(await post<{ readonly tickets: TicketResponse[] }>(cloud, path, { event: benchEvent.event, tickets: some }))
        .tickets,
    );
  }
  return tickets;
}

const rowsPerStatement = 1_000;

/** Gives another database the same tickets. */
export const copyTickets = (fromUrl: string, toUrl: string): Promise<void> =>
  withDatabase(fromUrl, async (from) => {
    const rows = await from.selectFrom('ticket').selectAll().execute();
    await withDatabase(toUrl, async (to) => {
      for (let start = 0; start < rows.length; start += rowsPerStatement)
        await to
          .insertInto('ticket')
          .values(rows.slice(start, start + rowsPerStatement))
          .execute();
    });
  });

async function post<T>({ url, token = '' }: BenchCloud, path: string, body: object): Promise<T> {
  const response = await fetch(url + path, {
    method: 'POST',
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  if (response.status !== 201) throw new Error(`${path} answered ${response.status}: ${text}`);
  return JSON.parse(text) as T;
}

/** What the first group of `pattern` is, once the child has said it. */
const untilSaid = (child: ChildProcess, pattern: RegExp): Promise<string> =>
  new Promise((resolve, reject) => {
    let said = '';
    child.stdout?.on('data', (data: Buffer) => {
      said += data.toString();
      const found = pattern.exec(said)?.[1];
      if (found !== undefined) resolve(found);
    });
    child.once('exit', (code) => reject(new Error(`a bench server ended with code ${code}: ${said}`)));
  });

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const ended = once(child, 'exit');
  child.kill();
  await ended;
}
