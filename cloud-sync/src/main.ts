// The service put together: the only place that constructs. `openCloud` gives everything without a socket (for tests and the command
// line), `serve` listens until it is told to stop.
import { setMaxListeners } from 'node:events';
import { fileURLToPath } from 'node:url';
import { serve as listen, type ServerType } from '@hono/node-server';
import {
  bytesToHex,
  centralGate,
  createIngest,
  err,
  loadLedger,
  ok,
  ready,
  type Logger,
  type ReplicaStore,
  type Result,
} from '@postern/shared';
import type { Hono } from 'hono';
import { sql } from 'kysely';
import { join } from 'node:path';
import { createApp } from './app.ts';
import type { Config } from './config.ts';
import type { Environment } from './routes/context.ts';
import { createAccessTokens } from './services/access-tokens.ts';
import { createAccounts } from './services/accounts.ts';
import { createActors } from './services/actor.ts';
import { createApiKeys } from './services/api-keys.ts';
import { openAuditKeys, rotateAuditKey } from './services/audit-keys.ts';
import { createAuditLog } from './services/audit-log.ts';
import { createAuditTools, type AuditTools } from './services/audit-tools.ts';
import { witnessChains } from './services/audit-verify.ts';
import { createAudit, type Audit, type AuditRecord } from './services/audit.ts';
import { openAuthority } from './services/authority.ts';
import { createClients } from './services/clients.ts';
import { createCentralGate, type CentralGate } from './services/central-gate.ts';
import { createCredentials } from './services/credentials.ts';
import { createDevices, type Devices } from './services/devices.ts';
import { createEvents, readEvent, type Events } from './services/events.ts';
import { createFeedFiles } from './services/feed-files.ts';
import { createFeed, type Feed } from './services/feed.ts';
import { createForgetPerson } from './services/forget-person.ts';
import { createIdempotency } from './services/idempotency.ts';
import { createKeyRotation, type KeyRotation } from './services/key-rotation.ts';
import { createKeySchedule, type KeySchedule } from './services/key-schedule.ts';
import { openKeys, type Keys } from './services/keys.ts';
import { createLimiter } from './services/limiter.ts';
import { createLiveStates } from './services/live-states.ts';
import { createNoMailer, type Mailer } from './services/mailer.ts';
import { createMembers, type Members } from './services/members.ts';
import { createMethodSwitches } from './services/method-switches.ts';
import { createNonces } from './services/nonces.ts';
import { createOauth } from './services/oauth.ts';
import { createOidc } from './services/oidc.ts';
import { createPasswords } from './services/passwords.ts';
import { createPokes } from './services/pokes.ts';
import { createReports } from './services/reports.ts';
import { resealKeys } from './services/reseal.ts';
import { createKeyTicketLists, type KeyTicketLists } from './services/signed-passes.ts';
import { createResetLinks } from './services/reset-links.ts';
import { createSessions } from './services/sessions.ts';
import { createStaff, type Staff } from './services/staff.ts';
import { deriveAllStories, deriveStories, storeHistories } from './services/stories.ts';
import { createSubjects } from './services/subjects.ts';
import { followAllCases } from './services/suspicion-cases.ts';
import { createSuspicions } from './services/suspicions.ts';
import { createUserAdmin } from './services/user-admin.ts';
import { createEffectiveEvents, createTicketMethods } from './services/ticket-methods.ts';
import { readTickets } from './services/ticket-views.ts';
import { createTickets, type Tickets } from './services/tickets.ts';
import { createUsers, type Users } from './services/users.ts';
import { createUsageLog } from './services/usage-log.ts';
import { makeMissingUses, storeUses, storeVerifications } from './services/uses.ts';
import { createVault, readMasterKey, type VaultError } from './services/vault.ts';
import { createVerifications } from './services/verification.ts';
import { openCentralStore } from './store/central-store.ts';
import {
  migrate,
  openChannel,
  isPostgresUrl,
  openDatabase,
  type Database,
  type DatabaseError,
} from './store/database.ts';
import { createFeedParts } from './store/feed-parts.ts';
import { createGateDirectory } from './store/gate-directory.ts';
import { createReplicaStore } from './store/replica.ts';
import { createSharedTries } from './store/shared-tries.ts';
import { createTicketReader } from './store/ticket-reads.ts';
import { markToUsage } from './store/usage.ts';
import type { System } from './system.ts';

