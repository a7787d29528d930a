// What the page and its replication worker say to each other. Everything is plain data; they share nothing but the two databases.
import type { HybridTimestamp } from '@postern/shared';
import type { ListedGate, ReplicationStatus } from '../../peers/replication-status.ts';
import type { DatabaseNames } from './databases.ts';
import type { Learned } from './other-gates.ts';

export interface WorkerSettings {
  readonly gate: string;
  readonly event: number;
  /** 16 hexadecimal digits: this start of the page, the same as the journal's. */
  readonly boot: string;
  readonly names: DatabaseNames;
  /** Ed25519, 32 and 64 bytes. */
  readonly publicKey: Uint8Array;
  readonly secretKey: Uint8Array;
  readonly cloudUrl: string;
  /** Under it gates answer on the LAN; undefined where they do not. */
  readonly gateDomain: string | undefined;
}

export type ToWorker =
  | { readonly type: 'start'; readonly settings: WorkerSettings }
  /** The journal has something new. */
  | { readonly type: 'poke' }
  /** The network may be back: asks the cloud at once. */
  | { readonly type: 'sync' }
  /** Every mark up to `at` is in the journal, and no later one will be older. */
  | { readonly type: 'through'; readonly at: HybridTimestamp }
  /** The gates of a newer feed. */
  | { readonly type: 'gates'; readonly gates: readonly ListedGate[] }
  /** Whether the browser lets the page reach gates on the LAN. */
  | { readonly type: 'lan'; readonly isAllowed: boolean }
  | { readonly type: 'content-hash'; readonly id: number }
  /** All of this gate's marks, sealed to the cloud's key; undefined where there are none. */
  | { readonly type: 'seal'; readonly id: number; readonly sealKey: Uint8Array }
  /** Drain, close the segments, say goodbye to the cloud. */
  | { readonly type: 'stop' };

export type FromWorker =
  | { readonly type: 'status'; readonly status: ReplicationStatus }
  /** Marks of other gates have been learned, or have gone. */
  | { readonly type: 'learned'; readonly learned: Learned }
  | { readonly type: 'answer'; readonly id: number; readonly answer: string | Uint8Array | undefined }
  | { readonly type: 'revoked'; readonly notice: string }
  | {
      readonly type: 'log';
      readonly level: 'info' | 'warn' | 'error';
      readonly fields: Readonly<Record<string, unknown>>;
      readonly message: string;
    }
  | { readonly type: 'stopped' };
