// What a handheld keeps in its browser, as IndexedDB schemas. The journal has a database of its own, so that a scan never waits for the
// worker that writes what others have told; both hold a mark as its compact bytes, under its identity.
import { deleteDB, openDB, type DBSchema, type IDBPDatabase } from 'idb';

export interface StoredMark {
  readonly event: number;
  readonly gate: string;
  readonly boot: string;
  readonly sequence: number;
  /** Under which ticket a scan finds it; absent for a refusal, which is no part of a history. */
  readonly ticket?: string;
  readonly bytes: Uint8Array;
}

type MarkKey = [event: number, gate: string, boot: string, sequence: number];

export interface JournalSchema extends DBSchema {
  /** Process starts in their order; a start is written with its first mark. */
  start: { key: number; value: { readonly event: number; readonly gate: string; readonly boot: string } };
  mark: { key: MarkKey; value: StoredMark; indexes: { ticket: string } };
  /** The start that may write: a tab that has lost the gate to another one cannot. */
  owner: { key: 'boot'; value: string };
  /** Written and emptied by a probe; nothing reads it. */
  probe: { key: number; value: Uint8Array };
}

/** A mark of another gate; `tag`, `order` and `ofGate` are there where the mark is to be found by that. */
export interface LearnedMark extends StoredMark {
  /** Of a binding: the band's hash. */
  readonly tag?: string;
  readonly order?: 1;
  /** A clock correction or a recount, which concerns marks of many tickets. */
  readonly ofGate?: 1;
}

export interface StoredSegment {
  readonly event: number;
  readonly gate: string;
  readonly boot: string;
  readonly segment: number;
  readonly firstSequence: number;
  readonly count: number;
  readonly hash: string;
  readonly closed: boolean;
  readonly through: { readonly ms: number; readonly counter: number };
}

export interface StoredChunk {
  readonly event: number;
  readonly gate: string;
  readonly boot: string;
  readonly segment: number;
  readonly kind: 'whole' | 'changes' | 'empty';
  readonly bytes: Uint8Array;
}

type SegmentKey = [event: number, gate: string, boot: string, segment: number];

export interface ReplicaSchema extends DBSchema {
  mark: {
    key: MarkKey;
    value: LearnedMark;
    indexes: { ticket: string; tag: string; order: number; ofGate: number };
  };
  segment: { key: SegmentKey; value: StoredSegment };
  chunk: { key: number; value: StoredChunk; indexes: { segment: SegmentKey } };
  quarantine: {
    key: [event: number, gate: string, boot: string, sha256: string];
    value: {
      readonly event: number;
      readonly gate: string;
      readonly boot: string;
      readonly sha256: string;
      readonly reason: string;
      readonly from: string;
      readonly bytes: Uint8Array;
    };
  };
  /** What is derived of the marks, for a start before the worker has counted. */
  derived: { key: string; value: unknown };
}

export interface DeviceSchema extends DBSchema {
  /** Identity, clock, revocation, feed: one value a name, checked by whoever reads it. */
  kept: { key: string; value: unknown };
  /** The feed's files by SHA-256. */
  file: { key: string; value: Uint8Array };
}

export type JournalDatabase = IDBPDatabase<JournalSchema>;
export type ReplicaDatabase = IDBPDatabase<ReplicaSchema>;
export type DeviceDatabase = IDBPDatabase<DeviceSchema>;

export interface DatabaseNames {
  readonly journal: string;
  readonly replica: string;
}

export const deviceDatabaseName = (prefix: string): string => `${prefix}-device`;

/** A browser is one gate; what an earlier one has left stays, under that one's name. */
export const databaseNames = (prefix: string, gate: string, event: number): DatabaseNames => ({
  journal: `${prefix}-journal-${event}-${gate}`,
  replica: `${prefix}-replica-${event}-${gate}`,
});

const markKeyPath = ['event', 'gate', 'boot', 'sequence'];

/** Another tab that wants to delete it gets it: this connection closes, and whoever uses it finds out at the next transaction. */
const yielding = {
  blocking: (_current: number, _blocked: number | null, event: IDBVersionChangeEvent): void =>
    (event.target as IDBDatabase).close(),
};

export const openJournalDatabase = (name: string): Promise<JournalDatabase> =>
  openDB<JournalSchema>(name, 1, {
    ...yielding,
    upgrade: (database) => {
      database.createObjectStore('start', { autoIncrement: true });
      database.createObjectStore('mark', { keyPath: markKeyPath }).createIndex('ticket', 'ticket');
      database.createObjectStore('owner');
      database.createObjectStore('probe');
    },
  });

export const openReplicaDatabase = (name: string): Promise<ReplicaDatabase> =>
  openDB<ReplicaSchema>(name, 1, {
    ...yielding,
    upgrade: (database) => {
      const marks = database.createObjectStore('mark', { keyPath: markKeyPath });
      for (const name of ['ticket', 'tag', 'order', 'ofGate'] as const) marks.createIndex(name, name);
      database.createObjectStore('segment', { keyPath: ['event', 'gate', 'boot', 'segment'] });
      database
        .createObjectStore('chunk', { autoIncrement: true })
        .createIndex('segment', ['event', 'gate', 'boot', 'segment']);
      database.createObjectStore('quarantine', { keyPath: ['event', 'gate', 'boot', 'sha256'] });
      database.createObjectStore('derived');
    },
  });

export const openDeviceDatabase = (name: string): Promise<DeviceDatabase> =>
  openDB<DeviceSchema>(name, 1, {
    ...yielding,
    upgrade: (database) => {
      database.createObjectStore('kept');
      database.createObjectStore('file');
    },
  });

/** Resolves once it is gone; connections elsewhere close by themselves. */
export const deleteDatabase = (name: string): Promise<void> => deleteDB(name);

/** All marks of one process start. */
export const marksOfWriter = ({
  event,
  gate,
  boot,
}: {
  readonly event: number;
  readonly gate: string;
  readonly boot: string;
}): IDBKeyRange => IDBKeyRange.bound([event, gate, boot], [event, gate, boot, []]);
