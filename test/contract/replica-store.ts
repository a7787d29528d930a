// The acceptance suite of the ReplicaStore port: what every adapter promises to the replicator and to the answering side of a sync.
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  createContentHash,
  emptyHash,
  loadLedger,
  quarantineChunksMax,
  ready,
  signChunk,
  type Acceptance,
  type EncodedMark,
  type Ledger,
  type ReplicaStore,
  type SegmentState,
  type WriterId,
} from '@postern/shared';
import { admittedMark, simulatedBoot, simulatedKeys } from '../../scripts/sim/gate-marks.ts';

export interface ReplicaStoreHarness {
  /** Events that exist; the suite uses both. */
  readonly events: readonly [number, number];
  readonly store: () => ReplicaStore;
  /** A new process over the same data. */
  readonly restart: () => Promise<void>;
}

export function describeReplicaStoreContract(name: string, createHarness: () => Promise<ReplicaStoreHarness>): void {
  describe(`replica store contract: ${name}`, () => {
    let ledger: Ledger;
    let harness: ReplicaStoreHarness;
    let writer: WriterId;
    beforeAll(async () => {
      await ready;
      ledger = await loadLedger();
    });
    beforeEach(async () => {
      harness = await createHarness();
      writer = { event: harness.events[0], gate: 'gate-b', boot: simulatedBoot('gate-b', 1) };
    });

    const marksOf = (of: WriterId, count: number, from = 1): EncodedMark[] =>
      Array.from({ length: count }, (_, index) =>
        admittedMark(of, from + index, from + index, { ms: 1_700_000_000_000 + (from + index) * 1_000, counter: 0 }),
      );

    /** What ingesting marks `from + 1` to `to` of one segment would hand to the store. */
    const acceptance = (
      before: SegmentState | undefined,
      to: number,
      options: {
        readonly of?: WriterId;
        readonly segment?: number;
        readonly first?: number;
        readonly closed?: boolean;
        readonly throughMs?: number;
      } = {},
    ): Acceptance => {
      const {
        of = writer,
        segment = 0,
        first = 1,
        closed = false,
        throughMs = 1_700_000_000_000 + to * 1_000,
      } = options;
      const from = before?.count ?? 0;
      const id = { event: of.event, gate: of.gate, boot: of.boot, segment };
      const marks = marksOf(of, to, first);
      const document = ledger.createSegment(id);
      document.append(marks.map(({ bytes }) => bytes));
      const after: SegmentState = {
        ...id,
        firstSequence: first,
        count: to,
        hash: document.hashAt(to),
        closed,
        through: { ms: throughMs, counter: 0 },
      };
      const chunk = closed
        ? signChunk(simulatedKeys(of.gate).secretKey, after, 'whole', 0, document.save())
        : signChunk(simulatedKeys(of.gate).secretKey, after, 'changes', from, document.changes(from, to));
      return { chunk, before, after, marks: marks.slice(from) };
    };
    const append = async (item: Acceptance): Promise<SegmentState> => {
      expect(await harness.store().append(item)).toEqual({ ok: true, value: undefined });
      return item.after;
    };
    const hashOf = (marks: readonly EncodedMark[]): string => {
      const hash = createContentHash();
      for (const { mark, bytes } of marks) hash.add(mark, bytes);
      return hash.digest();
    };

    it('knows nothing at first', async () => {
      const store = harness.store();
      expect(await store.frontier(writer.event)).toEqual([]);
      expect(await store.segment({ ...writer, segment: 0 })).toBeUndefined();
      expect(await store.chunks({ ...writer, segment: 0 })).toEqual([]);
      expect(await store.quarantined(writer.event)).toEqual([]);
      expect(await store.contentHash(writer.event)).toBe(hashOf([]));
    });

    it('gives back states, chunks byte for byte and the content hash, also after a restart', async () => {
      const first = acceptance(undefined, 3);
      const second = acceptance(await append(first), 5);
      await append(second);
      for (let round = 0; round < 2; round++) {
        expect(await harness.store().segment({ ...writer, segment: 0 })).toEqual(second.after);
        expect(await harness.store().chunks({ ...writer, segment: 0 })).toEqual([first.chunk, second.chunk]);
        expect(await harness.store().contentHash(writer.event)).toBe(hashOf(marksOf(writer, 5)));
        await harness.restart();
      }
    });

    it('names the latest segment of each writer in order of gate and boot, and keeps events apart', async () => {
      const other = { ...writer, gate: 'gate-a', boot: simulatedBoot('gate-a', 1) };
      const elsewhere = { ...writer, event: harness.events[1] };
      const full = await append(acceptance(undefined, 4, { closed: true }));
      const next = await append(acceptance(undefined, 2, { segment: 1, first: 1 + full.count }));
      const ofOther = await append(acceptance(undefined, 1, { of: other }));
      const inOtherEvent = await append(acceptance(undefined, 1, { of: elsewhere }));
      expect(await harness.store().frontier(writer.event)).toEqual([ofOther, next]);
      expect(await harness.store().frontier(elsewhere.event)).toEqual([inOtherEvent]);
      expect(await harness.store().contentHash(writer.event)).toBe(
        hashOf([...marksOf(other, 1), ...marksOf(writer, 6)]),
      );
    });

    it('refuses to store upon a state that is no longer the one that was checked', async () => {
      const first = await append(acceptance(undefined, 3));
      await append(acceptance(first, 5));
      expect(await harness.store().append(acceptance(first, 6))).toEqual({
        ok: false,
        error: { type: 'segment-moved' },
      });
      expect(await harness.store().append(acceptance(undefined, 6))).toEqual({
        ok: false,
        error: { type: 'segment-moved' },
      });
      expect((await harness.store().segment({ ...writer, segment: 0 }))?.count).toBe(5);
    });

    it('replaces an empty chunk by whatever comes next, and everything by a whole one', async () => {
      const first = acceptance(undefined, 3);
      const still = acceptance(await append(first), 3, { throughMs: 1_800_000_000_000 });
      const later = acceptance(await append(still), 3, { throughMs: 1_800_000_010_000 });
      await append(later);
      expect(await harness.store().chunks(later.after)).toEqual([first.chunk, later.chunk]);
      const more = acceptance(later.after, 4, { throughMs: 1_800_000_020_000 });
      await append(more);
      expect(await harness.store().chunks(more.after)).toEqual([first.chunk, more.chunk]);
      const whole = acceptance(more.after, 4, { closed: true, throughMs: 1_800_000_030_000 });
      await append({ ...whole, marks: [] });
      expect(await harness.store().chunks(more.after)).toEqual([whole.chunk]);
      expect(await harness.store().frontier(writer.event)).toEqual([whole.after]);
    });

    it('keeps a whole chunk under changes that continue it, as after a restored image', async () => {
      const whole = acceptance(undefined, 3, { closed: true });
      const more = acceptance(await append(whole), 5);
      await append(more);
      expect(await harness.store().chunks(more.after)).toEqual([whole.chunk, more.chunk]);
    });

    it('stores a whole segment of a thousand marks, and stores it again after a crash half-way', async () => {
      const whole = acceptance(undefined, 1_000, { closed: true });
      // A crash after the first transactions has left marks without their segment.
      const half = acceptance(undefined, 300);
      await append(half);
      const again: Acceptance = { ...whole, before: half.after, marks: whole.marks };
      await append(again);
      expect(await harness.store().contentHash(writer.event)).toBe(hashOf(marksOf(writer, 1_000)));
      expect(await harness.store().chunks(whole.after)).toEqual([whole.chunk]);
    });

    it('stores nothing of a chunk in which a known mark has another content', async () => {
      const first = await append(acceptance(undefined, 2));
      const lying = acceptance(first, 4);
      const altered = admittedMark(writer, 2, 99, { ms: 1_700_000_002_000, counter: 0 });
      expect(await harness.store().append({ ...lying, marks: [altered, ...lying.marks] })).toEqual({
        ok: false,
        error: { type: 'mark-conflict', sequence: 2 },
      });
      expect(await harness.store().segment(first)).toEqual(first);
      expect(await harness.store().contentHash(writer.event)).toBe(hashOf(marksOf(writer, 2)));
    });

    it('keeps a segment without marks, which only says how far its gate has come', async () => {
      const id = { ...writer, segment: 0 };
      const after: SegmentState = {
        ...id,
        firstSequence: 1,
        count: 0,
        hash: emptyHash,
        closed: false,
        through: { ms: 5, counter: 1 },
      };
      const chunk = signChunk(simulatedKeys(writer.gate).secretKey, after, 'changes', 0, new Uint8Array(0));
      await append({ chunk, before: undefined, after, marks: [] });
      expect(await harness.store().frontier(writer.event)).toEqual([after]);
      expect(await harness.store().chunks(id)).toEqual([chunk]);
    });

    it('cuts a segment back: marks and chunks go, what is put aside stays, over the bound too', async () => {
      const first = acceptance(undefined, 3);
      const second = acceptance(await append(first), 7);
      await append(second);
      for (let trial = 0; trial < quarantineChunksMax; trial++) {
        const other = acceptance(undefined, 1, { throughMs: trial }).chunk;
        await harness.store().quarantine({ chunk: other, reason: 'equivocation: two heads', from: 'gate-c' });
      }
      const aside = [{ chunk: second.chunk, reason: 'gate-revoked: beyond', from: 'this replica' }];
      const cut = { before: second.after, after: first.after, kept: [first.chunk], marks: { from: 6, to: 7 }, aside };
      expect(await harness.store().cutBack(cut)).toEqual({ ok: true, value: undefined });
      expect(await harness.store().cutBack(cut)).toEqual({ ok: false, error: { type: 'segment-moved' } });
      await harness.restart();
      expect(await harness.store().segment(first.after)).toEqual(first.after);
      expect(await harness.store().chunks(first.after)).toEqual([first.chunk]);
      // Marks 4 and 5 stay known although the chunk that brought them is gone.
      expect(await harness.store().contentHash(writer.event)).toBe(hashOf(marksOf(writer, 5)));
      const kept = await harness.store().quarantined(writer.event);
      expect(kept.length).toBe(quarantineChunksMax + 1);
      expect(kept).toContainEqual(aside[0]);
      const again = acceptance(first.after, 5);
      await append(again);
      expect(await harness.store().contentHash(writer.event)).toBe(hashOf(marksOf(writer, 5)));
    });

    it('cuts a whole segment away', async () => {
      const whole = acceptance(undefined, 4, { closed: true });
      await append(whole);
      await harness.store().cutBack({
        before: whole.after,
        after: undefined,
        kept: [],
        marks: { from: 1, to: 4 },
        aside: [{ chunk: whole.chunk, reason: 'gate-revoked: beyond', from: 'this replica' }],
      });
      expect(await harness.store().frontier(writer.event)).toEqual([]);
      expect(await harness.store().chunks(whole.after)).toEqual([]);
      expect(await harness.store().contentHash(writer.event)).toBe(hashOf([]));
      await append(whole);
      expect(await harness.store().frontier(writer.event)).toEqual([whole.after]);
    });

    it('names the segment before as the latest again once the last one is cut away', async () => {
      const first = await append(acceptance(undefined, 3, { closed: true }));
      const second = acceptance(undefined, 2, { segment: 1, first: 4 });
      await append(second);
      const cut = { before: second.after, after: undefined, kept: [], marks: { from: 4, to: 5 }, aside: [] };
      expect((await harness.store().cutBack(cut)).ok).toBe(true);
      expect(await harness.store().frontier(writer.event)).toEqual([first]);
      await append(second);
      expect(await harness.store().frontier(writer.event)).toEqual([second.after]);
    });

    it('puts chunks aside once each, up to a bound, with reason and sender', async () => {
      const item = { chunk: acceptance(undefined, 1).chunk, reason: 'equivocation: two heads', from: 'gate-c' };
      expect(await harness.store().quarantine(item)).toBe(true);
      expect(await harness.store().quarantine(item)).toBe(false);
      expect(await harness.store().quarantined(writer.event)).toEqual([item]);
      let kept = 1;
      for (let trial = 0; trial < quarantineChunksMax + 5; trial++) {
        if (await harness.store().quarantine({ ...item, chunk: acceptance(undefined, 1, { throughMs: trial }).chunk }))
          kept += 1;
      }
      expect(kept).toBe(quarantineChunksMax);
      await harness.restart();
      expect((await harness.store().quarantined(writer.event)).length).toBe(quarantineChunksMax);
      expect(await harness.store().frontier(writer.event)).toEqual([]);
    });
  });
}
