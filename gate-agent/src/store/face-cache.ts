// The faces of an event as this gate has them: two files out of the feed, in a sealed database of their own, replaced whole and written over
// when they go. Where the disk is not sealed they stay in memory and are fetched again after a start: a stolen card then holds nobody's face.
// Only what the newest accepted manifest names is ever used; whoever has withdrawn is in none.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import {
  err,
  faceKeysBytesMax,
  faceTemplatesBytesMax,
  ok,
  readFaceKeys,
  readFaceTemplates,
  type FaceFileError,
  type FaceKeys,
  type FaceTemplates,
  type FeedError,
  type Manifest,
  type Result,
} from '@postern/shared';
import type { FaceStore } from '../feed-store.ts';
import { openDatabase, type Database, type DiskKey } from './database.ts';
import { checkBytes } from './feed-file.ts';
import { isDamage } from './set-aside.ts';

type References = NonNullable<Manifest['faces']>;

export interface FaceCache extends FaceStore {
  readonly count: () => number;
  readonly wipe: () => void;
  readonly close: () => void;
}

export interface FaceCacheDeps {
  readonly folder: string;
  readonly key: DiskKey | undefined;
  readonly nowMs: () => number;
}

interface Loaded {
  readonly templates: FaceTemplates;
  readonly keys: FaceKeys;
  readonly untilMs: number;
}

const tablesSql = `
  CREATE TABLE IF NOT EXISTS face_file (sha256 TEXT PRIMARY KEY, bytes BLOB NOT NULL) STRICT;
`;

export function openFaceCache({ folder, key, nowMs }: FaceCacheDeps): FaceCache {
  const database = openFaces(join(folder, 'faces.db'), key);
  let loaded: Loaded | undefined;

  const write = database.transaction((files: readonly (readonly [string, Uint8Array])[]) => {
    database.exec('DELETE FROM face_file');
    for (const file of files) database.prepare('INSERT INTO face_file (sha256, bytes) VALUES (?, ?)').run(...file);
  });
  const replace = (files: readonly (readonly [string, Uint8Array])[]): void => {
    write(files);
    // The log of before goes, with the pages in it.
    database.pragma('wal_checkpoint(TRUNCATE)');
  };
  const isStored = (): boolean => database.prepare('SELECT 1 FROM face_file').get() !== undefined;
  const wipe = (): void => {
    loaded = undefined;
    if (!isStored()) return;
    replace([]);
    database.exec('VACUUM');
    database.pragma('wal_checkpoint(TRUNCATE)');
  };
  const bytesOf = (sha256: string): Uint8Array | undefined =>
    database.prepare('SELECT bytes FROM face_file WHERE sha256 = ?').pluck().get(sha256) as Uint8Array | undefined;
  const isOver = ({ untilMs }: Pick<Loaded, 'untilMs'>): boolean => nowMs() >= untilMs;

  const read = (
    { event, policy }: Pick<Manifest, 'event' | 'policy'>,
    references: References,
    fileOf: (sha256: string) => Uint8Array | undefined,
  ): Result<
    { readonly faces: Loaded; readonly files: readonly (readonly [string, Uint8Array])[] },
    FeedError | FaceFileError
  > => {
    const files: (readonly [string, Uint8Array])[] = [];
    for (const reference of [references.templates, references.keys]) {
      const bytes = fileOf(reference.sha256) ?? new Uint8Array(0);
      const right = checkBytes(bytes, reference, 'faces');
      if (!right.ok) return right;
      files.push([reference.sha256, bytes]);
    }
    const [templates, keys] = [
      readFaceTemplates(files[0]?.[1] ?? new Uint8Array(0), event),
      readFaceKeys(files[1]?.[1] ?? new Uint8Array(0), event),
    ];
    if (!templates.ok) return templates;
    if (!keys.ok) return keys;
    return ok({ faces: { templates: templates.value, keys: keys.value, ...untilOf(policy) }, files });
  };

  return {
    lacks: ({ faces, policy }) => {
      if (faces === undefined || isOver(untilOf(policy))) return ok([]);
      const bounds = [
        [faces.templates, faceTemplatesBytesMax],
        [faces.keys, faceKeysBytesMax],
      ] as const;
      for (const [{ bytes }, bytesMax] of bounds)
        if (bytes > bytesMax) return err({ type: 'feed-too-large', what: 'faces', bytes, bytesMax });
      return ok(bounds.flatMap(([reference]) => (bytesOf(reference.sha256) === undefined ? [reference] : [])));
    },
    take: (manifest, files) => {
      const { faces: references } = manifest;
      if (references === undefined || isOver(untilOf(manifest.policy))) {
        wipe();
        return ok(undefined);
      }
      const found = read(manifest, references, (sha256) => files.get(sha256) ?? bytesOf(sha256));
      if (!found.ok) {
        wipe();
        return found;
      }
      const isNew = found.value.files.some(([sha256]) => bytesOf(sha256) === undefined);
      if (isNew) replace(found.value.files);
      loaded = found.value.faces;
      return ok(undefined);
    },
    find: (ticketId) => {
      if (loaded === undefined || isOver(loaded)) return undefined;
      const [face, faceKey] = [loaded.templates.find(ticketId), loaded.keys.find(ticketId)];
      return face === undefined || faceKey === undefined ? undefined : { face, key: faceKey };
    },
    count: () => loaded?.keys.count ?? 0,
    expire: () => {
      if (loaded !== undefined && isOver(loaded)) wipe();
    },
    wipe,
    close: () => {
      loaded = undefined;
      database.close();
    },
  };
}

const untilOf = ({ face }: Manifest['policy']): Pick<Loaded, 'untilMs'> => ({ untilMs: (face?.untilS ?? 0) * 1_000 });

/** Damaged it begins anew: the cloud can give everything again. */
function openFaces(path: string, key: DiskKey | undefined): Database {
  if (key === undefined) for (const part of ['', '-wal', '-shm']) rmSync(path + part, { force: true });
  const open = (): Database => {
    const database = openDatabase(key === undefined ? ':memory:' : path, { key });
    try {
      // What is deleted is written over.
      database.pragma('secure_delete = ON');
      database.exec(tablesSql);
      return database;
    } catch (cause) {
      database.close();
      throw cause;
    }
  };
  try {
    return open();
  } catch (cause) {
    if (!isDamage(cause)) throw cause;
    for (const part of ['', '-wal', '-shm']) rmSync(path + part, { force: true });
    return open();
  }
}
