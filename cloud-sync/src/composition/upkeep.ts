// What keeps a deployment in order over the years: keys that follow each other, an audit log that proves itself, another master key.
import type { Result } from '@postern/shared';
import { rotateAuditKey } from '../services/audit-keys.ts';
import { createAuditTools, type AuditTools } from '../services/audit-tools.ts';
import { witnessChains } from '../services/audit-verify.ts';
import { createKeyRotation, type KeyRotation } from '../services/key-rotation.ts';
import { createKeySchedule, type KeySchedule } from '../services/key-schedule.ts';
import { resealKeys } from '../services/reseal.ts';
import { createKeyTicketLists, type KeyTicketLists } from '../services/signed-passes.ts';
import { createVault, type VaultError } from '../services/vault.ts';
import type { EventServices } from './events.ts';
import type { Foundation } from './foundation.ts';

export interface Upkeep {
  readonly keyRotation: KeyRotation;
  readonly keyTickets: KeyTicketLists;
  readonly keySchedule: KeySchedule;
  /** Seals every secret under another master key; the process that did it is to be ended. */
  readonly reseal: (masterKey: Uint8Array) => Promise<Result<number, VaultError>>;
  readonly auditTools: AuditTools;
  /** For a service that runs; a command must not rotate by the way. Rotates keys by schedule; signs what earlier processes have left unsigned in the audit log, and then our own part, hourly. */
  readonly start: () => Promise<void>;
}

export function createUpkeep(foundation: Foundation, { feed }: Pick<EventServices, 'feed'>): Upkeep {
  const { config, log, clock, random, timer, database, vault, auditKeys, audit } = foundation;
  const keyRotation = createKeyRotation({ ...foundation, feed });
  const keySchedule = createKeySchedule({
    rotation: keyRotation,
    clock,
    timer,
    log,
    note: foundation.watchedWork.note,
    days: { issuer: config.issuerKeyDays, feed: config.feedKeyDays },
  });
  return {
    keyRotation,
    keyTickets: createKeyTicketLists({ database, clock }),
    keySchedule,
    reseal: (masterKey) => resealKeys(database, vault, createVault(masterKey, random)),
    auditTools: createAuditTools({
      database,
      clock,
      keys: auditKeys,
      rotateKey: () => database.transaction().execute((queries) => rotateAuditKey(queries, { vault, random, clock })),
    }),
    start: async () => {
      await keySchedule.start();
      const witnessedFromMs = clock.wallMs();
      await witnessChains(database, auditKeys, { clock, log });
      const summary = 'Proved and signed what earlier processes had left unsigned.';
      foundation.watchedWork.note('audit-heads', 0, witnessedFromMs, { result: { counts: {}, summary } });
      audit.start();
    },
  };
}