export interface Cloud {
  readonly app: Hono<Environment>;
  readonly events: Events;
  readonly tickets: Tickets;
  readonly staff: Staff;
  readonly devices: Devices;
  readonly feed: Feed;
  readonly users: Users;
  readonly members: Members;
  /** The cloud as a writer of marks. */
  readonly central: CentralGate;
  readonly replica: ReplicaStore;
  readonly keys: Keys;
  readonly keyRotation: KeyRotation;
  readonly keyTickets: KeyTicketLists;
  /** Not started yet: a command must not rotate by the way. */
  readonly keySchedule: KeySchedule;
  /** Seals every secret under another master key; the process that did it is to be ended. */
  readonly reseal: (masterKey: Uint8Array) => Promise<Result<number, VaultError>>;
  readonly audit: Audit;
  /** An entry in a transaction of its own, for work that has ended. */
  readonly recordAlone: (entry: AuditRecord) => Promise<void>;
  readonly auditTools: AuditTools;
  /** Signs what earlier processes have left unsigned in the audit log, and then our own part, hourly. */
  readonly startAudit: () => Promise<void>;
  /** The address that gates and people are told. */
  readonly setPublicUrl: (url: string) => void;
  /** Ends what would never end by itself: live streams. */
  readonly endStreams: () => void;
  /** Finishes pending publications and closes the database. */
  readonly close: () => Promise<void>;
}

export type StartError =
  | DatabaseError
  | VaultError
  | { readonly type: 'port-in-use'; readonly port: number }
  | { readonly type: 'cannot-listen'; readonly cause: string };

export interface CloudDeps extends System {
  readonly config: Config;
  readonly log: Logger;
  /** Delivers links to people; without it none are sent. */
  readonly mailer?: Mailer;
}

const processIdBytes = 8;

