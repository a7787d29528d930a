// Goal: the cloud's central verify keeps the promises of the Store port, and those that only it makes: many at once, several processes,
// a lease that was lost.
import { expect, test } from 'vitest';
import { setImmediate } from 'node:timers/promises';
import { centralGate, type Store } from '@postern/shared';
import { endExpiredLeases, leaseMs } from '../../cloud-sync/src/store/central-writer.ts';
import { createCentralStoreHarness } from '../support/central-store-harness.ts';
import { databaseKind } from '../support/database.ts';
import { admittedDraft, describeStoreContract, sampleTicket } from './store.ts';

describeStoreContract(`the cloud on ${databaseKind()}`, createCentralStoreHarness);

const ticketNumber = (index: number): string => index.toString(16).padStart(32, '0');

test('what many ask for at once is durable together, in one sequence without gaps', async () => {
  const { store, event, durableMarks } = await createCentralStoreHarness();
  const answers = await Promise.all(
    Array.from({ length: 500 }, (_, index) =>
      store().admit(ticketNumber(index), () => ({
        decision: index,
        mark: index % 3 === 0 ? undefined : admittedDraft(event, ticketNumber(index)),
      })),
    ),
  );
  expect(answers.map((answer) => answer.ok && answer.value.decision)).toEqual(answers.map((_, index) => index));
  const marks = await durableMarks();
  expect(marks.map(({ sequence }) => sequence)).toEqual(marks.map((_, index) => index + 1));
  expect(marks).toHaveLength(333);
});

test('those whose requests arrive one after the other share a transaction all the same', async () => {
  const { store, event, commits, durableMarks } = await createCentralStoreHarness();
  const answers: Promise<unknown>[] = [];
  for (let index = 0; index < 20; index++) {
    const draft = admittedDraft(event, ticketNumber(index));
    answers.push(store().admit(ticketNumber(index), () => ({ decision: index, mark: draft })));
    await setImmediate();
  }
  await Promise.all(answers);
  expect(await durableMarks()).toHaveLength(20);
  expect(commits()).toBe(1);
});

test('one rule that is broken fails its own asker, not those who share its commit', async () => {
  const { store, event } = await createCentralStoreHarness();
  const first = store().admit(ticketNumber(1), () => ({ decision: 1, mark: undefined }));
  const broken = store().admit(ticketNumber(2), () => {
    throw new Error('Bug: a broken rule');
  });
  const third = store().admit(ticketNumber(3), () => ({ decision: 3, mark: admittedDraft(event, ticketNumber(3)) }));
  await expect(broken).rejects.toThrow('a broken rule');
  expect(await first).toMatchObject({ ok: true });
  expect(await third).toMatchObject({ ok: true, value: { mark: { sequence: 1 } } });
});

test('a process that was taken for dead admits nobody, until it has begun anew', async () => {
  const { central, store, event, clock, database, openAnother, durableMarks } = await createCentralStoreHarness();
  await store().append(admittedDraft(event));
  const { boot } = central().writer();
  const other = await openAnother();
  clock.advance(leaseMs + 1);
  await other.heartbeat();
  await endExpiredLeases(database, other.writer().boot, clock.wallMs());
  const late = await store().admit(sampleTicket.id, () => ({ decision: 'admit', mark: admittedDraft(event) }));
  expect(late).toMatchObject({ ok: false, error: { type: 'store-failed' } });
  expect(await durableMarks()).toHaveLength(1);
  expect(await store().reopen()).toMatchObject({ ok: true });
  expect(central().writer().boot).not.toBe(boot);
  expect(other.writer().boot).not.toBe(central().writer().boot);
  expect(await store().append(admittedDraft(event))).toMatchObject({ ok: true, value: { sequence: 1 } });
});

test('a process does not take itself for dead when it was suspended between two steps of its own', async () => {
  const { central, store, event, clock, database, durableMarks } = await createCentralStoreHarness();
  await store().append(admittedDraft(event));
  await central().heartbeat();
  clock.advance(leaseMs + 1);
  await endExpiredLeases(database, central().writer().boot, clock.wallMs());
  expect(await store().append(admittedDraft(event))).toMatchObject({ ok: true, value: { sequence: 2 } });
  expect(await durableMarks()).toHaveLength(2);
});

test('those who come while a commit fails are turned away with it, and nothing is missing afterwards', async () => {
  const { store, event, breakCommits, repair, durableMarks } = await createCentralStoreHarness();
  const admit = (index: number): ReturnType<Store['admit']> =>
    store().admit(ticketNumber(index), () => ({ decision: index, mark: admittedDraft(event, ticketNumber(index)) }));
  await admit(0);
  await breakCommits();
  const answers: ReturnType<Store['admit']>[] = [];
  for (let index = 1; index <= 60; index++) {
    answers.push(admit(index));
    // Enough turns for some to find the earlier ones' transaction under way.
    if (index % 10 === 0) for (let turns = 0; turns < 25; turns++) await setImmediate();
  }
  for (const answer of await Promise.all(answers)) expect(answer.ok).toBe(false);
  await repair();
  expect(await durableMarks()).toHaveLength(1);
  const reopened = await Promise.all([store().reopen(), store().reopen()]);
  expect(reopened).toMatchObject([{ ok: true }, { ok: true }]);
  const again = await Promise.all(Array.from({ length: 60 }, (_, index) => admit(index + 1)));
  expect(again.every((answer) => answer.ok)).toBe(true);
  const bySequence = (await durableMarks()).slice(1).map(({ sequence }) => sequence);
  expect(bySequence.toSorted((a, b) => a - b)).toEqual(bySequence.map((_, index) => index + 1));
});

test('a commit that reached the disk although it was reported as failed is given back', async () => {
  const { central, store, event, database, learn, breakCommits, repair, durableMarks } =
    await createCentralStoreHarness();
  await store().append(admittedDraft(event));
  const { boot } = central().writer();
  await breakCommits();
  await store().append(admittedDraft(event));
  await repair();
  const [first] = await durableMarks();
  // What the failed commit would have written is found in the table after all.
  if (first === undefined) throw new Error('the first mark is durable');
  await learn([{ ...first, sequence: 2 }]);
  expect(await store().reopen()).toMatchObject({ ok: true });
  const lapsed = (await durableMarks()).filter((mark) => mark.kind === 'lapsed');
  expect(lapsed).toMatchObject([{ gate: centralGate, of: { boot, sequence: 2 }, uses: 1 }]);
  const { persons } = await database
    .selectFrom('entry')
    .select(({ fn }) => fn.sum<number>('persons').as('persons'))
    .executeTakeFirstOrThrow();
  expect(persons).toBe(1);
});
