// When this phone has to forget, and what comes of it: told while it is a gate, and gone on with by a later start where that could not be finished.
// One thing after the other is whoever calls's to see to.
import { bytesToHex, type Logger, type Random, type Timer } from '@postern/shared';
import { databaseNames, type DeviceDatabase } from './databases.ts';
import { loadPhoneIdentity, loadPhoneRevoked, type PhoneRevoked } from './device.ts';
import { forgetGate, forgetRest, type Forgotten, type ForgettingGate, type StoppedGate } from './forget.ts';
import { startReplication } from './replication.ts';

export interface ForgettingDeps {
  readonly database: DeviceDatabase;
  /** Of databases. */
  readonly prefix: string;
  readonly cloudUrl: string;
  readonly startWorker: () => Worker;
  readonly random: Random;
  readonly timer: Timer;
  readonly logger: Logger;
  /** It is no gate any more from here on; what is sealed follows. */
  readonly onRevoked: (revoked: PhoneRevoked, isComplete: boolean) => void;
}

export interface Forgetting {
  /** False where marks could not be sealed, and stay. */
  readonly forget: (gate: ForgettingGate, told: Pick<PhoneRevoked, 'atMs' | 'sealKey'>) => Promise<boolean>;
  /** What an earlier attempt has left, if anything: true when there is nothing left any more. */
  readonly goOn: () => Promise<boolean>;
}

const bootBytes = 8;

export function createForgetting(deps: ForgettingDeps): Forgetting {
  const { database, prefix, cloudUrl, startWorker, random, timer, logger, onRevoked } = deps;

  /** Whatever goes wrong leaves the marks where they are. */
  const finish = async (
    told: PhoneRevoked,
    { stop }: Pick<StoppedGate, 'stop'>,
    forgets: Promise<Forgotten>,
  ): Promise<boolean> => {
    const { sealed, complete } = await forgets.catch(async (cause: unknown) => {
      logger.error({ cause: String(cause) }, 'A revoked gate could not forget everything');
      await stop();
      return { sealed: undefined, complete: false };
    });
    onRevoked({ ...told, sealed }, complete);
    if (!complete) logger.error({}, 'Marks of a revoked gate are not sealed yet, and stay');
    return complete;
  };

  return {
    forget: async (gate, told) => {
      onRevoked(told, false);
      return finish(told, gate, forgetGate(told, gate, database));
    },
    goOn: async () => {
      const [told, identity] = await Promise.all([loadPhoneRevoked(database), loadPhoneIdentity(database, random)]);
      // The identity goes last.
      if (told === undefined || !identity.ok) return true;
      const { gate, event, keys } = identity.value;
      const names = databaseNames(prefix, gate.id, event.id);
      // A worker without a page that scans: it brings what is left in the journal into segments, and seals them.
      const replication = startReplication({
        settings: {
          gate: gate.id,
          event: event.id,
          boot: bytesToHex(random(bootBytes)),
          names,
          ...keys,
          cloudUrl,
          gateDomain: undefined,
        },
        startWorker,
        timer,
        random,
        logger,
        through: () => undefined,
        onStatus: () => undefined,
        onLearned: () => undefined,
        onRevoked: () => undefined,
      });
      return finish(told, replication, forgetRest(told, { ...replication, names }, database));
    },
  };
}
