// The tables of what gates are given, as kysely sees them; see schema.ts.
import type { Fixed } from './column-types.ts';

export interface FeedSchema {
  readonly feed: FeedTable;
  readonly feed_file: FeedFileTable;
  readonly feed_part: FeedPartTable;
}

/** One published version: the signed manifest and what it was made from. */
interface FeedTable {
  readonly event: Fixed<number>;
  readonly version: Fixed<number>;
  /** Ticket and rules revisions this version shows. */
  readonly revision: Fixed<number>;
  readonly rules_revision: Fixed<number>;
  /** `snapshot` and `deltas` as in the manifest, JSON. */
  readonly files: Fixed<string>;
  /** Tickets changed since the snapshot, over all deltas. */
  readonly delta_rows: Fixed<number>;
  readonly manifest: Fixed<Uint8Array>;
  readonly created_at_ms: Fixed<number>;
  readonly expires_at_ms: Fixed<number>;
}

/** An immutable file of the feed, kept in the data folder under its hash; its bytes are in `feed_part` too where processes share. */
interface FeedFileTable {
  readonly sha256: Fixed<string>;
  readonly event: Fixed<number>;
  readonly bytes: Fixed<number>;
  readonly created_at_ms: Fixed<number>;
}

/** The bytes of a file of the feed, in order, where several processes share the database and no folder. */
interface FeedPartTable {
  readonly sha256: Fixed<string>;
  readonly part: Fixed<number>;
  readonly bytes: Fixed<Uint8Array>;
}
