// The face of one ticket with the key that opens it, for central verify: read for one comparison, and emptied after it.
import { base64ToBytes, type FaceLookups } from '@postern/shared';
import type { Database } from '../store/database.ts';
import { bindingOf, openFaceKey, selectKeyedFaces } from './face-rows.ts';
import type { Vault } from './vault.ts';

export type KnownFace = NonNullable<ReturnType<FaceLookups['find']>>;
/** Undefined where nobody has enrolled, or has withdrawn. */
export type ReadKnownFace = (event: number, ticketId: string) => Promise<KnownFace | undefined>;

export const createReadKnownFace =
  ({ database, vault }: { readonly database: Database; readonly vault: Vault }): ReadKnownFace =>
  async (event, ticketId) => {
    const row = await selectKeyedFaces(database, event).where('face.ticket', '=', ticketId).executeTakeFirst();
    const sealed = base64ToBytes(row?.sealed ?? '');
    if (row === undefined || sealed === undefined) return undefined;
    return { face: { ...bindingOf(row), sealed }, key: openFaceKey(vault, row, row.sealed_key) };
  };
