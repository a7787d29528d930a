// Whose marks the cloud takes: the gates that are enrolled for an event.
import { hexToBytes, type GateDirectory } from '@postern/shared';
import type { Database } from './database.ts';

/** Who may write marks of an event: its enrolled gates. */
export const createGateDirectory = (database: Database): GateDirectory => ({
  gateKey: async (event, gate) => {
    const row = await database
      .selectFrom('gate')
      .select('public_key')
      .where('id', '=', gate)
      .where('event', '=', event)
      .executeTakeFirst();
    const publicKey = hexToBytes(row?.public_key ?? '');
    return publicKey === undefined || publicKey.length === 0 ? undefined : { publicKey, state: 'active' };
  },
});
