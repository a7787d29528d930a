// A simulated disk: each database is a log of transactions as a write-ahead log is one. What was appended is in the page cache until
// it is synced; a power cut takes most of what was not, always from the end, never anything that was. A killed process loses nothing.
import type { EncodedMark } from '@postern/shared';
import type { ReplicaTransaction } from './simulated-replica.ts';

export interface LogFile<T> {
  /** One transaction, whole or not there. */
  readonly append: (transaction: T) => void;
  /** What was appended before `length` transactions is durable from here on. */
  readonly sync: (length: number) => void;
  readonly length: () => number;
  readonly all: () => readonly T[];
  readonly durable: () => readonly T[];
}

/** The databases of a gate. */
export interface DiskImage {
  readonly journal: readonly (readonly EncodedMark[])[];
  readonly replica: readonly ReplicaTransaction[];
  /** Manifests as they were taken. */
  readonly feed: readonly Uint8Array[];
}

export type Disk = { readonly [File in keyof DiskImage]: LogFile<DiskImage[File][number]> };

export interface DiskOptions {
  /** Whether a sync of the journal reaches the platter. */
  readonly syncsJournal?: boolean;
}

export const emptyImage: DiskImage = { journal: [], replica: [], feed: [] };

/** A disk that begins with an image, all of it durable. */
export const createDisk = (image: DiskImage, { syncsJournal = true }: DiskOptions = {}): Disk => ({
  journal: createLogFile(image.journal, syncsJournal),
  replica: createLogFile(image.replica),
  feed: createLogFile(image.feed),
});

function createLogFile<T>(from: readonly T[], syncs = true): LogFile<T> {
  const log = [...from];
  let durable = log.length;
  return {
    append: (transaction) => void log.push(transaction),
    sync: (length) => {
      if (syncs) durable = Math.max(durable, length);
    },
    length: () => log.length,
    all: () => log,
    durable: () => log.slice(0, durable),
  };
}

/** What is on the disk when everything that was written has reached it: a killed process, or a card pulled out after a clean stop. */
export const imageOf = ({ journal, replica, feed }: Disk): DiskImage => ({
  journal: [...journal.all()],
  replica: [...replica.all()],
  feed: [...feed.all()],
});

/** What a power cut leaves: of each file everything durable and `keptShare` (0 to 1) of what was not. */
export const afterPowerCut = ({ journal, replica, feed }: Disk, keptShare: number): DiskImage => ({
  journal: cut(journal, keptShare),
  replica: cut(replica, keptShare),
  feed: cut(feed, keptShare),
});

function cut<T>(file: LogFile<T>, keptShare: number): readonly T[] {
  const durable = file.durable().length;
  return file.all().slice(0, durable + Math.floor((file.length() - durable) * keptShare));
}
