// The only file that imports automerge: segments as documents, and what a receiver checks before it believes one.
import type { Result } from './result.ts';
import type { HeadError, SegmentState, SignedChunk } from './segment.ts';
import type { EncodedMark } from './gate/replica-store.ts';

export type ChunkError =
  | HeadError
  /** The bytes are what was signed, but not a segment as this format has it. */
  | { readonly type: 'segment-invalid'; readonly cause: string }
  /** Its gate has signed two different histories. */
  | { readonly type: 'equivocation'; readonly cause: string }
  | { readonly type: 'gap'; readonly have: number };

export interface CheckedChunk {
  readonly state: SegmentState;
  /** Marks not known before, in sequence. */
  readonly marks: readonly EncodedMark[];
}

export interface Ledger {
  /**
   * A receiver's checks in their order: size, signature, length and hash; then the changes, without applying them; only then the
   * document. `known` is the segment's state here, `previous` the state of the segment before it; `chunks` reads what is stored.
   */
  readonly check: (chunk: SignedChunk, publicKey: Uint8Array, known: SegmentState | undefined) => Result<CheckedChunk, ChunkError>;
}

/** Loads Automerge (35 ms, 20 MB) and resolves with the ledger. Nothing else of this package needs it. */
export declare const loadLedger: () => Promise<Ledger>;
