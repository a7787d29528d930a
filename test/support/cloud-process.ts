// The cloud as a process of its own, started as a customer starts it.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compiledProgram } from './compiled-programs.ts';

const cli = compiledProgram('cloud-sync');

export interface Finished {
  readonly code: number | null;
  readonly out: string;
  readonly errors: string;
}

export interface CloudProcess {
  /** All of standard output so far. */
  readonly out: () => string;
  /** Base URL, once it is ready; rejects when the process ends before. */
  readonly ready: Promise<string>;
  readonly ended: Promise<Finished>;
  /** As `head` does when it has enough. */
  readonly stopReading: () => void;
  readonly kill: (signal: NodeJS.Signals) => void;
}

/** Runs `cloud-sync …arguments`. */
export const runCloud = (...argumentList: readonly string[]): CloudProcess => runCloudWith({}, ...argumentList);

/** The same with more in its environment. */
export function runCloudWith(environment: NodeJS.ProcessEnv, ...argumentList: readonly string[]): CloudProcess {
  const child: ChildProcess = spawn(process.execPath, [cli, ...argumentList], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...environment },
  });
  let out = '';
  let errors = '';
  child.stdout?.on('data', (data: Buffer) => (out += data.toString()));
  child.stderr?.on('data', (data: Buffer) => (errors += data.toString()));
  const ended = once(child, 'close').then(([code]): Finished => ({ code: code as number | null, out, errors }));
  const ready = new Promise<string>((resolve, reject) => {
    child.stdout?.on('data', () => {
      const url = /^cloud-sync is ready: (\S+)$/m.exec(out)?.[1];
      if (url !== undefined) resolve(url);
    });
    void ended.then((finished) => reject(new Error(`cloud-sync has ended: ${finished.errors}`)));
  });
  // Not every test waits for it.
  ready.catch(() => undefined);
  return {
    out: () => out,
    ready,
    ended,
    stopReading: () => child.stdout?.destroy(),
    kill: (signal) => void child.kill(signal),
  };
}

/** The administrator's token, as a new cloud prints it once. */
export const firstToken = (cloud: Pick<CloudProcess, 'out'>): string =>
  /postern_[0-9a-f]{12}_[0-9a-f]{48}/.exec(cloud.out())?.[0] ?? '';

/** Sends JSON as somebody with a token; throws what the cloud says against it. */
export interface CloudClient {
  readonly send: (method: string, path: string, body?: unknown) => Promise<Response>;
  readonly json: (method: string, path: string, body?: unknown) => Promise<unknown>;
}

/** `url`: where the cloud is now; it may start again elsewhere. */
export function createCloudClient(url: () => string, token: string): CloudClient {
  const send: CloudClient['send'] = async (method, path, body) => {
    const response = await fetch(url() + path, {
      method,
      headers: {
        Authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return response;
  };
  return {
    send,
    json: async (method, path, body) => {
      const response = await send(method, path, body);
      return response.status === 204 ? undefined : response.json();
    },
  };
}

/** A cloud of its own, new and without anything in it, and its administrator's hands. */
export interface NewCloud {
  readonly process: CloudProcess;
  readonly url: string;
  /** Sends JSON as the administrator; throws what the cloud says against it. */
  readonly post: (path: string, body: unknown) => Promise<unknown>;
  readonly remove: (path: string) => Promise<unknown>;
}

export async function startNewCloud(folder: string, environment: NodeJS.ProcessEnv = {}): Promise<NewCloud> {
  const process = runCloudWith(environment, 'serve', '--database', `sqlite:${join(folder, 'cloud.db')}`, '--port', '0');
  const url = await process.ready;
  const { json } = createCloudClient(() => url, firstToken(process));
  return {
    process,
    url,
    post: (path, body) => json('POST', path, body),
    remove: (path) => json('DELETE', path),
  };
}

/** A TCP port of this machine that nobody has at the moment. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  await new Promise((resolve) => void server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
  return address.port;
}

export function temporaryFolder(): { readonly path: string; readonly remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'postern-cloud-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
