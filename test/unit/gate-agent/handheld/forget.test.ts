// Goal: a phone that has to forget never deletes marks of its own that nobody has sealed.
import { expect, onTestFinished, test } from 'vitest';
import { deleteDatabase, openDeviceDatabase } from '../../../../gate-agent/src/handheld/core/databases.ts';
import { forgetGate, type Forgotten } from '../../../../gate-agent/src/handheld/core/forget.ts';
import { admittedDraft } from '../../../contract/store.ts';
import { createHandheldStoreHarness, type HandheldStoreHarness } from '../../../support/handheld-store-harness.ts';

const sealKey = new Uint8Array(32);

async function forget(harness: HandheldStoreHarness, sealed: Uint8Array | undefined): Promise<Forgotten> {
  const name = `${harness.names.journal}-device`;
  const database = await openDeviceDatabase(name);
  onTestFinished(async () => {
    database.close();
    await deleteDatabase(name);
  });
  const { gate, names } = harness;
  return forgetGate(
    { atMs: 5, sealKey },
    {
      gate: {
        gate,
        list: { wipe: () => undefined },
        store: harness.store(),
        replication: { seal: async () => sealed },
      },
      database,
      names,
      stopGate: () => harness.store().close(),
    },
  );
}

test('what is sealed may go', async () => {
  const harness = await createHandheldStoreHarness();
  await harness.store().append(admittedDraft(harness.event));
  expect(await forget(harness, Uint8Array.of(1))).toEqual({ sealed: Uint8Array.of(1), complete: true });
  expect(await harness.durableMarks()).toEqual([]);
});

test('marks in a journal that takes no more stay until they are sealed', async () => {
  const harness = await createHandheldStoreHarness();
  await harness.store().append(admittedDraft(harness.event));
  harness.breakCommitsWith('QuotaExceededError');
  expect(await harness.store().append(admittedDraft(harness.event))).toMatchObject({ ok: false });
  expect(await forget(harness, undefined)).toEqual({ sealed: undefined, complete: false });
  expect(await harness.durableMarks()).toHaveLength(1);
});
