// API keys: long-lived secrets of programs, with scopes. A key is shown once and kept as a hash; it ends when it expires or is revoked.
import {
  bytesToHex,
  err,
  ok,
  type ApiKeyCreated,
  type ApiKeyRequest,
  type ApiKeyView,
  type Clock,
  type Random,
  type Result,
} from '@postern/shared';
import type { Selectable } from 'kysely';
import type { Database } from '../store/database.ts';
import { shareReads } from '../store/shared-reads.ts';
import type { Schema } from '../store/schema.ts';
import type { Actor } from './actor.ts';
import { hashSecret, isSecret, makeSecret, programActor, programIdBytes, readGrant, toGrantColumns } from './grants.ts';
import type { Failure } from './problems.ts';

const prefix = 'postern_key';
const keyPattern = /^postern_key_([0-9a-f]{12})_([0-9a-f]{48})$/;
export const isApiKey = (token: string): boolean => token.startsWith(`${prefix}_`);
/** A key's last use is written down at most this often. */
const useNotedEveryMs = 60_000;
/** Keys that are neither revoked nor expired. */
const keysMax = 1_000;

export interface ApiKeys {
  /** The newest first. */
  readonly list: () => Promise<ApiKeyView[]>;
  readonly create: (request: ApiKeyRequest, by: Actor) => Promise<Result<ApiKeyCreated, Failure>>;
  /** `api-key-unknown`, also when it was revoked before. */
  readonly revoke: (id: string) => Promise<Result<undefined, Failure>>;
  /** The program whose key this is, as long as it lives. */
  readonly find: (key: string) => Promise<Actor | undefined>;
}

export interface ApiKeysDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly random: Random;
}

export const createApiKeys = ({ database, clock, random }: ApiKeysDeps): ApiKeys => {
  /** Keys whose use is being written down: of many requests one does it. */
  const noting = new Set<string>();
  const noteUse = async (id: string, nowMs: number): Promise<void> => {
    if (noting.has(id)) return;
    noting.add(id);
    try {
      await database.updateTable('api_key').set({ last_used_at_ms: nowMs }).where('id', '=', id).execute();
    } finally {
      noting.delete(id);
    }
  };
  const readLiving = shareReads(async (ids: readonly string[]) => {
    const rows = await database
      .selectFrom('api_key')
      .selectAll()
      .where('id', 'in', ids)
      .where('revoked_at_ms', 'is', null)
      .execute();
    return new Map(rows.map((row) => [row.id, row]));
  });
  return {
    list: async () => {
      const rows = await database
        .selectFrom('api_key')
        .selectAll()
        .orderBy('created_at_ms', 'desc')
        .orderBy('id')
        .execute();
      return rows.map(toView);
    },

    create: async ({ name, scopes, events, expiresAtMs }, by) => {
      const nowMs = clock.wallMs();
      const living = await database
        .selectFrom('api_key')
        .select((query) => query.fn.countAll<number>().as('count'))
        .where('revoked_at_ms', 'is', null)
        .executeTakeFirst();
      if ((living?.count ?? 0) >= keysMax) return err({ type: 'too-many-keys', detail: `At most ${keysMax}.` });
      const id = bytesToHex(random(programIdBytes));
      const secret = makeSecret(random);
      const row = {
        id,
        name,
        secret_hash: hashSecret(secret),
        ...toGrantColumns({ scopes, events }),
        created_by: by.id,
        created_at_ms: nowMs,
        expires_at_ms: expiresAtMs ?? null,
        last_used_at_ms: null,
        revoked_at_ms: null,
      };
      await database.insertInto('api_key').values(row).execute();
      return ok({ ...toView(row), key: `${prefix}_${id}_${secret}` });
    },

    revoke: async (id) => {
      const revoked = await database
        .updateTable('api_key')
        .set({ revoked_at_ms: clock.wallMs() })
        .where('id', '=', id)
        .where('revoked_at_ms', 'is', null)
        .returning('id')
        .executeTakeFirst();
      return revoked === undefined ? err({ type: 'api-key-unknown' }) : ok(undefined);
    },

    find: async (key) => {
      const [, id, secret] = keyPattern.exec(key) ?? [];
      if (id === undefined || secret === undefined) return undefined;
      const nowMs = clock.wallMs();
      const row = await readLiving(id);
      if (row === undefined || !isSecret(secret, row.secret_hash)) return undefined;
      if (row.expires_at_ms !== null && row.expires_at_ms <= nowMs) return undefined;
      if (row.last_used_at_ms === null || nowMs - row.last_used_at_ms >= useNotedEveryMs) await noteUse(id, nowMs);
      return programActor(id, row.name, readGrant(row));
    },
  };
};

const toView = (row: Selectable<Schema['api_key']>): ApiKeyView => ({
  id: row.id,
  name: row.name,
  ...readGrant(row),
  createdAtMs: row.created_at_ms,
  ...(row.expires_at_ms === null ? {} : { expiresAtMs: row.expires_at_ms }),
  ...(row.last_used_at_ms === null ? {} : { lastUsedAtMs: row.last_used_at_ms }),
  ...(row.revoked_at_ms === null ? {} : { revokedAtMs: row.revoked_at_ms }),
});
