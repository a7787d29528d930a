// Keeps other gates answered: where the address cannot be listened on (the port is taken, the network is not up yet), the gate goes on
// without, says what to do, and tries again until it can.
import { sleep, type Logger, type Timer } from '@postern/shared';
import type { LanListener } from './lan-listener.ts';
import { splitAddress } from './lan-peer.ts';
import type { LanTrouble } from '../peers/replication-status.ts';

export interface KeptListener {
  /** Where other gates are answered; undefined while they cannot be. */
  readonly port: () => number | undefined;
  readonly trouble: () => LanTrouble | undefined;
  /** Once `signal` has been given. */
  readonly close: () => Promise<void>;
}

export interface KeepListeningDeps {
  /** `HOST:PORT`. */
  readonly address: string;
  /** Rejects when the address cannot be listened on. */
  readonly start: (address: string) => Promise<LanListener>;
  readonly timer: Timer;
  readonly log: Logger;
}

export const retryListeningMs = 10_000;

/** Resolves after the first attempt, whatever came of it. */
export async function keepListening(
  { address, start, timer, log }: KeepListeningDeps,
  signal: AbortSignal,
): Promise<KeptListener> {
  let listener: LanListener | undefined;
  let trouble: LanTrouble | undefined;

  const attempt = async (): Promise<void> => {
    try {
      listener = await start(address);
      if (trouble !== undefined) log.info({ address }, 'other gates can reach this one now');
      trouble = undefined;
    } catch (cause) {
      const newer = describeTrouble(address, cause);
      if (newer.what !== trouble?.what) log.warn({ address }, newer.what);
      trouble = newer;
    }
  };
  const tryAgain = async (): Promise<void> => {
    while (listener === undefined) {
      await sleep(timer, retryListeningMs, signal);
      if (signal.aborted) return;
      await attempt();
    }
  };

  await attempt();
  const trying = tryAgain();
  return {
    port: () => listener?.port,
    trouble: () => trouble,
    close: async () => {
      await trying;
      await listener?.close();
    },
  };
}

function describeTrouble(address: string, cause: unknown): LanTrouble {
  const { host, port } = splitAddress(address);
  const trouble = (why: string, next: string): LanTrouble => ({
    what: `other gates cannot reach this one: ${why}`,
    next: `${next}; it is tried again by itself`,
  });
  switch (cause instanceof Error && 'code' in cause ? cause.code : undefined) {
    case 'EADDRINUSE':
      return trouble(
        `port ${port} is taken`,
        `see who has it (ss -ltnp 'sport = :${port}'), or set another port in [lan] listen of gate.toml`,
      );
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return trouble(
        `this machine does not have the address ${host}`,
        'check the network, and [lan] listen in gate.toml',
      );
    default:
      return trouble(
        `${address} cannot be listened on (${cause instanceof Error ? cause.message : String(cause)})`,
        'check [lan] listen in gate.toml',
      );
  }
}
