// The feed as this gate has it: the last manifest it accepted, the snapshot in a file named by its hash, the deltas in memory. What
// is offered is checked completely before anything changes; then one commit moves from the old feed to the new one, so that a
// crash at any point leaves either, never neither. At start everything is checked again against the signed manifest.
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  acceptManifest,
  changedRows,
  err,
  isExpired,
  knownFeedKeys,
  needsNewSnapshot,
  ok,
  planFeed,
  trustedFeedKeys,
  verifyManifest,
  verifyManifestAndSigner,
  type DeltaRows,
  type FeedKey,
  type FileReference,
  type Logger,
  type Manifest,
  type Result,
  type TrustedFeedKey,
} from '@postern/shared';
import type { Database, DiskKey } from './database.ts';
import { openFaceCache, type FaceCache } from './face-cache.ts';
import { breathe, readDeltas } from './feed-deltas.ts';
import { checkFile, openSnapshot, syncPath } from './feed-file.ts';
import { checkRoom } from './feed-room.ts';
import { openFeedState, storageFailed } from './feed-state.ts';
import { noteSealedSnapshot, readKept, snapshotName, snapshotOnDisk, writeKept } from './feed-tables.ts';
import { imageBytesMax, unpackInto } from './unpacked-snapshot.ts';
import { readDisk } from '../machine.ts';
import type { Feed, FeedCacheError, FeedFiles, FeedOffer, FeedStore, Kept } from '../feed-store.ts';
import { createTicketSource } from '../ticket-source.ts';
import { createOverlay, createSqlLayer, type Overlay } from './tickets.ts';

export interface FeedCacheDeps {
  readonly folder: string;
  /** Seals everything in the folder. */
  readonly key?: DiskKey | undefined;
  readonly event: number;
  /** Feed keys that came with enrolment; a manifest that names one of them has the last word on it. */
  readonly enrolledKeys: readonly FeedKey[];
  readonly nowMs: () => number;
  readonly logger: Logger;
  /** For tests: what is left of the disk; undefined where it does not say. */
  readonly freeBytes?: () => number | undefined;
}

export interface FeedCache extends FeedStore {
  /** Why there is no feed although there was one; for health. */
  readonly trouble: () => FeedCacheError | undefined;
  readonly expired: () => boolean;
  /** Faces that the manifest in use names, as far as their files are here. */
  readonly faces: FaceCache;
  /** Forgets everything, on the disk too as far as a card forgets. */
  readonly wipe: () => void;
  readonly close: () => void;
}

/** It is heard all the time; a lease is days. */
const contactNotedEveryMs = 3_600_000;

interface Loaded extends Feed {
  readonly snapshot: Database;
  readonly overlay: Overlay;
}

