// What a replica keeps: the chunks of every segment as their gates signed them, how far each segment is known, the marks in them,
// and what was put aside. One port for gate and cloud; test/contract/replica-store.ts is its acceptance suite.
import type { AcceptedHead } from '../accepted-heads.ts';
import type { Mark } from '../mark.ts';
import type { Result } from '../result.ts';
import type { SegmentId, SegmentState, SignedChunk } from '../segment.ts';

/** A mark together with its compact bytes, which are what replicas are compared by. */
export interface EncodedMark {
  readonly mark: Mark;
  readonly bytes: Uint8Array;
}

/** Everything that one checked chunk changes. */
export interface Acceptance {
  readonly chunk: SignedChunk;
  /** The segment's state before, as the check saw it; undefined when nothing of it was known. */
  readonly before: SegmentState | undefined;
  readonly after: SegmentState;
  /** The marks that were not known before, in sequence; empty when only `through` or `closed` moved. */
  readonly marks: readonly EncodedMark[];
}

export type AppendError =
  /** Somebody else has changed the segment since `before` was read: read again, check again. */
  | { readonly type: 'segment-moved' }
  /** A mark with this identity and other content is stored: its gate has said two things. Nothing was stored. */
  | { readonly type: 'mark-conflict'; readonly sequence: number };

/** What one segment loses because its gate is revoked and these marks are not accepted of it. */
export interface CutBack {
  /** The segment's state before, as the decision saw it. */
  readonly before: SegmentState;
  /** What is left of it; undefined for nothing. */
  readonly after: SegmentState | undefined;
  /** The chunks that stay, in their order; all others of the segment go. */
  readonly kept: readonly SignedChunk[];
  /** Sequences of the marks that go, both ends included; none where `to` lies before `from`. */
  readonly marks: { readonly from: number; readonly to: number };
  /** Put aside whatever the bound of `quarantine`: it was in the history, and is not thrown away. */
  readonly aside: readonly Quarantined[];
}

/** A chunk put aside, with the reason; kept as evidence, never merged. */
export interface Quarantined {
  readonly chunk: SignedChunk;
  readonly reason: string;
  /** Who delivered it: a gate's id, `cloud`, or a file's name. */
  readonly from: string;
}

export interface ReplicaStore {
  /** The latest segment of every writer of an event, in order of (gate, boot). */
  readonly frontier: (event: number) => Promise<readonly SegmentState[]>;
  readonly segment: (id: SegmentId) => Promise<SegmentState | undefined>;
  /**
   * The stored chunks of one segment in the order in which they were stored, each beginning at or before the end of those before
   * it: one `whole` chunk or changes from 0 on, changes that go on behind it, and last at most one empty one.
   */
  readonly chunks: (id: SegmentId) => Promise<readonly SignedChunk[]>;
  /**
   * Stores the marks (those already there with equal bytes are skipped), the chunk and the state; at most
   * `marksPerTransactionMax` marks a transaction, chunk and state in the last one: after a crash in between the same call
   * simply succeeds again. A `whole` chunk replaces all others of its segment; any chunk replaces an empty one.
   */
  readonly append: (acceptance: Acceptance) => Promise<Result<void, AppendError>>;
  /** One transaction: marks with all that followed from them, chunks, state, and what is put aside. */
  readonly cutBack: (cut: CutBack) => Promise<Result<void, { readonly type: 'segment-moved' }>>;
  /** Keeps at most `quarantineChunksMax` a writer; the same chunk twice is one. True when it was not there before and was kept. */
  readonly quarantine: (item: Quarantined) => Promise<boolean>;
  readonly quarantined: (event: number) => Promise<readonly Quarantined[]>;
  /** content-hash.ts over every mark known of the event, the store's own included, in 64 hexadecimal digits. */
  readonly contentHash: (event: number) => Promise<string>;
}

export const marksPerTransactionMax = 200;
export const quarantineChunksMax = 100;

/** Whose signatures count. From the feed at a gate, from its database in the cloud. */
export interface GateDirectory {
  /** Undefined for a gate that this event does not have. */
  readonly gateKey: (event: number, gate: string) => Promise<GateKey | undefined>;
}

export interface GateKey {
  /** Ed25519, 32 bytes. */
  readonly publicKey: Uint8Array;
  readonly state: 'active' | 'revoked';
  /** Of a revoked gate: what of it stays accepted; absent for nothing. */
  readonly accepted?: readonly AcceptedHead[];
}
