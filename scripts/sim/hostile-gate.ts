// A gate in the wrong hands: its certificate is valid, so everybody talks to it. It takes part like any other, and now and then it forges
// marks of others, sends again what it has heard, alters what it passes on, or tells two halves of the gates two different histories.
import {
  answerSync,
  createIngest,
  createOwnSegments,
  createReplicator,
  encodeSyncRequest,
  ok,
  signChunk,
  type EncodedMark,
  type GateDirectory,
  type SegmentDocument,
  type SegmentId,
  type SignedChunk,
} from '@postern/shared';
import { createDisk, emptyImage } from './disk.ts';
import { admittedMark, createMemoryJournal, recountedMark, simulatedKeys } from './gate-marks.ts';
import { takeTime, withTime } from './gate-time.ts';
import { quietLogger } from './replica.ts';
import { openSimulatedReplica } from './simulated-replica.ts';
import { cloudAddress, gateOf, simulatedZone, type World } from './world.ts';

export interface HostileGateDeps {
  readonly world: World;
  readonly gate: string;
  readonly boot: string;
  readonly newBoot: () => string;
  /** Where the others are reached. */
  readonly peers: () => readonly string[];
  /** Number of a ticket that it says it has let in. */
  readonly pickTicket: () => number;
}

export interface HostileGate {
  /** One attack, or an ordinary turn. */
  readonly act: () => Promise<void>;
  readonly close: () => void;
}

const heardMax = 50;
/** Of its marks: that so many people are in the hall. */
const recountPercent = 20;
const personsMax = 5_000;

