// A power cut takes the end of what was not synced, and nothing else.
import { expect, test } from 'vitest';
import { afterPowerCut, createDisk, emptyImage, imageOf, type Disk } from '../../../../scripts/sim/disk.ts';

const bytes = (number: number): Uint8Array => Uint8Array.of(number);
const feedOf = (disk: Disk, keptShare: number): readonly number[] =>
  afterPowerCut(disk, keptShare).feed.map((manifest) => manifest[0] ?? 0);

/** Three writes that are durable, ten that are not. */
function diskInUse(): Disk {
  const disk = createDisk(emptyImage);
  for (let number = 1; number <= 3; number++) disk.feed.append(bytes(number));
  disk.feed.sync(disk.feed.length());
  for (let number = 4; number <= 13; number++) disk.feed.append(bytes(number));
  return disk;
}

test('what was synced survives, of the rest the first part that was kept', () => {
  expect(feedOf(diskInUse(), 0)).toEqual([1, 2, 3]);
  expect(feedOf(diskInUse(), 0.2)).toEqual([1, 2, 3, 4, 5]);
});

test('a sync covers what was written before it began', () => {
  const disk = diskInUse();
  const begun = disk.feed.length();
  disk.feed.append(bytes(14));
  disk.feed.sync(begun);
  expect(feedOf(disk, 0)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]);
});

test('a killed process loses nothing that it has written', () => {
  expect(imageOf(diskInUse()).feed.length).toBe(13);
});

test('a journal that is not synced by mistake loses what was confirmed', () => {
  const disk = createDisk(emptyImage, { syncsJournal: false });
  disk.journal.append([]);
  disk.journal.sync(1);
  expect(afterPowerCut(disk, 0).journal).toEqual([]);
});
