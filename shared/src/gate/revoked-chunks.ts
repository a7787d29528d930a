// How chunks of a revoked gate come in: never on its word alone. They wait in memory until they chain, change by change, up to the head
// that the cloud has accepted of their segment; then they are taken in together, and whatever was held that contradicts them has to go.
import { acceptedHeadOf, isAccepted, type AcceptedHead } from '../accepted-heads.ts';
import { cutContradicted } from './cut-back.ts';
import type { IngestError, Ingested } from './ingest.ts';
import type { GateKey, ReplicaStore } from './replica-store.ts';
import type { Ledger } from '../ledger.ts';
import { err, ok, type Result } from '../result.ts';
import type { ChunkError } from '../segment-check.ts';
import { segmentKey, type SegmentState, type SignedChunk } from '../segment.ts';

export interface RevokedChunksDeps {
  readonly ledger: Ledger;
  readonly store: ReplicaStore;
  /** Checks against what is held, and stores. */
  readonly attempt: (
    chunk: SignedChunk,
    publicKey: Uint8Array,
  ) => Promise<Result<Ingested, ChunkError | { readonly type: 'segment-moved' }>>;
  /** Marks have left the history. */
  readonly noteCut: (segment: SegmentState, marks: number) => void;
}

/** `refuse`: it lies beyond what is accepted. Anything but `ok` and `refuse` leaves it to the caller what to keep as evidence. */
export type TakeRevoked = (
  chunk: SignedChunk,
  key: GateKey,
) => Promise<Result<Ingested, IngestError | { readonly type: 'refuse' } | { readonly type: 'segment-moved' }>>;

/** Chunks that wait, all together; the segment that has waited longest goes first. A segment has 0.5 MB at most. */
const waitingBytesMax = 4 * 1024 * 1024;
const chunkOverheadBytes = 512;

interface Waiting {
  readonly chunk: SignedChunk;
  /** Hash of what it continues. */
  readonly before: string;
}

export function createRevokedChunks({ ledger, store, attempt, noteCut }: RevokedChunksDeps): TakeRevoked {
  /** By segment, then by the count and hash that a chunk ends in. */
  const waiting = new Map<string, Map<string, Waiting>>();
  let waitingBytes = 0;

  const forget = (key: string): void => {
    for (const { chunk } of waiting.get(key)?.values() ?? []) waitingBytes -= bytesOf(chunk);
    waiting.delete(key);
  };

  const keep = (chunk: SignedChunk, before: string): void => {
    const key = segmentKey(chunk.head);
    const ofSegment = waiting.get(key) ?? new Map<string, Waiting>();
    const end = endOf(chunk.head);
    const other = ofSegment.get(end)?.chunk;
    if (other !== undefined && other.head.from <= chunk.head.from) return;
    ofSegment.set(end, { chunk, before });
    waiting.set(key, ofSegment);
    waitingBytes += bytesOf(chunk) - (other === undefined ? 0 : bytesOf(other));
    for (const oldest of waiting.keys()) {
      if (waitingBytes <= waitingBytesMax || oldest === key) break;
      forget(oldest);
    }
  };

  /** The chunks that lead from at most `have` marks to the accepted head; undefined while some are missing. */
  const chainTo = (accepted: AcceptedHead, key: string, have: number): readonly SignedChunk[] | undefined => {
    const chain: SignedChunk[] = [];
    for (let end = endOf(accepted); ;) {
      const last = waiting.get(key)?.get(end);
      if (last === undefined) return undefined;
      chain.unshift(last.chunk);
      if (last.chunk.head.from <= have) return chain;
      end = endOf({ count: last.chunk.head.from, hash: last.before });
    }
  };

  const takeChain = async (
    accepted: AcceptedHead,
    chunk: SignedChunk,
    key: GateKey,
  ): Promise<Result<Ingested, IngestError | { readonly type: 'segment-moved' }>> => {
    let marks = 0;
    const known = await store.segment(chunk.head);
    const chain = chainTo(accepted, segmentKey(chunk.head), known?.count ?? 0);
    if (chain === undefined) return err({ type: 'gap', have: known?.count ?? 0 });
    for (const link of chain) {
      const taken = await attempt(link, key.publicKey);
      if (taken.ok) marks += taken.value.marks;
      else if (taken.error.type === 'equivocation' && known !== undefined) {
        const gone = await cutContradicted({ ledger, store }, known, key.accepted ?? []);
        if (gone !== undefined) noteCut(known, gone);
        return err({ type: 'segment-moved' });
      } else return taken;
    }
    forget(segmentKey(chunk.head));
    return ok({ marks, outcome: marks > 0 ? 'stored' : 'known' });
  };

  return async (chunk, key) => {
    const { head } = chunk;
    const accepted = acceptedHeadOf(key.accepted ?? [], head);
    const alone = ledger.checkAlone(chunk, key.publicKey);
    if (accepted === undefined || !isAccepted(key.accepted ?? [], head))
      return alone.ok ? err({ type: 'refuse' }) : alone;
    if (!alone.ok) return alone;
    const known = await store.segment(head);
    if (accepted.count === 0 || (known !== undefined && endOf(known) === endOf(accepted)))
      return attempt(chunk, key.publicKey);
    // One that only says how far its gate has come says it of a history that is not here yet.
    if (head.from === head.count) return err({ type: 'gap', have: known?.count ?? 0 });
    keep(chunk, alone.value.before);
    return takeChain(accepted, chunk, key);
  };
}

const endOf = ({ count, hash }: Pick<AcceptedHead, 'count' | 'hash'>): string => `${count}/${hash}`;
const bytesOf = (chunk: SignedChunk): number => chunk.payload.length + chunkOverheadBytes;
