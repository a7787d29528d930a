// Pages of what happened in an event, the latest first: of every table whose rows say when they were last added to, and have an id.
import { err, type Result } from '@postern/shared';
import { sql, type RawBuilder, type SqlBool } from 'kysely';
import { z } from 'zod';
import type { Database } from '../store/database.ts';
import { cursorText, readPage, type List, type Page } from './cursor.ts';
import { readEvent } from './events.ts';
import type { Failure } from './problems.ts';

const keySchema = z.tuple([z.number().int(), cursorText]);
type Key = z.infer<typeof keySchema>;

export interface LatestList<T> extends Pick<List<Key, T>, 'name' | 'query'> {
  readonly event: number;
  /** At most `limit` rows of which `isOlder` holds, by `last_at_ms` and then `id`, both descending. */
  readonly read: (isOlder: RawBuilder<SqlBool>, limit: number) => Promise<readonly T[]>;
}

/** As `readPage`; `event-unknown`. */
export async function readLatestPage<T extends { readonly last_at_ms: number; readonly id: string }>(
  database: Database,
  { name, event, query, read }: LatestList<T>,
): Promise<Result<Page<T>, Failure>> {
  if ((await readEvent(database, event)) === undefined) return err({ type: 'event-unknown' });
  return readPage({
    name,
    query: { ...query, event },
    key: keySchema,
    read: (after, limit) =>
      read(after === undefined ? sql`1 = 1` : sql`(last_at_ms, id) < (${after[0]}, ${after[1]})`, limit),
    keyOf: (row): Key => [row.last_at_ms, row.id],
  });
}
