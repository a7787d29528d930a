// Goal: a connected event is followed by itself, by one process at a time, and says how it went; another master key, and the end of the process in the
// middle of it, cost nothing.
import { describe, expect, test } from 'vitest';
import { err, jobKindListSchema, ticketListSchema, type JobKindView } from '@postern/shared';
import { createPretixFollower, followEveryMs } from '../../../../cloud-sync/src/services/pretix/work.ts';
import type { Shop } from '../../../../scripts/lib/pretix-stand-in/shop.ts';
import { createTestCloud, someEvent, type TestCloud } from '../../../support/cloud.ts';
import { silentLogger } from '../../../support/lane-rig.ts';
import { openPretixRig, whileTimeMoves, type PretixRig } from '../../../support/pretix.ts';
import { openCloudDatabase } from '../../../../scripts/lib/cloud-database.ts';

const sell = (shop: Shop): void => {
  const { id: item } = shop.addItem('Standing');
  for (let index = 0; index < 3; index++) shop.addOrder({ positions: [{ item }] });
};
const openAt = async (cloud: TestCloud): Promise<PretixRig> => {
  await cloud.json('POST', '/api/events', { ...someEvent, event: 1, types: [] });
  return openPretixRig(cloud, 1, { sell });
};
const lookEveryMs = 20;

/** Time goes on until it is so. */
const until = (cloud: TestCloud, rig: PretixRig, isSo: () => Promise<boolean>): Promise<void> =>
  whileTimeMoves(
    cloud,
    async () => {
      while (!(await isSo())) await new Promise((resolve) => void setTimeout(resolve, lookEveryMs));
    },
    rig.standIn,
  );
const countTickets = async (cloud: TestCloud): Promise<number> =>
  ticketListSchema.parse(await cloud.json('GET', '/api/tickets?event=1&status=valid')).tickets.length;
const followed = async (cloud: TestCloud): Promise<JobKindView | undefined> =>
  jobKindListSchema.parse(await cloud.json('GET', '/admin/jobs')).kinds.find(({ name }) => name === 'pretix-follow');

