// Opens feed.db, which holds what the gate knows of its feed; a damaged one is set aside, since the cloud can give everything again.
import { err } from '@postern/shared';
import type { FeedCacheError } from '../feed-store.ts';
import { openDatabase, type Database, type DiskKey } from './database.ts';
import { feedTablesSql } from './feed-tables.ts';
import { isDamage, setAside } from './set-aside.ts';

/** The remembered feed, or a new file in place of a damaged one: then the cloud has to give everything again. */
export function openFeedState(
  path: string,
  key: DiskKey | undefined,
): { readonly state: Database; readonly damage: FeedCacheError | undefined } {
  const open = (): Database => {
    const state = openDatabase(path, { key });
    try {
      state.exec(feedTablesSql);
      const answer = String(state.pragma('quick_check(1)', { simple: true }));
      if (answer !== 'ok') throw Object.assign(new Error(answer), { code: 'SQLITE_CORRUPT' });
      return state;
    } catch (cause) {
      state.close();
      throw cause;
    }
  };
  try {
    return { state: open(), damage: undefined };
  } catch (cause) {
    if (!isDamage(cause)) throw cause;
    setAside(path);
    return { state: open(), damage: storageFailed(cause).error };
  }
}

export const storageFailed = (cause: unknown): { readonly ok: false; readonly error: FeedCacheError } =>
  err({ type: 'feed-storage-failed', cause: cause instanceof Error ? cause.message.slice(0, 200) : 'unknown' });
