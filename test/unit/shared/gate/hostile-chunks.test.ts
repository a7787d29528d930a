// A gate whose key is in the wrong hands, and peers that alter what they pass on: whatever they send, in whatever order, a replica holds only
// unbroken histories, keeps as evidence only what that gate has really signed, says so, and nobody else's marks suffer.
import * as Automerge from 'automerge';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  cborDecode,
  cborEncode,
  compareHybrid,
  createIngest,
  loadLedger,
  ready,
  segmentActor,
  signChunk,
  verifyChunk,
  type Ingest,
  type Ledger,
  type SegmentDocument,
  type SegmentId,
  type SegmentState,
  type SignedChunk,
} from '@postern/shared';
import { admittedMark, simulatedBoot, simulatedDirectory, simulatedKeys } from '../../../../scripts/sim/gate-marks.ts';
import { createMemoryReplicaStore, type MemoryReplicaStore } from '../../../../scripts/sim/memory-replica-store.ts';
import { quietLogger } from '../../../../scripts/sim/replica.ts';

const event = 7;
const startMs = 1_700_000_000_000;
const hostile = { event, gate: 'gate-a', boot: simulatedBoot('gate-a', 1) };
const honest = { event, gate: 'gate-b', boot: simulatedBoot('gate-b', 1) };
const keysOf = (id: SegmentId): Uint8Array => simulatedKeys(id.gate).secretKey;
const marksInSegment = 12;
const timeoutMs = 120_000;

let ledger: Ledger;
let histories: readonly SegmentDocument[];
let bombs: readonly Uint8Array[];
beforeAll(async () => {
  await ready;
  ledger = await loadLedger();
  // Two histories that part after the fifth mark, and another segment of the same writer.
  histories = [build(0, 0), build(0, 500), build(1, 0)];
  bombs = [changeBomb(20_000), documentBomb(20_000)];
});

function build(segment: number, otherFrom: number): SegmentDocument {
  const document = ledger.createSegment({ ...hostile, segment });
  for (let index = 1; index <= marksInSegment; index++) {
    const sequence = segment * marksInSegment + index;
    const ticket = index > 5 ? sequence + otherFrom : sequence;
    document.append([admittedMark(hostile, sequence, ticket, { ms: startMs + sequence * 1_000, counter: 0 }).bytes]);
  }
  return document;
}

interface Replica {
  readonly store: MemoryReplicaStore;
  readonly ingest: Ingest;
}

function replica(): Replica {
  const store = createMemoryReplicaStore();
  const directory = simulatedDirectory(['gate-a', 'gate-b']);
  return { store, ingest: createIngest({ ledger, store, directory, log: quietLogger }) };
}

const stateOf = (document: SegmentDocument, segment: number, count: number, closed = false): SegmentState => ({
  ...hostile,
  segment,
  firstSequence: 1 + segment * marksInSegment,
  count,
  hash: document.hashAt(count),
  closed,
  through: { ms: startMs + (segment * marksInSegment + count) * 1_000, counter: 0 },
});
const signed = (state: SegmentState, form: 'whole' | 'changes', from: number, payload: Uint8Array): SignedChunk =>
  signChunk(keysOf(state), state, form, from, payload);

/** What a chunk is made from, before anything is done to it. */
const piece = fc.record({
  history: fc.nat({ max: 2 }),
  from: fc.nat({ max: marksInSegment }),
  length: fc.integer({ min: 0, max: marksInSegment }),
  whole: fc.boolean(),
});
type Piece = typeof piece extends fc.Arbitrary<infer P> ? P : never;

function chunkOf({ history, from, length, whole }: Piece): SignedChunk {
  const document = histories[history];
  if (document === undefined) throw new Error('a history');
  const segment = history === 2 ? 1 : 0;
  if (whole) return signed(stateOf(document, segment, marksInSegment, true), 'whole', 0, document.save());
  const to = Math.min(marksInSegment, from + length);
  return signed(stateOf(document, segment, to), 'changes', from, document.changes(from, to));
}

