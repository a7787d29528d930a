// A phone that must forget: revoked, or told to by its cloud. Its ticket list goes first; its own marks are somebody's record, and are sealed to a
// key that only the cloud has; then everything else goes, and at last the key with which the phone proves itself (device.ts).
import { deleteDatabase, type DatabaseNames, type DeviceDatabase } from './databases.ts';
import { savePhoneRevoked } from './device.ts';
import type { PhoneFeed } from './feed-cache.ts';
import type { Replication } from './replication.ts';
import type { HandheldStore } from './store.ts';

export interface ForgetDeps {
  readonly gate: {
    /** Its id. */
    readonly gate: string;
    readonly list: Pick<PhoneFeed, 'wipe'>;
    readonly store: Pick<HandheldStore, 'recentMarks' | 'trouble'>;
    readonly replication: Pick<Replication, 'seal'>;
  };
  readonly database: DeviceDatabase;
  readonly names: DatabaseNames;
  readonly stopGate: () => Promise<void>;
}

export interface Forgotten {
  /** What is left: a file for somebody to carry to the cloud. */
  readonly sealed: Uint8Array | undefined;
  /** False where marks could not be sealed, and stay. */
  readonly complete: boolean;
}

/** The note of it is durable before anything is lost: cut off at any point, the next start is no gate any more. */
export async function forgetGate(
  { atMs, sealKey }: { readonly atMs: number; readonly sealKey: Uint8Array | undefined },
  { gate, database, names, stopGate }: ForgetDeps,
): Promise<Forgotten> {
  gate.list.wipe();
  await savePhoneRevoked(database, { atMs });
  // A journal that does not work says nothing of what is in it.
  const hasMarks = gate.store.trouble() !== undefined || (await gate.store.recentMarks(gate.gate, 0, 1)).length > 0;
  const sealed = sealKey === undefined || !hasMarks ? undefined : await gate.replication.seal(sealKey);
  if (sealed !== undefined) await savePhoneRevoked(database, { atMs, sealed });
  await stopGate();
  const complete = sealed !== undefined || !hasMarks;
  if (complete) await Promise.all([deleteDatabase(names.journal), deleteDatabase(names.replica)]);
  return { sealed, complete };
}
