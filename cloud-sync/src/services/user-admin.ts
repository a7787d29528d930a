// Users as an administrator manages them, and as everybody sees themselves. A user is never without the means to be reached: an address, a
// token, or an identity elsewhere.
import {
  bytesToHex,
  err,
  ok,
  type Clock,
  type EventRole,
  type Random,
  type Result,
  type UserChange,
  type UserList,
  type UserQuery,
  type UserRequest,
  type UserView,
} from '@postern/shared';
import type { Selectable } from 'kysely';
import { z } from 'zod';
import type { Database, Queries } from '../store/database.ts';
import { inTransaction } from '../store/locks.ts';
import type { Schema } from '../store/schema.ts';
import { administratorsLock, isLastAdministrator } from './accounts.ts';
import { isEventRole } from './actor.ts';
import { cursorText, readPage } from './cursor.ts';
import type { Failure } from './problems.ts';
import { endSessions } from './sessions.ts';
import { userIdBytes } from './users.ts';

export interface UserAdmin {
  /** `cursor-invalid`. */
  readonly list: (query: UserQuery) => Promise<Result<UserList, Failure>>;
  readonly read: (userId: string) => Promise<Result<UserView, Failure>>;
  /** A user without password; `email-taken`. */
  readonly create: (request: UserRequest) => Promise<Result<UserView, Failure>>;
  /** A disabled user's sessions end; `last-administrator`. */
  readonly change: (userId: string, change: UserChange) => Promise<Result<UserView, Failure>>;
}

export interface UserAdminDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly random: Random;
}

const keySchema = z.tuple([cursorText]);
type Key = z.infer<typeof keySchema>;

export function createUserAdmin({ database, clock, random }: UserAdminDeps): UserAdmin {
  const present = async (rows: readonly Selectable<Schema['user']>[]): Promise<UserView[]> => {
    const memberships =
      rows.length === 0
        ? []
        : await database
            .selectFrom('membership')
            .selectAll()
            .where(
              'user_id',
              'in',
              rows.map((row) => row.id),
            )
            .orderBy('event')
            .execute();
    const rolesOf = (userId: string): { readonly event: number; readonly role: EventRole }[] =>
      memberships.flatMap(({ user_id, event, role }) =>
        user_id === userId && isEventRole(role) ? [{ event, role }] : [],
      );
    return rows.map((row) => ({
      id: row.id,
      name: row.name,
      ...(row.email === null ? {} : { email: row.email }),
      ...(row.language === null ? {} : { language: row.language }),
      administrator: row.role === 'administrator',
      disabled: row.disabled !== 0,
      createdAtMs: row.created_at_ms,
      memberships: rolesOf(row.id),
    }));
  };
  const read: UserAdmin['read'] = async (userId) => {
    const [view] = await present(await database.selectFrom('user').selectAll().where('id', '=', userId).execute());
    return view === undefined ? err({ type: 'user-unknown' }) : ok(view);
  };

  return {
    read,

    list: async (query) => {
      const { email } = query;
      const page = await readPage({
        name: 'users',
        query,
        key: keySchema,
        read: (after, limit) => {
          const select = database
            .selectFrom('user')
            .selectAll()
            .where('id', '>', after?.[0] ?? '')
            .orderBy('id')
            .limit(limit);
          return (email === undefined ? select : select.where('email', '=', email)).execute();
        },
        keyOf: (row): Key => [row.id],
      });
      if (!page.ok) return page;
      const { rows, ...rest } = page.value;
      return ok({ users: await present(rows), ...rest });
    },

    create: async ({ name, email, language, administrator }) => {
      const id = bytesToHex(random(userIdBytes));
      const made = await database
        .insertInto('user')
        .values({
          id,
          name,
          role: administrator ? 'administrator' : 'person',
          salt: '',
          token_hash: '',
          email,
          language: language ?? null,
          created_at_ms: clock.wallMs(),
        })
        .onConflict((conflict) => conflict.column('email').doNothing())
        .returning('id')
        .executeTakeFirst();
      return made === undefined ? err({ type: 'email-taken' }) : read(id);
    },

    change: async (userId, { name, language, administrator, disabled }) => {
      const changes = {
        ...(name === undefined ? {} : { name }),
        ...(language === undefined ? {} : { language }),
        ...(administrator === undefined ? {} : { role: administrator ? 'administrator' : 'person' }),
        ...(disabled === undefined ? {} : { disabled: disabled ? 1 : 0 }),
      };
      const change = async (queries: Queries): Promise<Result<undefined, Failure>> => {
        const isLosing = administrator === false || disabled === true;
        if (isLosing && (await isLastAdministrator(queries, userId))) return err({ type: 'last-administrator' });
        if (Object.keys(changes).length > 0)
          await queries.updateTable('user').set(changes).where('id', '=', userId).execute();
        if (disabled === true) await endSessions(queries, userId);
        return ok(undefined);
      };
      const changed = await inTransaction(database, administratorsLock, change);
      return changed.ok ? read(userId) : changed;
    },
  };
}
