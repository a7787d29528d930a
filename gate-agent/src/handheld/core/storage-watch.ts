// How much room the browser gives, and whether it has promised not to clear it by itself.
import { storageRoomBytesMin, type StorageStatus } from './handheld.ts';
import { isStorageFull } from './live-journal.ts';

export interface StorageWatch {
  /** As of the last look; `trouble` is the store's. Looks again in the background. */
  readonly status: (trouble: string | undefined) => StorageStatus;
  readonly look: () => Promise<void>;
  /** Some browsers ask the person. */
  readonly persist: () => Promise<boolean>;
}

export function createStorageWatch(): StorageWatch {
  let persisted = false;
  let usedBytes: number | undefined;
  let quotaBytes: number | undefined;
  let looking: Promise<void> | undefined;
  const manager = 'storage' in navigator ? navigator.storage : undefined;

  const read = async (): Promise<void> => {
    try {
      persisted = (await manager?.persisted()) ?? false;
      const { usage, quota } = (await manager?.estimate()) ?? {};
      usedBytes = usage;
      quotaBytes = quota;
    } catch {
      // A browser that does not tell is one that has promised nothing.
    }
  };
  const look = (): Promise<void> => (looking ??= read().finally(() => (looking = undefined)));

  return {
    status: (trouble) => {
      void look();
      const isTight = quotaBytes !== undefined && quotaBytes - (usedBytes ?? 0) < storageRoomBytesMin;
      return {
        persisted,
        usedBytes,
        quotaBytes,
        room: isStorageFull(trouble) ? 'full' : isTight ? 'nearly-full' : 'enough',
      };
    },
    look,
    persist: async () => {
      try {
        persisted = (await manager?.persist()) ?? false;
      } catch {
        persisted = false;
      }
      return persisted;
    },
  };
}