export async function openCloud({
  config,
  log,
  clock,
  random,
  timer,
  mailer = createNoMailer(log),
}: CloudDeps): Promise<Result<Cloud, StartError>> {
  await ready;
  const masterKey = readMasterKey(config, random);
  if (!masterKey.ok) return masterKey;
  const opened = openDatabase(config.database, log);
  if (!opened.ok) return opened;
  const database = opened.value;
  const migrated = await migrate(database);
  if (!migrated.ok) return closed(database, migrated);
  const vault = createVault(masterKey.value, random);
  const opening = await openKeys({ database, vault, random, clock });
  if (!opening.ok) return closed(database, opening);
  const keys = opening.value;
  const auditKeys = await openAuditKeys(database, { vault, random, clock });
  if (!auditKeys.ok) return closed(database, auditKeys);
  await makeMissingUses(database);
  const audit = createAudit({
    database,
    clock,
    random,
    timer,
    log,
    signer: auditKeys.value.signer,
    used: storeVerifications,
  });

  const limiter = createLimiter({
    clock,
    shared: isPostgresUrl(config.database)
      ? createSharedTries({ database, clock, hash: (text) => keys.serverHash('tries', text) })
      : undefined,
    factor: config.limitsFactor,
  });
  const stopping = new AbortController();
  // Every live stream listens to it.
  setMaxListeners(0, stopping.signal);
  let publicUrl = config.publicUrl ?? `http://${config.host}:${config.port}`;
  const channel = openChannel(config.database, {
    log,
    received: (message) => pokes.receive(message),
    missed: () => pokes.wakeAll(),
  });
  const pokes = createPokes({ timer, send: channel?.send, processId: bytesToHex(random(processIdBytes)) });
  const authority = await openAuthority({ database, keys, clock, random });
  const files = createFeedFiles(
    join(config.data, 'feed'),
    random,
    isPostgresUrl(config.database) ? createFeedParts(database) : undefined,
  );
  const switches = createMethodSwitches({
    database,
    clock,
    audit,
    environment: new Map(config.methodsOff.map((id) => [id, false])),
    changed: (event) => feed.changed(event),
  });
  const feed = createFeed({
    database,
    clock,
    timer,
    keys,
    authority,
    files,
    log,
    published: pokes.poke,
    effectivePolicy: (policy) => switches.effectivePolicy(database, policy),
    central: {
      id: centralGate,
      name: 'Cloud',
      zone: '',
      publicKey: bytesToHex(keys.central.publicKey),
      certificate: await authority.certifyOwn(centralGate, keys.central.publicKey),
    },
  });
  const events = createEvents({ database, clock, random });
  const tickets = createTickets({ database, clock, random, keys, changed: feed.changed });
  const staff = createStaff({ database, clock, random, changed: feed.changed });
  const devices = createDevices({
    database,
    clock,
    random,
    keys,
    authority,
    limiter,
    publicUrl: () => publicUrl,
    changed: feed.changed,
  });
  const users = createUsers({ database, clock, random, limiter });
  const members = createMembers({ database, clock });
  const about = {
    database,
    clock,
    random,
    log,
    mailer,
    passwords: createPasswords(random),
    limiter,
    publicUrl: () => publicUrl,
  };
  const clients = createClients({ database, clock, random });
  const accessTokens = createAccessTokens({ ...about, keys });
  const replica = createReplicaStore({
    database,
    clock,
    derive: async (queries, event, ticketIds, marks) => {
      await deriveStories(queries, clock, event, ticketIds, marks);
      await storeUses(queries, event, marks.map(markToUsage));
    },
  });
  const ledger = await loadLedger();
  const ingest = createIngest({
    ledger,
    store: replica,
    directory: createGateDirectory(database, keys.central.publicKey),
    log,
  });
  const centralStore = await openCentralStore<AuditRecord>({
    database,
    clock,
    random,
    timer,
    log,
    policyOf: async (queries, event) => (await readEvent(queries, event))?.policy,
    ticketsOf: readTickets,
    keep: async (queries, event, histories, marks, known) => {
      await storeHistories(queries, clock.wallMs(), event, histories, known);
      await storeUses(queries, event, marks.map(markToUsage));
    },
    record: audit.record,
    committed: (event) => {
      central.committed(event);
      pokes.poke(event);
    },
  });
  const central: CentralGate = createCentralGate({
    database,
    store: centralStore,
    replica,
    ledger,
    keys: keys.central,
    clock,
    timer,
    log,
    changed: pokes.poke,
  });
  const readTicket = createTicketReader(database);
  const readEffective = createEffectiveEvents(database, switches);
  const methods = createTicketMethods({
    readTicket,
    readEffective,
    keys,
    credentials: createCredentials({ database, clock, keys, audit }),
    verifications: createVerifications({
      database,
      clock,
      keys,
      limiter,
      storeOf: central.storeOf,
      findEvent: async (event) => {
        const found = await readEffective(event);
        return found === undefined ? err({ type: 'event-unknown' }) : ok(found);
      },
      gateName: devices.nameOf,
    }),
  });
  const reports = createReports({ database, clock, replica, feedVersion: feed.version });
  const keyRotation = createKeyRotation({ database, vault, random, clock, keys, feed, audit, log });
  const keySchedule = createKeySchedule({
    rotation: keyRotation,
    clock,
    timer,
    log,
    days: { issuer: config.issuerKeyDays, feed: config.feedKeyDays },
  });
  const keyTickets = createKeyTicketLists({ database, clock });
  const recordAlone: Cloud['recordAlone'] = (entry) =>
    database.transaction().execute((queries) => audit.record(queries, entry));
  const app = createApp({
    clock,
    log,
    keys,
    idempotency: createIdempotency({
      database,
      clock,
      random,
      vault,
      keyedHash: (text) => keys.serverHash('idempotency', text),
    }),
    keyRotation,
    keyTickets,
    authority,
    users,
    sessions: createSessions({ database, clock, random }),
    accounts: createAccounts({ ...about, vault, forgetPerson: createForgetPerson({ audit }) }),
    resetLinks: createResetLinks(about),
    userAdmin: createUserAdmin({ database, clock, random }),
    members,
    clients,
    apiKeys: createApiKeys({ database, clock, random }),
    accessTokens,
    oauth: createOauth({ database, clock, random, clients, accessTokens, limiter }),
    oidc: createOidc({ ...about, vault, settings: config.oidc }),
    actors: createActors(database),
    subjects: createSubjects(database, readTicket),
    events,
    tickets,
    staff,
    devices,
    feed,
    files,
    replica,
    ingest,
    reports,
    pokes,
    liveStates: createLiveStates({ reports, clock }),
    methods,
    switches,
    audit,
    recordAlone,
    auditLog: createAuditLog(database),
    usageLog: createUsageLog(database),
    suspicions: createSuspicions({ database, clock, audit }),
    limiter,
    trustedProxies: config.trustedProxies,
    nonces: createNonces(keys.nonceSecret, clock, random),
    rulesChanged: async (event) => {
      await deriveAllStories(database, clock, event);
      await followAllCases(database, event);
      feed.changed(event);
      pokes.poke(event);
    },
    publicUrl: () => publicUrl,
    pageFolder: fileURLToPath(new URL('../dist/live', import.meta.url)),
    stopping: stopping.signal,
    isHealthy: async () => {
      try {
        await sql`select 1`.execute(database);
        return true;
      } catch (cause) {
        log.error({ cause: String(cause) }, 'the database does not answer');
        return false;
      }
    },
  });
  return ok({
    app,
    events,
    tickets,
    staff,
    devices,
    feed,
    users,
    members,
    central,
    replica,
    keys,
    keyRotation,
    keyTickets,
    keySchedule,
    reseal: (newKey) => resealKeys(database, vault, createVault(newKey, random)),
    audit,
    recordAlone,
    auditTools: createAuditTools({
      database,
      keys: auditKeys.value,
      rotateKey: () => database.transaction().execute((queries) => rotateAuditKey(queries, { vault, random, clock })),
    }),
    startAudit: async () => {
      await witnessChains(database, auditKeys.value, { clock, log });
      audit.start();
    },
    setPublicUrl: (url) => {
      publicUrl = url;
    },
    endStreams: () => stopping.abort(),
    close: async () => {
      stopping.abort();
      await keySchedule.stop();
      await central.close();
      await feed.stop();
      try {
        await audit.close();
      } catch (cause) {
        // The chain stays unsigned from its last head on, until the next start signs it.
        log.error({ cause: String(cause) }, 'the audit chain could not be closed');
      }
      await channel?.close();
      await database.destroy();
    },
  });
}

