// What a receiver checks before it believes a chunk, in its order. Every hostile chunk here except the first ones is correctly signed:
// the checks behind the signature are what stands between a stolen gate key and everybody's ledger.
import * as Automerge from 'automerge';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  cborEncode,
  emptyHash,
  encodeMark,
  loadLedger,
  ready,
  segmentActor,
  segmentMarksMax,
  sha256,
  signChunk,
  chunkBytesMax,
  decodeChunk,
  encodeChunk,
  type Ledger,
  type SegmentDocument,
  type SegmentState,
  type SignedChunk,
} from '@postern/shared';
import { admittedMark, simulatedBoot, simulatedKeys } from '../../../scripts/sim/gate-marks.ts';

const keys = simulatedKeys('gate-a');
const writer = { event: 7, gate: 'gate-a', boot: simulatedBoot('gate-a', 1) };
const id = { ...writer, segment: 0 };
const actor = segmentActor(id);
const mark = (sequence: number, ticket = sequence): Uint8Array =>
  admittedMark(writer, sequence, ticket, { ms: 1_700_000_000_000 + sequence * 1_000, counter: 0 }).bytes;
const marks = (count: number, from = 1): Uint8Array[] =>
  Array.from({ length: count }, (_, index) => mark(from + index));

let ledger: Ledger;
beforeAll(async () => {
  await ready;
  ledger = await loadLedger();
});

const build = (list: readonly Uint8Array[]): SegmentDocument => {
  const document = ledger.createSegment(id);
  document.append(list);
  return document;
};
const state = (count: number, hash: string, closed = false): SegmentState => ({
  ...id,
  firstSequence: 1,
  count,
  hash,
  closed,
  through: { ms: 1_700_000_000_000, counter: 0 },
});
const tail = (document: SegmentDocument, from: number, to: number): SignedChunk =>
  signChunk(keys.secretKey, state(to, document.hashAt(to)), 'changes', from, document.changes(from, to));
const whole = (document: SegmentDocument): SignedChunk =>
  signChunk(
    keys.secretKey,
    state(document.count(), document.hashAt(document.count()), true),
    'whole',
    0,
    document.save(),
  );
const signedChanges = (changes: readonly Uint8Array[], hash: string, from = 0): SignedChunk =>
  signChunk(keys.secretKey, state(from + changes.length, hash), 'changes', from, cborEncode(changes));
const errorOf = (chunk: SignedChunk, known?: SegmentState): string => {
  const checked = ledger.check(chunk, keys.publicKey, known);
  return checked.ok ? 'accepted' : checked.error.type;
};
const causeOf = (chunk: SignedChunk, known?: SegmentState): string => {
  const checked = ledger.check(chunk, keys.publicKey, known);
  return !checked.ok && 'cause' in checked.error ? checked.error.cause : 'accepted';
};
const encode = (fields: Readonly<Record<string, unknown>>): { readonly bytes: Uint8Array; readonly hash: string } => {
  const bytes = Automerge.encodeChange({
    actor,
    seq: 1,
    startOp: 1,
    time: 0,
    message: null,
    deps: [],
    ops: [],
    ...fields,
  } as unknown as Parameters<typeof Automerge.encodeChange>[0]);
  return { bytes, hash: Automerge.decodeChange(bytes).hash ?? '' };
};

