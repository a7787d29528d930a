// A phone that must forget: revoked, or told to by its cloud. Its ticket list goes first; then it takes no scan any more, so that what it seals of its
// own marks, to a key that only the cloud has, is all of them; then everything else goes, and at last the key with which the phone proves
// itself (device.ts). Cut off at any point, or without room for sealing, the next start goes on (`forgetRest`).
import { deleteDatabase, openJournalDatabase, type DatabaseNames, type DeviceDatabase } from './databases.ts';
import { savePhoneRevoked, type PhoneRevoked } from './device.ts';
import type { PhoneFeed } from './feed-cache.ts';
import type { Replication } from './replication.ts';

export interface Forgotten {
  /** What is left: a file for somebody to carry to the cloud. */
  readonly sealed: Uint8Array | undefined;
  /** False where marks could not be sealed, and stay. */
  readonly complete: boolean;
}

export interface ForgettingGate {
  readonly names: DatabaseNames;
  readonly list: Pick<PhoneFeed, 'wipe'>;
  readonly replication: Pick<Replication, 'seal'>;
  /** Takes and records nothing any more; resolves when what was under way is in the journal. */
  readonly shut: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** Of a gate that takes no scan any more; `stop` ends whatever has its databases open. */
export interface StoppedGate extends Pick<Replication, 'seal' | 'stop'> {
  readonly names: DatabaseNames;
}

/** The note of it is durable before anything is lost. Rejects where the browser does not store it, or what is sealed. */
export async function forgetGate(
  told: Pick<PhoneRevoked, 'atMs' | 'sealKey'>,
  { names, list, replication, shut, stop }: ForgettingGate,
  database: DeviceDatabase,
): Promise<Forgotten> {
  list.wipe();
  try {
    await savePhoneRevoked(database, told);
  } finally {
    await shut();
  }
  return forgetRest(told, { names, seal: replication.seal, stop }, database);
}

export async function forgetRest(
  told: PhoneRevoked,
  { names, seal, stop }: StoppedGate,
  database: DeviceDatabase,
): Promise<Forgotten> {
  const sealed = told.sealed ?? (told.sealKey === undefined ? undefined : await seal(told.sealKey));
  if (sealed !== undefined) await savePhoneRevoked(database, { ...told, sealed });
  await stop();
  const complete = sealed !== undefined || !(await hasMarks(names.journal));
  if (complete) await Promise.all([deleteDatabase(names.journal), deleteDatabase(names.replica)]);
  return { sealed, complete };
}

async function hasMarks(name: string): Promise<boolean> {
  const journal = await openJournalDatabase(name);
  try {
    return (await journal.count('mark')) > 0;
  } finally {
    journal.close();
  }
}
