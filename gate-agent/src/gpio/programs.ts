// The command lines of libgpiod's programs, which changed between its versions: 1.6 comes with Debian 12, 2.x with Debian 13.
// Which one is installed is asked of `gpioset --version`, once.
import { execFile } from 'node:child_process';
import { join } from 'node:path';

/** What the programs print about themselves is asked for at most so long. */
const versionWithinMs = 5_000;

export interface LinesOfChip {
  readonly chip: string;
  /** The line's low voltage means on. */
  readonly activeLow: boolean;
}

export interface InputLines extends LinesOfChip {
  readonly pull: 'none' | 'up' | 'down';
}

export interface GpioCommands {
  readonly major: 1 | 2;
  /** Drives lines until the process ends: by a signal, or by itself after `forMs`. */
  readonly drive: (on: LinesOfChip, values: readonly LineValue[], forMs: number | undefined) => readonly string[];
  /** Prints `1 LINE SECONDS [NANOSECONDS]` whenever a line goes on, and the same with another number first when it goes off. */
  readonly monitor: (on: InputLines, line: number) => readonly string[];
  /** Prints 1 or 0. */
  readonly read: (on: InputLines, line: number) => readonly string[];
  /** Whether `gpioset` and `gpiomon` say so once they have their lines. */
  readonly announces: boolean;
}

export interface LineValue {
  readonly line: number;
  readonly on: boolean;
}

const activeLowFlag = ({ activeLow }: LinesOfChip): readonly string[] => (activeLow ? ['--active-low'] : []);
const pullFlag = ({ pull }: InputLines): readonly string[] => (pull === 'none' ? [] : [`--bias=pull-${pull}`]);
const assignments = (values: readonly LineValue[]): readonly string[] =>
  values.map(({ line, on }) => `${line}=${on ? 1 : 0}`);

const version1: GpioCommands = {
  major: 1,
  announces: false,
  drive: (on, values, forMs) => [
    'gpioset',
    ...(forMs === undefined
      ? ['--mode=signal']
      : ['--mode=time', `--sec=${Math.floor(forMs / 1_000)}`, `--usec=${(forMs % 1_000) * 1_000}`]),
    ...activeLowFlag(on),
    on.chip,
    ...assignments(values),
  ],
  monitor: (on, line) => [
    'gpiomon',
    '--line-buffered',
    '--format=%e %o %s %n',
    ...activeLowFlag(on),
    ...pullFlag(on),
    on.chip,
    `${line}`,
  ],
  read: (on, line) => ['gpioget', ...activeLowFlag(on), ...pullFlag(on), on.chip, `${line}`],
};

const version2: GpioCommands = {
  major: 2,
  announces: true,
  drive: (on, values, forMs) => [
    'gpioset',
    '--banner',
    '--consumer=postern',
    // On for the time, then off, then the end: also when nobody is there any more to switch off.
    ...(forMs === undefined ? [] : [`--toggle=${forMs}ms,0`]),
    ...activeLowFlag(on),
    `--chip=${on.chip}`,
    ...assignments(values),
  ],
  monitor: (on, line) => [
    'gpiomon',
    '--banner',
    '--consumer=postern',
    '--format=%e %o %S',
    ...activeLowFlag(on),
    ...pullFlag(on),
    `--chip=${on.chip}`,
    `${line}`,
  ],
  read: (on, line) => [
    'gpioget',
    '--numeric',
    '--consumer=postern',
    ...activeLowFlag(on),
    ...pullFlag(on),
    `--chip=${on.chip}`,
    `${line}`,
  ],
};

/** From what `gpioset --version` prints: `gpioset (libgpiod) v1.6.3`. */
export function gpioCommandsOf(versionText: string): GpioCommands | undefined {
  const major = /\bv(\d+)\.\d/.exec(versionText)?.[1];
  return major === '1' ? version1 : major === '2' ? version2 : undefined;
}

export interface GpioPrograms {
  /** Rejects with a sentence that says what to install. Asked again after a failure: somebody may have installed it. */
  readonly find: () => Promise<GpioCommands>;
}

/** Those on PATH, or the ones in a folder. */
export function createGpioPrograms(folder?: string): GpioPrograms {
  let found: Promise<GpioCommands> | undefined;
  const inFolder =
    <A extends readonly unknown[]>(command: (...args: A) => readonly string[]) =>
    (...args: A): readonly string[] => {
      const [program = '', ...rest] = command(...args);
      return [folder === undefined ? program : join(folder, program), ...rest];
    };
  const find = async (): Promise<GpioCommands> => {
    const commands = await askVersion(folder === undefined ? 'gpioset' : join(folder, 'gpioset'));
    const { drive, monitor, read } = commands;
    return { ...commands, drive: inFolder(drive), monitor: inFolder(monitor), read: inFolder(read) };
  };
  return {
    find: () =>
      (found ??= find().catch((cause: unknown) => {
        found = undefined;
        throw cause;
      })),
  };
}

const askVersion = (gpioset: string): Promise<GpioCommands> =>
  new Promise((resolve, reject) => {
    execFile(gpioset, ['--version'], { timeout: versionWithinMs, killSignal: 'SIGKILL' }, (error, stdout) => {
      if (error?.code === 'ENOENT')
        return reject(new Error('gpioset is not installed: sudo apt-get install gpiod (gate-agent doctor checks it)'));
      const commands = gpioCommandsOf(stdout);
      if (commands !== undefined) return resolve(commands);
      const said = (stdout || error?.message || 'nothing').trim().split('\n')[0]?.slice(0, 100);
      reject(new Error(`gpioset is neither libgpiod 1 nor 2: it says "${said}"`));
    });
  });
