// A board whose GPIO lines are files and whose programs are stand-ins: what they drive, and what their inputs see, for tests.
import { appendFileSync, chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const standIn = fileURLToPath(new URL('gpio-stand-in.sh', import.meta.url));
type Program = 'gpioset' | 'gpiomon' | 'gpioget';
const programs: readonly Program[] = ['gpioset', 'gpiomon', 'gpioget'];

export interface GpioBoard {
  /** Where its programs are. */
  readonly folder: string;
  /** The voltage of a driven line; undefined while nobody drives it. */
  readonly driven: (line: number) => 0 | 1 | undefined;
  /** The process that drives a line. */
  readonly driver: (line: number) => number | undefined;
  /** Edges of an input, as gpiomon tells them: whether the line goes on, and when. */
  readonly edges: (line: number, ...edges: readonly { readonly on: boolean; readonly atMs: number }[]) => void;
  /** What gpiomon prints instead. */
  readonly print: (line: number, text: string) => void;
  /** Kills the gpiomon of a line. */
  readonly stopMonitor: (line: number) => void;
  /** Voltage at an input. */
  readonly input: (line: number, value: string) => void;
  readonly set: (program: Program, how: 'works' | 'fails' | 'hangs') => void;
  /** The command lines so far. */
  readonly log: () => readonly string[];
  /** Takes a program away. */
  readonly remove: (program: Program) => void;
}

export function createGpioBoard(folder: string, major: 1 | 2): GpioBoard {
  for (const program of programs) {
    const path = join(folder, program);
    writeFileSync(path, `#!/bin/sh\nexec '${standIn}' '${folder}' ${major} ${program} "$@"\n`);
    chmodSync(path, 0o755);
  }
  const owner = (line: number): { readonly value: 0 | 1; readonly pid: number } | undefined => {
    const path = join(folder, `line-${line}`);
    if (!existsSync(path)) return undefined;
    const [value, pid] = readFileSync(path, 'utf8').split(' ').map(Number);
    return pid !== undefined && isRunning(pid) ? { value: value === 1 ? 1 : 0, pid } : undefined;
  };
  return {
    folder,
    driven: (line) => owner(line)?.value,
    driver: (line) => owner(line)?.pid,
    edges: (line, ...edges) => {
      const text = edges.map(({ on, atMs }) => {
        const [seconds, ms] = [Math.floor(atMs / 1_000), Math.floor(atMs % 1_000)];
        return major === 1
          ? `${on ? 1 : 0} ${line} ${seconds} ${ms * 1_000_000}`
          : `${on ? 1 : 2} ${line} ${seconds}.${String(ms).padStart(3, '0')}000000`;
      });
      appendFileSync(join(folder, `edges-${line}`), `${text.join('\n')}\n`);
    },
    print: (line, text) => appendFileSync(join(folder, `edges-${line}`), text),
    stopMonitor: (line) => process.kill(Number(readFileSync(join(folder, `monitor-${line}`), 'utf8')), 'SIGKILL'),
    input: (line, value) => writeFileSync(join(folder, `input-${line}`), value),
    set: (program, how) => {
      for (const other of ['fails', 'hangs']) rmSync(join(folder, `${program}.${other}`), { force: true });
      if (how !== 'works') writeFileSync(join(folder, `${program}.${how}`), '');
    },
    log: () => (existsSync(join(folder, 'log')) ? readFileSync(join(folder, 'log'), 'utf8').trimEnd().split('\n') : []),
    remove: (program) => rmSync(join(folder, program)),
  };
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false; // That it throws is the answer.
  }
}
