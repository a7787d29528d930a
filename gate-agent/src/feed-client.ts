// Keeps the gate's feed fresh: asks the cloud for the manifest, fetches what it names and the gate lacks, hands it to the cache. Asks
// again after a while, at once when woken, and later and later while it fails. Whatever comes back, the feed in use stays in
// use until a better one has been checked.
import {
  backoffMs,
  err,
  feedFilePath,
  feedManifestPath,
  manifestBytesMax,
  ok,
  type Clock,
  type FaceFileError,
  type FileReference,
  type Logger,
  type Manifest,
  type Random,
  type Result,
  type Timer,
} from '@postern/shared';
import { downloadBytes, downloadFile, type DownloadDisk, type DownloadError, type FeedFetch } from './feed-download.ts';
import type { FeedCacheError, FeedFiles, FeedOffer, FeedStore } from './feed-store.ts';
import { createBell } from './waiting.ts';

/** Between two looks at the manifest while all is well. */
export const pollMs = 10_000;

export type FeedClientError = DownloadError | FeedCacheError | FaceFileError;

export interface FeedClientDeps {
  /** Without a slash at its end. */
  readonly cloudUrl: string;
  readonly event: number;
  readonly cache: FeedStore;
  /** Of the files that `cache.downloadPath` names. */
  readonly disk?: DownloadDisk;
  readonly fetch: FeedFetch;
  readonly clock: Clock;
  readonly timer: Timer;
  readonly random: Random;
  readonly logger: Logger;
  /** A newer feed is in use. */
  readonly onChange?: (version: number) => void;
}

export interface FeedClientStatus {
  /** Monotonic milliseconds of the last poll that succeeded. */
  readonly lastContactMs: number | undefined;
  /** Of the last poll, when that failed. */
  readonly error: FeedClientError | undefined;
  readonly failures: number;
}

export interface FeedClient {
  /** Until `signal` aborts; never rejects. */
  readonly run: (signal: AbortSignal) => Promise<void>;
  /** Asks at once: the cloud has said that there is something new, or the network is back. */
  readonly wake: () => void;
  /** One look, for `run` and for commands. */
  readonly poll: (signal: AbortSignal) => Promise<Result<'changed' | 'unchanged', FeedClientError>>;
  readonly status: () => FeedClientStatus;
}

