// The replica of a gate whose agent does not run, as its replication thread would open it: for the commands that carry marks on a stick.
import { stat } from 'node:fs/promises';
import { createIngest, err, ok, type Ingest, type Logger, type Random, type Result } from '@postern/shared';
import { feedFolder, prepareEventFolder } from '../event-folder.ts';
import { loadIdentity } from '../identity.ts';
import { createGateDirectory, listedGates } from '../peers/gate-directory.ts';
import { openStoppedSegments } from '../stopped-segments.ts';
import { readFeed } from '../store/read-feed.ts';
import type { CommandError, GateFolder } from './gate-folder.ts';

export interface StoppedReplica {
  readonly ingest: Ingest;
  /** Brings what the journal has and no segment yet into one; resolves with a complaint where that cannot be done. */
  readonly drain: () => Promise<string | undefined>;
  readonly close: () => void;
}

export interface StoppedReplicaDeps {
  readonly logger: Logger;
  readonly random: Random;
  readonly signal: AbortSignal;
  /** Effective user id; undefined where there is no such thing. */
  readonly userId: number | undefined;
}

export async function openStoppedReplica(
  { data, diskKey }: Pick<GateFolder, 'data' | 'diskKey'>,
  event: number,
  { logger, random, signal, userId }: StoppedReplicaDeps,
): Promise<Result<StoppedReplica, CommandError>> {
  const identity = await loadIdentity(data);
  if (!identity.ok)
    return err({ type: identity.error.type, message: `${data} holds no gate that can sign; run gate-agent doctor` });
  const key = diskKey();
  if (!key.ok) return key;
  const { uid } = await stat(data);
  // What root writes here the agent could not open.
  if (userId === 0 && uid !== 0)
    return err({
      type: 'wrong-user',
      message: `${data} belongs to the user with id ${uid}; run this as that user: sudo -u '#${uid}' gate-agent …`,
    });
  const feed = await readFeed(feedFolder(data, event), event, signal, key.value);
  const listed = feed.ok ? listedGates(feed.value.manifest) : [];
  if (feed.ok) feed.value.close();
  const { keys, gate } = identity.value;

  prepareEventFolder(data, event);
  const { ledger, store, drain, close } = await openStoppedSegments({
    data,
    event,
    gate: gate.id,
    secretKey: keys.secretKey,
    diskKey: key.value,
    random,
    logger,
  });
  return ok({
    ingest: createIngest({
      ledger,
      store,
      log: logger,
      directory: createGateDirectory({
        event,
        self: { id: gate.id, publicKey: keys.publicKey },
        listed: (id) => listed.find((known) => known.id === id),
      }),
    }),
    drain,
    close,
  });
}
