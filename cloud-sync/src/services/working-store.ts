// The cloud's store of marks for one event, repaired if it has stopped and can be.
import type { Mark, Store } from '@postern/shared';
import type { AuditRecord } from './audit.ts';
import type { CredentialRow } from './credentials.ts';

/** What a decision leaves besides its mark. */
export interface CentralEntry {
  readonly audit: AuditRecord | undefined;
  /** Of what was proved. */
  readonly credential?: CredentialRow;
}

export type EntryOfDecision = (decision: unknown, mark: Mark | undefined) => CentralEntry | undefined;
export type StoreOf = (event: number, entryOf?: EntryOfDecision) => Store;

/** Undefined when nothing can be recorded now. */
export async function workingStore(
  storeOf: StoreOf,
  event: number,
  entryOf?: EntryOfDecision,
): Promise<Store | undefined> {
  const store = storeOf(event, entryOf);
  return store.healthy() || (await store.reopen()).ok ? store : undefined;
}
