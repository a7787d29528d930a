// Sessions of browsers. The cookie's value is random and kept only as a hash; a session ends when it is old, with its user's password,
// and as soon as somebody ends it.
import { bytesToHex, sha256, utf8, type Clock, type Random, type SessionView } from '@postern/shared';
import type { Database, Queries } from '../store/database.ts';
import type { User } from './users.ts';

export const sessionLifetimeMs = 12 * 3_600_000;
const sessionBytes = 24;
/** A session's last use is written down at most this often. */
const useNotedEveryMs = 60_000;
const deviceCharactersMax = 120;
/** Of the hash: names a session to its owner. */
const handleCharacters = 16;

export interface Sessions {
  /** A new session; `device` is what the browser calls itself. */
  readonly start: (userId: string, device: string) => Promise<string>;
  /** The user of a session that has not ended. */
  readonly find: (session: string) => Promise<User | undefined>;
  readonly end: (session: string) => Promise<void>;
  /** A user's sessions, the newest first. */
  readonly list: (userId: string, current: string | undefined) => Promise<readonly SessionView[]>;
  /** Ends one of a user's sessions by its id in the list; false when there is none. */
  readonly endOne: (userId: string, handle: string) => Promise<boolean>;
  /** Ends all of a user's sessions but `kept`. */
  readonly endAll: (userId: string, kept?: string) => Promise<void>;
}

export interface SessionsDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly random: Random;
}

export const createSessions = ({ database, clock, random }: SessionsDeps): Sessions => ({
  start: async (userId, device) => {
    const session = bytesToHex(random(sessionBytes));
    const nowMs = clock.wallMs();
    await database.deleteFrom('session').where('expires_at_ms', '<=', nowMs).execute();
    await database
      .insertInto('session')
      .values({
        id: hashOf(session),
        user_id: userId,
        created_at_ms: nowMs,
        last_used_at_ms: nowMs,
        expires_at_ms: nowMs + sessionLifetimeMs,
        device: device.replaceAll(/[^\x20-\x7e]/g, '').slice(0, deviceCharactersMax),
      })
      .execute();
    return session;
  },

  find: async (session) => {
    const nowMs = clock.wallMs();
    const row = await database
      .selectFrom('session')
      .innerJoin('user', 'user.id', 'session.user_id')
      .select(['user.id', 'user.name', 'user.role', 'session.last_used_at_ms'])
      .where('session.id', '=', hashOf(session))
      .where('session.expires_at_ms', '>', nowMs)
      .where('user.disabled', '=', 0)
      .executeTakeFirst();
    if (row === undefined) return undefined;
    if (nowMs - row.last_used_at_ms >= useNotedEveryMs)
      await database.updateTable('session').set({ last_used_at_ms: nowMs }).where('id', '=', hashOf(session)).execute();
    return { id: row.id, name: row.name, role: row.role };
  },

  end: async (session) => {
    await database.deleteFrom('session').where('id', '=', hashOf(session)).execute();
  },

  list: async (userId, current) => {
    const rows = await database
      .selectFrom('session')
      .selectAll()
      .where('user_id', '=', userId)
      .where('expires_at_ms', '>', clock.wallMs())
      .orderBy('created_at_ms', 'desc')
      .orderBy('id')
      .execute();
    return rows.map((row) => ({
      id: row.id.slice(0, handleCharacters),
      createdAtMs: row.created_at_ms,
      lastUsedAtMs: row.last_used_at_ms,
      expiresAtMs: row.expires_at_ms,
      device: row.device,
      current: current !== undefined && row.id === hashOf(current),
    }));
  },

  endOne: async (userId, handle) => {
    const ended = await database
      .deleteFrom('session')
      .where('user_id', '=', userId)
      .where('id', 'like', `${handle}%`)
      .returning('id')
      .execute();
    return ended.length > 0;
  },

  endAll: (userId, kept) => endSessions(database, userId, kept),
});

/** Ends all of a user's sessions but `kept`, within whatever transaction is open. */
export async function endSessions(queries: Queries, userId: string, kept?: string): Promise<void> {
  const all = queries.deleteFrom('session').where('user_id', '=', userId);
  await (kept === undefined ? all : all.where('id', '!=', hashOf(kept))).execute();
}

const hashOf = (secret: string): string => bytesToHex(sha256(utf8(secret)));