/** What can be done to a chunk before it is signed, or after. */
const tricks = {
  none: (chunk) => chunk,
  // An empty payload has no bit to flip.
  'a bit flipped after signing': (chunk, number) =>
    chunk.payload.length > 0
      ? { ...chunk, payload: flip(chunk.payload, number) }
      : { ...chunk, signature: flip(chunk.signature, number) },
  'a bit flipped before signing': (chunk, number) => resigned(chunk, {}, flip(chunk.payload, number)),
  'a bit of the head flipped': (chunk, number) => ({ ...chunk, headBytes: flip(chunk.headBytes, number) }),
  "another gate's signature": (chunk) => {
    const { form, from, byteLength: _byteLength, sha256: _sha256, ...state } = chunk.head;
    return signChunk(simulatedKeys('gate-b').secretKey, state, form, from, chunk.payload);
  },
  'cut off': (chunk, number) => resigned(chunk, {}, chunk.payload.slice(0, number % (chunk.payload.length + 1))),
  'another count': (chunk, number) => resigned(chunk, { count: number % 1_001 }),
  'another hash': (chunk, number) => resigned(chunk, { hash: (number % 16).toString(16).repeat(64) }),
  'another first sequence': (chunk, number) => resigned(chunk, { firstSequence: 1 + (number % 40) }),
  'another segment': (chunk, number) => resigned(chunk, { segment: number % 4 }),
  'another start of the gate': (chunk, number) => resigned(chunk, { boot: simulatedBoot('gate-a', 2 + (number % 3)) }),
  'a through far ahead': (chunk) => resigned(chunk, { through: { ms: 8_640_000_000_000_000, counter: 65_535 } }),
  'changes in another order': (chunk, number) => withChanges(chunk, (changes) => rotate(changes, number)),
  'a change left out': (chunk, number) =>
    withChanges(chunk, (changes) => changes.filter((_, index) => index !== number % (changes.length + 1))),
  'a change twice': (chunk, number) =>
    withChanges(chunk, (changes) =>
      changes.flatMap((change, index) => (index === number % 3 ? [change, change] : [change])),
    ),
  'a mark deleted': (chunk) => rewritten(chunk, (marks) => marks.splice(0, 1)),
  'a mark overwritten': (chunk) => rewritten(chunk, (marks) => (marks[0] = new Uint8Array(40))),
  "somebody else's change": (chunk) => rewritten(chunk, (marks) => marks.push(new Uint8Array(40)), 'cd'.repeat(16)),
  'a change that expands': (chunk) => resigned(chunk, {}, cborEncode([bombs[0] ?? new Uint8Array(0)])),
  'a document that expands': (chunk) => resigned(chunk, { count: 1_000, closed: true }, bombs[1], 'whole'),
} as const satisfies Readonly<Record<string, (chunk: SignedChunk, number: number) => SignedChunk>>;
const trickNames = Object.keys(tricks) as (keyof typeof tricks)[];
const sent = fc.record({ piece, trick: fc.constantFrom(...trickNames), number: fc.nat({ max: 100_000 }) });

function resigned(
  { head, payload }: SignedChunk,
  change: Partial<SegmentState>,
  bytes: Uint8Array = payload,
  form: 'whole' | 'changes' = head.form,
): SignedChunk {
  const { form: _form, from, byteLength: _byteLength, sha256: _sha256, ...state } = head;
  const changed = { ...state, ...change };
  return signed(changed, form, form === 'whole' ? 0 : Math.min(from, changed.count), bytes);
}

function flip(bytes: Uint8Array, number: number): Uint8Array {
  const flipped = Uint8Array.from(bytes);
  const bit = number % Math.max(1, bytes.length * 8);
  if (bytes.length > 0) flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return flipped;
}

function withChanges(
  chunk: SignedChunk,
  change: (changes: readonly Uint8Array[]) => readonly Uint8Array[],
): SignedChunk {
  const decoded = chunk.head.form === 'changes' ? cborDecode(chunk.payload, 200_000, 1) : undefined;
  if (decoded?.ok !== true || !Array.isArray(decoded.value)) return chunk;
  return resigned(chunk, {}, cborEncode([...change(decoded.value as Uint8Array[])]));
}

