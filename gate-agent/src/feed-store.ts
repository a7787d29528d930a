// What the feed client needs of whoever keeps the feed: files on a gate's disk, or a browser's storage. What is offered is checked
// completely before anything changes.
import {
  feedKeySchema,
  snapshotFormat,
  type FaceFileError,
  type FeedError,
  type FeedKey,
  type FeedPlan,
  type FileReference,
  type Manifest,
  type Result,
  type SealedFace,
  type TrustedFeedKey,
} from '@postern/shared';
import { z } from 'zod';
import type { TicketSource } from './ticket-source.ts';

export type FeedCacheError = FeedError | { readonly type: 'feed-storage-failed'; readonly cause: string };

/** The feed in use. */
export interface Feed {
  readonly manifest: Manifest;
  readonly tickets: TicketSource;
}

/** A manifest that may be applied once its files are there. */
export interface FeedOffer {
  readonly manifest: Manifest;
  readonly plan: FeedPlan;
  readonly bytes: Uint8Array;
  readonly signer: TrustedFeedKey;
}

export interface FeedFiles {
  /** The downloaded snapshot or its path, when the plan asks for one. */
  readonly snapshot: string | Uint8Array | undefined;
  /** Bytes of the deltas of the plan, by SHA-256. */
  readonly deltas: ReadonlyMap<string, Uint8Array>;
  /** The files of faces that could be fetched, by SHA-256; without them the gate has no faces until it has fetched them. */
  readonly faces?: ReadonlyMap<string, Uint8Array>;
}

export interface FeedStore {
  /** Undefined on a new gate, and when what is kept is not what was signed. */
  readonly current: () => Feed | undefined;
  /** Signature, event, age. Nothing changes yet. */
  readonly consider: (manifestBytes: Uint8Array) => Result<FeedOffer, FeedCacheError>;
  /** Checks the files and moves to the new feed; on any error the current one stays in use. */
  readonly apply: (offer: FeedOffer, files: FeedFiles, signal: AbortSignal) => Promise<Result<Feed, FeedCacheError>>;
  /** A file in the folder that a download may write; left-overs are removed at start. Undefined where it is to stay in memory. */
  readonly downloadPath: (snapshot: FileReference) => string | undefined;
  /** The feed's keys in every state, as the last accepted manifest and enrolment have them. */
  readonly feedKeys: () => readonly FeedKey[];
  /** When the cloud was last heard; Unix ms, undefined before the first time. */
  readonly contactMs: () => number | undefined;
  readonly noteContact: (atMs: number) => void;
  /** Set from `endLease` until there is a list again. */
  readonly leaseEndedMs: () => number | undefined;
  /** Forgets the list, but not how new it was. */
  readonly endLease: (atMs: number) => void;
  /** Faces that the manifest in use names, as far as their files are here. */
  readonly faces: FaceStore;
}

/** A face with the key that opens it. */
export interface KnownFace {
  readonly face: SealedFace;
  readonly key: Uint8Array;
}

export interface FaceStore {
  /** What is to be fetched before `take`: empty where this gate has what a manifest names, or it names nothing. */
  readonly lacks: (manifest: Pick<Manifest, 'faces' | 'policy'>) => Result<readonly FileReference[], FeedError>;
  /** Moves to what a manifest names. Without its files, or with wrong ones, there are no faces until they come: those of before are gone. */
  readonly take: (
    manifest: Pick<Manifest, 'event' | 'faces' | 'policy'>,
    files: ReadonlyMap<string, Uint8Array>,
  ) => Result<void, FeedError | FaceFileError>;
  /** Undefined also from the moment on that the rules name, whatever is still on the disk. */
  readonly find: (ticketId: string) => KnownFace | undefined;
  /** Takes what is over out of the storage, by this gate's own clock. */
  readonly expire: () => void;
}

/** What is kept about the cloud beside its list. */
export const keptSchema = z.object({
  /** When the cloud was last heard, as it has signed that; Unix ms. */
  contactMs: z.number().int().optional(),
  /** When this gate forgot its list because it had not heard the cloud for so long. */
  leaseEndedMs: z.number().int().optional(),
  /** Of the list that it forgot: nobody may bring back an older one, or a key that it knew to be revoked. */
  forgotten: z
    .object({
      version: z.number().int(),
      createdAtMs: z.number().int(),
      expiresAtMs: z.number().int(),
      keys: z.array(feedKeySchema),
    })
    .optional(),
});
export type Kept = z.infer<typeof keptSchema>;

/** Why what a snapshot says of itself (`meta`) is not what its manifest means; undefined where it is. */
export function snapshotProblem(
  meta: ReadonlyMap<string, number>,
  { event, snapshot }: Manifest,
): FeedError | undefined {
  const found = (name: string): number => meta.get(name) ?? -1;
  if (found('format') !== snapshotFormat)
    return { type: 'feed-malformed', what: 'snapshot', cause: `format ${found('format')} is not known here` };
  if (found('event') !== event)
    return { type: 'feed-wrong-event', what: 'snapshot', expected: event, found: found('event') };
  if (found('version') < snapshot.version)
    return { type: 'feed-rollback', what: 'snapshot', current: snapshot.version, candidate: found('version') };
  if (found('version') > snapshot.version || found('tickets') !== snapshot.tickets)
    return { type: 'feed-malformed', what: 'snapshot', cause: 'not the snapshot that its manifest means' };
  return undefined;
}