export async function startHostileGate(deps: HostileGateDeps): Promise<HostileGate> {
  const { world, gate, boot } = deps;
  const { event, ledger, network, random, referee, trace } = world;
  const keys = simulatedKeys(gate);
  const journal = createMemoryJournal();
  const store = await openSimulatedReplica({
    file: createDisk(emptyImage).replica,
    journal,
    seams: world.seams,
    onChange: () => {},
  });
  const directory: GateDirectory = {
    gateKey: async (_event, id) =>
      world.enrolledGates.includes(id) ? { publicKey: simulatedKeys(id).publicKey, state: 'active' } : undefined,
  };
  const ingest = createIngest({ ledger, store, directory, log: quietLogger });
  const clock = { wallMs: world.wallMs, monotonicMs: world.queue.nowMs };
  const own = createOwnSegments({
    gate,
    boot,
    secretKey: keys.secretKey,
    ledger,
    store,
    journal,
    log: quietLogger,
    breathe: async () => {},
  });
  const replicator = createReplicator({ gate, store, ingest, own, clock });
  const { signal } = new AbortController();
  const heard: Uint8Array[] = [];
  const hear = (message: Uint8Array): void => {
    heard.push(message);
    if (heard.length > heardMax) heard.shift();
  };

  network.listen(gate, async (channel, from, message) => {
    if (channel !== 'sync') return undefined;
    hear(message);
    const answered = await answerSync({ store, ingest, maySync: async () => true }, { gate: gateOf(from) }, message);
    return answered.ok ? withTime('', answered.value.answer) : undefined;
  });

  const targets = (): readonly string[] => random.shuffled([...deps.peers(), cloudAddress]);
  const send = async (to: string, message: Uint8Array): Promise<void> => {
    await network.request(gate, to, 'sync', message);
  };
  const push = (to: string, chunks: readonly SignedChunk[]): Promise<void> =>
    send(to, encodeSyncRequest({ event, gates: [], wants: [], chunks }));

  const makeMark = (id: SegmentId, sequence: number): EncodedMark => {
    const at = { ms: world.wallMs() + sequence, counter: 0 };
    return random.chance(recountPercent)
      ? recountedMark(id, sequence, random.below(personsMax), at)
      : admittedMark(id, sequence, deps.pickTicket(), at, simulatedZone);
  };

  /** A chunk of what is in `document` behind the first `from` marks, signed by the hostile gate whoever it names. */
  const sign = (id: SegmentId, document: SegmentDocument, from = 0): SignedChunk => {
    const count = document.count();
    const state = { ...id, firstSequence: 1, count, hash: document.hashAt(count), closed: false };
    return signChunk(
      keys.secretKey,
      { ...state, through: { ms: world.wallMs() + count, counter: 0 } },
      'changes',
      from,
      document.changes(from, count),
    );
  };
  const documentOf = (id: SegmentId, marks: readonly EncodedMark[]): SegmentDocument => {
    const document = ledger.createSegment(id);
    document.append(marks.map(({ bytes }) => bytes));
    return document;
  };

  const takePart = async (): Promise<void> => {
    const id = { event, gate, boot, segment: 0 };
    const mark = makeMark(id, journal.all().length + 1);
    journal.add(mark);
    referee.hostileSigned(mark);
    await replicator.drain();
    for (const to of targets().slice(0, 2)) {
      await replicator.syncWith(
        {
          id: to,
          kind: to === cloudAddress ? 'cloud' : 'gate',
          exchange: async (message) => {
            const answer = await network.request(gate, to, 'sync', message);
            return answer.ok && to !== cloudAddress ? ok(takeTime(answer.value).body) : answer;
          },
        },
        event,
        signal,
      );
    }
  };

  /** Marks of another gate, under a start of its own or in the place of its next ones. */
  const forge = async (): Promise<void> => {
    const rows = (await store.frontier(event)).filter((row) => row.gate !== gate && row.segment === 0 && !row.closed);
    const row = rows[random.below(rows.length)];
    const victims = world.enrolledGates.filter((id) => id !== gate);
    const victim = victims[random.below(victims.length)];
    if (victim === undefined) return;
    const continues = row !== undefined && random.chance(50);
    const id = continues ? { ...row, segment: 0 } : { event, gate: victim, boot: deps.newBoot(), segment: 0 };
    const before = continues ? ledger.marks(await store.chunks(row)) : [];
    const document = ledger.createSegment({ event, gate: id.gate, boot: id.boot, segment: 0 });
    document.append(before);
    document.append([makeMark(id, before.length + 1).bytes]);
    trace.note('forge', id.gate, id.boot, before.length + 1);
    const chunk = sign({ event, gate: id.gate, boot: id.boot, segment: 0 }, document);
    for (const to of targets().slice(0, 3)) await push(to, [chunk]);
  };

  const replay = async (): Promise<void> => {
    const message = heard[random.below(heard.length)];
    if (message === undefined) return;
    trace.note('replay', message.length);
    for (const to of targets().slice(0, 3)) await send(to, message);
  };

  /** A genuine chunk of another gate with one byte of it changed. */
  const alter = async (): Promise<void> => {
    const rows = (await store.frontier(event)).filter((row) => row.gate !== gate && row.count > 0);
    const row = rows[random.below(rows.length)];
    const chunks = row === undefined ? [] : await store.chunks(row);
    const chunk = chunks[random.below(chunks.length)];
    if (chunk === undefined || chunk.payload.length === 0) return;
    const payload = Uint8Array.from(chunk.payload);
    const index = random.below(payload.length);
    payload[index] = (payload[index] ?? 0) ^ (1 << random.below(8));
    trace.note('alter', chunk.head.gate, index);
    for (const to of targets().slice(0, 3)) await push(to, [{ ...chunk, payload }]);
  };

  /** The newest chunk of a writer without those before it. */
  const leaveOut = async (): Promise<void> => {
    const rows = (await store.frontier(event)).filter((row) => row.gate !== gate && row.count > 0);
    const row = rows[random.below(rows.length)];
    const chunk =
      row === undefined ? undefined : (await store.chunks(row)).findLast(({ payload }) => payload.length > 0);
    if (chunk === undefined) return;
    trace.note('leave-out', chunk.head.gate, chunk.head.from);
    for (const to of targets()) await push(to, [chunk]);
  };

  /** The end of a story of its own, and never its beginning. */
  const tellTheEnd = async (): Promise<void> => {
    const id = { event, gate, boot: deps.newBoot(), segment: 0 };
    const marks = [1, 2, 3].map((sequence) => makeMark(id, sequence));
    marks.forEach((mark) => referee.hostileSigned(mark));
    trace.note('tell-the-end', id.boot);
    for (const to of targets().slice(0, 3)) await push(to, [sign(id, documentOf(id, marks), 2)]);
  };

  /** One start, two histories: the gates are told one or the other. */
  const equivocate = async (): Promise<void> => {
    const id = { event, gate, boot: deps.newBoot(), segment: 0 };
    const shared = random.below(3);
    const common = Array.from({ length: shared }, (_, index) => makeMark(id, index + 1));
    const branches = [0, 1].map((branch) => [
      ...common,
      ...Array.from({ length: 1 + random.below(2) }, (_, index) =>
        admittedMark(id, shared + index + 1, deps.pickTicket(), {
          ms: world.wallMs() + 100 * (branch + 1) + index,
          counter: branch,
        }),
      ),
    ]);
    const chunks = branches.map((marks) => {
      marks.forEach((mark) => referee.hostileSigned(mark));
      return sign(id, documentOf(id, marks));
    });
    trace.note('equivocate', id.boot, ...branches.map((marks) => marks.length));
    chunks.forEach((chunk) => referee.hostileForked(chunk));
    for (const [index, to] of targets().entries()) {
      const chunk = chunks[index % 2];
      if (chunk !== undefined) await push(to, [chunk]);
    }
  };

  const garbage = async (): Promise<void> => {
    const bytes = Uint8Array.from({ length: random.below(200) }, () => random.below(256));
    for (const to of targets().slice(0, 2)) await send(to, bytes);
  };

  const deeds = [takePart, takePart, takePart, forge, forge, replay, alter, leaveOut, tellTheEnd, equivocate, garbage];
  return { act: async () => deeds[random.below(deeds.length)]?.(), close: store.close };
}