describe('a genuine segment', () => {
  test('is accepted as a tail, mark for mark', () => {
    const checked = ledger.check(tail(build(marks(5)), 0, 5), keys.publicKey, undefined);
    expect(checked.ok && checked.value.marks.map(({ bytes }) => bytes)).toEqual(marks(5));
    expect(checked.ok && checked.value.state.count).toBe(5);
  });

  test('is accepted whole with a thousand marks, at no more than 30 bytes a mark', () => {
    const chunk = whole(build(marks(segmentMarksMax)));
    const checked = ledger.check(chunk, keys.publicKey, undefined);
    expect(checked.ok && checked.value.marks.length).toBe(segmentMarksMax);
    expect(chunk.payload.length / segmentMarksMax).toBeLessThanOrEqual(30);
  });

  test('is the same whether it travels as marks or as the changes that Automerge makes of them', () => {
    const document = build(marks(7));
    const known = state(3, document.hashAt(3));
    const changes = ledger.check(
      signedChanges(automergeChanges(marks(7)).slice(3), document.hashAt(7), 3),
      keys.publicKey,
      known,
    );
    expect(changes).toEqual(ledger.check(tail(document, 3, 7), keys.publicKey, known));
    expect(changes.ok && changes.value.marks.length).toBe(4);
  });

  test('costs a tail little more than its marks', () => {
    const document = build(marks(40));
    const size = marks(1)[0]?.length ?? 0;
    expect(tail(document, 39, 40).payload.length).toBeLessThan(size + 40);
    expect(tail(document, 30, 40).payload.length / 10).toBeLessThan(size + 8);
  });

  test('continues what is known, also where it overlaps', () => {
    const document = build(marks(9));
    const known = state(5, document.hashAt(5));
    const exact = ledger.check(tail(document, 5, 9), keys.publicKey, known);
    const overlapping = ledger.check(tail(document, 2, 9), keys.publicKey, known);
    expect(exact.ok && exact.value.marks.length).toBe(4);
    expect(overlapping.ok && overlapping.value.marks.map(({ mark: read }) => read.sequence)).toEqual([6, 7, 8, 9]);
  });

  test('is stale when everything in it is known', () => {
    const document = build(marks(5));
    const checked = ledger.check(tail(document, 0, 3), keys.publicKey, state(5, document.hashAt(5)));
    expect(checked.ok && checked.value).toMatchObject({ stale: true, marks: [] });
  });

  test('is a function of its marks alone: rebuilt in other batches it has the same hashes and bytes', () => {
    const all = marks(60);
    const once = build(all);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 8 }), (sizes) => {
        const document = ledger.createSegment(id);
        for (const size of sizes) document.append(all.slice(document.count(), document.count() + size));
        expect(document.hashAt(document.count())).toBe(once.hashAt(document.count()));
        expect(document.changes(0, document.count())).toEqual(once.changes(0, document.count()));
      }),
      { numRuns: 20 },
    );
  });

  test('takes no more marks than fit', () => {
    const document = ledger.createSegment(id);
    expect(document.append(marks(segmentMarksMax + 5))).toBe(segmentMarksMax);
    expect(document.full()).toBe(true);
  });

  test('of no marks says only how far its gate has come', () => {
    const chunk = signChunk(keys.secretKey, state(0, emptyHash), 'changes', 0, new Uint8Array(0));
    expect(errorOf(chunk)).toBe('accepted');
    expect(errorOf(signChunk(keys.secretKey, state(0, '1'.repeat(64)), 'changes', 0, new Uint8Array(0)))).toBe(
      'segment-invalid',
    );
  });

  test('survives encoding and decoding of its chunk', () => {
    const chunk = tail(build(marks(3)), 0, 3);
    const decoded = decodeChunk(encodeChunk(chunk));
    expect(decoded.ok && decoded.value).toEqual(chunk);
  });
});

describe('before Automerge sees a byte', () => {
  test('a payload over the bound is refused, even if it were signed', () => {
    const small = tail(build(marks(1)), 0, 1);
    expect(errorOf({ ...small, payload: new Uint8Array(chunkBytesMax + 1) })).toBe('malformed');
  });

  test("another gate's signature is refused", () => {
    const document = build(marks(2));
    const chunk = signChunk(
      simulatedKeys('gate-b').secretKey,
      state(2, document.hashAt(2)),
      'changes',
      0,
      document.changes(0, 2),
    );
    expect(errorOf(chunk)).toBe('signature-invalid');
  });

  test('an unsigned bomb never reaches Automerge', () => {
    const bomb = bombOf(100_000);
    const genuine = tail(build(marks(1)), 0, 1);
    expect(errorOf({ ...genuine, payload: cborEncode([bomb.bytes]) })).toBe('payload-altered');
  });

  test('a payload of another length or with other bytes is refused', () => {
    const chunk = tail(build(marks(2)), 0, 2);
    expect(causeOf({ ...chunk, payload: chunk.payload.slice(1) })).toMatch(/signed$/);
    const altered = Uint8Array.from(chunk.payload);
    altered[40] = (altered[40] ?? 0) ^ 1;
    expect(causeOf({ ...chunk, payload: altered })).toBe('other bytes than were signed');
  });

  test('every flipped bit of a chunk is refused', () => {
    const encoded = encodeChunk(tail(build(marks(2)), 0, 2));
    for (let bit = 0; bit < encoded.length * 8; bit++) {
      const flipped = Uint8Array.from(encoded);
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const decoded = decodeChunk(flipped);
      if (decoded.ok) expect(errorOf(decoded.value)).not.toBe('accepted');
    }
  });
});

