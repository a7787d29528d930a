// Which stored chunks somebody lacks who is at a given position with one writer, in the order in which they must be taken in.
import type { ReplicaStore } from './replica-store.ts';
import { compareHybrid } from '../clock.ts';
import {
  compareProgress,
  emptyHash,
  headBytesMax,
  type SegmentState,
  type SignedChunk,
  type WriterId,
} from '../segment.ts';
import { syncChunkBytesMax, syncChunksMax } from '../sync-messages.ts';

/** What is left of one message. Shared by all writers of that message; `exhausted` once something did not fit. */
export interface ChunkBudget {
  bytes: number;
  chunks: number;
  exhausted: boolean;
}

export const createChunkBudget = (): ChunkBudget => ({
  bytes: syncChunkBytesMax,
  chunks: syncChunksMax,
  exhausted: false,
});

/** The position of somebody who knows nothing of a writer. */
export const startOf = ({ event, gate, boot }: WriterId): SegmentState => ({
  event,
  gate,
  boot,
  segment: 0,
  firstSequence: 1,
  count: 0,
  hash: emptyHash,
  closed: false,
  through: { ms: 0, counter: 0 },
});

/** Takes what follows `position` out of the store until the budget is spent. */
export async function selectChunks(
  store: ReplicaStore,
  position: SegmentState,
  budget: ChunkBudget,
): Promise<readonly SignedChunk[]> {
  const selected: SignedChunk[] = [];
  for (let segment = position.segment; !budget.exhausted; segment++) {
    const state = await store.segment({ ...position, segment });
    if (state === undefined) break;
    const at = segment === position.segment ? position : undefined;
    if (at !== undefined && compareProgress(state, at) <= 0) continue;
    for (const chunk of await store.chunks(state)) {
      if (at !== undefined && !isNewTo(chunk, at)) continue;
      const bytes = chunk.payload.length + headBytesMax;
      if (bytes > budget.bytes || budget.chunks === 0) {
        budget.exhausted = true;
        break;
      }
      budget.bytes -= bytes;
      budget.chunks -= 1;
      selected.push(chunk);
    }
  }
  return selected;
}

function isNewTo({ head }: SignedChunk, position: SegmentState): boolean {
  if (head.count !== position.count) return head.count > position.count;
  return (head.closed && !position.closed) || compareHybrid(head.through, position.through) > 0;
}