/** What stands in the way of a start, with nothing left open. */
async function closed<E>(database: Database, failed: E): Promise<E> {
  await database.destroy();
  return failed;
}

export interface Listening {
  /** `http://HOST:PORT` with the port that was really taken. */
  readonly url: string;
  readonly stop: () => Promise<void>;
}

/** Connections that have not ended by themselves after a stop are cut after this long. */
const drainMs = 5_000;
const idleCheckMs = 50;

/** Listens; `port-in-use` when somebody else does. */
export async function serve(cloud: Cloud, config: Config): Promise<Result<Listening, StartError>> {
  const started = await startServer(cloud.app, config);
  if (!started.ok) return started;
  const { server, port } = started.value;
  const url = `http://${config.host.includes(':') ? `[${config.host}]` : config.host}:${port}`;
  if (config.publicUrl === undefined) cloud.setPublicUrl(url);
  await cloud.keySchedule.start();
  await cloud.startAudit();
  const stop = async (): Promise<void> => {
    const closed = new Promise<void>((resolve) => void server.close(() => resolve()));
    cloud.endStreams();
    // A connection whose last answer has just ended is idle, and would stay open until its client lets go.
    const idle = setInterval(() => 'closeIdleConnections' in server && server.closeIdleConnections(), idleCheckMs);
    const cut = setTimeout(() => 'closeAllConnections' in server && server.closeAllConnections(), drainMs);
    await closed;
    clearInterval(idle);
    clearTimeout(cut);
    await cloud.close();
  };
  return ok({ url, stop });
}

function startServer(
  app: Hono<Environment>,
  config: Config,
): Promise<Result<{ readonly server: ServerType; readonly port: number }, StartError>> {
  return new Promise((resolve) => {
    const server = listen({ fetch: app.fetch, hostname: config.host, port: config.port }, (address) =>
      resolve(ok({ server, port: address.port })),
    );
    server.once('error', (cause: NodeJS.ErrnoException) =>
      resolve(
        err(
          cause.code === 'EADDRINUSE'
            ? { type: 'port-in-use', port: config.port }
            : { type: 'cannot-listen', cause: cause.message },
        ),
      ),
    );
  });
}
