// Audit logs without a cloud around them: processes on one database, each with a chain of its own, on virtual time.
import { ready, type Logger } from '@postern/shared';
import { openAuditKeys, type AuditKeys } from '../../cloud-sync/src/services/audit-keys.ts';
import { verifyAudit, witnessChains, type AuditReport } from '../../cloud-sync/src/services/audit-verify.ts';
import { createAudit, type Audit, type AuditRecord } from '../../cloud-sync/src/services/audit.ts';
import { storeVerifications } from '../../cloud-sync/src/services/uses.ts';
import { createVault } from '../../cloud-sync/src/services/vault.ts';
import { migrate, type Database } from '../../cloud-sync/src/store/database.ts';
import { createTestDatabase, databaseKind } from './database.ts';
import { createVirtualTime, type VirtualTime } from './virtual-time.ts';
import { openCloudDatabase } from '../../scripts/lib/cloud-database.ts';

export interface AuditBooks {
  readonly database: Database;
  readonly time: VirtualTime;
  readonly keys: AuditKeys;
  /** Messages of the log, the latest last. */
  readonly logged: readonly string[];
  /** A process start. */
  readonly start: () => Audit;
  /** In a transaction of its own. */
  readonly record: (audit: Audit, ...entries: readonly AuditRecord[]) => Promise<void>;
  readonly verify: (event?: number) => Promise<AuditReport>;
  readonly witness: () => Promise<void>;
  /** What a new process would prove by, with `masterKey` or the right one. */
  readonly openKeys: (masterKey?: Uint8Array) => ReturnType<typeof openAuditKeys>;
  readonly close: () => Promise<void>;
}

const rightKey = new Uint8Array(32).fill(7);

export async function openAuditBooks(): Promise<AuditBooks> {
  await ready;
  const given = databaseKind() === 'sqlite' ? undefined : await createTestDatabase('');
  const database = openCloudDatabase(given?.url ?? 'sqlite::memory:');
  const migrated = await migrate(database);
  if (!migrated.ok) throw new Error(migrated.error.type);
  const time = createVirtualTime();
  const random = seededRandom();
  const logged: string[] = [];
  const note = (_fields: object, message: string): void => void logged.push(message);
  const log: Logger = { info: note, warn: note, error: note };
  const openKeys = (masterKey: Uint8Array = rightKey): ReturnType<typeof openAuditKeys> =>
    openAuditKeys(database, { vault: createVault(masterKey, random), random, clock: time.clock });
  const keys = await openKeys();
  if (!keys.ok) throw new Error(keys.error.cause);
  return {
    database,
    time,
    keys: keys.value,
    logged,
    start: () =>
      createAudit({
        database,
        clock: time.clock,
        timer: time.timer,
        random,
        log,
        signer: keys.value.signer,
        used: storeVerifications,
      }),
    record: (audit, ...entries) => database.transaction().execute((queries) => audit.record(queries, entries)),
    verify: (event) => verifyAudit(database, keys.value, event === undefined ? {} : { event }),
    witness: () => witnessChains(database, keys.value, { clock: time.clock, log }),
    openKeys,
    close: async () => {
      await database.destroy();
      await given?.remove();
    },
  };
}

export const anna = { kind: 'user', id: 'u-anna', name: 'Anna Example' } as const;
export const anEntry = (fields: Partial<AuditRecord> = {}): AuditRecord => ({
  action: 'ticket-changed',
  actor: anna,
  event: 7,
  ticket: '0190f3a47b6c7d8e8f90a1b2c3d4e5f6',
  address: '192.0.2.17',
  device: 'Firefox on Linux',
  ...fields,
});

function seededRandom(): (bytes: number) => Uint8Array {
  let state = 1;
  return (bytes) =>
    Uint8Array.from({ length: bytes }, () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state >>> 24;
    });
}
