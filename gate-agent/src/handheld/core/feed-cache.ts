// The feed on a phone: the last manifest it accepted, the snapshot's file and the deltas in IndexedDB, named by their hashes. What is offered
// is checked completely before anything changes; then one transaction moves from the old feed to the new one. At the start everything is
// checked again against the signed manifest. In memory the snapshot stays the packed file that it is.
import {
  acceptManifest,
  bytesToHex,
  err,
  isExpired,
  knownFeedKeys,
  ok,
  planFeed,
  trustedFeedKeys,
  verifyManifest,
  verifyManifestAndSigner,
  type DeltaRows,
  type FeedError,
  type FeedKey,
  type FileReference,
  type Logger,
  type Manifest,
  type Result,
  type TrustedFeedKey,
} from '@postern/shared';
import { z } from 'zod';
import {
  keptSchema,
  snapshotProblem,
  type FaceStore,
  type Feed,
  type FeedCacheError,
  type FeedFiles,
  type FeedOffer,
  type FeedStore,
  type Kept,
} from '../../feed-store.ts';
import { piecesOf } from '../../http-body.ts';
import { readDeltas } from '../../read-deltas.ts';
import { createTicketSource } from '../../ticket-source.ts';
import type { DeviceDatabase } from './databases.ts';
import { openSqliteImage, type SqliteImage } from './sqlite-image.ts';
import { createImageLayer, createPhoneOverlay, type PhoneOverlay } from './ticket-layers.ts';

export interface PhoneFeedDeps {
  readonly database: DeviceDatabase;
  readonly event: number;
  readonly enrolledKeys: readonly FeedKey[];
  readonly nowMs: () => number;
  readonly logger: Logger;
  /** Lets whatever else waits on this thread go first. */
  readonly breathe: () => Promise<void>;
}

export interface PhoneFeed extends FeedStore {
  readonly trouble: () => FeedCacheError | undefined;
  readonly expired: () => boolean;
  /** Set from `endLease` until there is a list again; Unix ms. */
  readonly leaseEndedMs: () => number | undefined;
  /** Forgets everything. */
  readonly wipe: () => void;
  /** Bytes of the list as it lies in memory. */
  readonly bytes: () => number;
  /** Whatever was to be written is. */
  readonly settled: () => Promise<void>;
}

interface Loaded extends Feed {
  readonly image: SqliteImage;
  readonly imageBytes: number;
  readonly overlay: PhoneOverlay;
}

/** It is heard all the time; a lease is days. */
const contactNotedEveryMs = 3_600_000;
/** Of an event with about two million tickets: a phone has no memory for more. */
const imageBytesMax = 128 * 1024 * 1024;
const feedKey = 'feed';
const keptKey = 'feed-kept';
const storedSchema = z.object({
  manifest: z.instanceof(Uint8Array),
  signerId: z.string(),
  signer: z.instanceof(Uint8Array),
});

/** No face is recognised on a phone. */
const noFaces: FaceStore = {
  lacks: () => ok([]),
  take: () => ok(undefined),
  find: () => undefined,
  expire: () => undefined,
};

