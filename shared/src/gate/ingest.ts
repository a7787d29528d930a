// Takes signed chunks into a replica: looks up the gate's key, lets the ledger check the chunk, stores what is new and puts aside what
// is wrong. The one way in for everything that others send, at gates and in the cloud, over LAN, HTTP or a USB stick.
import type { Logger } from './ports.ts';
import type { Acceptance, GateDirectory, ReplicaStore } from './replica-store.ts';
import type { Ledger } from '../ledger.ts';
import type { CheckedChunk, ChunkError } from '../segment-check.ts';
import { err, ok, type Result } from '../result.ts';
import { segmentKey, type SegmentId, type SegmentState, type SignedChunk } from '../segment.ts';

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
  | { readonly type: 'gate-revoked'; readonly gate: string };

export interface Ingested {
  /** Marks that were not known before. */
  readonly marks: number;
  /** `known`: nothing in it was new. */
  readonly outcome: 'stored' | 'known';
}

export interface Ingest {
  /** One at a time in the order of the calls, whoever calls. Never throws for any content; store faults reject. */
  readonly chunk: (chunk: SignedChunk, from: string) => Promise<Result<Ingested, IngestError>>;
  /** Alarms since the last call, one a chunk put aside, at most `alarmsMax`, the oldest dropped. */
  readonly takeAlarms: () => readonly Alarm[];
}

const alarmsMax = 100;
/** Another process may change a segment between our look and our write; more often than this is a bug. */
const attemptsMax = 5;

export function createIngest({ ledger, store, directory, log }: IngestDeps): Ingest {
  let tail: Promise<unknown> = Promise.resolve();
  let alarms: Alarm[] = [];

  const putAside = async (chunk: SignedChunk, from: string, type: Alarm['type'], cause: string): Promise<void> => {
    const { event, gate, boot, segment } = chunk.head;
    if (!(await store.quarantine({ chunk, reason: `${type}: ${cause}`, from }))) return;
    alarms = [...alarms.slice(1 - alarmsMax), { type, segment: { event, gate, boot, segment }, cause, from }];
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

  const ingestOne = async (chunk: SignedChunk, from: string): Promise<Result<Ingested, IngestError>> => {
    const { event, gate } = chunk.head;
    const key = await directory.gateKey(event, gate);
    if (key === undefined) return err({ type: 'gate-unknown', gate });
    if (key.state === 'revoked') {
      const genuine = ledger.check(chunk, key.publicKey, undefined);
      if (genuine.ok || genuine.error.type === 'gap')
        await putAside(chunk, from, 'gate-revoked', 'its gate is revoked');
      return err({ type: 'gate-revoked', gate });
    }
    for (let attempts = 0; attempts < attemptsMax; attempts++) {
      const result = await attempt(chunk, key.publicKey);
      if (result.ok) return result;
      if (result.error.type === 'segment-moved') continue;
      if (result.error.type === 'equivocation') await putAside(chunk, from, 'equivocation', result.error.cause);
      if (result.error.type === 'segment-invalid') await putAside(chunk, from, 'quarantined', result.error.cause);
      return err(result.error);
    }
    throw new Error(`segment ${segmentKey(chunk.head)} changed under every one of ${attemptsMax} attempts`);
  };

  return {
    chunk: (chunk, from) => {
      const result = tail.then(() => ingestOne(chunk, from));
      tail = result.catch(() => {
        // The caller has the rejection; the next chunk must not inherit it.
      });
      return result;
    },
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