describe('a correctly signed chunk is refused', () => {
  const list = { action: 'makeList', obj: '_root', key: 'marks', insert: false, pred: [] };
  const listId = `1@${actor}`;

  test('when a tiny change would expand to a hundred thousand operations', () => {
    const bomb = bombOf(100_000);
    expect(bomb.bytes.length).toBeLessThan(200);
    expect(causeOf(signedChanges([bomb.bytes], bomb.hash))).toMatch(/rows in a column/);
  });

  test('when a tiny document would expand to a hundred thousand elements', () => {
    const [document] = Automerge.applyChanges(Automerge.init(), [bombOf(100_000).bytes]);
    const saved = Automerge.save(document);
    const chunk = signChunk(
      keys.secretKey,
      state(1_000, Automerge.getHeads(document)[0] ?? '', true),
      'whole',
      0,
      saved,
    );
    expect(saved.length).toBeLessThan(300);
    expect(causeOf(chunk)).toMatch(/rows in a column/);
  });

  test('when another actor wrote it', () => {
    const other = ledger.createSegment({ ...id, segment: 1 });
    other.append(marks(2));
    expect(causeOf(signChunk(keys.secretKey, state(2, other.hashAt(2)), 'changes', 0, other.changes(0, 2)))).toBe(
      'another last hash than was signed',
    );
    const [first, second] = automergeChanges(marks(2), segmentActor({ ...id, segment: 1 }));
    expect(causeOf(signedChanges([first, second].filter(isThere), other.hashAt(2)))).toBe('a change by another actor');
    expect(causeOf(signChunk(keys.secretKey, state(2, other.hashAt(2), true), 'whole', 0, other.save()))).toBe(
      'a document that holds more than its marks in their order',
    );
  });

  test('when it deletes or overwrites a mark', () => {
    let document = Automerge.init<{ marks: Uint8Array[] }>({ actor });
    document = Automerge.change(document, { time: 0 }, (content) => {
      content.marks = [];
      content.marks.push(mark(1));
    });
    const first = Automerge.getLastLocalChange(document) ?? new Uint8Array(0);
    const deleted = Automerge.change(Automerge.clone(document, { actor }), { time: 0 }, (content) => {
      content.marks.splice(0, 1);
    });
    const overwritten = Automerge.change(Automerge.clone(document, { actor }), { time: 0 }, (content) => {
      content.marks[0] = mark(1, 99);
    });
    for (const changed of [deleted, overwritten]) {
      const second = Automerge.getLastLocalChange(changed) ?? new Uint8Array(0);
      expect(causeOf(signedChanges([first, second], Automerge.getHeads(changed)[0] ?? ''))).toMatch(
        /insertion of bytes|rows in a column/,
      );
      expect(
        causeOf(
          signChunk(
            keys.secretKey,
            state(2, Automerge.getHeads(changed)[0] ?? '', true),
            'whole',
            0,
            Automerge.save(changed),
          ),
        ),
      ).not.toBe('accepted');
    }
  });

  test('when it inserts anywhere but behind the last element', () => {
    let document = Automerge.init<{ marks: Uint8Array[] }>({ actor });
    document = Automerge.change(document, { time: 0 }, (content) => {
      content.marks = [];
      content.marks.push(mark(1));
    });
    const first = Automerge.getLastLocalChange(document) ?? new Uint8Array(0);
    document = Automerge.change(document, { time: 0 }, (content) => {
      content.marks.unshift(mark(2));
    });
    const second = Automerge.getLastLocalChange(document) ?? new Uint8Array(0);
    expect(causeOf(signedChanges([first, second], Automerge.getHeads(document)[0] ?? ''))).toMatch(
      /insertion of bytes/,
    );
  });

  test('when it holds anything but bytes', () => {
    const text = encode({
      ops: [list, { action: 'set', obj: listId, elemId: '_head', insert: true, value: 'text', pred: [] }],
    });
    const other = encode({
      ops: [
        { ...list, key: 'other' },
        { action: 'set', obj: listId, elemId: '_head', insert: true, value: 'text', pred: [] },
      ],
    });
    expect(causeOf(signedChanges([text.bytes], text.hash))).toMatch(/insertion of bytes/);
    expect(causeOf(signedChanges([other.bytes], other.hash))).toMatch(/begin with its list/);
  });

  test('when a change stands in another place, has a time, a message or foreign dependencies', () => {
    const ops = [list, { action: 'set', obj: listId, elemId: '_head', insert: true, value: 'text', pred: [] }];
    for (const fields of [{ seq: 2 }, { startOp: 2 }, { time: 1 }, { message: 'hello' }]) {
      const change = encode({ ops, ...fields });
      expect(causeOf(signedChanges([change.bytes], change.hash))).toMatch(
        /out of its place|time or a message|other actors|cut off|rows/,
      );
    }
    const document = build(marks(3));
    const changes = automergeChanges(marks(3));
    const inOrder = (...places: readonly number[]): Uint8Array[] => places.map((at) => changes[at]).filter(isThere);
    expect(errorOf(signedChanges(inOrder(0, 1, 2), document.hashAt(3)))).toBe('accepted');
    expect(errorOf(signedChanges(inOrder(0, 2), document.hashAt(3)))).toBe('segment-invalid');
    expect(errorOf(signedChanges(inOrder(1, 0, 2), document.hashAt(3)))).toBe('segment-invalid');
  });

  test('when its last hash is not the signed one, or its count is wrong', () => {
    const document = build(marks(3));
    expect(causeOf(signedChanges(automergeChanges(marks(3)), document.hashAt(2)))).toBe(
      'another last hash than was signed',
    );
    expect(causeOf(signChunk(keys.secretKey, state(3, document.hashAt(2)), 'changes', 0, document.changes(0, 3)))).toBe(
      'another last hash than was signed',
    );
    expect(
      causeOf(signChunk(keys.secretKey, state(2, document.hashAt(3)), 'changes', 0, document.changes(0, 3))),
    ).toMatch(/3 changes where the head says 2/);
    expect(causeOf(signChunk(keys.secretKey, state(2, document.hashAt(3), true), 'whole', 0, document.save()))).toMatch(
      /3 changes where the head says 2/,
    );
  });

  test('when a tail says that it continues something else, or something before the first mark', () => {
    const document = build(marks(6));
    const [, , ...rest] = marks(6);
    const lying = cborEncode([sha256(Uint8Array.of(1)), ...rest]);
    expect(errorOf(signChunk(keys.secretKey, state(6, document.hashAt(6)), 'changes', 2, lying))).toBe('gap');
    expect(
      causeOf(
        signChunk(keys.secretKey, state(6, document.hashAt(6)), 'changes', 2, lying),
        state(2, document.hashAt(2)),
      ),
    ).toBe('another history before mark 3');
    const before = cborEncode([sha256(Uint8Array.of(1)), ...marks(6)]);
    expect(causeOf(signChunk(keys.secretKey, state(6, document.hashAt(6)), 'changes', 0, before))).toBe(
      'something before the first mark',
    );
  });

  test('when a mark is unreadable, out of sequence or older than the one before it', () => {
    const unreadable = build([Uint8Array.of(1, 2, 3)]);
    expect(causeOf(tail(unreadable, 0, 1))).toMatch(/cannot be read/);
    const skipping = build([mark(1), mark(3)]);
    expect(causeOf(tail(skipping, 0, 2))).toBe('a mark out of its sequence');
    const backwards = build([mark(1), encodeMark({ ...admittedMark(writer, 2, 2, { ms: 5, counter: 0 }).mark })]);
    expect(causeOf(tail(backwards, 0, 2))).toBe('a mark older than the one before it');
  });

  test('when marks before it are missing', () => {
    const document = build(marks(9));
    expect(errorOf(tail(document, 5, 9))).toBe('gap');
    expect(errorOf(tail(document, 5, 9), state(4, document.hashAt(4)))).toBe('gap');
  });

  test('when the payload is garbage that the gate itself signed', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.boolean(), (payload, closed) => {
        const hash = '0'.repeat(63) + '1';
        expect(
          errorOf(signChunk(keys.secretKey, state(3, hash, closed), closed ? 'whole' : 'changes', 0, payload)),
        ).toBe('segment-invalid');
      }),
      { numRuns: 300 },
    );
  });

  test('when any bit of a saved segment was flipped before it was signed', () => {
    const document = build(marks(40));
    const saved = document.save();
    for (let trial = 0; trial < 400; trial++) {
      const bit =
        Number(
          BigInt(
            `0x${Array.from(sha256(Uint8Array.of(trial & 255, trial >> 8)).slice(0, 4), (byte) => byte.toString(16).padStart(2, '0')).join('')}`,
          ),
        ) %
        (saved.length * 8);
      const flipped = Uint8Array.from(saved);
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const checked = ledger.check(
        signChunk(keys.secretKey, state(40, document.hashAt(40), true), 'whole', 0, flipped),
        keys.publicKey,
        undefined,
      );
      // A flip in a byte that the format does not use may load; what it says must then be unchanged.
      if (checked.ok) expect(checked.value.marks.map(({ bytes }) => bytes)).toEqual(marks(40));
    }
    expect(ledger.trapped()).toBe(false);
  });
});