export function createFeedClient(deps: FeedClientDeps): FeedClient {
  const { cloudUrl, event, cache, clock, logger } = deps;
  const bell = createBell(deps.timer);
  let etag: string | undefined;
  let status: FeedClientStatus = { lastContactMs: undefined, error: undefined, failures: 0 };

  const poll = async (signal: AbortSignal): Promise<Result<'changed' | 'unchanged', FeedClientError>> => {
    // By the gate's own clock, also where nobody answers.
    cache.faces.expire();
    const result = await look(signal).catch((cause: unknown) =>
      err<FeedClientError>({ type: 'feed-storage-failed', cause: cause instanceof Error ? cause.message : 'unknown' }),
    );
    if (result.ok) status = { lastContactMs: clock.monotonicMs(), error: undefined, failures: 0 };
    else status = { ...status, error: result.error, failures: status.failures + 1 };
    return result;
  };

  const look = async (signal: AbortSignal): Promise<Result<'changed' | 'unchanged', FeedClientError>> => {
    const manifest = await downloadBytes(deps, {
      url: cloudUrl + feedManifestPath(event),
      what: 'manifest',
      bytesMax: manifestBytesMax,
      signal,
      etag: cache.current() === undefined ? undefined : etag,
    });
    if (!manifest.ok) return manifest;
    if (manifest.value.notModified) return completeFaces(signal);
    const offer = cache.consider(manifest.value.bytes);
    if (!offer.ok) return offer;
    const path = pathOf(offer.value);
    try {
      const taken = await take(offer.value, signal);
      if (taken.isApplied) etag = manifest.value.etag;
      return taken.result;
    } finally {
      // Whatever has come of it: a disk that is full of downloads takes no marks.
      if (path !== undefined) await deps.disk?.remove(path);
    }
  };

  const take = async (
    offer: FeedOffer,
    signal: AbortSignal,
  ): Promise<{ readonly isApplied: boolean; readonly result: Result<'changed' | 'unchanged', FeedClientError> }> => {
    const files = await fetchFiles(offer, signal);
    if (!files.ok) return { isApplied: false, result: files };
    const before = cache.current()?.manifest.version;
    // A list without its faces is better than none: whoever has one enrolled comes in by another way.
    const faces = await fetchFaces(offer.manifest, signal);
    const withFaces = { ...files.value, ...(faces.ok ? { faces: faces.value } : {}) };
    const applied = await cache.apply(offer, withFaces, signal);
    if (!applied.ok) return { isApplied: false, result: applied };
    const { version } = applied.value.manifest;
    if (version !== before) {
      logger.info({ event, version, plan: offer.plan.type }, 'A newer feed is in use');
      deps.onChange?.(version);
    }
    return { isApplied: true, result: faces.ok ? ok(version === before ? 'unchanged' : 'changed') : faces };
  };

  /** Where the download of a snapshot lies; undefined where there is none, or it stays in memory. */
  const pathOf = ({ plan, manifest }: FeedOffer): string | undefined =>
    plan.type === 'snapshot' && deps.disk !== undefined ? cache.downloadPath(manifest.snapshot) : undefined;

  const fetchFiles = async (offer: FeedOffer, signal: AbortSignal): Promise<Result<FeedFiles, FeedClientError>> => {
    const { manifest, plan } = offer;
    const deltas = new Map<string, Uint8Array>();
    for (const { sha256, bytes } of plan.type === 'nothing' ? [] : plan.deltas) {
      const delta = await downloadBytes(deps, { ...fileOptions({ sha256, bytes }, 'delta'), signal });
      if (!delta.ok) return delta;
      deltas.set(sha256, delta.value.bytes);
    }
    if (plan.type !== 'snapshot') return ok({ snapshot: undefined, deltas });
    const { disk } = deps;
    const path = pathOf(offer);
    const options = { ...fileOptions(manifest.snapshot, 'snapshot'), signal };
    if (disk === undefined || path === undefined) {
      const inMemory = await downloadBytes(deps, options);
      return inMemory.ok ? ok({ snapshot: inMemory.value.bytes, deltas }) : inMemory;
    }
    const snapshot = await downloadFile(deps, options, await disk.open(path));
    return snapshot.ok ? ok({ snapshot: path, deltas }) : snapshot;
  };

  /** What an earlier look could not fetch. */
  const completeFaces = async (signal: AbortSignal): Promise<Result<'unchanged', FeedClientError>> => {
    const manifest = cache.current()?.manifest;
    if (manifest === undefined) return ok('unchanged');
    const fetched = await fetchFaces(manifest, signal);
    if (!fetched.ok) return fetched;
    if (fetched.value.size === 0) return ok('unchanged');
    const taken = cache.faces.take(manifest, fetched.value);
    return taken.ok ? ok('unchanged') : taken;
  };

  const fetchFaces = async (
    manifest: Pick<Manifest, 'faces' | 'policy'>,
    signal: AbortSignal,
  ): Promise<Result<ReadonlyMap<string, Uint8Array>, FeedClientError>> => {
    const files = new Map<string, Uint8Array>();
    const lacking = cache.faces.lacks(manifest);
    if (!lacking.ok) return lacking;
    for (const reference of lacking.value) {
      const file = await downloadBytes(deps, { ...fileOptions(reference, 'faces'), signal });
      if (!file.ok) return file;
      files.set(reference.sha256, file.value.bytes);
    }
    return ok(files);
  };

  const fileOptions = (
    { sha256, bytes }: FileReference,
    what: 'snapshot' | 'delta' | 'faces',
  ): { readonly url: string; readonly what: 'snapshot' | 'delta' | 'faces'; readonly bytesMax: number } => ({
    url: cloudUrl + feedFilePath(sha256),
    what,
    bytesMax: bytes,
  });

  return {
    poll,
    status: () => status,
    wake: bell.ring,
    run: async (signal) => {
      while (!signal.aborted) {
        const rings = bell.rings();
        const result = await poll(signal);
        if (signal.aborted) return;
        if (!result.ok)
          logger.warn({ event, error: result.error, failures: status.failures }, 'The feed could not be refreshed');
        await bell.wait(rings, result.ok ? pollMs : backoffMs(status.failures, deps.random), signal);
      }
    },
  };
}
