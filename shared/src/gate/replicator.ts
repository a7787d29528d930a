// A gate's replicator, without I/O: it drains the journal into signed segments and exchanges what is missing with one peer at a time,
// LAN gates and the cloud alike. It remembers what a peer has said only to save a round trip; forgetting it costs one.
import type { Alarm } from './alarms.ts';
import type { Ingest } from './ingest.ts';
import { ingestAll } from './answer-sync.ts';
import type { DrainError, OwnSegments } from './own-segments.ts';
import type { Peer, PeerError } from './ports.ts';
import type { ReplicaStore } from './replica-store.ts';
import { createChunkBudget, selectChunks, startOf } from './select-chunks.ts';
import type { Clock, HybridTimestamp } from '../clock.ts';
import { err, ok, type Result } from '../result.ts';
import { compareProgress, emptyHash, writerKey, type SegmentState, type SignedChunk } from '../segment.ts';
import {
  decodeSyncAnswer,
  encodeSyncRequest,
  gateDigests,
  inventoryOf,
  rowsByGate,
  syncWantsMax,
  type ChunkRefusal,
  type GateDifference,
} from '../sync-messages.ts';

export interface ReplicatorDeps {
  readonly gate: string;
  readonly store: ReplicaStore;
  readonly ingest: Ingest;
  readonly own: OwnSegments;
  readonly clock: Clock;
}

export interface SyncReport {
  readonly roundTrips: number;
  readonly bytesSent: number;
  readonly bytesReceived: number;
  readonly marksReceived: number;
  readonly chunksSent: number;
  /** False when the exchange ended with differences left: refusals on either side, or `roundTripsMax` reached. */
  readonly equal: boolean;
}

/** What screens say about being in touch: "No contact since …, still admitting". */
export interface PeerStatus {
  readonly id: string;
  readonly kind: Peer['kind'];
  /** Wall time of the last answer, Unix milliseconds; undefined before the first. */
  readonly lastContactMs: number | undefined;
  /** An answer came within `inTouchMs`. */
  readonly reachable: boolean;
  readonly lastError: string | undefined;
  /** Own marks that this peer has not confirmed to know, as of its last answer. */
  readonly backlogMarks: number;
}

export interface Replicator {
  /** Brings the journal into segments; resolves with how many marks it took. */
  readonly drain: () => Promise<Result<number, DrainError>>;
  readonly sayThrough: (event: number, at: HybridTimestamp) => Promise<Result<void, DrainError>>;
  /** Exchanges with one peer until both know the same, or nothing more can be had. */
  readonly syncWith: (peer: Peer, event: number, signal: AbortSignal) => Promise<Result<SyncReport, PeerError>>;
  /** Whether this gate has marks to tell this peer at once: it was not heard to know them, and is not about to hear them elsewhere. */
  readonly hasNewsFor: (peer: Peer, event: number) => Promise<boolean>;
  /** The peer has asked us, and both know the same in these rows: it need not be told what it has just told. */
  readonly noteAsked: (peer: Peer, event: number, agreed: readonly SegmentState[]) => void;
  /** Forgets a peer that nobody exchanges with any more. */
  readonly forget: (peer: Peer) => void;
  /** Forgets what was refused: the list of known gates has changed. */
  readonly tryRefusedAgain: () => void;
  /** Drains and closes this start's segments. */
  readonly close: () => Promise<Result<void, DrainError>>;
  readonly peerStatus: (event: number) => Promise<readonly PeerStatus[]>;
  readonly takeAlarms: () => readonly Alarm[];
}

/** A session that takes longer goes on at the next turn. */
export const roundTripsMax = 64;
/** A peer that has not answered for so long counts as unreachable. */
export const inTouchMs = 30_000;

/** What is remembered of a peer for one event. */
interface PeerMemory {
  /** The peer's rows by writer, as of its last answer; undefined before the first. */
  rows: ReadonlyMap<string, SegmentState> | undefined;
  /** Our own rows at that time. */
  oursThen: ReadonlyMap<string, SegmentState>;
  /** Writers of which one side has refused something, and the monotonic time from which it is tried again. */
  readonly heldBack: Map<string, number>;
  /** Writers of which this peer and we have been told two histories: each gives the other its own whole, so that both hold the proof. */
  readonly contradicted: Set<string>;
}

interface Contact {
  readonly kind: Peer['kind'];
  wallMs: number | undefined;
  monotonicMs: number;
  lastError: string | undefined;
}

/** After a refusal (unknown gate, equivocation, …) a writer rests so long between two peers. */
export const refusedRetryMs = 60_000;

