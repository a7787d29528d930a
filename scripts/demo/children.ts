// The demo's child processes: real programs, started as anybody would start them, each with its own log file. None of them
// outlives the demo: they are stopped when it ends, and the kernel ends them if it dies without a word.
import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream, existsSync } from 'node:fs';
import { createInterface } from 'node:readline';

export interface Child {
  readonly pid: number;
  /** Resolves with the exit code, or the signal's name. */
  readonly ended: Promise<number | string>;
  readonly hasEnded: () => boolean;
  readonly kill: (signal: NodeJS.Signals) => void;
  /** SIGTERM, then SIGKILL when that was not enough; resolves when the process is gone. */
  readonly stop: () => Promise<void>;
}

export interface ChildOptions {
  readonly args: readonly string[];
  /** Standard error and output go here, appended. */
  readonly logFile: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly onLine?: (line: string) => void;
}

/** The cloud shows its administrator's token once, on standard output; it does not belong into a file. */
const tokenPattern = /postern_[0-9a-f_]+/g;
const stopPatienceMs = 4_000;
const logTailLinesMax = 12;

/**
 * The children run from source by tsx, as the demo itself: what runs is what one reads, and nothing can be out of date. Compiled code
 * would start half a second of processor time sooner in each, but compiling first takes longer than all of them together.
 */
const nodeArgs = ['--conditions=source', '--import', import.meta.resolve('tsx')];

/** PR_SET_PDEATHSIG by util-linux: the kernel sends it when the demo is gone, however it went. */
const setpriv = ['/usr/bin/setpriv', '/bin/setpriv'].find((path) => existsSync(path));

export function startChild({ args, logFile, environment = {}, onLine }: ChildOptions): Child {
  const command = [process.execPath, ...nodeArgs, ...args];
  const [program = process.execPath, ...rest] =
    setpriv === undefined ? command : [setpriv, '--pdeathsig', 'TERM', ...command];
  const child = spawn(program, rest, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...environment } });
  const log = createWriteStream(logFile, { flags: 'a' });
  child.stderr.pipe(log, { end: false });
  createInterface({ input: child.stdout }).on('line', (line) => {
    log.write(`${line.replace(tokenPattern, 'postern_…')}\n`);
    onLine?.(line);
  });
  const ended = endOf(child);
  void ended.then(() => log.end());
  const hasEnded = (): boolean => child.exitCode !== null || child.signalCode !== null;
  return {
    pid: child.pid ?? 0,
    ended,
    hasEnded,
    kill: (signal) => void child.kill(signal),
    stop: async () => {
      if (hasEnded()) return;
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), stopPatienceMs);
      await ended;
      clearTimeout(timer);
    },
  };
}

/** Runs a command to its end and resolves with what it printed; rejects with its last words when it fails. */
export async function runChild(options: ChildOptions): Promise<readonly string[]> {
  const lines: string[] = [];
  const child = startChild({ ...options, onLine: (line) => void lines.push(line) });
  const end = await child.ended;
  if (end !== 0)
    throw new Error(
      `${options.args.slice(0, 2).join(' ')} ended with ${end}; see ${options.logFile}\n${lines.slice(-logTailLinesMax).join('\n')}`,
    );
  return lines;
}

/** Starts a program and resolves once `pick` has found what it wants in a line of its output; rejects when it ends before. */
export async function startUntil<T>(
  options: ChildOptions,
  pick: (line: string) => T | undefined,
): Promise<{ readonly child: Child; readonly found: T }> {
  return new Promise((resolve, reject) => {
    const child: Child = startChild({
      ...options,
      onLine: (line) => {
        options.onLine?.(line);
        const found = pick(line);
        if (found !== undefined) resolve({ child, found });
      },
    });
    void child.ended.then((end) =>
      reject(
        new Error(
          `${options.args.slice(0, 2).join(' ')} ended with ${end} before it was ready; see ${options.logFile}`,
        ),
      ),
    );
  });
}

const endOf = (child: ChildProcess): Promise<number | string> =>
  new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve(code ?? signal ?? 'unknown'));
    child.once('error', (cause) => resolve(cause.message));
  });
