// People's own tokens. The first run makes one administrator and a token that is shown once; only its scrypt hash is kept. The
// same token signs a browser in.
import { bytesToHex, hexToBytes, ok, sha256, utf8, type Clock, type Random, type Result } from '@postern/shared';
import type { Insertable } from 'kysely';
import type { Database, Queries } from '../store/database.ts';
import { inTransaction } from '../store/locks.ts';
import type { Schema } from '../store/schema.ts';
import type { Limiter } from './limiter.ts';
import type { Failure } from './problems.ts';
import { isEqualHash, scryptHash, scryptSaltBytes } from './scrypt.ts';
import { endSessions } from './sessions.ts';

const tokenPrefix = 'postern';
export const userIdBytes = 6;
const tokenSecretBytes = 24;
const tokenPattern = /^postern_[0-9a-f]{12}_[0-9a-f]{48}$/;
/** Tokens proved lately, so that scrypt runs once and not at every call. */
const provedTokensMax = 100;

export interface User {
  readonly id: string;
  readonly name: string;
  /** `administrator` or `person`. */
  readonly role: string;
}

export interface Users {
  /** Makes the administrator if there is nobody yet; the token is returned this once. */
  readonly createFirst: () => Promise<{ readonly name: string; readonly token: string } | undefined>;
  /** A new user who acts by a token, which is returned this once. */
  readonly create: (user: {
    readonly name: string;
    readonly role: 'administrator' | 'person';
  }) => Promise<{ readonly id: string; readonly token: string }>;
  /** A new token for the administrator, of several the first who may act; the old one and all sessions end. */
  readonly resetAdministrator: () => Promise<string | undefined>;
  /** Nobody (undefined) for a wrong one; `attempts-exhausted`. `sender`: the network address that asks. */
  readonly byToken: (token: string, sender: string) => Promise<Result<User | undefined, Failure>>;
}

export interface UsersDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly random: Random;
  readonly limiter: Limiter;
}

export function createUsers({ database, clock, random, limiter }: UsersDeps): Users {
  /** The hash that a token was proved against, by the token's fingerprint. */
  const proved = new Map<string, string>();

  const makeToken = async (
    id: string,
  ): Promise<{ readonly token: string; readonly salt: string; readonly token_hash: string }> => {
    const secret = bytesToHex(random(tokenSecretBytes));
    const salt = random(scryptSaltBytes);
    return {
      token: `${tokenPrefix}_${id}_${secret}`,
      salt: bytesToHex(salt),
      token_hash: bytesToHex(await scryptHash(secret, salt)),
    };
  };

  type NewUser = Parameters<Users['create']>[0];
  const makeUser = async (
    user: NewUser,
  ): Promise<{ readonly token: string; readonly row: Insertable<Schema['user']> }> => {
    const id = bytesToHex(random(userIdBytes));
    const { token, ...stored } = await makeToken(id);
    return { token, row: { id, ...user, ...stored, created_at_ms: clock.wallMs() } };
  };

  return {
    create: async (user) => {
      const { token, row } = await makeUser(user);
      await database.insertInto('user').values(row).execute();
      return { id: row.id, token };
    },

    createFirst: async () => {
      if (await hasUser(database)) return undefined;
      const { token, row } = await makeUser({ name: 'administrator', role: 'administrator' });
      // Of several processes that start on an empty database one makes the administrator.
      return inTransaction(database, 'first-user', async (queries) => {
        if (await hasUser(queries)) return undefined;
        await queries.insertInto('user').values(row).execute();
        return { name: 'administrator', token };
      });
    },

    resetAdministrator: async () => {
      const user = await database
        .selectFrom('user')
        .select('id')
        .where('role', '=', 'administrator')
        .where('disabled', '=', 0)
        .orderBy('created_at_ms')
        .orderBy('id')
        .executeTakeFirst();
      if (user === undefined) return undefined;
      const { token, ...stored } = await makeToken(user.id);
      await database.updateTable('user').set(stored).where('id', '=', user.id).execute();
      await endSessions(database, user.id);
      return token;
    },

    byToken: async (token, sender) => {
      if (!tokenPattern.test(token)) return ok(undefined);
      const [, id = '', secret = ''] = token.split('_');
      const row = await database.selectFrom('user').selectAll().where('id', '=', id).executeTakeFirst();
      if (row === undefined || row.disabled !== 0) return ok(undefined);
      const fingerprint = hashOf(token);
      // Proved against this very hash: a token that was replaced, in whichever process, ends at once.
      const isProved = (): boolean => proved.get(fingerprint) === row.token_hash;
      const user = { id: row.id, name: row.name, role: row.role };
      if (isProved()) return ok(user);
      const prove = async (): Promise<User | undefined> => {
        if (isProved()) return user;
        const hash = await scryptHash(secret, hexToBytes(row.salt) ?? new Uint8Array(0));
        if (!isEqualHash(hash, hexToBytes(row.token_hash) ?? new Uint8Array(0))) return undefined;
        if (proved.size >= provedTokensMax) proved.clear();
        proved.set(fingerprint, row.token_hash);
        return user;
      };
      return limiter.guess('personal-token', `${sender} ${id}`, prove, (outcome) => outcome === undefined);
    },
  };
}

const hasUser = async (queries: Queries): Promise<boolean> =>
  (await queries.selectFrom('user').select('id').limit(1).executeTakeFirst()) !== undefined;

const hashOf = (secret: string): string => bytesToHex(sha256(utf8(secret)));
