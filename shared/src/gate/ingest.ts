// Takes signed chunks into a replica: looks up the gate's key, lets the ledger check the chunk, stores what is new and puts aside what
// is wrong. The one way in for everything that others send, at gates and in the cloud, over LAN, HTTP or a USB stick.
import type { Logger } from './ports.ts';
import type { GateDirectory, ReplicaStore } from './replica-store.ts';
import type { ChunkError, Ledger } from '../ledger.ts';
import type { Result } from '../result.ts';
import type { SegmentId, SignedChunk } from '../segment.ts';

export interface IngestDeps {
  readonly ledger: Ledger;
  readonly store: ReplicaStore;
  readonly directory: GateDirectory;
  readonly log: Logger;
}

/** Something a person should look at: shown at the gate and on the dashboard, counted in metrics. */
export interface Alarm {
  readonly type: 'equivocation' | 'quarantined' | 'gate-revoked';
  readonly segment: SegmentId;
  readonly cause: string;
  /** Who delivered it. */
  readonly from: string;
}

export type IngestError =
  | ChunkError
  /** Nobody vouches for this gate: nothing is kept, it will be offered again. */
  | { readonly type: 'gate-unknown'; readonly gate: string }
  /** Kept aside until a person releases it. */
  | { readonly type: 'gate-revoked'; readonly gate: string }
  /** Marks before this chunk are missing: ask from the last known one on. */
  | { readonly type: 'gap'; readonly have: number };

export interface Ingested {
  readonly marks: number;
  /** `known`: nothing in it was new. */
  readonly outcome: 'stored' | 'known';
}

export interface Ingest {
  /** One at a time in arrival order, whoever calls. Never throws for any content; store faults reject. */
  readonly chunk: (chunk: SignedChunk, from: string) => Promise<Result<Ingested, IngestError>>;
  /** Alarms since the last call. */
  readonly takeAlarms: () => readonly Alarm[];
}

export declare const createIngest: (deps: IngestDeps) => Ingest;