const rotate = <T>(items: readonly T[], by: number): readonly T[] =>
  items.map((_, index) => items[(index + by) % items.length]).filter((item) => item !== undefined);

/** The segment with one more change that does what none may, signed as what it then is. */
function rewritten(
  chunk: SignedChunk,
  change: (marks: Uint8Array[]) => unknown,
  actor = segmentActor(chunk.head),
): SignedChunk {
  let document = Automerge.load<{ marks: Uint8Array[] }>(histories[0]?.save() ?? new Uint8Array(0), { actor });
  document = Automerge.change(document, { time: 0 }, (content) => void change(content.marks));
  const count = marksInSegment + 1;
  const state = {
    ...stateOf(histories[0] ?? build(0, 0), 0, marksInSegment),
    count,
    hash: Automerge.getHeads(document)[0] ?? '',
  };
  return chunk.head.form === 'whole'
    ? signed({ ...state, closed: true }, 'whole', 0, Automerge.save(document))
    : signed(
        state,
        'changes',
        marksInSegment,
        cborEncode([Automerge.getLastLocalChange(document) ?? new Uint8Array(0)]),
      );
}

function changeBomb(elements: number): Uint8Array {
  const actor = segmentActor({ ...hostile, segment: 0 });
  const ops: unknown[] = [{ action: 'makeList', obj: '_root', key: 'marks', insert: false, pred: [] }];
  for (let index = 0; index < elements; index++)
    ops.push({
      action: 'set',
      obj: `1@${actor}`,
      elemId: index === 0 ? '_head' : `${index + 1}@${actor}`,
      insert: true,
      value: null,
      pred: [],
    });
  return Automerge.encodeChange({
    actor,
    seq: 1,
    startOp: 1,
    time: 0,
    message: null,
    deps: [],
    ops,
  } as unknown as Parameters<typeof Automerge.encodeChange>[0]);
}

function documentBomb(elements: number): Uint8Array {
  const [document] = Automerge.applyChanges(Automerge.init(), [changeBomb(elements)]);
  return Automerge.save(document);
}

/** What a replica may hold after anything: unbroken segments, one after the other, and exactly their marks. */
async function expectSound({ store }: Replica): Promise<void> {
  let marks = 0;
  for (const row of await store.frontier(event)) {
    let next = 1;
    for (let segment = 0; segment <= row.segment; segment++) {
      const state = await store.segment({ ...row, segment });
      if (state === undefined) throw new Error('a segment is missing before the last one');
      const chunks = await store.chunks(state);
      const bytes = ledger.marks(chunks);
      expect(state.firstSequence).toBe(next);
      expect(bytes.length).toBe(state.count);
      const again = ledger.createSegment(state);
      again.append(bytes);
      expect(again.hashAt(state.count)).toBe(state.hash);
      expect(
        store
          .marks(event)
          .filter(({ mark }) => mark.boot === row.boot && mark.sequence >= next && mark.sequence < next + state.count)
          .map((mark) => mark.bytes),
      ).toEqual(bytes);
      next += state.count;
      marks += state.count;
    }
  }
  expect(store.marks(event).length).toBe(marks);
  for (const { chunk } of await store.quarantined(event))
    expect(verifyChunk(chunk, simulatedKeys('gate-a').publicKey).ok).toBe(true);
}

