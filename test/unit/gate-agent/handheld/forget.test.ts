// Goal: a phone that has to forget loses no mark that was recorded, not even one that was on its way while it was told; and says truly whether it has
// forgotten.
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { bytesToHex, keyPairFromSeed, ready, seedBytes } from '@postern/shared';
import { deleteDatabase, openDeviceDatabase } from '../../../../gate-agent/src/handheld/core/databases.ts';
import type { DeviceDatabase } from '../../../../gate-agent/src/handheld/core/databases.ts';
import {
  loadPhoneRevoked,
  openDeviceKey,
  savePhoneIdentity,
  savePhoneRevoked,
  type PhoneRevoked,
} from '../../../../gate-agent/src/handheld/core/device.ts';
import type { ForgettingGate } from '../../../../gate-agent/src/handheld/core/forget.ts';
import { createForgetting } from '../../../../gate-agent/src/handheld/core/forgetting.ts';
import type { FromWorker, ToWorker } from '../../../../gate-agent/src/handheld/core/replication-messages.ts';
import { announce, feedKeys } from '../../../../scripts/lib/build-feed.ts';
import { admittedDraft } from '../../../contract/store.ts';
import { createTestTimer, silentLogger } from '../../../support/gate-rig.ts';
import {
  createHandheldStoreHarness,
  readJournal,
  type HandheldStoreHarness,
} from '../../../support/handheld-store-harness.ts';

beforeAll(() => ready);

const told = { atMs: 5, sealKey: new Uint8Array(32) };
const random = (bytes: number): Uint8Array => new Uint8Array(bytes).fill(7);
/** As many bytes as there are marks in the journal at that moment. */
const sealAll = async ({ names }: HandheldStoreHarness): Promise<Uint8Array | undefined> => {
  const marks = await readJournal(names.journal);
  return marks.length === 0 ? undefined : new Uint8Array(marks.length);
};
type Seal = (harness: HandheldStoreHarness) => Promise<Uint8Array | undefined>;

/** Seals as the worker of a page that is opened later does. */
class LaterWorker extends EventTarget {
  readonly #seal: () => Promise<Uint8Array | undefined>;
  constructor(seal: () => Promise<Uint8Array | undefined>) {
    super();
    this.#seal = seal;
  }
  postMessage(message: ToWorker): void {
    const say = (data: FromWorker): void => void this.dispatchEvent(new MessageEvent('message', { data }));
    if (message.type === 'seal') void this.#seal().then((answer) => say({ type: 'answer', id: message.id, answer }));
    if (message.type === 'stop') queueMicrotask(() => say({ type: 'stopped' }));
  }
  terminate(): void {}
}

interface Phone {
  readonly harness: HandheldStoreHarness;
  readonly database: DeviceDatabase;
  readonly gate: ForgettingGate;
  readonly forget: () => Promise<boolean>;
  /** As the next start of the page does. */
  readonly goOn: () => Promise<boolean>;
  readonly said: (PhoneRevoked & { readonly isComplete: boolean })[];
}

async function openPhone({
  seal = sealAll,
  sealLater = sealAll,
}: { seal?: Seal; sealLater?: Seal } = {}): Promise<Phone> {
  const harness = await createHandheldStoreHarness();
  const { names, event } = harness;
  const prefix = names.journal.slice(0, names.journal.indexOf('-journal'));
  const name = `${prefix}-device`;
  const database = await openDeviceDatabase(name);
  onTestFinished(async () => {
    database.close();
    await deleteDatabase(name);
  });
  await openDeviceKey(database, random);
  const publicKey = bytesToHex(keyPairFromSeed(random(seedBytes)).publicKey);
  await savePhoneIdentity(
    database,
    {
      v: 1,
      gate: { id: harness.gate, name: 'Handheld', zone: 'main' },
      event: { id: event, name: 'Night' },
      cloud: 'https://cloud.test',
      publicKey,
      certificate: 'AAAA',
      ca: 'AAAA',
      feedKeys: [announce(feedKeys('a'), 'active')],
    },
    [],
  );
  const said: (PhoneRevoked & { readonly isComplete: boolean })[] = [];
  const forgetting = createForgetting({
    database,
    prefix,
    cloudUrl: 'https://cloud.test',
    startWorker: () => new LaterWorker(() => sealLater(harness)) as unknown as Worker,
    random,
    timer: createTestTimer(),
    logger: silentLogger,
    onRevoked: (revoked, isComplete) => said.push({ ...revoked, isComplete }),
  });
  const gate: ForgettingGate = {
    names,
    list: { wipe: () => undefined },
    replication: { seal: () => seal(harness) },
    shut: () => harness.store().close(),
    stop: () => harness.store().close(),
  };
  return { harness, database, gate, said, forget: () => forgetting.forget(gate, told), goOn: forgetting.goOn };
}

