// What the gate's store promises beyond the contract of every store.
import { compareHybrid, encodeMark, orderMarksPerGateMax, type Mark } from '@postern/shared';
import { describe, expect, it } from 'vitest';
import { openDatabase } from '../../../../gate-agent/src/store/database.ts';
import { replicaTablesSql } from '../../../../gate-agent/src/store/replica-tables.ts';
import { admittedDraft, refusedDraft, sampleTicket } from '../../../contract/store.ts';
import { createGateStoreHarness, writeMarks } from '../../../support/gate-store-harness.ts';
import { aMark } from '../../../support/marks.ts';

describe('the gate store', () => {
  it('refuses a journal in which a mark is missing', async () => {
    const harness = await createGateStoreHarness();
    for (let index = 0; index < 3; index++) await harness.store().append(admittedDraft(harness.event));
    await harness.store().close();
    change(harness.journalPath, 'DELETE FROM mark WHERE sequence = 2');
    await harness.restart();
    expect(harness.store().healthy()).toBe(false);
    expect(harness.store().trouble()).toContain('mark 2');
    expect(await harness.store().append(admittedDraft(harness.event))).toEqual({
      ok: false,
      error: { type: 'store-stopped' },
    });
  });

  it('refuses a journal in which a mark does not decode', async () => {
    const harness = await createGateStoreHarness();
    await harness.store().append(admittedDraft(harness.event));
    await harness.store().close();
    change(harness.journalPath, "UPDATE mark SET bytes = x'00'");
    await harness.restart();
    expect(harness.store().trouble()).toContain('does not decode');
  });

  it('stays stopped when a reopened journal lacks what was acknowledged', async () => {
    const harness = await createGateStoreHarness();
    for (let index = 0; index < 3; index++) await harness.store().append(admittedDraft(harness.event));
    await harness.breakCommits();
    expect((await harness.store().append(admittedDraft(harness.event))).ok).toBe(false);
    await harness.repair();
    change(harness.journalPath, 'DELETE FROM mark WHERE sequence = 3');
    expect(await harness.store().reopen()).toMatchObject({
      ok: false,
      error: { type: 'store-failed', cause: 'mark 3 was acknowledged and is gone' },
    });
  });

  it('goes on with rising timestamps behind what a failed commit has left in the file all the same', async () => {
    const harness = await createGateStoreHarness();
    const first = await harness.store().append(admittedDraft(harness.event));
    if (!first.ok) throw new Error(first.error.type);
    harness.store().appendLater(refusedDraft(harness.event));
    await harness.breakCommits();
    expect(await harness.store().append(admittedDraft(harness.event))).toMatchObject({ ok: false });
    await harness.repair();
    const { gate, boot, monotonicMs, clock } = first.value;
    const stamped = { gate, boot, monotonicMs, clock, at: { ms: harness.clock.wallMs(), counter: 2 } };
    writeMarks(harness.journalPath, [
      { ...refusedDraft(harness.event), ...stamped, at: { ...stamped.at, counter: 1 }, sequence: 2 },
      { ...admittedDraft(harness.event), ...stamped, sequence: 3 },
    ]);
    harness.clock.advance(1_000);
    // Another lane has not noticed yet that nothing can be written.
    harness.store().appendLater(refusedDraft(harness.event, 'b'));
    harness.clock.advance(1_000);
    expect((await harness.store().reopen()).ok).toBe(true);
    expect(harness.store().through()).toBeDefined();
    expect((await harness.store().append(admittedDraft(harness.event))).ok).toBe(true);
    const marks = harness.durableMarks();
    expect(marks.map(({ kind }) => kind)).toEqual(['admitted', 'refused', 'admitted', 'lapsed', 'admitted']);
    const rises = marks.slice(1).map((mark, index) => compareHybrid(mark.at, marks[index]?.at ?? mark.at) > 0);
    expect(rises).toEqual([true, true, true, true]);
  });

  it('stops when another process writes to its journal', async () => {
    const harness = await createGateStoreHarness();
    await harness.store().append(admittedDraft(harness.event));
    change(harness.journalPath, "INSERT INTO writer (event, gate, boot) VALUES (7, 'other', 'aa')");
    expect(await harness.store().append(admittedDraft(harness.event))).toMatchObject({
      ok: false,
      error: { type: 'store-failed' },
    });
    expect((await harness.store().reopen()).ok).toBe(true);
  });

  it('decides from its own journal when the replica is broken, and reads it again when it is whole', async () => {
    const harness = await createGateStoreHarness();
    change(harness.replicaPath, 'CREATE TABLE mark (something INTEGER)');
    expect(harness.store().marksOf(sampleTicket.id)).toEqual([]);
    change(harness.replicaPath, 'DROP TABLE mark');
    const remote = {
      ...admittedDraft(harness.event),
      gate: 'far',
      boot: 'ffffffffffffffff',
      sequence: 1,
      at: { ms: 1, counter: 0 },
      monotonicMs: 1,
      clock: { source: 'server', uncertaintyMs: 5 },
    } as const;
    writeMarks(harness.replicaPath, [remote]);
    harness.clock.advance(2_000);
    expect(harness.store().marksOf(sampleTicket.id)).toEqual([remote]);
  });

  it('does not read the refusals of a ticket again at its next scan, however many there are', async () => {
    const harness = await createGateStoreHarness();
    const {
      kind: _kind,
      ticketType: _type,
      zone: _zone,
      uses: _uses,
      outOfTouch: _touch,
      peersReachable: _peers,
      ...place
    } = admittedDraft(harness.event);
    await harness.store().append(admittedDraft(harness.event));
    for (let index = 0; index < 3; index++)
      await harness.store().append({ ...place, kind: 'refused', code: 'already-used', count: 1 });
    expect(
      harness
        .store()
        .marksOf(sampleTicket.id)
        .map(({ kind }) => kind),
    ).toEqual(['admitted']);
    await harness.restart();
    expect(
      harness
        .store()
        .marksOf(sampleTicket.id)
        .map(({ kind }) => kind),
    ).toEqual(['admitted']);
  });

  it('sees what a replica has learned that was only made after it had been looked for', async () => {
    const harness = await createGateStoreHarness();
    expect(harness.store().marksOf(sampleTicket.id)).toEqual([]);
    writeMarks(harness.replicaPath, [aMark({ event: harness.event, gate: 'far', ticketId: sampleTicket.id })]);
    // Not a millisecond has passed.
    expect(harness.store().marksOf(sampleTicket.id)).toHaveLength(1);
  });

  it('holds no more in memory of the orders that a gate floods the venue with than anybody heeds', async () => {
    const harness = await createGateStoreHarness();
    const place = { event: harness.event, gate: 'far', boot: 'f'.repeat(16) };
    writeMarks(harness.replicaPath, [aMark({ ...place, sequence: 1 })]);
    const database = openDatabase(harness.replicaPath);
    database.exec(replicaTablesSql);
    const insertMark = database.prepare('INSERT INTO mark (writer, sequence, bytes) VALUES (1, ?, ?)');
    const insertOrder = database.prepare('INSERT INTO order_mark (writer, sequence) VALUES (1, ?)');
    const { at, monotonicMs, clock, lane } = aMark(place);
    database.transaction(() => {
      for (let sequence = 2; sequence < orderMarksPerGateMax + 10; sequence++) {
        const order = { kind: 'ordered', order: 'evacuate', zone: '' } as const;
        insertMark.run(sequence, encodeMark({ ...place, at, monotonicMs, clock, lane, ...order, sequence }));
        insertOrder.run(sequence);
      }
    })();
    database.close();
    expect(harness.store().newsOfOrders()).toHaveLength(orderMarksPerGateMax + 1);
    expect(harness.store().newsOfOrders()).toEqual([]);
  });

  it('counts a recounted zone from what the person has counted, also after a restart', async () => {
    const harness = await createGateStoreHarness();
    for (let index = 0; index < 5; index++) await harness.store().append(admittedDraft(harness.event));
    await harness.store().append({ kind: 'recounted', event: harness.event, lane: '', zone: 'main', persons: 100 });
    // What happens in the millisecond of a recount was counted.
    harness.clock.advance(1);
    await harness.store().append(admittedDraft(harness.event));
    expect(harness.store().occupancy('main').known).toBe(101);
    await harness.restart();
    expect(harness.store().occupancy('main').known).toBe(101);
  });

  it('goes by what another gate has counted later, and by its own once that is the later one', async () => {
    const harness = await createGateStoreHarness();
    await harness.store().append({ ...admittedDraft(harness.event), uses: 3 });
    const atMs = harness.clock.wallMs();
    setRecount(harness.replicaPath, { event: harness.event, zone: 'main', atMs: atMs + 1_000, persons: 40, since: 2 });
    harness.clock.advance(2_000);
    expect(harness.store().occupancy('main').known).toBe(42);
    await harness.store().append(admittedDraft(harness.event));
    expect(harness.store().occupancy('main').known).toBe(43);
    await harness.store().append({ kind: 'recounted', event: harness.event, lane: '', zone: 'main', persons: 7 });
    expect(harness.store().occupancy('main').known).toBe(7);
    await harness.restart();
    expect(harness.store().occupancy('main').known).toBe(7);
  });

  it('puts its own entries before or after a recount by the clock that was corrected', async () => {
    const harness = await createGateStoreHarness();
    await harness.store().append({ ...admittedDraft(harness.event), uses: 3 });
    const atMs = harness.clock.wallMs();
    setRecount(harness.replicaPath, { event: harness.event, zone: 'main', atMs: atMs + 1_000, persons: 40, since: 0 });
    harness.clock.advance(2_000);
    expect(harness.store().occupancy('main').known).toBe(40);
    await harness.store().append({ kind: 'corrected', event: harness.event, lane: '', offsetMs: 60_000 });
    expect(harness.store().occupancy('main').known).toBe(43);
    await harness.restart();
    expect(harness.store().occupancy('main').known).toBe(43);
  });

  it("sees another gate's entries at the times that its clock corrections say", async () => {
    const harness = await createGateStoreHarness();
    const far = {
      event: harness.event,
      gate: 'far',
      boot: 'ffffffffffffffff',
      monotonicMs: 1,
      clock: { source: 'none', uncertaintyMs: 1_000_000 },
    } as const;
    const entry = { ...admittedDraft(harness.event), ...far, sequence: 1, at: { ms: 1_000, counter: 0 } } as const;
    const correction: Mark = {
      ...far,
      sequence: 2,
      at: { ms: 9_000, counter: 0 },
      lane: '',
      kind: 'corrected',
      offsetMs: 500,
    };
    await harness.learn([entry, correction]);
    let lastMs: number | undefined;
    await harness.store().admit(sampleTicket.id, ({ history }) => {
      lastMs = history.lastEntry?.mark.at.ms;
      return { decision: undefined, mark: undefined };
    });
    expect(lastMs).toBe(1_500);
  });

  it('knows to which ticket a wristband belongs, and lets nobody decide by one that two tickets claim', async () => {
    const harness = await createGateStoreHarness();
    const [tag, other] = ['ab'.repeat(16), 'cd'.repeat(16)];
    const { ticketId, epoch, method } = admittedDraft(harness.event);
    const bind = { kind: 'bound', event: harness.event, lane: '', ticketId, epoch, method } as const;
    expect(harness.store().tag(tag)).toEqual({ type: 'unbound' });
    await harness.store().append({ ...bind, tagHash: tag });
    expect(harness.store().tag(tag)).toEqual({ type: 'bound', ticketId, epoch });
    await harness.restart();
    expect(harness.store().tag(tag)).toEqual({ type: 'bound', ticketId, epoch });
    const remote: Mark = {
      ...bind,
      tagHash: tag,
      ticketId: '9'.repeat(32),
      gate: 'far',
      boot: 'ffffffffffffffff',
      sequence: 1,
      at: { ms: 1, counter: 0 },
      monotonicMs: 1,
      clock: { source: 'server', uncertaintyMs: 5 },
    };
    await harness.learn([remote]);
    expect(harness.store().tag(tag)).toMatchObject({ type: 'conflict', conflict: { kind: 'tag' } });
    expect(harness.store().tag(other)).toEqual({ type: 'unbound' });
  });

  it('counts what it has decided with nobody in reach, over restarts', async () => {
    const harness = await createGateStoreHarness();
    const draft = admittedDraft(harness.event);
    await harness.store().append(draft);
    await harness.store().append({ ...draft, outOfTouch: true, peersReachable: 2, feedAgeS: 90 });
    await harness.store().append({ ...draft, outOfTouch: true, peersReachable: 0, feedAgeS: 30 });
    const counted = { entries: 3, outOfTouch: 2, alone: 1, uncertaintyMsMax: 20, feedAgeSMax: 90 };
    expect(harness.store().offline()).toEqual(counted);
    await harness.restart();
    expect(harness.store().offline()).toEqual(counted);
  });

  it('gives its share of a zone back when it is in touch again', async () => {
    const harness = await createGateStoreHarness();
    await harness.store().append({ ...admittedDraft(harness.event), outOfTouch: true, uses: 4 });
    expect(harness.store().occupancy('main')).toEqual({ known: 4, spentOutOfTouch: 4 });
    harness.store().backInTouch();
    expect(harness.store().occupancy('main')).toEqual({ known: 4, spentOutOfTouch: 0 });
  });

  it('takes lapsed and undone uses out of its counts once', async () => {
    const harness = await createGateStoreHarness();
    const admitted = await harness.store().append({ ...admittedDraft(harness.event), uses: 3 });
    if (!admitted.ok) throw new Error(admitted.error.type);
    const { boot, sequence, gate } = admitted.value;
    const about = { event: harness.event, lane: 'a', ticketId: sampleTicket.id, epoch: 0, method: 'qr' } as const;
    await harness.store().append({ kind: 'lapsed', ...about, of: { boot, sequence }, uses: 1 });
    expect(harness.store().occupancy('main').known).toBe(2);
    await harness.store().append({ kind: 'undone', reason: 'wrong-person', ...about, of: { gate, boot, sequence } });
    await harness.store().append({ kind: 'undone', reason: 'wrong-person', ...about, of: { gate, boot, sequence } });
    expect(harness.store().occupancy('main').known).toBe(0);
    await harness.restart();
    expect(harness.store().occupancy('main').known).toBe(0);
  });
});

function change(path: string, sql: string): void {
  const database = openDatabase(path);
  database.exec(sql);
  database.close();
}

/** As the replicator leaves what another gate has counted, and who entered elsewhere since. */
function setRecount(
  path: string,
  { event, zone, atMs, persons, since }: { event: number; zone: string; atMs: number; persons: number; since: number },
): void {
  writeMarks(path, []);
  const database = openDatabase(path);
  database
    .prepare(
      "INSERT INTO zone_recount (event, zone, at_ms, gate, boot, sequence, persons) VALUES (?, ?, ?, 'far', 'ff', 1, ?)",
    )
    .run(event, zone, atMs, persons);
  database.prepare('INSERT INTO zone_count (event, zone, persons) VALUES (?, ?, ?)').run(event, zone, since);
  database.close();
}
