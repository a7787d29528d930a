// Whether there is room for a ticket list: a disk that it filled would take no marks, and without a mark nobody is let in.
import { err, ok, type Manifest, type Result } from '@postern/shared';
import type { FeedCacheError } from '../feed-store.ts';
import { imageBytesMax } from './unpacked-snapshot.ts';

/** For the journal, meanwhile and afterwards. */
const journalBytesMin = 20e6;

export interface RoomForFeed {
  /** Undefined where the disk does not say. */
  readonly freeBytes: number | undefined;
  /** Whether the download lies on the disk, too. */
  readonly isDownloaded: boolean;
  readonly isSealed: boolean;
}

export function checkRoom(
  { bytes, database }: Manifest['snapshot'],
  { freeBytes, isDownloaded, isSealed }: RoomForFeed,
): Result<void, FeedCacheError> {
  // A large one lies there unsealed, too, until it has been sealed.
  const copies = isSealed && database.bytes > imageBytesMax ? 2 : 1;
  const needed = (isDownloaded ? bytes : 0) + database.bytes * copies;
  return freeBytes === undefined || freeBytes - needed >= journalBytesMin
    ? ok(undefined)
    : err({ type: 'feed-storage-failed', cause: `the disk has no room for the ${needed} bytes of this list` });
}
