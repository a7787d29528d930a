// Goal: what only a browser does to a store: another tab takes the gate, the room is used up, somebody clears what is stored. Whatever happens,
// nobody is let in on a journal that is not whole and this tab's own.
import { compareHybrid } from '@postern/shared';
import { expect, test } from 'vitest';
import { openJournalDatabase } from '../../../../gate-agent/src/handheld/core/databases.ts';
import { toStored } from '../../../../gate-agent/src/handheld/core/journal.ts';
import { openOtherGates } from '../../../../gate-agent/src/handheld/core/other-gates.ts';
import { isStorageFull } from '../../../../gate-agent/src/handheld/core/live-journal.ts';
import { openHandheldStore } from '../../../../gate-agent/src/handheld/core/store.ts';
import { admittedDraft, refusedDraft, sampleTicket } from '../../../contract/store.ts';
import { createTestTimer, samplePolicy, silentLogger } from '../../../support/gate-rig.ts';
import { createHandheldStoreHarness, type HandheldStoreHarness } from '../../../support/handheld-store-harness.ts';

const admit = ({ store, event }: HandheldStoreHarness) =>
  store().admit(sampleTicket.id, () => ({ decision: 'admit', mark: admittedDraft(event) }));

/** The same phone in another tab. */
async function openSecondTab(harness: HandheldStoreHarness, boot = 'fffffffffffffffe') {
  const others = await openOtherGates({
    name: harness.names.replica,
    event: harness.event,
    logger: silentLogger,
  });
  const { clock, event, gate } = harness;
  const store = await openHandheldStore({
    name: harness.names.journal,
    event,
    gate,
    boot,
    clock,
    timer: createTestTimer(),
    logger: silentLogger,
    time: () => ({ nowMs: clock.wallMs(), trusted: true, source: 'server', uncertaintyMs: 20 }),
    policy: () => samplePolicy,
    ticket: () => undefined,
    others,
  });
  return { store, close: () => store.close().then(others.close) };
}

test('a tab that has missed that another one is the gate writes nothing more, and does not get it back by trying', async () => {
  const harness = await createHandheldStoreHarness();
  await admit(harness);
  const second = await openSecondTab(harness);
  expect(await second.store.append(admittedDraft(harness.event))).toMatchObject({ ok: true });
  expect(await admit(harness)).toMatchObject({ ok: false, error: { type: 'store-failed' } });
  expect(harness.store().trouble()).toContain('another tab');
  expect(await harness.store().reopen()).toMatchObject({ ok: false });
  expect(await second.store.append(admittedDraft(harness.event))).toMatchObject({ ok: true });
  const durable = await harness.durableMarks();
  expect(durable.map(({ boot, sequence }) => [boot.at(-1), sequence])).toEqual([
    ['1', 1],
    ['e', 1],
    ['e', 2],
  ]);
  await second.close();
});

test('a journal that finds no room says just that', async () => {
  const harness = await createHandheldStoreHarness();
  harness.breakCommitsWith('QuotaExceededError');
  expect(await admit(harness)).toMatchObject({ ok: false, error: { type: 'store-failed' } });
  expect(isStorageFull(harness.store().trouble())).toBe(true);
  await harness.repair();
  await harness.store().reopen();
  expect(isStorageFull(harness.store().trouble())).toBe(false);
  harness.breakCommitsWith('UnknownError');
  await admit(harness);
  expect(isStorageFull(harness.store().trouble())).toBe(false);
});

test('a journal from which marks were taken lets nobody in, neither now nor after a restart', async () => {
  const harness = await createHandheldStoreHarness();
  await admit(harness);
  await harness.store().append(admittedDraft(harness.event));
  const database = await openJournalDatabase(harness.names.journal);
  await database.delete('mark', [harness.event, harness.gate, '0000000000000001', 1]);
  harness.breakCommitsWith('UnknownError');
  await admit(harness);
  await harness.repair();
  expect(await harness.store().reopen()).toMatchObject({
    ok: false,
    error: { cause: expect.stringContaining('missing') },
  });
  await harness.restart();
  expect(harness.store().healthy()).toBe(false);
  expect(await admit(harness)).toEqual({ ok: false, error: { type: 'store-stopped' } });
  database.close();
});

test('a browser that has cleared everything is not a phone that never admitted anybody', async () => {
  const harness = await createHandheldStoreHarness();
  await admit(harness);
  const database = await openJournalDatabase(harness.names.journal);
  await Promise.all([database.clear('mark'), database.clear('start')]);
  database.close();
  harness.breakCommitsWith('UnknownError');
  await admit(harness);
  await harness.repair();
  expect(await harness.store().reopen()).toMatchObject({
    ok: false,
    error: { type: 'store-failed', cause: 'mark 1 was acknowledged and is gone' },
  });
});

test('no later mark is promised while one is on its way to its commit, or a refusal waits', async () => {
  const harness = await createHandheldStoreHarness();
  expect(harness.store().through()).toBeDefined();
  const admitted = admit(harness);
  expect(harness.store().through()).toBeUndefined();
  await admitted;
  expect(harness.store().through()).toBeDefined();
  harness.store().appendLater(refusedDraft(harness.event));
  expect(harness.store().through()).toBeUndefined();
  await harness.becomeQuiet();
  expect(harness.store().through()).toBeDefined();
});

test('a refusal that comes while others are being written is written once', async () => {
  const harness = await createHandheldStoreHarness();
  harness.store().appendLater(refusedDraft(harness.event));
  const written = harness.becomeQuiet();
  // The transaction has begun and is not committed.
  for (let turn = 0; turn < 5; turn++) await Promise.resolve();
  harness.store().appendLater(refusedDraft(harness.event, 'b'));
  await written;
  await harness.becomeQuiet();
  const marks = await harness.durableMarks();
  expect(marks.map(({ lane, sequence }) => [lane, sequence])).toEqual([
    ['a', 1],
    ['b', 2],
  ]);
});

test('timestamps go on rising behind what a failed commit has left in the journal all the same', async () => {
  const harness = await createHandheldStoreHarness();
  const first = await harness.store().append(admittedDraft(harness.event));
  if (!first.ok) throw new Error(first.error.type);
  harness.breakCommitsWith('UnknownError');
  expect(await admit(harness)).toMatchObject({ ok: false });
  await harness.repair();
  const database = await openJournalDatabase(harness.names.journal);
  const at = { ms: harness.clock.wallMs(), counter: 5 };
  await database.put('mark', toStored({ ...first.value, at, sequence: 2 }));
  database.close();
  harness.clock.advance(1_000);
  // Nobody has noticed at its lane yet that nothing can be written.
  harness.store().appendLater(refusedDraft(harness.event));
  harness.clock.advance(1_000);
  expect((await harness.store().reopen()).ok).toBe(true);
  expect(harness.store().through()).toBeDefined();
  expect((await harness.store().append(admittedDraft(harness.event))).ok).toBe(true);
  const marks = await harness.durableMarks();
  expect(marks.map(({ kind }) => kind)).toEqual(['admitted', 'admitted', 'lapsed', 'admitted']);
  const rises = marks.slice(1).map((mark, index) => compareHybrid(mark.at, marks[index]?.at ?? mark.at) > 0);
  expect(rises).toEqual([true, true, true]);
});
