// Goal: keys hand over by their age, once, whoever of several processes looks first, and never before gates can know the next one.
import { afterEach, describe, expect, it } from 'vitest';
import type { KeyView } from '@postern/shared';
import { announcedMsMin } from '../../../cloud-sync/src/services/key-rotation.ts';
import { scheduleCheckMs } from '../../../cloud-sync/src/services/key-schedule.ts';
import { createTestCloud, someEvent, type TestCloud } from '../../support/cloud.ts';

const dayMs = 86_400_000;
let test: TestCloud;
afterEach(() => test.close());

const generation = async (purpose: KeyView['purpose']): Promise<number | undefined> =>
  (await test.cloud.keyRotation.list()).find((key) => key.purpose === purpose && key.state === 'active')?.generation;

/** Moves on without an hourly look at a time. */
async function passDays(days: number): Promise<void> {
  await test.cloud.keySchedule.stop();
  await test.time.advance(days * dayMs);
}

describe('the schedule', () => {
  it('rotates at start what is due, and nothing else', async () => {
    test = await createTestCloud({ keyDays: { issuer: 20, feed: 40 } });
    await test.time.advance(20 * dayMs - 1);
    await test.cloud.keySchedule.start();
    expect([await generation('issuer'), await generation('feed')]).toEqual([1, 1]);
    await test.time.advance(scheduleCheckMs);
    await expect.poll(() => generation('issuer')).toBe(2);
    expect([await generation('feed'), await generation('token')]).toEqual([1, 1]);
  });

  it('looks every hour, and no more once it is stopped', async () => {
    test = await createTestCloud({ keyDays: { issuer: 15, feed: 0 } });
    await test.time.advance(15 * dayMs - 3 * scheduleCheckMs);
    await test.cloud.keySchedule.start();
    await test.time.advance(2 * scheduleCheckMs);
    expect(await generation('issuer')).toBe(1);
    await test.time.advance(scheduleCheckMs);
    await expect.poll(() => generation('issuer')).toBe(2);
    await passDays(100);
    expect(await generation('issuer')).toBe(2);
  });

  it('never rotates where the days are 0', async () => {
    test = await createTestCloud();
    await passDays(3_000);
    await test.cloud.keySchedule.start();
    expect([await generation('issuer'), await generation('feed')]).toEqual([1, 1]);
  });

  it('waits for the next key to be announced long enough, however short a life was set', async () => {
    test = await createTestCloud({ keyDays: { issuer: 1, feed: 1 } });
    await test.time.advance(announcedMsMin - 1);
    await test.cloud.keySchedule.start();
    expect(await generation('issuer')).toBe(1);
    await test.time.advance(scheduleCheckMs);
    await expect.poll(() => generation('issuer')).toBe(2);
  });

  it('rotates once when two processes look', async () => {
    test = await createTestCloud({ keyDays: { issuer: 20, feed: 0 } });
    const other = await createTestCloud({
      folder: test.folder,
      databaseUrl: test.databaseUrl,
      time: test.time,
      seed: 2,
      keyDays: { issuer: 20, feed: 0 },
    });
    await test.time.advance(20 * dayMs);
    await test.cloud.keySchedule.start();
    await other.cloud.keySchedule.start();
    expect(await generation('issuer')).toBe(2);
    await other.cloud.close();
  });

  it('publishes what it has done', async () => {
    test = await createTestCloud({ keyDays: { issuer: 20, feed: 0 } });
    await test.json('POST', '/api/events', someEvent);
    await test.json('POST', '/admin/events/1/publish');
    await test.time.advance(20 * dayMs);
    const before = await test.cloud.feed.version(1);
    await test.cloud.keySchedule.start();
    expect(await test.cloud.feed.version(1)).toBe(before + 1);
  });

  it('says when a look has failed, and looks again', async () => {
    const logged: string[] = [];
    test = await createTestCloud({
      keyDays: { issuer: 20, feed: 0 },
      log: { info: () => undefined, warn: () => undefined, error: (_fields, message) => void logged.push(message) },
    });
    const folder = test.folder;
    await test.cloud.close();
    await test.cloud.keySchedule.start();
    expect(logged).toEqual(['looking for keys to rotate failed']);
    test = await createTestCloud({ folder, time: test.time, seed: 3 });
  });
});
