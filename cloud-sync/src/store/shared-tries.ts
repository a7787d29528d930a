// The tries that processes on one PostgreSQL count together: a row for each limit and key, gone soon after it says nothing any more. Keys
// name people and addresses, so only keyed hashes of them are kept.
import type { Clock } from '@postern/shared';
import type { Database, Queries } from './database.ts';
import { inTransaction } from './locks.ts';

/** What is known of the tries under one limit and key (services/tries.ts). */
export interface Tries {
  /** Tries without a right answer, under a back-off. */
  readonly count: number;
  /** When the next one is free. */
  readonly nextMs: number;
  /** When all of it is as if it had never been. */
  readonly forgetMs: number;
}

/** What processes share; each change is alone with its key. */
export interface SharedTries {
  readonly read: (name: string, key: string) => Promise<Tries | undefined>;
  /** `undefined` from `step` leaves things as they are. Answers what is there afterwards. */
  readonly change: (
    name: string,
    key: string,
    step: (tries: Tries | undefined) => Tries | undefined,
  ) => Promise<Tries | undefined>;
  readonly forget: (name: string, key: string) => Promise<void>;
}

/** Rows that say nothing any more are deleted this often by each process, some at a time. */
const sweepEveryMs = 60_000;
const sweptMax = 1_000;

export interface SharedTriesDeps {
  readonly database: Database;
  readonly clock: Clock;
  /** Of a limit's name and a key. */
  readonly hash: (text: string) => string;
}

export function createSharedTries({ database, clock, hash }: SharedTriesDeps): SharedTries {
  let sweptAtMs = clock.monotonicMs();
  const sweep = async (): Promise<void> => {
    if (clock.monotonicMs() - sweptAtMs < sweepEveryMs) return;
    sweptAtMs = clock.monotonicMs();
    await database.transaction().execute(async (queries) => {
      // Whatever somebody else holds is not old, or is being swept.
      const old = await queries
        .selectFrom('tries')
        .select('key_hash')
        .where('forget_at_ms', '<=', clock.wallMs())
        .limit(sweptMax)
        .forUpdate()
        .skipLocked()
        .execute();
      if (old.length === 0) return;
      const hashes = old.map((row) => row.key_hash);
      await queries.deleteFrom('tries').where('key_hash', 'in', hashes).execute();
    });
  };
  const hashOf = (name: string, key: string): string => hash(`${name}/${key}`);

  return {
    read: (name, key) => readTries(database, hashOf(name, key)),

    change: async (name, key, step) => {
      await sweep();
      const key_hash = hashOf(name, key);
      return inTransaction(database, `tries/${key_hash}`, async (queries) => {
        const before = await readTries(queries, key_hash);
        const after = step(before);
        if (after === undefined) return before;
        const row = {
          count: after.count,
          next_at_ms: Math.ceil(after.nextMs),
          forget_at_ms: Math.ceil(after.forgetMs),
        };
        await queries
          .insertInto('tries')
          .values({ key_hash, ...row })
          .onConflict((conflict) => conflict.column('key_hash').doUpdateSet(row))
          .execute();
        return after;
      });
    },

    forget: async (name, key) => {
      await database.deleteFrom('tries').where('key_hash', '=', hashOf(name, key)).execute();
    },
  };
}

async function readTries(queries: Queries, keyHash: string): Promise<Tries | undefined> {
  const row = await queries.selectFrom('tries').selectAll().where('key_hash', '=', keyHash).executeTakeFirst();
  return row === undefined ? undefined : { count: row.count, nextMs: row.next_at_ms, forgetMs: row.forget_at_ms };
}
