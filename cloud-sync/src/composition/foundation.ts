// What every other part stands on: the database with the schema of today, the vault and the keys in it, the audit log, the limits, the
// address that people are told.
import { err, ok, ready, type Logger, type Result } from '@postern/shared';
import type { Config } from '../config.ts';
import { openAuditKeys, type AuditKeys } from '../services/audit-keys.ts';
import { createAudit, type Audit, type AuditRecord } from '../services/audit.ts';
import { openKeys, type Keys } from '../services/keys.ts';
import { createWatchedWork, type WatchedWork } from '../services/jobs/watched-work.ts';
import { createLimiter, type Limiter } from '../services/limiter.ts';
import { createNoMailer, type Mailer } from '../services/mailer.ts';
import { bringUpToDate } from '../services/projection.ts';
import { makeMissingUses, storeVerifications } from '../services/uses.ts';
import type { NftKeyError } from '../services/nft/signing-key.ts';
import { notePublicAddress } from '../services/public-address.ts';
import { createOutbox, type Outbox } from '../services/webhooks/outbox.ts';
import type { ContractCheck } from '../services/nft/contract-wallets.ts';
import { createVault, readMasterKey, type Vault, type VaultError } from '../services/vault.ts';
import { readWallets, type Wallets } from '../services/wallet-passes/wallet-passes.ts';
import type { WalletError } from '../services/wallet-passes/apple-signer.ts';
import { isPostgresUrl, migrate, openDatabase, type Database, type DatabaseError } from '../store/database.ts';
import { createSharedTries } from '../store/shared-tries.ts';
import type { System } from '../system.ts';

export interface CloudDeps extends System {
  readonly config: Config;
  readonly log: Logger;
  /** Delivers links to people; without it none are sent. */
  readonly mailer?: Mailer;
  /** Instead of asking the chain that the settings name. */
  readonly checkContract?: ContractCheck;
}

export interface Foundation extends Required<Omit<CloudDeps, 'checkContract'>> {
  readonly database: Database;
  readonly vault: Vault;
  readonly keys: Keys;
  readonly auditKeys: AuditKeys;
  readonly audit: Audit;
  /** An entry in a transaction of its own, for work that has ended. */
  readonly recordAlone: (entry: AuditRecord) => Promise<void>;
  readonly limiter: Limiter;
  readonly watchedWork: WatchedWork;
  readonly wallets: Wallets;
  readonly outbox: Outbox;
  /** Who begins to deliver what the outbox has; nobody until then. */
  readonly deliverBy: (deliver: () => void) => void;
  /** The address that gates and people are told. */
  readonly publicUrl: () => string;
  readonly setPublicUrl: (url: string) => void;
}

export type OpenError = DatabaseError | VaultError | WalletError | NftKeyError;

/** Nothing is left open after an error. */
export async function openFoundation(deps: CloudDeps): Promise<Result<Foundation, OpenError>> {
  const { config, log, clock, random, timer, mailer = createNoMailer(log) } = deps;
  await ready;
  const masterKey = readMasterKey(config, random);
  if (!masterKey.ok) return masterKey;
  const wallets = readWallets({ look: config.passes, apple: config.apple, google: config.google });
  if (!wallets.ok) return wallets;
  const opened = openDatabase(config.database, log);
  if (!opened.ok) return opened;
  const database = opened.value;
  const vault = createVault(masterKey.value, random);
  const prepared = await prepare(database, { vault, random, clock });
  if (!prepared.ok) {
    await database.destroy();
    return err(prepared.error);
  }
  const { keys, auditKeys } = prepared.value;
  const watchedWork = createWatchedWork({ database, clock, log });
  let deliver = (): void => undefined;
  const outbox = createOutbox({ clock, random, timer, deliver: () => deliver() });
  const audit = createAudit({
    database,
    clock,
    random,
    timer,
    log,
    signer: auditKeys.signer,
    used: storeVerifications,
    note: watchedWork.note,
  });
  const limiter = createLimiter({
    clock,
    shared: isPostgresUrl(config.database)
      ? createSharedTries({ database, clock, hash: (text) => keys.serverHash('tries', text) })
      : undefined,
    factor: config.limitsFactor,
  });
  if (config.publicUrl !== undefined && (await notePublicAddress(database, clock, config.publicUrl)))
    log.info({ url: config.publicUrl }, 'the service is reached at another address than before: gates are told');
  let publicUrl = config.publicUrl ?? `http://${config.host}:${config.port}`;
  return ok({
    config,
    log,
    clock,
    random,
    timer,
    mailer,
    database,
    vault,
    keys,
    auditKeys,
    audit,
    recordAlone: (entry) => database.transaction().execute((queries) => audit.record(queries, entry)),
    limiter,
    watchedWork,
    wallets: wallets.value,
    outbox,
    deliverBy: (other) => {
      deliver = other;
    },
    publicUrl: () => publicUrl,
    setPublicUrl: (url) => {
      publicUrl = url;
    },
  });
}

/** Brings the schema up to date and reads the keys, making the first. */
async function prepare(
  database: Database,
  deps: Pick<Foundation, 'vault' | 'random' | 'clock'>,
): Promise<Result<Pick<Foundation, 'keys' | 'auditKeys'>, OpenError>> {
  const migrated = await migrate(database);
  if (!migrated.ok) return migrated;
  const keys = await openKeys({ ...deps, database });
  if (!keys.ok) return keys;
  const auditKeys = await openAuditKeys(database, deps);
  if (!auditKeys.ok) return auditKeys;
  await bringUpToDate(database, deps.clock);
  await makeMissingUses(database);
  return ok({ keys: keys.value, auditKeys: auditKeys.value });
}