describe('whatever a hostile gate sends', () => {
  test(
    'a replica holds unbroken histories only, and what it puts aside that gate has signed',
    async () => {
      const seen = new Set<string>();
      await fc.assert(
        fc.asyncProperty(fc.array(sent, { minLength: 1, maxLength: 14 }), async (messages) => {
          const one = replica();
          for (const { piece: made, trick, number } of messages) {
            const taken = await one.ingest.chunk(tricks[trick](chunkOf(made), number), 'gate-c');
            seen.add(`${trick}: ${taken.ok ? taken.value.outcome : taken.error.type}`);
          }
          await expectSound(one);
          const aside = await one.store.quarantined(event);
          expect(one.ingest.takeAlarms().length).toBe(aside.length);
        }),
        { numRuns: 200 },
      );
      expect(ledger.trapped()).toBe(false);
      // Every trick was played, and only what leaves a chunk as genuine as it was can have been stored.
      expect(new Set([...seen].map((entry) => entry.split(':')[0]))).toEqual(new Set(trickNames));
      for (const trick of [
        'a mark deleted',
        'a mark overwritten',
        "somebody else's change",
        'a change that expands',
        'a document that expands',
        "another gate's signature",
        'a bit flipped after signing',
        'a bit of the head flipped',
      ])
        expect([...seen].filter((entry) => entry === `${trick}: stored`)).toEqual([]);
    },
    timeoutMs,
  );

  test(
    "an honest gate's marks come in all the same, and none of them under its name is believed without its key",
    async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(sent, { maxLength: 10 }), fc.nat({ max: 9 }), async (messages, turn) => {
          const one = replica();
          const document = ledger.createSegment({ ...honest, segment: 0 });
          const marks = Array.from({ length: 8 }, (_, index) =>
            admittedMark(honest, index + 1, index + 1, { ms: startMs + index * 1_000, counter: 0 }),
          );
          document.append(marks.map(({ bytes }) => bytes));
          const state: SegmentState = {
            ...honest,
            segment: 0,
            firstSequence: 1,
            count: 8,
            hash: document.hashAt(8),
            closed: false,
            through: { ms: startMs + 8_000, counter: 0 },
          };
          const genuine = signed(state, 'changes', 0, document.changes(0, 8));
          const forged = signChunk(
            simulatedKeys('gate-a').secretKey,
            { ...state, count: 3, hash: document.hashAt(3) },
            'changes',
            0,
            document.changes(0, 3),
          );
          for (const [index, { piece: made, trick, number }] of messages.entries()) {
            if (index === turn) await one.ingest.chunk(forged, 'gate-a');
            await one.ingest.chunk(tricks[trick](chunkOf(made), number), 'gate-a');
          }
          expect(one.store.marks(event).filter(({ mark }) => mark.gate === 'gate-b')).toEqual([]);
          expect((await one.ingest.chunk(genuine, 'gate-b')).ok).toBe(true);
          expect(one.store.marks(event).filter(({ mark }) => mark.gate === 'gate-b')).toEqual(marks);
        }),
        { numRuns: 60 },
      );
    },
    timeoutMs,
  );

  test(
    'what two replicas hold of it in the end is either the same, or one holds the other history and both the proof',
    async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(sent, { minLength: 2, maxLength: 10 }),
          fc.array(sent, { maxLength: 10 }),
          async (a, b) => {
            const [one, other] = [replica(), replica()];
            for (const { piece: made, trick, number } of a)
              await one.ingest.chunk(tricks[trick](chunkOf(made), number), 'x');
            for (const { piece: made, trick, number } of b)
              await other.ingest.chunk(tricks[trick](chunkOf(made), number), 'x');
            for (let round = 0; round < 2; round++)
              for (const [from, to] of [
                [one, other],
                [other, one],
              ] as const)
                for (const row of await from.store.frontier(event))
                  for (let segment = 0; segment <= row.segment; segment++)
                    for (const chunk of await from.store.chunks({ ...row, segment }))
                      await to.ingest.chunk(chunk, 'peer');
            for (const row of await one.store.frontier(event)) {
              for (let segment = 0; segment <= row.segment; segment++) {
                const [mine, theirs] = [
                  await one.store.segment({ ...row, segment }),
                  await other.store.segment({ ...row, segment }),
                ];
                if (mine === undefined || theirs === undefined) break;
                if (mine.count === theirs.count && mine.hash === theirs.hash) {
                  expect(compareHybrid(mine.through, theirs.through)).toBe(0);
                  continue;
                }
                for (const { store } of [one, other])
                  expect((await store.quarantined(event)).some(({ reason }) => reason.startsWith('equivocation'))).toBe(
                    true,
                  );
                break;
              }
            }
          },
        ),
        { numRuns: 80 },
      );
    },
    timeoutMs,
  );
});
