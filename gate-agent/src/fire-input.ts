// Listens to the fire or free-exit contact. The fire loop itself is wired to the turnstile and releases it without us; this only
// tells the lanes, so that they open, show it and stay free until a person resets them. The contact is at an input line
// (`gpio://gpiochip0?line=24&active=low`), or `file:///PATH` holds 1 while it is on: what another program or a test writes.
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { err, ok, sleep, type Logger, type Result, type Timer } from '@postern/shared';
import { deviceUriError, type DeviceUriError } from './device-uri.ts';
import { lineMax, readGpioUri } from './gpio/chip-uri.ts';
import { createInputLine } from './gpio/input-line.ts';
import { createGpioPrograms, type GpioPrograms, type InputLines } from './gpio/programs.ts';

const filePollMs = 100;
/** Each look starts a program. */
const linePollMs = 500;

export interface FireWatch {
  readonly isOn: () => boolean;
  /** Why the input cannot be read at the moment. */
  readonly trouble: () => string | undefined;
  /** Calls `onFire` again and again while it is on, until `signal` aborts: a lane reset too early is freed again. Off is for a person to act on. */
  readonly run: (onFire: () => void, signal: AbortSignal) => Promise<void>;
}

export type FireInputError = { readonly type: 'fire-input-unknown'; readonly cause: string };

export interface FireInputDeps {
  readonly timer: Timer;
  readonly logger: Logger;
  /** Those on PATH, when absent. */
  readonly programs?: GpioPrograms;
}

interface FireContact {
  /** Rejects when it cannot be read. */
  readonly read: () => Promise<boolean>;
  readonly pollMs: number;
}

/** What a fire input is at, for whoever opens or checks it. */
export type FireInputUri =
  | { readonly type: 'file'; readonly path: string }
  | ({ readonly type: 'line'; readonly line: number } & InputLines);

export function parseFireInput(uri: string): Result<FireInputUri, DeviceUriError> {
  if (uri.startsWith('file:///')) return ok({ type: 'file', path: fileURLToPath(uri) });
  if (!uri.startsWith('gpio://')) return deviceUriError('only file:///PATH and gpio://CHIP?line=LINE are known');
  const parsed = readGpioUri(uri, ({ whole, word }) => ({
    line: whole('line', 0, lineMax, undefined),
    activeLow: word('active', ['low', 'high']) === 'low',
    pull: word('pull', ['up', 'down', 'none']),
  }));
  if (!parsed.ok) return parsed;
  const { line, ...input } = parsed.value;
  return line === undefined ? deviceUriError('line=LINE is missing') : ok({ type: 'line', line, ...input });
}

export function openFireInput(uri: string, deps: FireInputDeps): Result<FireWatch, FireInputError> {
  const input = parseFireInput(uri);
  if (!input.ok) return err({ type: 'fire-input-unknown', cause: `${uri}: ${input.error.cause}` });
  return ok(createFireWatch(contactAt(input.value, deps), deps));
}

const contactAt = (input: FireInputUri, { programs = createGpioPrograms() }: FireInputDeps): FireContact =>
  input.type === 'file'
    ? { read: async () => (await readFile(input.path, 'utf8')).trim() === '1', pollMs: filePollMs }
    : { read: createInputLine(input, programs), pollMs: linePollMs };

function createFireWatch({ read, pollMs }: FireContact, { timer, logger }: FireInputDeps): FireWatch {
  let on = false;
  let trouble: string | undefined;
  const look = async (): Promise<boolean> => {
    try {
      const isOn = await read();
      trouble = undefined;
      return isOn;
    } catch (cause) {
      // The last known state stays: an unreadable input neither frees nor locks anything.
      trouble = cause instanceof Error ? cause.message : String(cause);
      return on;
    }
  };
  return {
    isOn: () => on,
    trouble: () => trouble,
    run: async (onFire, signal) => {
      while (!signal.aborted) {
        const [wasOn, hadTrouble] = [on, trouble !== undefined];
        on = await look();
        if (on !== wasOn) logger.warn({ on }, `The fire input went ${on ? 'on' : 'off'}`);
        if (trouble !== undefined && !hadTrouble) logger.error({ trouble }, 'The fire input cannot be read');
        if (on) onFire();
        await sleep(timer, pollMs, signal);
      }
    },
  };
}
