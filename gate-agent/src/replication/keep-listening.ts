// Keeps others answered, gates or handhelds: where the address cannot be listened on (the port is taken, the network is not up yet), the gate goes on
// without, says what to do, and tries again until it can.
import { sleep, type Logger, type Timer } from '@postern/shared';
import { splitAddress } from './lan-peer.ts';
import type { LanTrouble } from '../peers/replication-status.ts';

export interface Listener {
  readonly port: number;
  readonly close: () => Promise<void>;
}

export interface KeptListener {
  /** Where they are answered; undefined while they cannot be. */
  readonly port: () => number | undefined;
  readonly trouble: () => LanTrouble | undefined;
  /** Once `signal` has been given. */
  readonly close: () => Promise<void>;
}

export interface KeepListeningDeps {
  /** `HOST:PORT`. */
  readonly address: string;
  /** Rejects when the address cannot be listened on. */
  readonly start: (address: string) => Promise<Listener>;
  /** Who is answered, and by which setting. */
  readonly who?: Answered;
  readonly timer: Timer;
  readonly log: Logger;
}

/** For whom it listens, in words for people. */
type Answered = 'other gates' | 'handhelds';
const settingOf: Readonly<Record<Answered, string>> = { 'other gates': '[lan] listen', handhelds: '[lan] web' };

export const retryListeningMs = 10_000;

/** Resolves after the first attempt, whatever came of it. */
export async function keepListening(
  { address, start, timer, log, who = 'other gates' }: KeepListeningDeps,
  signal: AbortSignal,
): Promise<KeptListener> {
  let listener: Listener | undefined;
  let trouble: LanTrouble | undefined;

  const attempt = async (): Promise<void> => {
    try {
      listener = await start(address);
      if (trouble !== undefined) log.info({ address }, `${who} can reach this one now`);
      trouble = undefined;
    } catch (cause) {
      const newer = describeTrouble(address, who, cause);
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

function describeTrouble(address: string, who: Answered, cause: unknown): LanTrouble {
  const setting = settingOf[who];
  const { host, port } = splitAddress(address);
  const trouble = (why: string, next: string): LanTrouble => ({
    what: `${who} cannot reach this one: ${why}`,
    next: `${next}; it is tried again by itself`,
  });
  switch (cause instanceof Error && 'code' in cause ? cause.code : undefined) {
    case 'EADDRINUSE':
      return trouble(
        `port ${port} is taken`,
        `see who has it (ss -ltnp 'sport = :${port}'), or set another port in ${setting} of gate.toml`,
      );
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return trouble(
        `this machine does not have the address ${host}`,
        `check the network, and ${setting} in gate.toml`,
      );
    default:
      return trouble(
        `${address} cannot be listened on (${cause instanceof Error ? cause.message : String(cause)})`,
        `check ${setting} in gate.toml`,
      );
  }
}