export function createReplicator(deps: ReplicatorDeps): Replicator {
  const { store, ingest, own, clock, gate } = deps;
  const memories = new Map<string, PeerMemory>();
  const contacts = new Map<string, Contact>();
  /** How often the list of gates has changed: what was refused by an older list is tried again at once. */
  let lists = 0;

  const memoryOf = (peer: Peer, event: number): PeerMemory => {
    const key = `${event} ${peer.id}`;
    const memory: PeerMemory = memories.get(key) ?? {
      rows: undefined,
      oursThen: new Map(),
      heldBack: new Map(),
      contradicted: new Set(),
    };
    memories.set(key, memory);
    return memory;
  };

  const rest = (memory: PeerMemory, writer: string): void =>
    void memory.heldBack.set(writer, clock.monotonicMs() + refusedRetryMs);
  const holdBack = (memory: PeerMemory, chunks: readonly SignedChunk[], refusals: readonly ChunkRefusal[]): void => {
    for (const { index, code } of refusals) {
      const chunk = chunks[index];
      // A gap mends itself: the next rows say from where on to send.
      if (chunk === undefined || code === 'gap') continue;
      if (code === 'equivocation') memory.contradicted.add(writerKey(chunk.head));
      else rest(memory, writerKey(chunk.head));
    }
  };

  const noteContact = (peer: Peer, error: PeerError | undefined): void => {
    const before = contacts.get(peer.id);
    contacts.set(
      peer.id,
      error === undefined
        ? { kind: peer.kind, wallMs: clock.wallMs(), monotonicMs: clock.monotonicMs(), lastError: undefined }
        : {
            kind: peer.kind,
            wallMs: before?.wallMs,
            monotonicMs: before?.monotonicMs ?? 0,
            lastError: `${error.type}: ${error.cause}`,
          },
    );
  };

  const exchange = async (
    peer: Peer,
    message: Uint8Array,
    signal: AbortSignal,
  ): Promise<Result<Uint8Array, PeerError>> => {
    const answer = await peer.exchange(message, signal);
    noteContact(peer, answer.ok ? undefined : answer.error);
    return answer;
  };

  const syncWith = async (peer: Peer, event: number, signal: AbortSignal): Promise<Result<SyncReport, PeerError>> => {
    const memory = memoryOf(peer, event);
    const report = { roundTrips: 0, bytesSent: 0, bytesReceived: 0, marksReceived: 0, chunksSent: 0, equal: false };
    while (report.roundTrips < roundTripsMax && !signal.aborted) {
      const mine = inventoryOf(await store.frontier(event));
      const informed = memory.rows !== undefined;
      const planned = await plan(store, mine, memory, tellsFirst(peer), clock.monotonicMs());
      const { chunks, wants, proofs, waiting } = planned;
      const message = encodeSyncRequest({ event, gates: gateDigests(mine), wants, chunks });
      const listsBefore = lists;
      const answered = await exchange(peer, message, signal);
      if (!answered.ok) {
        // Whatever it has taken of this, its next answer tells.
        memory.rows = undefined;
        return answered;
      }
      const answer = decodeSyncAnswer(answered.value);
      if (!answer.ok || answer.value.event !== event) {
        memory.rows = undefined;
        const garbage: PeerError = {
          type: 'peer-garbage',
          cause: answer.ok ? 'an answer about another event' : answer.error.cause,
        };
        noteContact(peer, garbage);
        return err(garbage);
      }
      const { differences, refusals } = answer.value;
      const offered = answer.value.chunks.filter((chunk) => chunk.head.event === event);
      const received = await ingestAll(ingest, offered, peer.id);
      report.roundTrips += 1;
      report.bytesSent += message.length;
      report.bytesReceived += answered.value.length;
      report.chunksSent += chunks.length;
      report.marksReceived += received.marks;
      memory.rows = rowsAfter(mine, differences);
      memory.oursThen = byWriter(mine);
      // Told once: then it rests, and if they still disagree they tell each other again.
      for (const writer of proofs) {
        memory.contradicted.delete(writer);
        rest(memory, writer);
      }
      holdBack(memory, chunks, refusals);
      if (lists === listsBefore) holdBack(memory, offered, received.refusals);
      report.equal = differences.length === 0;
      if (report.equal) break;
      const moved = chunks.length > refusals.length || offered.length > received.refusals.length;
      if (informed && !moved && !waiting) break;
    }
    return ok(report);
  };

  /**
   * A gate's neighbours are told everything at once, so that it reaches everybody. The cloud hears a mark from the gate that has made
   * it: of the others', it is told what it still lacks when it answers, or each mark would come to it from every gate.
   */
  const tellsFirst =
    ({ kind }: Peer): ((row: SegmentState) => boolean) =>
    (row) =>
      kind === 'gate' || row.gate === gate;

  return {
    drain: own.drain,
    sayThrough: own.sayThrough,
    close: own.close,
    tryRefusedAgain: () => {
      lists += 1;
      for (const memory of memories.values()) memory.heldBack.clear();
    },
    syncWith,
    hasNewsFor: async (peer, event) => {
      const memory = memoryOf(peer, event);
      const { rows } = memory;
      if (rows === undefined) return true;
      const nowMs = clock.monotonicMs();
      return inventoryOf(await store.frontier(event)).some((row) => {
        const key = writerKey(row);
        return tellsFirst(peer)(row) && marksUpTo(row) > marksUpTo(rows.get(key)) && !isHeldBack(memory, key, nowMs);
      });
    },
    noteAsked: (peer, event, agreed) => {
      const memory = memories.get(`${event} ${peer.id}`);
      if (memory?.rows === undefined) return;
      const gates = new Set(agreed.map((row) => row.gate));
      memory.rows = byWriter([...[...memory.rows.values()].filter((row) => !gates.has(row.gate)), ...agreed]);
    },
    forget: ({ id }) => {
      contacts.delete(id);
      for (const key of memories.keys()) if (key.endsWith(` ${id}`)) memories.delete(key);
    },
    takeAlarms: ingest.takeAlarms,
    peerStatus: async (event) => {
      const mine = (await store.frontier(event)).filter((row) => row.gate === gate);
      return [...contacts].map(([id, contact]) => ({
        id,
        kind: contact.kind,
        lastContactMs: contact.wallMs,
        reachable: contact.wallMs !== undefined && clock.monotonicMs() - contact.monotonicMs <= inTouchMs,
        lastError: contact.lastError,
        backlogMarks: mine.reduce(
          (sum, row) =>
            sum + Math.max(0, marksUpTo(row) - marksUpTo(memories.get(`${event} ${id}`)?.rows?.get(writerKey(row)))),
          0,
        ),
      }));
    },
  };
}