describe('an event that is connected', () => {
  test('is followed about once a minute, also after a failure, and says how it went', async () => {
    const cloud = await createTestCloud();
    const rig = await openAt(cloud);
    try {
      await rig.connect();
      await cloud.cloud.start();
      await until(cloud, rig, async () => (await countTickets(cloud)) === 3);
      await until(cloud, rig, async () => (await followed(cloud))?.last?.state === 'done');
      expect(await followed(cloud)).toMatchObject({ about: 'event', runNow: false, last: { event: 1 } });

      rig.standIn.intercept(() => ({ status: 403, body: '{}' }));
      await until(cloud, rig, async () => (await followed(cloud))?.last?.failure === 'pretix-refused');
      rig.standIn.intercept(undefined);
      const before = cloud.time.clock.monotonicMs();
      const [order] = rig.shop.orders;
      if (order !== undefined) rig.shop.setStatus(order, 'c');
      await until(cloud, rig, async () => (await countTickets(cloud)) === 2);
      expect(cloud.time.clock.monotonicMs() - before).toBeLessThan(3 * followEveryMs);
    } finally {
      await cloud.close();
      await rig.standIn.stop();
    }
  });

  test('has its turn again, though the server of another event never comes to an end', async () => {
    const cloud = await createTestCloud();
    const database = openCloudDatabase(cloud.databaseUrl);
    const { clock, timer, advance } = cloud.time;
    const connected = { server: 'https://pretix.test', organizer: 'o', slug: 's', sealed_token: '', sealed_key: '' };
    const chosen = { lists: '[]', chosen_types: '[]', names: 0, allow_http: 0, connected_at_ms: 0 };
    for (const event of [1, 2])
      await database
        .insertInto('pretix_connection')
        .values({ event, ...connected, ...chosen })
        .execute();
    const turns: number[] = [];
    const follower = createPretixFollower({
      database,
      clock,
      timer,
      log: silentLogger,
      note: () => undefined,
      sync: async (event, { signal }) => {
        turns.push(event);
        if (event === 1) await new Promise((resolve) => signal.addEventListener('abort', resolve));
        return err({ type: 'pretix-stopped' });
      },
    });
    try {
      follower.start();
      while (turns.length < 4) {
        await advance(followEveryMs);
        await new Promise((resolve) => void setTimeout(resolve, 1));
      }
      expect(turns.toSorted((a, b) => a - b)).toEqual([1, 1, 2, 2]);
    } finally {
      await follower.stop();
      await database.destroy();
      await cloud.close();
    }
  });

  test('is asked for by one of two processes, and goes on when that one is gone in the middle of it', async () => {
    const other = await createTestCloud();
    const cloud = await createTestCloud({ folder: other.folder, databaseUrl: other.databaseUrl, time: other.time });
    const rig = await openAt(cloud);
    try {
      await rig.connect();
      let open = 0;
      rig.standIn.intercept(({ path }) => {
        if (!path.endsWith('/orders/') || open > 0) return undefined;
        open += 1;
        return 'hang';
      });
      const stopping = new AbortController();
      const first = cloud.cloud.pretixSync(1, { full: false, by: undefined, signal: stopping.signal });
      await until(cloud, rig, async () => open === 1);
      const options = { full: false, by: undefined, signal: new AbortController().signal };
      expect(await other.cloud.pretixSync(1, options)).toMatchObject({ error: { type: 'pretix-running' } });
      stopping.abort();
      expect(await first).toMatchObject({ ok: true, value: { failure: { type: 'pretix-stopped' } } });
      const second = await whileTimeMoves(cloud, () => other.cloud.pretixSync(1, options));
      expect(second).toMatchObject({ ok: true, value: { run: { tickets: { created: 3 } } } });
    } finally {
      await cloud.cloud.close();
      await other.close();
      await rig.standIn.stop();
    }
  });

  test('whose process has died is free again after its lease', async () => {
    const dead = await createTestCloud();
    const cloud = await createTestCloud({ folder: dead.folder, databaseUrl: dead.databaseUrl });
    const rig = await openAt(cloud);
    try {
      await rig.connect();
      rig.standIn.intercept(({ path }) => (path.endsWith('/orders/') ? 'hang' : undefined));
      // Its own time stands still, so that it renews nothing.
      const stopping = new AbortController();
      const never = dead.cloud.pretixSync(1, { full: false, by: undefined, signal: stopping.signal });
      await until(cloud, rig, async () => rig.standIn.hanging() === 1);
      rig.standIn.intercept(undefined);
      await expect(rig.sync()).rejects.toThrow('pretix-running');
      cloud.time.jump(121_000);
      expect(await rig.sync()).toMatchObject({ tickets: { created: 3 } });
      stopping.abort();
      // It wakes up, and stores nothing.
      expect(await never).toMatchObject({ ok: false, error: { type: 'pretix-stopped' } });
      expect(await rig.view()).toMatchObject({ complete: true, running: false });
      expect((await rig.view()).lastError).toBeUndefined();
    } finally {
      await cloud.cloud.close();
      await dead.close();
      await rig.standIn.stop();
    }
  });

  test('is followed under another master key as well', async () => {
    const cloud = await createTestCloud({ masterKey: 'aa'.repeat(32) });
    const rig = await openAt(cloud);
    await rig.connect();
    await rig.sync();
    expect((await cloud.cloud.reseal(new Uint8Array(32).fill(0xbb))).ok).toBe(true);
    await cloud.cloud.close();
    const again = await createTestCloud({ folder: cloud.folder, masterKey: 'bb'.repeat(32), time: cloud.time });
    try {
      const [order] = rig.shop.orders;
      if (order !== undefined) rig.shop.setStatus(order, 'c');
      const options = { full: true, by: undefined, signal: new AbortController().signal };
      const synced = await whileTimeMoves(again, () => again.cloud.pretixSync(1, options));
      expect(synced).toMatchObject({ ok: true, value: { run: { tickets: { created: 0, changed: 1 } } } });
      expect(synced.ok && synced.value.failure).toBeUndefined();
    } finally {
      await again.close();
      await rig.standIn.stop();
    }
  });
});
