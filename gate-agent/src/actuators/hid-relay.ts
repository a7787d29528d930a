// `hid-relay://16c0:05df`: a USB relay board of the dcttech kind. It knows no pulses: what was switched on stays on, also when the agent
// is gone. So every switching on has a watchdog here, which tries until it is off, and rest at start and stop switches off. Each
// command is read back; a board that was plugged in anew is opened anew.
import type { Actuator, Logger, Timer } from '@postern/shared';
import type { HidPort, OpenHid } from '../hid/hid-port.ts';
import type { HidRelayUri } from './hid-relay-uri.ts';
import { createRelayTurnstile, type Relay } from './relay-turnstile.ts';

const answerWithinMs = 1_000;
/** What could not be switched off is tried again after so long. */
const offAgainAfterMs = 500;
const switchOn = 0xff;
const switchOff = 0xfd;
/** Without the report id; the last byte is the state, one bit a relay. */
const stateBytes = 8;

export interface HidRelayDeps {
  readonly open: OpenHid;
  readonly timer: Timer;
  readonly logger: Logger;
  readonly passageTimeoutMs: number;
}

export function createHidRelayTurnstile(
  id: string,
  { address, entry, exit, opening }: HidRelayUri,
  deps: HidRelayDeps,
): { readonly actuator: Actuator; readonly close: () => Promise<void> } {
  const board = createBoard(() => deps.open(address), deps);
  const side = (relay: number | undefined): { readonly relay?: Relay } =>
    relay === undefined ? {} : { relay: createRelay(board, relay, deps) };
  const actuator = createRelayTurnstile(
    { id, opening, passageTimeoutMs: deps.passageTimeoutMs, tailMs: 0 },
    { entry: side(entry), exit: side(exit) },
    deps,
  );
  return { actuator, close: board.close };
}

interface Board {
  /** One command after the other. Rejects when the board does not do it. */
  readonly turn: (relay: number, on: boolean) => Promise<void>;
  readonly close: () => Promise<void>;
}

function createRelay({ turn }: Board, relay: number, { timer, logger }: HidRelayDeps): Relay {
  let cancelWatchdog = (): void => undefined;
  const offBy = (ms: number): void => {
    cancelWatchdog = timer.after(ms, () => {
      turn(relay, false).catch((cause: unknown) => {
        logger.error({ relay, cause: String(cause) }, 'A relay could not be switched off by its watchdog');
        offBy(offAgainAfterMs);
      });
    });
  };
  return {
    on: async (forMs) => {
      cancelWatchdog();
      if (forMs !== undefined) offBy(forMs);
      await turn(relay, true);
    },
    off: async () => {
      cancelWatchdog();
      try {
        await turn(relay, false);
      } catch (cause) {
        offBy(offAgainAfterMs);
        throw cause;
      }
    },
  };
}

function createBoard(open: () => Promise<HidPort>, { timer }: Pick<HidRelayDeps, 'timer'>): Board {
  let current: HidPort | undefined;
  let queue: Promise<unknown> = Promise.resolve();
  let closed = false;

  const queued = (task: () => Promise<void>): Promise<void> => {
    const run = queue.then(task);
    queue = run.catch(() => undefined);
    return run;
  };

  const forget = (): void => {
    const port = current;
    current = undefined;
    // Not waited for: a board that is gone or hangs may refuse to be closed, and nothing is left to close then.
    port?.close().catch(() => undefined);
  };

  const openPort = async (): Promise<HidPort> => {
    if (closed) throw new Error('the relay board is closed');
    const port = await open();
    // Whoever uses it next finds out; without a listener Node would end the process.
    port.on('error', () => {
      if (current === port) forget();
    });
    current = port;
    return port;
  };

  const command = async (relay: number, on: boolean): Promise<void> => {
    const port = current ?? (await openPort());
    await port.sendFeatureReport(Buffer.from([0, on ? switchOn : switchOff, relay, 0, 0, 0, 0, 0, 0]));
    const report = await port.getFeatureReport(0, stateBytes + 1);
    const state = report.at(-1);
    if (report.length < stateBytes || state === undefined || ((state >> (relay - 1)) & 1) !== (on ? 1 : 0))
      throw new Error(`relay ${relay} of the board does not switch ${on ? 'on' : 'off'}`);
  };

  const turn = async (relay: number, on: boolean): Promise<void> => {
    const wasOpen = current !== undefined;
    try {
      return await within(timer, command(relay, on));
    } catch (cause) {
      forget();
      // It may have been plugged in anew since.
      if (!wasOpen) throw cause;
    }
    try {
      await within(timer, command(relay, on));
    } catch (cause) {
      forget();
      throw cause;
    }
  };

  return {
    turn: (relay, on) => queued(() => turn(relay, on)),
    close: () => {
      closed = true;
      return queued(async () => forget());
    },
  };
}

/** A board that hangs must not make the lane wait for ever. */
function within(timer: Timer, work: Promise<void>): Promise<void> {
  return new Promise((resolve, reject) => {
    const cancel = timer.after(answerWithinMs, () => reject(new Error('the relay board does not answer')));
    work.finally(cancel).then(resolve, reject);
  });
}
