// The answering side of a sync exchange, the same for a gate's LAN listener and the cloud's POST /sync: bytes in, bytes out. It
// ingests what was pushed, then answers with what differs and with what was asked for. The caller has authenticated the sender.
import type { Ingest } from './ingest.ts';
import type { ReplicaStore } from './replica-store.ts';
import { createChunkBudget, selectChunks } from './select-chunks.ts';
import { err, ok, type Result } from '../result.ts';
import type { SegmentState, SignedChunk } from '../segment.ts';
import {
  decodeSyncRequest,
  differencesTo,
  encodeSyncAnswer,
  inventoryOf,
  type ChunkRefusal,
  type DigestOf,
} from '../sync-messages.ts';

/** Who asks, as its certificate or signed token has proved. */
export interface SyncSender {
  readonly gate: string;
}

export interface AnswerSyncDeps {
  readonly store: ReplicaStore;
  readonly ingest: Ingest;
  /** Whether this sender may exchange marks of this event. */
  readonly maySync: (sender: SyncSender, event: number) => Promise<boolean>;
  /** Remembers digests between answers. */
  readonly digestOf?: (event: number) => DigestOf;
}

export interface SyncAnswered {
  /** CBOR, at most `syncMessageBytesMax`. */
  readonly answer: Uint8Array;
  readonly event: number;
  readonly marksAccepted: number;
  /** Inventory rows in which sender and answerer know the same. */
  readonly agreed: readonly SegmentState[];
}

export type AnswerSyncError =
  /** HTTP 400. */
  | { readonly type: 'malformed'; readonly cause: string }
  /** HTTP 403. */
  | { readonly type: 'event-forbidden'; readonly event: number };

/** Never throws for any message; store faults reject. Alarms stay with `ingest` until somebody takes them. */
export async function answerSync(
  deps: AnswerSyncDeps,
  sender: SyncSender,
  message: Uint8Array,
): Promise<Result<SyncAnswered, AnswerSyncError>> {
  const request = decodeSyncRequest(message);
  if (!request.ok) return request;
  const { event, gates, wants, chunks } = request.value;
  const strayChunk = chunks.some((chunk) => chunk.head.event !== event) || wants.some((want) => want.event !== event);
  if (strayChunk) return err({ type: 'malformed', cause: 'a message about several events' });
  if (!(await deps.maySync(sender, event))) return err({ type: 'event-forbidden', event });

  const { refusals, marks } = await ingestAll(deps.ingest, chunks, sender.gate);
  const mine = inventoryOf(await deps.store.frontier(event));
  const differences = differencesTo(gates, mine, deps.digestOf?.(event));
  const differing = new Set(differences.map(({ gate }) => gate));
  const budget = createChunkBudget();
  const answers: SignedChunk[] = [];
  for (const want of wants) answers.push(...(await selectChunks(deps.store, want, budget)));
  return ok({
    answer: encodeSyncAnswer({ event, differences, chunks: answers, refusals }),
    event,
    marksAccepted: marks,
    agreed: mine.filter((row) => !differing.has(row.gate)),
  });
}

/** Takes chunks in one after the other; a refused one does not stop the others. */
export async function ingestAll(
  ingest: Ingest,
  chunks: readonly SignedChunk[],
  from: string,
): Promise<{ readonly refusals: readonly ChunkRefusal[]; readonly marks: number }> {
  const refusals: ChunkRefusal[] = [];
  let marks = 0;
  for (const [index, chunk] of chunks.entries()) {
    const result = await ingest.chunk(chunk, from);
    if (result.ok) marks += result.value.marks;
    else refusals.push({ index, code: result.error.type });
  }
  return { refusals, marks };
}
