// Seals every stored secret under another master key, all or none: for when the old one has been seen by somebody, or moves to a
// better place. The keys themselves stay, so nothing that they have signed changes.
import { ok, type Result } from '@postern/shared';
import type { Database } from '../store/database.ts';
import { inTransaction } from '../store/locks.ts';
import { resealAuditKeys } from './audit-keys.ts';
import { resealFaceKeys } from './face-rows.ts';
import { keysLock } from './keys.ts';
import { resealConnections } from './pretix/connections.ts';
import type { Vault, VaultError } from './vault.ts';
import { resealWebhooks } from './webhooks/endpoints.ts';

/** Answers with how many secrets were sealed again. Processes that run go on with what they have opened, until they are restarted. */
export const resealKeys = (database: Database, from: Vault, to: Vault): Promise<Result<number, VaultError>> =>
  inTransaction(database, keysLock, async (queries) => {
    const rows = await queries
      .selectFrom('key')
      .select(['id', 'purpose', 'sealed_secret'])
      .where('sealed_secret', '!=', '')
      .execute();
    const sealedById = new Map<string, string>();
    for (const { id, purpose, sealed_secret } of rows) {
      const secret = from.open(sealed_secret, purpose);
      if (!secret.ok) return secret;
      sealedById.set(id, to.seal(secret.value, purpose));
    }
    for (const [id, sealed_secret] of sealedById)
      await queries.updateTable('key').set({ sealed_secret }).where('id', '=', id).execute();
    const ofAudit = await resealAuditKeys(queries, from, to);
    if (!ofAudit.ok) return ofAudit;
    const ofPretix = await resealConnections(queries, from, to);
    if (!ofPretix.ok) return ofPretix;
    const ofWebhooks = await resealWebhooks(queries, from, to);
    if (!ofWebhooks.ok) return ofWebhooks;
    const ofFaces = await resealFaceKeys(queries, from, to);
    return ofFaces.ok ? ok(rows.length + ofAudit.value + ofPretix.value + ofWebhooks.value + ofFaces.value) : ofFaces;
  });
