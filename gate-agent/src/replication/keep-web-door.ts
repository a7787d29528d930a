// Keeps the door for handhelds open: gets the gate's certificate for browsers when there is none yet, renews it in time, and goes on without
// a door, saying so in the log, while there is no certificate or the address is taken.
import { createNonces, sleep, type Clock, type Logger, type Random, type Timer } from '@postern/shared';
import {
  askForWebIdentity,
  readWebFiles,
  readWebIdentity,
  renewBeforeMs,
  type WebFiles,
  type WebIdentity,
} from '../web-identity.ts';
import type { GateFetch } from '../peers/gate-auth.ts';
import { keepListening, type KeptListener } from './keep-listening.ts';
import type { LanTrouble } from '../peers/replication-status.ts';
import { startWebDoor, type WebDoor, type WebDoorDeps } from './web-door.ts';

export interface WebSettings {
  /** `HOST:PORT`. */
  readonly listen: string;
  /** The gate's data folder, where key and certificate are kept. */
  readonly data: string;
  /** Of a technician, in place of what the cloud issues. */
  readonly files: WebFiles | undefined;
}

export interface KeepWebDoorDeps extends Pick<WebDoorDeps, 'gate' | 'trust' | 'answer' | 'status' | 'statedTime'> {
  readonly settings: WebSettings;
  readonly cloud: { readonly url: string; readonly fetch: GateFetch } | undefined;
  /** Where the ticket list says the cloud is, which may have moved since the certificate was made. */
  readonly toldCloudUrl: () => string | undefined;
  readonly clock: Clock;
  readonly timer: Timer;
  readonly random: Random;
  readonly log: Logger;
}

/** Between two looks whether the certificate has to be renewed; files may have been replaced. */
const lookMs = 3_600_000;
/** Between two attempts to get a first one. */
const askAgainMs = 15_000;
const nonceSecretBytes = 32;

export interface KeptWebDoor {
  /** Why no handheld can reach this gate although it has a certificate. */
  readonly trouble: () => LanTrouble | undefined;
  /** Ends, with the door closed, when the signal aborts. Never rejects. */
  readonly ended: Promise<void>;
}

export function keepWebDoor(deps: KeepWebDoorDeps, signal: AbortSignal): KeptWebDoor {
  const { settings, cloud, clock, timer, log } = deps;
  let identity: WebIdentity | undefined;
  let door: WebDoor | undefined;
  let kept: KeptListener | undefined;
  let told: string | undefined;

  const renewed = async (): Promise<WebIdentity | undefined> => {
    const known = await (settings.files === undefined
      ? readWebIdentity(settings.data)
      : readWebFiles(settings.files, originOf(cloud?.url)));
    const isFresh = known.ok && known.value.notAfterMs - clock.wallMs() > renewBeforeMs;
    if (settings.files !== undefined || isFresh || cloud === undefined)
      return known.ok ? known.value : tell(known.error.cause);
    const asked = await askForWebIdentity(settings.data, cloud.url, cloud.fetch, signal);
    if (asked.ok) return asked.value;
    return known.ok ? known.value : tell(asked.error.cause);
  };
  const tell = (cause: string): undefined => {
    if (cause !== told && !signal.aborted)
      log.info({ cause }, 'handhelds cannot reach this gate on the LAN: it has no certificate for browsers');
    told = cause;
  };
  const nonces = createNonces(deps.random(nonceSecretBytes), clock, deps.random);
  const open = async (address: string): Promise<WebDoor> => {
    door = await startWebDoor({
      ...deps,
      address,
      tls: identity ?? { key: '', cert: '' },
      origins: () => [identity?.origin ?? '', originOf(deps.toldCloudUrl())],
      nonces,
    });
    log.info({ name: identity?.name, port: door.port }, 'handhelds can reach this gate on the LAN');
    return door;
  };

  const run = async (): Promise<void> => {
    while (!signal.aborted) {
      const newer = await renewed();
      if (newer !== undefined) {
        const changed = newer.cert !== identity?.cert;
        identity = newer;
        if (kept === undefined)
          kept = await keepListening({ address: settings.listen, start: open, timer, log, who: 'handhelds' }, signal);
        else if (changed) door?.renew(newer);
      }
      await sleep(timer, identity === undefined ? askAgainMs : lookMs, signal);
    }
    await kept?.close();
  };
  return { trouble: () => kept?.trouble(), ended: run() };
}

const originOf = (url: string | undefined): string =>
  url === undefined || !URL.canParse(url) ? '' : new URL(url).origin;