test('what is sealed may go', async () => {
  const { harness, database, forget, said } = await openPhone();
  await harness.store().append(admittedDraft(harness.event));
  expect(await forget()).toBe(true);
  expect(await harness.durableMarks()).toEqual([]);
  expect(await loadPhoneRevoked(database)).toEqual({ ...told, sealed: new Uint8Array(1) });
  expect(said.map(({ isComplete, sealed }) => [isComplete, sealed?.length])).toEqual([
    [false, undefined],
    [true, 1],
  ]);
});

test('what is on its way to the journal while it is told is sealed, and nothing is recorded any more after that', async () => {
  let late: Promise<unknown> = Promise.resolve();
  const { harness, database, forget } = await openPhone({
    seal: async (of) => {
      late = of.store().append(admittedDraft(of.event));
      return sealAll(of);
    },
  });
  const { event } = harness;
  const store = harness.store();
  await store.append(admittedDraft(event));
  const underWay = store.append(admittedDraft(event));
  expect(await forget()).toBe(true);
  expect(await underWay).toMatchObject({ ok: true });
  expect(await late).toEqual({ ok: false, error: { type: 'store-stopped' } });
  expect((await loadPhoneRevoked(database))?.sealed).toHaveLength(2);
});

test('marks in a journal that takes no more stay until they are sealed, and asked again the phone tries again', async () => {
  let hasRoom = false;
  const sealIfRoom: Seal = (of) => (hasRoom ? sealAll(of) : Promise.resolve(undefined));
  const { harness, database, forget, goOn } = await openPhone({ seal: sealIfRoom, sealLater: sealIfRoom });
  await harness.store().append(admittedDraft(harness.event));
  harness.breakCommitsWith('QuotaExceededError');
  expect(await harness.store().append(admittedDraft(harness.event))).toMatchObject({ ok: false });
  expect(await forget()).toBe(false);
  expect(await goOn()).toBe(false);
  expect(await harness.durableMarks()).toHaveLength(1);
  hasRoom = true;
  expect(await goOn()).toBe(true);
  expect(await loadPhoneRevoked(database)).toEqual({ ...told, sealed: new Uint8Array(1) });
  expect(await harness.durableMarks()).toEqual([]);
});

test('cut off once it was noted, the next start seals what is there', async () => {
  const { harness, database, goOn } = await openPhone();
  await harness.store().append(admittedDraft(harness.event));
  await savePhoneRevoked(database, told);
  await harness.store().close();
  expect(await goOn()).toBe(true);
  expect((await loadPhoneRevoked(database))?.sealed).toHaveLength(1);
  expect(await harness.durableMarks()).toEqual([]);
});

test('cut off once it was sealed, the next start seals nothing over it', async () => {
  const { database, goOn } = await openPhone({ sealLater: async () => new Uint8Array(99) });
  await savePhoneRevoked(database, { ...told, sealed: new Uint8Array(3) });
  expect(await goOn()).toBe(true);
  expect((await loadPhoneRevoked(database))?.sealed).toHaveLength(3);
});

test('a phone that can note nothing takes no scan any more, and keeps its marks', async () => {
  const { harness, database, forget } = await openPhone();
  const store = harness.store();
  await store.append(admittedDraft(harness.event));
  database.close();
  expect(await forget()).toBe(false);
  expect(await store.append(admittedDraft(harness.event))).toMatchObject({ ok: false });
  expect(await harness.durableMarks()).toHaveLength(1);
});
