// Replica and segments of an event whose replication thread does not run, as that thread would open them: for what has to be signed or
// taken in without it.
import { bytesToHex, createOwnSegments, loadLedger, type Ledger, type Logger, type Random } from '@postern/shared';
import { journalPath, replicaPath } from './event-folder.ts';
import type { DiskKey } from './store/database.ts';
import { createJournalReader } from './store/journal-reader.ts';
import { openReplica, type GateReplica } from './store/replica.ts';

export interface StoppedSegmentsDeps {
  readonly data: string;
  readonly event: number;
  readonly gate: string;
  /** Ed25519, 64 bytes. */
  readonly secretKey: Uint8Array;
  readonly diskKey: DiskKey | undefined;
  readonly random: Random;
  readonly logger: Logger;
}

export interface StoppedSegments {
  readonly ledger: Ledger;
  readonly store: GateReplica;
  /** Brings what the journal has and no segment yet into one; resolves with a complaint where that cannot be done. */
  readonly drain: () => Promise<string | undefined>;
  readonly close: () => void;
}

const bootBytes = 8;

export async function openStoppedSegments(deps: StoppedSegmentsDeps): Promise<StoppedSegments> {
  const { data, event, gate, secretKey, diskKey, random, logger } = deps;
  const ledger = await loadLedger();
  const journal = createJournalReader(journalPath(data, event), diskKey);
  const breathe = async (): Promise<void> => undefined;
  const store = openReplica({ path: replicaPath(data, event), key: diskKey, journal, breathe });
  const own = createOwnSegments({
    gate,
    boot: bytesToHex(random(bootBytes)),
    secretKey,
    ledger,
    store,
    journal,
    log: logger,
    breathe,
  });
  return {
    ledger,
    store,
    drain: async () => {
      await store.adoptLostMarks(gate, ledger);
      const drained = await own.drain();
      return drained.ok ? undefined : drained.error.cause;
    },
    close: () => {
      store.close();
      journal.close();
    },
  };
}