describe('two histories of one segment', () => {
  const fork = (): SegmentDocument => build([...marks(3), mark(4, 77), mark(5, 78)]);

  test('are equivocation wherever they part', () => {
    const known = (count: number): SegmentState => state(count, build(marks(5)).hashAt(count));
    expect(errorOf(tail(fork(), 0, 5), known(5))).toBe('equivocation');
    expect(errorOf(tail(fork(), 0, 5), known(4))).toBe('equivocation');
    expect(errorOf(tail(fork(), 4, 5), known(4))).toBe('equivocation');
    expect(errorOf(whole(fork()), known(4))).toBe('equivocation');
  });

  test('are none before they part', () => {
    expect(errorOf(tail(fork(), 0, 5), state(3, build(marks(5)).hashAt(3)))).toBe('accepted');
  });

  test('a shorter head that claims to be closed says nothing about a longer one', () => {
    const document = build(marks(9));
    const restored = build(marks(5));
    const checked = ledger.check(whole(restored), keys.publicKey, state(9, document.hashAt(9)));
    expect(checked.ok && checked.value).toMatchObject({ stale: true, state: { count: 9, closed: false } });
    const healed = ledger.check(whole(document), keys.publicKey, state(5, restored.hashAt(5), true));
    expect(healed.ok && healed.value.state).toMatchObject({ count: 9, closed: true });
  });
});

function bombOf(elements: number): { readonly bytes: Uint8Array; readonly hash: string } {
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
  return encode({ ops });
}

const isThere = <T>(value: T | undefined): value is T => value !== undefined;

/** The same marks as Automerge itself writes them down, one change each. */
function automergeChanges(list: readonly Uint8Array[], by: string = actor): readonly Uint8Array[] {
  let document = Automerge.init<{ marks: Uint8Array[] }>({ actor: by });
  return list.map((item) => {
    document = Automerge.change(document, { time: 0 }, (content) => {
      if (content.marks === undefined) content.marks = [];
      content.marks.push(item);
    });
    return Automerge.getLastLocalChange(document) ?? new Uint8Array(0);
  });
}