interface Plan {
  readonly chunks: readonly SignedChunk[];
  readonly wants: readonly SegmentState[];
  /** Writers of whose two histories each side gives the other its own. */
  readonly proofs: readonly string[];
  /** Something is left to be told if the peer's next answer still lacks it. */
  readonly waiting: boolean;
}

/** What to push to and to ask of a peer whose rows are known; nothing before it has said anything. */
async function plan(
  store: ReplicaStore,
  mine: readonly SegmentState[],
  memory: PeerMemory,
  tellsFirst: (row: SegmentState) => boolean,
  nowMs: number,
): Promise<Plan> {
  const theirs = memory.rows;
  if (theirs === undefined) return { chunks: [], wants: [], proofs: [], waiting: false };
  const known = byWriter(mine);
  const budget = createChunkBudget();
  const chunks: SignedChunk[] = [];
  const wants: SegmentState[] = [];
  const proofs: string[] = [];
  let waiting = false;
  for (const key of [...new Set([...known.keys(), ...theirs.keys()])].toSorted()) {
    if (isHeldBack(memory, key, nowMs)) continue;
    const ours = known.get(key);
    const their = theirs.get(key);
    const contradict =
      ours !== undefined && their !== undefined && (memory.contradicted.has(key) || contradicts(ours, their));
    if (contradict) proofs.push(key);
    if (ours !== undefined && !budget.exhausted && (contradict || isBehind(their, ours))) {
      const then = memory.oursThen.get(key);
      if (contradict || tellsFirst(ours) || (then !== undefined && isBehind(their, then)))
        chunks.push(...(await selectChunks(store, position(their, ours, contradict), budget)));
      else waiting = true;
    }
    if (their !== undefined && wants.length < syncWantsMax && (contradict || isBehind(ours, their)))
      wants.push(position(ours, their, contradict));
  }
  return { chunks, wants, proofs, waiting };
}

const isHeldBack = (memory: PeerMemory, key: string, nowMs: number): boolean => (memory.heldBack.get(key) ?? 0) > nowMs;

const isBehind = (their: SegmentState | undefined, ours: SegmentState): boolean =>
  their === undefined || compareProgress(their, ours) < 0;

/** As far along, by another history. */
const contradicts = (a: SegmentState, b: SegmentState): boolean =>
  a.segment === b.segment && a.count === b.count && a.hash !== b.hash;

/** From where on somebody at `at` needs what somebody at `target` has: who has another history, all of the segment where they meet. */
function position(at: SegmentState | undefined, target: SegmentState, contradict: boolean): SegmentState {
  if (at === undefined) return startOf(target);
  return contradict
    ? { ...at, segment: Math.min(at.segment, target.segment), count: 0, hash: emptyHash, closed: false }
    : at;
}

/** The peer's rows after an answer: where it named a difference, what it said; elsewhere the same as ours were. */
function rowsAfter(
  mine: readonly SegmentState[],
  differences: readonly GateDifference[],
): ReadonlyMap<string, SegmentState> {
  const differing = new Map(differences.map(({ gate, rows }) => [gate, rows]));
  const equal = [...rowsByGate(mine)].filter(([gate]) => !differing.has(gate)).flatMap(([, rows]) => rows);
  return byWriter([...equal, ...[...differing.values()].flat()]);
}

const byWriter = (rows: readonly SegmentState[]): ReadonlyMap<string, SegmentState> =>
  new Map(rows.map((row) => [writerKey(row), row]));

const marksUpTo = (row: SegmentState | undefined): number =>
  row === undefined ? 0 : row.firstSequence + row.count - 1;