export async function openPhoneFeed(deps: PhoneFeedDeps): Promise<PhoneFeed> {
  const { database, event, enrolledKeys, nowMs, logger, breathe } = deps;
  const keptBefore = keptSchema.safeParse((await database.get('kept', keptKey)) ?? {});
  let kept: Kept = keptBefore.success ? keptBefore.data : {};
  /** The last accepted manifest: what nobody may fall behind, even where its files are damaged or it was forgotten. */
  let accepted: Pick<Manifest, 'version' | 'createdAtMs' | 'expiresAtMs' | 'keys'> | undefined = kept.forgotten;
  let loaded: Loaded | undefined;
  let trouble: FeedCacheError | undefined;
  let saving: Promise<void> = Promise.resolve();
  const save = (write: () => Promise<unknown>): void => {
    saving = saving.then(write).then(
      () => undefined,
      (cause: unknown) => logger.warn({ cause: String(cause) }, 'What is known of the ticket list could not be noted'),
    );
  };

  const rowsOf = (manifest: Manifest, deltas: Manifest['deltas'], blobs: ReadonlyMap<string, Uint8Array>) =>
    readDeltas(manifest.event, deltas, blobs, {
      check: (bytes, expected) => checkBytes(bytes, expected, 'delta'),
      breathe,
    });

  const load = async (
    image: Uint8Array,
    manifest: Manifest,
    rows: readonly DeltaRows[],
  ): Promise<Result<Loaded, FeedError>> => {
    const opened = openImage(image, manifest);
    if (!opened.ok) return opened;
    const overlay = createPhoneOverlay();
    for (const chunk of rows) overlay.add(chunk);
    return ok({
      manifest,
      image: opened.value,
      imageBytes: image.length,
      overlay,
      tickets: createTicketSource(createImageLayer(opened.value), overlay, manifest),
    });
  };

  const moveTo = (next: Loaded): Feed => {
    accepted = next.manifest;
    loaded = next;
    trouble = undefined;
    return next;
  };

  const consider = (bytes: Uint8Array): Result<FeedOffer, FeedCacheError> => {
    const verified = verifyManifestAndSigner(bytes, trustedFeedKeys({ keys: knownFeedKeys(accepted, enrolledKeys) }));
    if (!verified.ok) return verified;
    const { manifest, signer } = verified.value;
    const acceptance = acceptManifest({ event, current: accepted, candidate: manifest, nowMs: nowMs() });
    return acceptance.ok ? ok({ manifest, bytes, signer, plan: planFeed(loaded?.manifest, manifest) }) : acceptance;
  };

  const apply = async (offer: FeedOffer, files: FeedFiles): Promise<Result<Feed, FeedCacheError>> => {
    try {
      // Another offer may have been applied while this one's files were on their way.
      const still = acceptManifest({ event, current: accepted, candidate: offer.manifest, nowMs: nowMs() });
      if (!still.ok) return still;
      return offer.plan.type === 'snapshot' ? await applySnapshot(offer, files) : await applyDeltas(offer, files);
    } catch (cause) {
      return storageFailed(cause);
    }
  };

  const applySnapshot = async (
    { manifest, bytes, signer }: FeedOffer,
    { snapshot, deltas }: FeedFiles,
  ): Promise<Result<Feed, FeedCacheError>> => {
    if (!(snapshot instanceof Uint8Array))
      return err({ type: 'feed-cut-off', what: 'snapshot', bytes: 0, expected: manifest.snapshot.bytes });
    const right = await checkBytes(snapshot, manifest.snapshot, 'snapshot');
    if (!right.ok) return right;
    const image = await unpack(snapshot, manifest.snapshot.database);
    if (!image.ok) return image;
    const rows = await rowsOf(manifest, manifest.deltas, deltas);
    if (!rows.ok) return rows;
    const next = await load(image.value, manifest, rows.value);
    if (!next.ok) return next;
    await remember(bytes, signer, manifest, new Map([...deltas, [manifest.snapshot.database.sha256, image.value]]));
    return ok(moveTo(next.value));
  };

  const applyDeltas = async (
    { manifest, bytes, signer, plan }: FeedOffer,
    files: FeedFiles,
  ): Promise<Result<Feed, FeedCacheError>> => {
    const base = loaded;
    if (base === undefined)
      return err({ type: 'feed-malformed', what: 'delta', cause: 'no snapshot to apply a delta to' });
    const rows = await rowsOf(manifest, plan.type === 'deltas' ? plan.deltas : [], files.deltas);
    if (!rows.ok) return rows;
    await remember(bytes, signer, manifest, files.deltas);
    // Tickets of a chunk come before the codes that lead to them, and a half-applied overlay is only a little less fresh.
    for (const chunk of rows.value) base.overlay.add(chunk);
    const tickets = createTicketSource(createImageLayer(base.image), base.overlay, manifest);
    return ok(moveTo({ ...base, manifest, tickets }));
  };

  /** The commit: from here on a start finds the new feed. */
  const remember = async (
    manifestBytes: Uint8Array,
    signer: TrustedFeedKey,
    manifest: Manifest,
    files: ReadonlyMap<string, Uint8Array>,
  ): Promise<void> => {
    const stays = new Set([manifest.snapshot.database.sha256, ...manifest.deltas.map(({ sha256 }) => sha256)]);
    const transaction = database.transaction(['kept', 'file'], 'readwrite', { durability: 'strict' });
    const file = transaction.objectStore('file');
    const writing: Promise<unknown>[] = [];
    for (const [sha256, bytes] of files) if (stays.has(sha256)) writing.push(file.put(bytes, sha256));
    for (const name of await file.getAllKeys()) if (!stays.has(name)) writing.push(file.delete(name));
    kept = kept.contactMs === undefined ? {} : { contactMs: kept.contactMs };
    writing.push(
      transaction.objectStore('kept').put(kept, keptKey),
      transaction
        .objectStore('kept')
        .put({ manifest: manifestBytes, signerId: signer.keyId, signer: signer.publicKey }, feedKey),
    );
    await Promise.all([...writing, transaction.done]);
  };

  /** At the start: the remembered manifest by its signer's key, the files by the hashes in it. */
  const find = async (): Promise<Result<void, FeedCacheError>> => {
    const found = await database.get('kept', feedKey);
    if (found === undefined) return ok(undefined);
    const stored = storedSchema.safeParse(found);
    if (!stored.success) return err({ type: 'feed-malformed', what: 'manifest', cause: 'not what was written here' });
    const { manifest: bytes, signerId, signer } = stored.data;
    const verified = verifyManifest(bytes, [{ keyId: signerId, publicKey: signer }]);
    if (!verified.ok) return verified;
    const manifest = verified.value;
    if (manifest.event !== event)
      return err({ type: 'feed-wrong-event', what: 'manifest', expected: event, found: manifest.event });
    accepted = manifest;
    const expected = manifest.snapshot.database;
    const image = await database.get('file', expected.sha256);
    if (image === undefined) return err({ type: 'feed-cut-off', what: 'snapshot', bytes: 0, expected: expected.bytes });
    const right = await checkBytes(image, expected, 'snapshot');
    if (!right.ok) return right;
    const blobs = new Map<string, Uint8Array>();
    for (const { sha256 } of manifest.deltas) {
      const blob = await database.get('file', sha256);
      if (blob !== undefined) blobs.set(sha256, blob);
    }
    const rows = await rowsOf(manifest, manifest.deltas, blobs);
    if (!rows.ok) return rows;
    const next = await load(image, manifest, rows.value);
    if (!next.ok) return next;
    moveTo(next.value);
    return ok(undefined);
  };

  /** The list and everything in it; what is kept goes with the same commit. */
  const forget = (stays: Kept): void => {
    loaded = undefined;
    kept = stays;
    save(async () => {
      const transaction = database.transaction(['kept', 'file'], 'readwrite', { durability: 'strict' });
      await Promise.all([
        transaction.objectStore('file').clear(),
        transaction.objectStore('kept').delete(feedKey),
        transaction.objectStore('kept').put(stays, keptKey),
        transaction.done,
      ]);
    });
  };

  const found = await find().catch(storageFailed);
  if (!found.ok) {
    trouble = found.error;
    logger.error({ trouble }, 'the ticket list on this phone is not what was signed; a new one is needed');
  }
  return {
    current: () => loaded,
    trouble: () => trouble,
    expired: () => accepted !== undefined && isExpired(accepted, nowMs()),
    consider,
    apply,
    downloadPath: () => undefined,
    faces: noFaces,
    feedKeys: () => knownFeedKeys(accepted, enrolledKeys),
    // Its signature on a list says as much.
    contactMs: () =>
      kept.contactMs === undefined && accepted === undefined
        ? undefined
        : Math.max(kept.contactMs ?? 0, accepted?.createdAtMs ?? 0),
    noteContact: (atMs) => {
      if (atMs - (kept.contactMs ?? 0) < contactNotedEveryMs) return;
      kept = { ...kept, contactMs: Math.round(atMs) };
      save(() => database.put('kept', kept, keptKey));
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
    bytes: () => loaded?.imageBytes ?? 0,
    settled: () => saving,
  };
}

function openImage(bytes: Uint8Array, manifest: Manifest): Result<SqliteImage, FeedError> {
  try {
    const image = openSqliteImage(bytes);
    const meta = new Map(image.all('meta').map(([name, value]) => [String(name), Number(value)]));
    const problem = snapshotProblem(meta, manifest);
    return problem === undefined ? ok(image) : err(problem);
  } catch (cause) {
    return err({
      type: 'feed-malformed',
      what: 'snapshot',
      cause: cause instanceof Error ? cause.message.slice(0, 200) : 'no snapshot',
    });
  }
}

async function unpack(packed: Uint8Array, expected: FileReference): Promise<Result<Uint8Array, FeedError>> {
  if (expected.bytes > imageBytesMax)
    return err({ type: 'feed-too-large', what: 'snapshot', bytes: expected.bytes, bytesMax: imageBytesMax });
  const image = new Uint8Array(expected.bytes);
  let at = 0;
  try {
    const stream = new Blob([Uint8Array.from(packed)]).stream().pipeThrough(new DecompressionStream('gzip'));
    for await (const piece of piecesOf(stream)) {
      if (at + piece.length > image.length)
        return err({ type: 'feed-too-large', what: 'snapshot', bytes: at + piece.length, bytesMax: image.length });
      image.set(piece, at);
      at += piece.length;
    }
  } catch (cause) {
    return err({
      type: 'feed-malformed',
      what: 'snapshot',
      cause: cause instanceof Error ? cause.message.slice(0, 200) : 'not packed',
    });
  }
  const right = await checkBytes(image.subarray(0, at), expected, 'snapshot');
  return right.ok ? ok(image) : right;
}

/** Size and SHA-256 against what the manifest signed. */
async function checkBytes(
  bytes: Uint8Array,
  expected: FileReference,
  what: 'snapshot' | 'delta',
): Promise<Result<void, FeedError>> {
  if (bytes.length < expected.bytes)
    return err({ type: 'feed-cut-off', what, bytes: bytes.length, expected: expected.bytes });
  if (bytes.length > expected.bytes)
    return err({ type: 'feed-too-large', what, bytes: bytes.length, bytesMax: expected.bytes });
  const found = bytesToHex(new Uint8Array(await crypto.subtle.digest('SHA-256', Uint8Array.from(bytes))));
  return found === expected.sha256
    ? ok(undefined)
    : err({ type: 'feed-hash-mismatch', what, expected: expected.sha256, found });
}

const storageFailed = (cause: unknown): { readonly ok: false; readonly error: FeedCacheError } =>
  err({ type: 'feed-storage-failed', cause: cause instanceof Error ? cause.message.slice(0, 200) : 'unknown' });
