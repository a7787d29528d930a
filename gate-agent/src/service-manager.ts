// What the agent tells systemd: that it is ready, how it is, that it is stopping, and, as often as the unit's WatchdogSec asks for it,
// that it still works. Outside of a unit with Type=notify nothing is told. The only file that knows unix-dgram (sd_notify(3)).
import { sleep, type Logger, type Timer } from '@postern/shared';

export interface ServiceManager {
  readonly tell: (...lines: readonly string[]) => void;
  /** How often systemd wants to hear, half its patience; undefined where it does not. */
  readonly watchdogEveryMs: number | undefined;
  readonly close: () => void;
}

const silent: ServiceManager = { tell: () => undefined, watchdogEveryMs: undefined, close: () => undefined };

export interface ServiceManagerSettings {
  /** $NOTIFY_SOCKET: a path, or a name in the abstract namespace that begins with @. */
  readonly socket: string | undefined;
  /** $WATCHDOG_USEC. */
  readonly watchdogUs: string | undefined;
}

/** Never fails: where systemd cannot be told, the log says so and the gate works on. */
export async function openServiceManager(
  { socket: path, watchdogUs }: ServiceManagerSettings,
  logger: Logger,
): Promise<ServiceManager> {
  if (path === undefined || path === '') return silent;
  try {
    const { createSocket } = (await import('unix-dgram')).default;
    const socket = createSocket('unix_dgram');
    socket.on('error', (cause: Error) => logger.warn({ cause: cause.message }, 'systemd could not be told'));
    const address = path.startsWith('@') ? `\0${path.slice(1)}` : path;
    const patienceMs = Number(watchdogUs ?? '') / 1_000;
    return {
      tell: (...lines) => {
        const message = Buffer.from(lines.join('\n'));
        socket.send(message, 0, message.length, address);
      },
      watchdogEveryMs: patienceMs > 0 ? patienceMs / 2 : undefined,
      close: () => socket.close(),
    };
  } catch (cause) {
    logger.warn(
      { cause: String(cause) },
      'systemd cannot be told how the gate is: the package unix-dgram is not there',
    );
    return silent;
  }
}

/**
 * Feeds the watchdog after each self-test that has gone well, until `signal` aborts. One that hangs or fails is not followed by
 * another word: systemd then starts the agent again.
 */
export async function feedWatchdog(
  { tell, watchdogEveryMs }: ServiceManager,
  selfTest: () => Promise<void>,
  { timer, logger, signal }: { readonly timer: Timer; readonly logger: Logger; readonly signal: AbortSignal },
): Promise<void> {
  if (watchdogEveryMs === undefined) return;
  while (!signal.aborted) {
    try {
      await selfTest();
      tell('WATCHDOG=1');
    } catch (cause) {
      logger.error({ cause: String(cause) }, 'The self-test has failed; systemd will start the agent again');
    }
    await sleep(timer, watchdogEveryMs, signal);
  }
}
