// What the gate's store promises beyond the contract of every store.
import { describe, expect, it } from 'vitest';
import { openDatabase } from '../../../../gate-agent/src/store/database.ts';
import { admittedDraft, sampleTicket } from '../../../contract/store.ts';
import { createGateStoreHarness, writeMarks } from '../../../support/gate-store-harness.ts';

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

  it('counts a recounted zone from what the person has counted, also after a restart', async () => {
    const harness = await createGateStoreHarness();
    for (let index = 0; index < 5; index++) await harness.store().append(admittedDraft(harness.event));
    await harness.store().append({ kind: 'recounted', event: harness.event, lane: '', zone: 'main', persons: 100 });
    await harness.store().append(admittedDraft(harness.event));
    expect(harness.store().occupancy('main').known).toBe(101);
    await harness.restart();
    expect(harness.store().occupancy('main').known).toBe(101);
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
