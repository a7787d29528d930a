// The feed in a gate's data folder, for commands beside a running agent: everything is opened read-only and checked against the
// signed manifest as at a start, nothing is moved, removed or written.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { err, ok, verifyManifest, type FileReference, type Manifest, type Result } from '@postern/shared';
import { openDatabase, type DiskKey } from './database.ts';
import type { FeedCacheError } from '../feed-store.ts';
import { readDeltas } from './feed-deltas.ts';
import { checkFile, openSnapshot } from './feed-file.ts';
import { readKept, readSealedSnapshot, snapshotName, writtenAs } from './feed-tables.ts';
import { createTicketSource, type TicketSource } from '../ticket-source.ts';
import { createOverlay, createSqlLayer } from './tickets.ts';

export interface ReadFeed {
  readonly manifest: Manifest;
  readonly tickets: TicketSource;
  readonly close: () => void;
}

export type ReadFeedError =
  | FeedCacheError
  | { readonly type: 'feed-missing' }
  | { readonly type: 'feed-lease-over'; readonly endedMs: number };

/** `feed-missing` while the gate has never had one. Rejects only when `signal` aborts. */
export async function readFeed(
  folder: string,
  event: number,
  signal: AbortSignal,
  key?: DiskKey,
): Promise<Result<ReadFeed, ReadFeedError>> {
  const remembered = readRemembered(folder, key);
  if (!remembered.ok) return remembered;
  const { bytes, signer, blobs, written } = remembered.value;
  const verified = verifyManifest(bytes, [signer]);
  if (!verified.ok) return verified;
  const manifest = verified.value;
  if (manifest.event !== event)
    return err({ type: 'feed-wrong-event', what: 'manifest', expected: event, found: manifest.event });
  const path = join(folder, snapshotName(manifest));
  if (!existsSync(path))
    return err({ type: 'feed-cut-off', what: 'snapshot', bytes: 0, expected: manifest.snapshot.database.bytes });
  const right = await checkFile(path, written(path, manifest), 'snapshot', signal);
  if (!right.ok) return right;
  const rows = await readDeltas(event, manifest.deltas, blobs);
  if (!rows.ok) return rows;
  const snapshot = openSnapshot(path, manifest, key);
  if (!snapshot.ok) return snapshot;
  const overlay = createOverlay();
  for (const chunk of rows.value) overlay.add(chunk);
  return ok({
    manifest,
    tickets: createTicketSource(createSqlLayer(snapshot.value), overlay, manifest),
    close: () => {
      snapshot.value.close();
      overlay.close();
    },
  });
}

interface Remembered {
  readonly bytes: Uint8Array;
  readonly signer: { readonly keyId: string; readonly publicKey: Uint8Array };
  readonly blobs: ReadonlyMap<string, Uint8Array>;
  /** What the snapshot's file holds. */
  readonly written: (path: string, manifest: Manifest) => FileReference;
}

function readRemembered(folder: string, key: DiskKey | undefined): Result<Remembered, ReadFeedError> {
  const path = join(folder, 'feed.db');
  if (!existsSync(path)) return err({ type: 'feed-missing' });
  try {
    const database = openDatabase(path, { readonly: true, key });
    try {
      const row = database.prepare('SELECT manifest, signer_id, signer FROM feed').get() as
        | { manifest: Uint8Array; signer_id: string; signer: Uint8Array }
        | undefined;
      if (row === undefined) {
        const { leaseEndedMs } = readKept(database);
        return err(
          leaseEndedMs === undefined ? { type: 'feed-missing' } : { type: 'feed-lease-over', endedMs: leaseEndedMs },
        );
      }
      const blobs = new Map(database.prepare('SELECT sha256, bytes FROM delta').raw().all() as [string, Uint8Array][]);
      const sealed = readSealedSnapshot(database);
      return ok({
        bytes: row.manifest,
        signer: { keyId: row.signer_id, publicKey: row.signer },
        blobs,
        written: (snapshot, manifest) => writtenAs(sealed, snapshot, manifest, key),
      });
    } finally {
      database.close();
    }
  } catch (cause) {
    return err({
      type: 'feed-storage-failed',
      cause: cause instanceof Error ? cause.message.slice(0, 200) : 'unknown',
    });
  }
}
