// What the main thread and the replication thread say to each other. Everything is plain data; the thread shares nothing with the
// scan path but the two database files.
import type { DiskKey } from '../store/database.ts';
import type { HybridTimestamp, ImportedGate, ImportError, Result } from '@postern/shared';
import type { PeerTime, TimeState } from '../peers/peer-time.ts';
import type { ListedGate, ReplicationStatus } from '../peers/replication-status.ts';
import type { WebSettings } from './keep-web-door.ts';

/** What the thread is started with. */
export interface ReplicationSettings {
  readonly gate: string;
  readonly event: number;
  /** 16 hexadecimal digits: this process start, the same as the journal's. */
  readonly boot: string;
  readonly journalPath: string;
  readonly replicaPath: string;
  /** Of both, where they are sealed. */
  readonly diskKey?: DiskKey | undefined;
  /** Ed25519, 32 and 64 bytes. */
  readonly publicKey: Uint8Array;
  readonly secretKey: Uint8Array;
  /** PKCS #8 of the same key, for TLS. */
  readonly keyPem: string;
  /** DER. */
  readonly certificate: Uint8Array;
  /** DER. */
  readonly ca: Uint8Array;
  /** Set for a thread that follows one that died: it looks for damage before it opens the replica. */
  readonly checkReplica?: boolean;
  readonly cloudUrl: string | undefined;
  /** `HOST:PORT` on which other gates are answered. */
  readonly lanListen: string | undefined;
  /** `HOST:PORT` of other gates. */
  readonly lanPeers: readonly string[];
  /** Where handhelds are answered. */
  readonly web?: WebSettings | undefined;
  /** Whether gates are found, and this one lets itself be found, by mDNS. */
  readonly lanDiscover: boolean;
}

export type ToReplication =
  /** The journal has something new. */
  | { readonly type: 'poke' }
  /** Every mark up to `at` is in the journal, and no later one will be older. Sent every 10 s. */
  | { readonly type: 'through'; readonly at: HybridTimestamp }
  /** Of a newer feed: its gates, and where it says the cloud is. */
  | { readonly type: 'gates'; readonly gates: readonly ListedGate[]; readonly cloudUrl?: string | undefined }
  | { readonly type: 'time'; readonly time: TimeState }
  | { readonly type: 'content-hash'; readonly id: number }
  /** A sync message out of a file of that name. */
  | { readonly type: 'import'; readonly id: number; readonly message: Uint8Array; readonly from: string }
  /** Drain, close the segments, say goodbye to the peers. */
  | { readonly type: 'stop' };

export type FromReplication =
  | { readonly type: 'started'; readonly lanPort: number | undefined }
  | { readonly type: 'status'; readonly status: ReplicationStatus }
  /** To a question: the content hash, or what an import came to. */
  | {
      readonly type: 'answer';
      readonly id: number;
      readonly answer: string | Result<readonly ImportedGate[], ImportError>;
    }
  /** Orders to the venue, or their lifts and acknowledgements, are new in replica.db. */
  | { readonly type: 'orders' }
  /** A gate whose clock is trusted has told the time; only while ours is not. */
  | { readonly type: 'peer-time'; readonly time: PeerTime }
  | {
      readonly type: 'log';
      readonly level: 'info' | 'warn' | 'error';
      readonly fields: Readonly<Record<string, unknown>>;
      readonly message: string;
    }
  | { readonly type: 'stopped' };