/** Opens what an earlier run has left; `current` is undefined, with `trouble`, where that is not what was signed. */
export async function openFeedCache({
  folder,
  key,
  event,
  enrolledKeys,
  nowMs,
  logger,
  freeBytes = () => readDisk(folder).disk?.freeBytes,
}: FeedCacheDeps): Promise<FeedCache> {
  mkdirSync(folder, { recursive: true });
  const { state, damage } = openFeedState(join(folder, 'feed.db'), key);
  const faces = openFaceCache({ folder, key, nowMs });
  const pathOf = (manifest: Manifest): string => join(folder, snapshotName(manifest));

  let kept: Kept = readKept(state);
  /** The last accepted manifest: what nobody may fall behind, even where its files are damaged or it was forgotten. */
  let accepted: Pick<Manifest, 'version' | 'createdAtMs' | 'expiresAtMs' | 'keys'> | undefined = kept.forgotten;
  let loaded: Loaded | undefined;
  let trouble: FeedCacheError | undefined = damage;

  const consider = (bytes: Uint8Array): Result<FeedOffer, FeedCacheError> => {
    const verified = verifyManifestAndSigner(bytes, trustedFeedKeys({ keys: knownFeedKeys(accepted, enrolledKeys) }));
    if (!verified.ok) return verified;
    const { manifest, signer } = verified.value;
    const acceptance = acceptManifest({ event, current: accepted, candidate: manifest, nowMs: nowMs() });
    if (!acceptance.ok) return acceptance;
    const plan = planFeed(loaded?.manifest, manifest);
    const isDownloaded = downloadPath(manifest.snapshot) !== undefined;
    const room =
      plan.type === 'snapshot'
        ? checkRoom(manifest.snapshot, { freeBytes: freeBytes(), isDownloaded, isSealed: key !== undefined })
        : ok(undefined);
    return room.ok ? ok({ manifest, bytes, signer, plan }) : room;
  };

  const downloadPath: FeedCache['downloadPath'] = ({ sha256, bytes }) =>
    key !== undefined && bytes <= imageBytesMax ? undefined : join(folder, `download-${sha256}`);

  const apply = async (
    offer: FeedOffer,
    files: FeedFiles,
    signal: AbortSignal,
  ): Promise<Result<Feed, FeedCacheError>> => {
    try {
      // Another offer may have been applied while this one's files were on their way.
      const still = acceptManifest({ event, current: accepted, candidate: offer.manifest, nowMs: nowMs() });
      if (!still.ok) return still;
      return offer.plan.type === 'snapshot'
        ? await applySnapshot(offer, files, signal)
        : await applyDeltas(offer, files, signal);
    } catch (cause) {
      return storageFailed(cause);
    }
  };

  const applySnapshot = async (
    offer: FeedOffer,
    files: FeedFiles,
    signal: AbortSignal,
  ): Promise<Result<Feed, FeedCacheError>> => {
    const { manifest } = offer;
    if (files.snapshot === undefined)
      return err({ type: 'feed-cut-off', what: 'snapshot', bytes: 0, expected: manifest.snapshot.bytes });
    const right = await checkFile(files.snapshot, manifest.snapshot, 'snapshot', signal);
    if (!right.ok) return right;
    const rows = await readDeltas(event, manifest.deltas, files.deltas);
    if (!rows.ok) return rows;
    const temporaryPath = `${pathOf(manifest)}.part`;
    try {
      const unpacked = await unpackInto(temporaryPath, { download: files.snapshot, manifest, key, signal });
      return unpacked.ok ? await moveToSnapshot(offer, files, rows.value, temporaryPath, unpacked.value) : unpacked;
    } finally {
      // A disk that it has filled takes marks again.
      await rm(temporaryPath, { force: true });
    }
  };

  const moveToSnapshot = async (
    { manifest, bytes, signer }: FeedOffer,
    files: FeedFiles,
    rows: readonly DeltaRows[],
    temporaryPath: string,
    unpacked: FileReference,
  ): Promise<Result<Feed, FeedCacheError>> => {
    const opened = openSnapshot(temporaryPath, manifest, key);
    if (!opened.ok) return opened;
    try {
      await rename(temporaryPath, pathOf(manifest));
      await syncPath(folder);
      const overlay = createOverlay();
      for (const chunk of rows) {
        overlay.add(chunk);
        await breathe();
      }
      remember(bytes, signer, manifest.deltas, files.deltas, unpacked);
      return ok(
        moveTo(
          {
            manifest,
            snapshot: opened.value,
            overlay,
            tickets: createTicketSource(createSqlLayer(opened.value), overlay, manifest),
          },
          files.faces,
        ),
      );
    } catch (cause) {
      opened.value.close();
      throw cause;
    }
  };

  const applyDeltas = async (
    { manifest, bytes, signer, plan }: FeedOffer,
    files: FeedFiles,
    signal: AbortSignal,
  ): Promise<Result<Feed, FeedCacheError>> => {
    const base = loaded;
    if (base === undefined)
      return err({ type: 'feed-malformed', what: 'delta', cause: 'no snapshot to apply a delta to' });
    const wanted = plan.type === 'deltas' ? plan.deltas : [];
    const rows = await readDeltas(event, wanted, files.deltas);
    if (!rows.ok) return rows;
    signal.throwIfAborted();
    remember(bytes, signer, wanted, files.deltas, undefined);
    // Tickets of a chunk come before the codes that lead to them, and a half-applied overlay is only a little less fresh.
    for (const chunk of rows.value) {
      base.overlay.add(chunk);
      await breathe();
    }
    const tickets = createTicketSource(createSqlLayer(base.snapshot), base.overlay, manifest);
    return ok(moveTo({ ...base, manifest, tickets }, files.faces));
  };

  /** The commit: from here on a restart finds the new feed. */
  const remember = state.transaction(
    (
      bytes: Uint8Array,
      signer: TrustedFeedKey,
      deltas: Manifest['deltas'],
      blobs: ReadonlyMap<string, Uint8Array>,
      /** The file of a new snapshot. */
      file: FileReference | undefined,
    ) => {
      if (file !== undefined) {
        state.prepare('DELETE FROM delta').run();
        if (key !== undefined) noteSealedSnapshot(state, file);
      }
      for (const { sha256 } of deltas)
        state.prepare('INSERT OR REPLACE INTO delta (sha256, bytes) VALUES (?, ?)').run(sha256, blobs.get(sha256));
      kept = kept.contactMs === undefined ? {} : { contactMs: kept.contactMs };
      writeKept(state, kept);
      state
        .prepare('INSERT OR REPLACE INTO feed (id, manifest, signer_id, signer) VALUES (1, ?, ?, ?)')
        .run(bytes, signer.keyId, signer.publicKey);
    },
  );

  const moveTo = (next: Loaded, faceFiles: ReadonlyMap<string, Uint8Array> = new Map()): Feed => {
    const before = loaded;
    // Whatever becomes of the rest: who is no longer named is forgotten first.
    const taken = faces.take(next.manifest, faceFiles);
    if (!taken.ok) logger.warn({ error: taken.error }, 'The faces of this list are not here yet');
    accepted = next.manifest;
    loaded = next;
    trouble = undefined;
    if (before !== undefined && before.snapshot !== next.snapshot) {
      before.snapshot.close();
      before.overlay.close();
    }
    removeStrays();
    const deltaRows = changedRows(next.manifest);
    if (needsNewSnapshot(next.manifest.snapshot.tickets, deltaRows))
      logger.warn({ deltaRows }, 'the overlay has outgrown its snapshot; the cloud should publish a new one');
    return { manifest: next.manifest, tickets: next.tickets };
  };

  const removeStrays = (): void => {
    const keep = loaded === undefined ? undefined : snapshotName(loaded.manifest);
    for (const name of readdirSync(folder))
      if (/^(?:snapshot|download)-/.test(name) && name !== keep) rmSync(join(folder, name), { force: true });
  };

  /** At start: the remembered manifest by its signer's key, the snapshot and the deltas by the hashes in it. */
  const load = async (): Promise<Result<void, FeedCacheError>> => {
    const row = state.prepare('SELECT manifest, signer_id, signer FROM feed').get() as
      | { manifest: Uint8Array; signer_id: string; signer: Uint8Array }
      | undefined;
    if (row === undefined) return ok(undefined);
    const verified = verifyManifest(row.manifest, [{ keyId: row.signer_id, publicKey: row.signer }]);
    if (!verified.ok) return verified;
    const manifest = verified.value;
    if (manifest.event !== event)
      return err({ type: 'feed-wrong-event', what: 'manifest', expected: event, found: manifest.event });
    accepted = manifest;
    const path = pathOf(manifest);
    const written = snapshotOnDisk(state, path, manifest, key);
    const right = await checkFile(path, written, 'snapshot', new AbortController().signal);
    if (!right.ok) return right;
    const blobs = new Map(state.prepare('SELECT sha256, bytes FROM delta').raw().all() as [string, Uint8Array][]);
    const rows = await readDeltas(event, manifest.deltas, blobs);
    if (!rows.ok) return rows;
    const opened = openSnapshot(path, manifest, key);
    if (!opened.ok) return opened;
    const overlay = createOverlay();
    for (const chunk of rows.value) overlay.add(chunk);
    moveTo({
      manifest,
      snapshot: opened.value,
      overlay,
      tickets: createTicketSource(createSqlLayer(opened.value), overlay, manifest),
    });
    return ok(undefined);
  };

  /** The list and everything in it; what is kept goes with the same commit. */
  const forget = (stays: Kept): void => {
    loaded?.snapshot.close();
    loaded?.overlay.close();
    loaded = undefined;
    kept = stays;
    state.pragma('secure_delete = ON');
    state.transaction(() => {
      state.exec('DELETE FROM feed; DELETE FROM delta; DELETE FROM sealed_snapshot; DELETE FROM kept;');
      writeKept(state, stays);
    })();
    state.exec('VACUUM');
    state.pragma('wal_checkpoint(TRUNCATE)');
    faces.wipe();
    removeStrays();
  };

  const found = await load().catch(storageFailed);
  if (!found.ok) trouble = found.error;
  if (trouble !== undefined) {
    logger.error({ trouble }, 'the feed on the disk is not what was signed; a new one is needed');
  }

  return {
    current: () => loaded,
    trouble: () => trouble,
    expired: () => accepted !== undefined && isExpired(accepted, nowMs()),
    consider,
    apply,
    downloadPath,
    faces,
    feedKeys: () => knownFeedKeys(accepted, enrolledKeys),
    // Its signature on a list says as much.
    contactMs: () => latest(kept.contactMs, accepted?.createdAtMs),
    noteContact: (atMs) => {
      if (atMs - (kept.contactMs ?? 0) < contactNotedEveryMs) return;
      kept = { ...kept, contactMs: Math.round(atMs) };
      writeKept(state, kept);
    },
    leaseEndedMs: () => kept.leaseEndedMs,
    endLease: (atMs) => {
      const { version, createdAtMs, expiresAtMs, keys } = accepted ?? {};
      const forgotten =
        version === undefined || createdAtMs === undefined || expiresAtMs === undefined || keys === undefined
          ? undefined
          : { version, createdAtMs, expiresAtMs, keys };
      forget({ ...kept, leaseEndedMs: Math.round(atMs), ...(forgotten === undefined ? {} : { forgotten }) });
      accepted = forgotten;
    },
    wipe: () => {
      forget({});
      accepted = undefined;
    },
    close: () => {
      loaded?.snapshot.close();
      loaded?.overlay.close();
      loaded = undefined;
      faces.close();
      state.close();
    },
  };
}

const latest = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined || b === undefined ? (a ?? b) : Math.max(a, b);
