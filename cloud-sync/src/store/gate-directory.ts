// Whose marks the cloud takes: those of the gates that are enrolled for an event, and its own when gates bring them back.
import { centralGate, hexToBytes, type GateDirectory } from '@postern/shared';
import { readAcceptedHeads } from './accepted-heads.ts';
import type { Database } from './database.ts';

/** Who may write marks of an event: its enrolled gates, and the cloud by `centralKey`. */
export const createGateDirectory = (database: Database, centralKey: Uint8Array): GateDirectory => ({
  gateKey: async (event, gate) => {
    if (gate === centralGate) return { publicKey: centralKey, state: 'active' };
    const row = await database
      .selectFrom('gate')
      .select(['public_key', 'revoked_at_ms'])
      .where('id', '=', gate)
      .where('event', '=', event)
      .executeTakeFirst();
    const publicKey = hexToBytes(row?.public_key ?? '');
    if (row === undefined || publicKey === undefined || publicKey.length === 0) return undefined;
    return row.revoked_at_ms === null
      ? { publicKey, state: 'active' }
      : { publicKey, state: 'revoked', accepted: await readAcceptedHeads(database, event, gate) };
  },
});
