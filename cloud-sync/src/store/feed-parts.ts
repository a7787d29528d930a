// Files of the feed in the database, for processes that share no folder. A file is there once its last part is: all or none.
import type { Database, Queries } from './database.ts';

/** Small enough to hold several at once, large enough that a snapshot of a million tickets is some dozen rows. */
const partBytes = 1024 * 1024;

export interface FeedParts {
  readonly save: (sha256: string, source: AsyncIterable<Uint8Array>) => Promise<void>;
  readonly has: (sha256: string) => Promise<boolean>;
  /** The file's bytes, in order. */
  readonly load: (sha256: string) => AsyncIterable<Uint8Array>;
  readonly remove: (sha256: string) => Promise<void>;
}

export function createFeedParts(database: Database): FeedParts {
  const put = async (queries: Queries, sha256: string, part: number, bytes: Uint8Array): Promise<void> => {
    await queries
      .insertInto('feed_part')
      .values({ sha256, part, bytes: Buffer.from(bytes) })
      // Under one hash there is one content: another process has stored the same.
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  };
  return {
    save: (sha256, source) =>
      database.transaction().execute(async (queries) => {
        let part = 0;
        for await (const bytes of inParts(source)) await put(queries, sha256, part++, bytes);
      }),
    has: async (sha256) =>
      (await database
        .selectFrom('feed_part')
        .select('part')
        .where('sha256', '=', sha256)
        .limit(1)
        .executeTakeFirst()) !== undefined,
    load: async function* load(sha256) {
      for (let part = 0; ; part++) {
        const row = await database
          .selectFrom('feed_part')
          .select('bytes')
          .where('sha256', '=', sha256)
          .where('part', '=', part)
          .executeTakeFirst();
        if (row === undefined) return;
        yield row.bytes;
      }
    },
    remove: async (sha256) => {
      await database.deleteFrom('feed_part').where('sha256', '=', sha256).execute();
    },
  };
}

async function* inParts(source: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  for await (const bytes of source) {
    held.push(bytes);
    heldBytes += bytes.length;
    if (heldBytes < partBytes) continue;
    yield Buffer.concat(held);
    held = [];
    heldBytes = 0;
  }
  if (heldBytes > 0) yield Buffer.concat(held);
}
