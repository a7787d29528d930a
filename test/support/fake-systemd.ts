// The other end of sd_notify: what a service tells systemd.
import { join } from 'node:path';

export interface FakeSystemd {
  /** What a unit of Type=notify with a watchdog finds in its environment. */
  readonly environment: { readonly NOTIFY_SOCKET: string; readonly WATCHDOG_USEC: string };
  /** Lines, in the order in which they came. */
  readonly told: readonly string[];
  readonly close: () => void;
}

/** Undefined where the package that speaks unix datagrams could not be built. */
export async function listenAsSystemd(folder: string, watchdogMs: number): Promise<FakeSystemd | undefined> {
  const library = await import('unix-dgram').catch(() => undefined);
  if (library === undefined) return undefined;
  const told: string[] = [];
  const socket = library.default.createSocket(
    'unix_dgram',
    (message) => void told.push(...message.toString().split('\n')),
  );
  const path = join(folder, 'notify');
  socket.bind(path);
  return {
    environment: { NOTIFY_SOCKET: path, WATCHDOG_USEC: String(watchdogMs * 1_000) },
    told,
    close: () => socket.close(),
  };
}
