// Takes signed chunks into a replica: looks up the gate's key, lets the ledger check the chunk, stores what is new and puts aside what
// is wrong. The one way in for everything that others send, at gates and in the cloud, over LAN, HTTP or a USB stick.
import type { Logger } from './ports.ts';
import { asideReason, type Alarm } from './alarms.ts';
import { cutWriterBack } from './cut-back.ts';
import type { Acceptance, GateDirectory, ReplicaStore } from './replica-store.ts';
import { createRevokedChunks } from './revoked-chunks.ts';
import type { AcceptedHead } from '../accepted-heads.ts';
import type { Ledger } from '../ledger.ts';
import type { CheckedChunk, ChunkError } from '../segment-check.ts';
import { err, ok, type Result } from '../result.ts';
import { segmentKey, writerKey, type SegmentId, type SegmentState, type SignedChunk } from '../segment.ts';

export interface IngestDeps {
  readonly ledger: Ledger;
  readonly store: ReplicaStore;
  readonly directory: GateDirectory;
  readonly log: Logger;
}

export type IngestError =
  | ChunkError
  /** Nobody vouches for this gate: nothing is kept, it will be offered again. */
  | { readonly type: 'gate-unknown'; readonly gate: string }
  /** Kept aside until a person releases it. */
  | { readonly type: 'gate-revoked'; readonly gate: string }
  /** What is left of the disk is for this gate's own marks: nothing is kept, it will be offered again. */
  | { readonly type: 'no-room' };

export interface Ingested {
  /** Marks that were not known before. */
  readonly marks: number;
  /** `known`: nothing in it was new. */
  readonly outcome: 'stored' | 'known';
}

export interface Ingest {
  /** One at a time in the order of the calls, whoever calls. Never throws for any content; store faults reject. */
  readonly chunk: (chunk: SignedChunk, from: string) => Promise<Result<Ingested, IngestError>>;
  /**
   * Brings what is held of a revoked gate back to what is accepted of it, after either has changed; an alarm says so. Nothing for a gate
   * that is not revoked. Resolves with the marks that left the history.
   */
  readonly revise: (event: number, gate: string) => Promise<number>;
  /** Alarms since the last call, one a chunk put aside, at most `alarmsMax`, the oldest dropped. */
  readonly takeAlarms: () => readonly Alarm[];
}

const alarmsMax = 100;
/** Another process may change a segment between our look and our write; more often than this is a bug. */
const attemptsMax = 5;

