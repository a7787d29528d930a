// A passage sensor at one input line, by a `gpiomon` that runs as long as anybody needs it. It is started again when it is asked to
// start and has died meanwhile; who watches is told at once when it can see no more.
import type { PassageSensor } from '../actuators/relay-turnstile.ts';
import { createLineSplitter } from '../line-splitter.ts';
import { createDebounce, parseEdge } from './debounce.ts';
import type { GpioDeps } from './driven-lines.ts';
import { startGpioProcess, type GpioProcess } from './program-process.ts';
import type { InputLines } from './programs.ts';

export interface GpioSensorSettings extends InputLines {
  readonly line: number;
  readonly debounceMs: number;
}

export interface GpioSensor extends PassageSensor {
  readonly close: () => Promise<void>;
}

interface Watcher {
  readonly onPerson: () => void;
  readonly onBlind: (why: string) => void;
}

export function createGpioSensor(settings: GpioSensorSettings, { programs, timer, logger }: GpioDeps): GpioSensor {
  const { chip, line, debounceMs } = settings;
  const watchers = new Set<Watcher>();
  let current: Promise<GpioProcess> | undefined;
  let garbled = 0;

  const launch = async (): Promise<GpioProcess> => {
    const commands = await programs.find();
    const debounce = createDebounce(debounceMs);
    const takeLine = (bytes: Uint8Array): void => {
      const edge = parseEdge(Buffer.from(bytes).toString('latin1'));
      if (edge === undefined) return complain();
      if (!debounce.isPerson(edge.goesOn, edge.atMs)) return;
      for (const { onPerson } of watchers) onPerson();
    };
    const complain = (): void => {
      if (garbled++ === 0) logger.warn({ chip, line }, 'gpiomon prints what is no edge; that is left out');
    };
    const splitter = createLineSplitter(takeLine, complain);
    const process = startGpioProcess({
      command: commands.monitor(settings, line),
      announces: commands.announces,
      timer,
      onOutput: splitter.push,
    });
    await process.up;
    return process;
  };

  /** The running one; a new one after the old one's end. */
  const start = (): Promise<GpioProcess> => {
    if (current !== undefined) return current;
    const starting = launch();
    current = starting;
    const forget = (why: string): void => {
      if (current === starting) current = undefined;
      for (const { onBlind } of watchers) onBlind(why);
    };
    starting
      .then(({ ended }) => ended)
      .then(forget, (cause: unknown) => forget(cause instanceof Error ? cause.message : String(cause)))
      .catch((cause: unknown) => logger.error({ chip, line, cause: String(cause) }, 'A watcher of a sensor failed'));
    return starting;
  };

  return {
    start: async () => void (await start()),
    watch: (onPerson, onBlind) => {
      const watcher = { onPerson, onBlind };
      watchers.add(watcher);
      return () => void watchers.delete(watcher);
    },
    close: async () => {
      // One that never came up has nothing to be stopped.
      const process = await current?.catch(() => undefined);
      await process?.stop();
    },
  };
}
