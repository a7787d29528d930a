// Runs the demo as `npm start` does, in a folder of its own, and says what it printed and which processes it has.
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export interface DemoProcess {
  readonly pid: number;
  /** Where its demo folder is made. */
  readonly parentFolder: string;
  /** Everything on standard output so far. */
  readonly lines: readonly string[];
  /** Resolves with the first line that matches; rejects when the demo ends before. */
  readonly line: (pattern: RegExp) => Promise<RegExpExecArray>;
  readonly ended: Promise<{ readonly code: number | null; readonly signal: string | null; readonly errors: string }>;
  readonly kill: (signal: NodeJS.Signals) => void;
  /** Command lines of living processes that name the demo's folder, by process id, the demo itself left out. */
  readonly children: () => ReadonlyMap<number, string>;
  /** Kills it if it still runs, waits for its children, removes the folder. */
  readonly clean: () => Promise<void>;
}

const repository = fileURLToPath(new URL('../..', import.meta.url));
const pollMs = 50;
const childrenGoneMsMax = 10_000;

export function startDemo(environment: Readonly<Record<string, string>>): DemoProcess {
  const parentFolder = mkdtempSync(join(tmpdir(), 'demo-'));
  const child = spawn(process.execPath, ['--conditions=source', '--import', 'tsx', 'scripts/demo/main.ts'], {
    cwd: repository,
    env: { ...process.env, POSTERN_DEMO_FOLDER: parentFolder, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: string[] = [];
  const watchers = new Set<(line: string | undefined) => void>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(line);
    for (const watcher of watchers) watcher(line);
  });
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const ended: DemoProcess['ended'] = new Promise((resolve) => {
    child.once('close', (code, signal) => {
      for (const watcher of watchers) watcher(undefined);
      resolve({ code, signal, errors });
    });
  });

  const children = (): ReadonlyMap<number, string> => processesNaming(parentFolder, child.pid);
  return {
    pid: child.pid ?? 0,
    parentFolder,
    lines,
    ended,
    children,
    kill: (signal) => void child.kill(signal),
    line: (pattern) =>
      new Promise((resolve, reject) => {
        const look = (line: string | undefined): void => {
          const match = line === undefined ? undefined : pattern.exec(line);
          if (match) resolve(match);
          else if (line === undefined)
            reject(new Error(`the demo ended before ${pattern}: ${lines.slice(-5).join('\n')}\n${errors}`));
          if (match || line === undefined) watchers.delete(look);
        };
        watchers.add(look);
        for (const line of lines) if (watchers.has(look)) look(line);
        if (watchers.has(look) && child.exitCode !== null) look(undefined);
      }),
    clean: async () => {
      child.kill('SIGKILL');
      await ended;
      await waitUntil(() => children().size === 0, childrenGoneMsMax);
      rmSync(parentFolder, { recursive: true, force: true });
    },
  };
}

/** Resolves with whether `condition` came true within `withinMs`. */
export async function waitUntil(condition: () => boolean | Promise<boolean>, withinMs: number): Promise<boolean> {
  const untilMs = performance.now() + withinMs;
  while (performance.now() < untilMs) {
    if (await condition()) return true;
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
  return condition();
}

function processesNaming(text: string, except: number | undefined): ReadonlyMap<number, string> {
  const found = new Map<number, string>();
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    try {
      const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ');
      if (Number(name) !== except && command.includes(text)) found.set(Number(name), command);
    } catch {
      // It has ended since the folder was read.
    }
  }
  return found;
}