export function createIngest({ ledger, store, directory, log }: IngestDeps): Ingest {
  let tail: Promise<unknown> = Promise.resolve();
  let alarms: Alarm[] = [];

  const raise = (alarm: Alarm): void => {
    alarms = [...alarms.slice(1 - alarmsMax), alarm];
  };

  const putAside = async (chunk: SignedChunk, from: string, type: Alarm['type'], cause: string): Promise<void> => {
    const { event, gate, boot, segment } = chunk.head;
    if (!(await store.quarantine({ chunk, reason: asideReason(type, cause), from }))) return;
    raise({ type, segment: { event, gate, boot, segment }, cause, from });
    log.error({ segment: segmentKey(chunk.head), type, cause, from }, 'a chunk was put aside');
  };

  const attempt = async (
    chunk: SignedChunk,
    publicKey: Uint8Array,
  ): Promise<Result<Ingested, ChunkError | { readonly type: 'segment-moved' }>> => {
    const known = await store.segment(chunk.head);
    const placed = await checkPlace(store, chunk.head, known);
    const checked: Result<CheckedChunk, ChunkError> = ledger.check(chunk, publicKey, known);
    if (!checked.ok) return checked;
    if (!placed.ok) return placed;
    if (checked.value.stale && known !== undefined) return agreesWithKnown(chunk, known);
    const acceptance: Acceptance = { chunk, before: known, after: checked.value.state, marks: checked.value.marks };
    const appended = await store.append(acceptance);
    if (appended.ok) return ok({ marks: checked.value.marks.length, outcome: 'stored' });
    if (appended.error.type === 'segment-moved') return err(appended.error);
    return err({ type: 'equivocation', cause: `another mark ${appended.error.sequence} is stored` });
  };

  /** A chunk that ends before what is known must be a piece of the same history. */
  const agreesWithKnown = async (chunk: SignedChunk, known: SegmentState): Promise<Result<Ingested, ChunkError>> => {
    if (chunk.head.count < known.count && chunk.head.count > 0) {
      const hash = ledger.hashAt(await store.chunks(chunk.head), chunk.head.count);
      if (hash !== undefined && hash !== chunk.head.hash)
        return err({ type: 'equivocation', cause: `two histories up to mark ${chunk.head.count}` });
    }
    return ok({ marks: 0, outcome: 'known' });
  };

  const takeRevoked = createRevokedChunks({
    ledger,
    store,
    attempt: (chunk, publicKey) => attempt(chunk, publicKey),
    noteCut: (segment, marks) => noteCut(segment, marks),
  });

  const ingestOne = async (chunk: SignedChunk, from: string): Promise<Result<Ingested, IngestError>> => {
    const { event, gate } = chunk.head;
    for (let attempts = 0; attempts < attemptsMax; attempts++) {
      const key = await directory.gateKey(event, gate);
      if (key === undefined) return err({ type: 'gate-unknown', gate });
      const result = await (key.state === 'revoked' ? takeRevoked(chunk, key) : attempt(chunk, key.publicKey));
      if (result.ok) return result;
      if (result.error.type === 'segment-moved') continue;
      if (result.error.type === 'refuse') {
        await putAside(chunk, from, 'gate-revoked', 'its gate is revoked');
        return err({ type: 'gate-revoked', gate });
      }
      if (result.error.type === 'equivocation') await putAside(chunk, from, 'equivocation', result.error.cause);
      if (result.error.type === 'segment-invalid') await putAside(chunk, from, 'quarantined', result.error.cause);
      return err(result.error);
    }
    throw new Error(`segment ${segmentKey(chunk.head)} changed under every one of ${attemptsMax} attempts`);
  };

  const noteCut = (segment: SegmentId, marks: number): void => {
    const cause = `${marks} marks that are not accepted of the revoked gate have left the history`;
    const { event, gate, boot } = segment;
    raise({ type: 'gate-revoked', segment: { event, gate, boot, segment: segment.segment }, cause, from: 'the feed' });
    log.error(
      { segment: segmentKey(segment), marks },
      'marks beyond what is accepted of a revoked gate were put aside',
    );
  };

  const reviseGate = async (event: number, gate: string): Promise<number> => {
    const key = await directory.gateKey(event, gate);
    if (key?.state !== 'revoked') return 0;
    let total = 0;
    for (const row of (await store.frontier(event)).filter((known) => known.gate === gate)) {
      const marks = await cutWriter(row, key.accepted ?? []);
      if (marks > 0) noteCut(row, marks);
      total += marks;
    }
    return total;
  };

  const cutWriter = async (writer: SegmentState, accepted: readonly AcceptedHead[]): Promise<number> => {
    for (let attempts = 0; attempts < attemptsMax; attempts++) {
      const marks = await cutWriterBack({ ledger, store }, writer, accepted);
      if (marks !== undefined) return marks;
    }
    throw new Error(`writer ${writerKey(writer)} changed under every one of ${attemptsMax} attempts`);
  };

  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const result = tail.then(work);
    tail = result.catch(() => {
      // The caller has the rejection; the next one must not inherit it.
    });
    return result;
  };

  return {
    chunk: (chunk, from) => inTurn(() => ingestOne(chunk, from)),
    revise: (event, gate) => inTurn(() => reviseGate(event, gate)),
    takeAlarms: () => {
      const taken = alarms;
      alarms = [];
      return taken;
    },
  };
}

/** A new segment begins where the one before it ended: that is how a missing sequence shows. */
async function checkPlace(
  store: ReplicaStore,
  head: SegmentState,
  known: SegmentState | undefined,
): Promise<Result<void, ChunkError>> {
  if (known !== undefined) return ok(undefined);
  if (head.segment === 0)
    return head.firstSequence === 1
      ? ok(undefined)
      : err({ type: 'segment-invalid', cause: 'a first segment that does not begin with mark 1' });
  const previous = await store.segment({ ...head, segment: head.segment - 1 });
  if (previous === undefined) return err({ type: 'gap', have: 0 });
  const next = previous.firstSequence + previous.count;
  if (next < head.firstSequence) return err({ type: 'gap', have: 0 });
  return next === head.firstSequence
    ? ok(undefined)
    : err({ type: 'equivocation', cause: `the segment before goes up to mark ${next - 1}` });
}
