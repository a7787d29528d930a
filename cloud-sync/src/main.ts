// The service put together, area by area: this file and composition/ are the only places that construct. `openCloud` gives everything
// without a socket (for tests and the command line); server.ts puts it on one.
import { setMaxListeners } from 'node:events';
import { fileURLToPath } from 'node:url';
import { ok, type Logger, type Result, createNonces } from '@postern/shared';
import { sql } from 'kysely';
import { createApp, type AppDeps } from './app.ts';
import { createBackground } from './composition/background.ts';
import { openEvents, type EventServices } from './composition/events.ts';
import { createFaceServices } from './composition/face.ts';
import { openFoundation, type CloudDeps, type OpenError } from './composition/foundation.ts';
import { createGeofence } from './composition/geofence.ts';
import { createHolderServices } from './composition/holders.ts';
import { openMarks, type Marks } from './composition/marks.ts';
import { openNft, type NftServices } from './composition/nft.ts';
import { createPeople } from './composition/people.ts';
import { createSources, type Sources } from './composition/sources.ts';
import { createUpkeep, type Upkeep } from './composition/upkeep.ts';
import { createWallets } from './composition/wallets.ts';
import { createTokenWallets } from './composition/token-wallets.ts';
import type { Service } from './server.ts';
import { createAuditLog } from './services/audit-log.ts';
import { createIdempotency } from './services/idempotency.ts';
import type { JobService } from './services/jobs/jobs.ts';
import type { Database } from './store/database.ts';

/** What tests and the command line work with, beside what is served. */
export interface Cloud
  extends
    Service,
    Upkeep,
    Pick<Marks, 'central' | 'replica' | 'bandImports' | 'sealedMarks'>,
    Pick<EventServices, 'ticketImports' | 'ticketFileImports' | 'ticketExports'>,
    Sources,
    Pick<NftServices, 'nft'>,
    Pick<
      AppDeps,
      | 'events'
      | 'tickets'
      | 'staff'
      | 'devices'
      | 'feed'
      | 'users'
      | 'members'
      | 'keys'
      | 'audit'
      | 'recordAlone'
      | 'faceSetups'
    > {
  readonly jobs: JobService;
}

export async function openCloud(deps: CloudDeps): Promise<Result<Cloud, OpenError>> {
  const opened = await openFoundation(deps);
  if (!opened.ok) return opened;
  const foundation = opened.value;
  const { config, log, clock, random, database, vault, keys, audit } = foundation;
  const people = createPeople(foundation);
  const events = await openEvents(foundation);
  const chain = await openNft(foundation, events);
  if (!chain.ok) {
    await events.closeChannel();
    await foundation.database.destroy();
    return chain;
  }
  const marks = await openMarks(foundation, events, chain.value);
  const geofence = createGeofence(foundation, events, marks);
  const wallets = createWallets(foundation, events, marks);
  const holders = createHolderServices(foundation, events, marks, wallets);
  const face = createFaceServices(foundation, events, marks);
  const tokenWallets = createTokenWallets(foundation, events, marks, chain.value, deps.checkContract);
  const upkeep = createUpkeep(foundation, events);
  const sources = createSources(foundation, events);
  const background = createBackground(foundation, { marks, events, sources, chain: chain.value });
  const stopping = new AbortController();
  // Every live stream listens to it.
  setMaxListeners(0, stopping.signal);
  const parts = {
    ...foundation,
    ...people,
    ...events,
    ...marks,
    ...geofence,
    ...holders,
    ...wallets,
    ...tokenWallets,
    ...face,
    ...chain.value,
    ...upkeep,
    ...sources,
    ...background,
  };
  const app = createApp({
    ...parts,
    idempotency: createIdempotency({
      database,
      clock,
      random,
      vault,
      keyedHash: (text) => keys.serverHash('idempotency', text),
    }),
    auditLog: createAuditLog(database),
    nonces: createNonces(keys.nonceSecret, clock, random),
    trustedProxies: config.trustedProxies,
    metricsToken: config.metricsToken,
    pageFolder: fileURLToPath(new URL('../dist/dashboard', import.meta.url)),
    faceFolder: fileURLToPath(new URL('../dist/face', import.meta.url)),
    handheldFolder: fileURLToPath(new URL('../dist/handheld', import.meta.url)),
    myPageFolder: fileURLToPath(new URL('../dist/my-ticket', import.meta.url)),
    sdkFolders: {
      geofence: fileURLToPath(new URL('../dist/sdk', import.meta.url)),
      wallet: fileURLToPath(new URL('../dist/wallet-sdk', import.meta.url)),
    },
    stopping: stopping.signal,
    isHealthy: () => doesAnswer(database, log),
  });
  return ok({
    ...parts,
    app,
    start: async () => {
      await upkeep.start();
      background.jobs.runner.start();
      background.pretixFollower.start();
      background.metrics.start();
      geofence.startForgetting();
      wallets.startWarning();
    },
    endStreams: () => stopping.abort(),
    close: async () => {
      stopping.abort();
      await background.jobs.runner.stop();
      await background.pretixFollower.stop();
      background.closeSender();
      geofence.stopForgetting();
      wallets.stopWarning();
      await upkeep.keySchedule.stop();
      await marks.central.close();
      await events.feed.stop();
      try {
        await audit.close();
      } catch (cause) {
        // The chain stays unsigned from its last head on, until the next start signs it.
        log.error({ cause: String(cause) }, 'the audit chain could not be closed');
      }
      await foundation.watchedWork.settled();
      await events.closeChannel();
      await database.destroy();
    },
  });
}

async function doesAnswer(database: Database, log: Logger): Promise<boolean> {
  try {
    await sql`select 1`.execute(database);
    return true;
  } catch (cause) {
    log.error({ cause: String(cause) }, 'the database does not answer');
    return false;
  }
}
