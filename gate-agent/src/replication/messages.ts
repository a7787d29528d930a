// What the main thread and the replication thread say to each other. Everything is plain data; the thread shares nothing with the
// scan path but the two database files.
import type { DiskKey } from '../store/database.ts';
import type {
  AcceptedHead,
  Alarm,
  HybridTimestamp,
  ImportedGate,
  ImportError,
  PeerStatus,
  Result,
} from '@postern/shared';

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
  /** Whether gates are found, and this one lets itself be found, by mDNS. */
  readonly lanDiscover: boolean;
}

/** A gate as the feed lists it. */
export interface ListedGate {
  readonly id: string;
  /** Ed25519, hexadecimal. */
  readonly publicKey: string;
  /** Of a revoked one: what of it stays accepted. */
  readonly accepted?: readonly AcceptedHead[];
}

export interface TimeState {
  /** The latest of trusted time, saved time and build time, Unix ms. */
  readonly atMs: number;
  readonly timeTrusted: boolean;
  /** When this was so, monotonic ms of the machine, and how exact it is: what other gates are told while the time is trusted. */
  readonly monotonicMs?: number;
  readonly uncertaintyMs?: number;
}

/** What another gate stated between sending and receiving (monotonic ms of this machine). */
export interface PeerTime {
  readonly statedMs: number;
  readonly uncertaintyMs: number;
  readonly sentMs: number;
  readonly receivedMs: number;
}

export type ToReplication =
  /** The journal has something new. */
  | { readonly type: 'poke' }
  /** Every mark up to `at` is in the journal, and no later one will be older. Sent every 10 s. */
  | { readonly type: 'through'; readonly at: HybridTimestamp }
  /** The gates of a newer feed. */
  | { readonly type: 'gates'; readonly gates: readonly ListedGate[] }
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

/** How far this gate knows another one. */
export interface KnownGate {
  readonly gate: string;
  /** No mark of its newest start that is not known here will be older. */
  readonly through: HybridTimestamp;
  /** Everything that it did up to here is known, in whichever of its starts; Unix ms. */
  readonly coveredMs: number;
  readonly marks: number;
}

export interface ReplicationStatus {
  readonly peers: readonly PeerStatus[];
  /** The cloud or another gate has answered within the last 30 s. */
  readonly inTouch: boolean;
  readonly peersReachable: number;
  /** Wall time of the last answer of anybody, Unix ms; "No contact since …". */
  readonly lastContactMs: number | undefined;
  /** Own marks that the cloud has not confirmed; undefined before its first answer. */
  readonly cloudBacklogMarks: number | undefined;
  readonly gates: readonly KnownGate[];
  /** About everything that was put aside, now or in earlier starts, at most `alarmsKeptMax`, newest last. */
  readonly alarms: readonly Alarm[];
  /** Why the journal cannot be drained, when it cannot. */
  readonly drainError: string | undefined;
  readonly lan: LanStatus;
}

/** This gate among the others on the LAN. */
export interface LanStatus {
  /** Gates of this event that mDNS has found. */
  readonly found: number;
  /** Neighbours that answered last. */
  readonly answering: number;
  /** Found or configured ones that are not this deployment's gates. */
  readonly refused: number;
  /** Why nobody on the LAN can reach this gate, or it cannot find anybody, when that is so. */
  readonly trouble: LanTrouble | undefined;
}

/** In words for people, as in the health. */
export interface LanTrouble {
  readonly what: string;
  readonly next: string;
}

export const alarmsKeptMax = 100;
export const emptyStatus: ReplicationStatus = {
  peers: [],
  inTouch: false,
  peersReachable: 0,
  lastContactMs: undefined,
  cloudBacklogMarks: undefined,
  gates: [],
  alarms: [],
  drainError: undefined,
  lan: { found: 0, answering: 0, refused: 0, trouble: undefined },
};
