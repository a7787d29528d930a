// Our encoding of a segment's changes beside Automerge's own: the same bytes and hashes for any marks, whatever their number and length.
import * as Automerge from 'automerge';
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { bytesToHex, hexToBytes, ready } from '@postern/shared';
import { encodeMarkChange } from '../../../shared/src/mark-change.ts';

const actor = 'ab01'.repeat(8);
beforeAll(() => ready);

function expectSame(marks: readonly Uint8Array[]): void {
  let document = Automerge.init<{ marks: Uint8Array[] }>({ actor });
  let before = new Uint8Array(32);
  for (const [index, mark] of marks.entries()) {
    document = Automerge.change(document, { time: 0 }, (content) => {
      if (content.marks === undefined) content.marks = [];
      content.marks.push(mark);
    });
    const ours = encodeMarkChange(hexToBytes(actor) ?? new Uint8Array(0), index, before, mark);
    expect(ours.bytes).toEqual(Automerge.getLastLocalChange(document));
    expect([bytesToHex(ours.hash)]).toEqual(Automerge.getHeads(document));
    before = Uint8Array.from(ours.hash);
  }
}

test('is the same for marks of any content and length', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ minLength: 1, maxLength: 512 }), { minLength: 1, maxLength: 12 }), (marks) =>
      expectSame(marks),
    ),
    { numRuns: 100 },
  );
});

test('is the same up to the last mark of a full segment', () => {
  expectSame(Array.from({ length: 1_000 }, (_, index) => new Uint8Array(1 + (index % 70)).fill(index)));
});
