// People's own accounts: signing up and in, the profile, the password, and leaving. Nothing here tells whether an address has an
// account: answers and work are the same, and where mail is configured an account exists only once its address has been proved.
import {
  base64UrlToBytes,
  bytesToBase64Url,
  bytesToHex,
  err,
  ok,
  signUpRequestSchema,
  type Clock,
  type Logger,
  type ProfileChange,
  type Random,
  type Result,
  type SignInRequest,
  type SignUpRequest,
} from '@postern/shared';
import { z } from 'zod';
import type { Database, Queries } from '../store/database.ts';
import { inTransaction } from '../store/locks.ts';
import type { ForgetPerson } from './forget-person.ts';
import type { Limiter } from './limiter.ts';
import { sendLater, type Mailer } from './mailer.ts';
import type { Passwords, StoredPassword } from './passwords.ts';
import type { Failure } from './problems.ts';
import { endSessions } from './sessions.ts';
import { userIdBytes, type User } from './users.ts';
import type { Vault } from './vault.ts';

export const confirmLifetimeMs = 24 * 3_600_000;
const vaultLabel = 'sign-up';

export interface Accounts {
  /** `sender`: the network address that asks. */
  readonly signUp: (request: SignUpRequest, sender: string) => Promise<Result<undefined, Failure>>;
  /** Finishes a sign-up by the secret of the mailed link; `link-invalid`. */
  readonly confirm: (token: string, sender: string) => Promise<Result<undefined, Failure>>;
  /** `credentials-wrong` for a wrong password, an unknown address and a disabled account alike. */
  readonly signIn: (
    request: Extract<SignInRequest, { email: string }>,
    sender: string,
  ) => Promise<Result<User, Failure>>;
  /** Changes what is given; a new password ends the other sessions. `password-wrong`. */
  readonly change: (
    userId: string,
    change: ProfileChange,
    session: string | undefined,
  ) => Promise<Result<undefined, Failure>>;
  /** Deletes the account and all that hangs on it; `last-administrator`. */
  readonly erase: (userId: string) => Promise<Result<undefined, Failure>>;
}

export interface AccountsDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly passwords: Passwords;
  readonly mailer: Mailer;
  readonly vault: Vault;
  readonly limiter: Limiter;
  readonly forgetPerson: ForgetPerson;
  readonly publicUrl: () => string;
}

export function createAccounts(deps: AccountsDeps): Accounts {
  const { database, clock, random, log, passwords, mailer, vault, limiter, forgetPerson, publicUrl } = deps;

  const insert = async (account: PendingAccount): Promise<void> => {
    await database
      .insertInto('user')
      .values({
        id: bytesToHex(random(userIdBytes)),
        name: account.name,
        role: 'person',
        salt: '',
        token_hash: '',
        email: account.email,
        language: account.language ?? null,
        password_salt: account.salt,
        password_hash: account.hash,
        created_at_ms: clock.wallMs(),
      })
      .onConflict((conflict) => conflict.column('email').doNothing())
      .execute();
  };

  /** Checks a password under the account's back-off. */
  const prove = async (
    key: string,
    password: string,
    stored: StoredPassword | undefined,
  ): Promise<Result<boolean, Failure>> => {
    const proved = await limiter.guess('password', key, () => passwords.isRight(password, stored), isWrongPassword);
    if (!proved.ok) return proved;
    if (proved.value.ok && proved.value.value) await limiter.forgive('password', key);
    return proved.value;
  };

  return {
    signUp: async ({ password, ...request }, sender) => {
      const spent = await limiter.take('sign-up', sender);
      if (spent !== undefined) return err(spent);
      const hashed = await passwords.hash(password);
      if (!hashed.ok) return hashed;
      const account = { ...request, ...hashed.value, expiresAtMs: clock.wallMs() + confirmLifetimeMs };
      if (!mailer.isConfigured) await insert(account);
      else {
        const known = await database
          .selectFrom('user')
          .select('id')
          .where('email', '=', request.email)
          .executeTakeFirst();
        const language = request.language === undefined ? {} : { language: request.language };
        const sealed = vault.seal(Buffer.from(JSON.stringify(account)), vaultLabel);
        const link = `${publicUrl()}/#confirm=${bytesToBase64Url(Buffer.from(sealed, 'base64'))}`;
        sendLater(
          mailer,
          log,
          known === undefined
            ? { to: request.email, kind: 'confirm', link, ...language }
            : { to: request.email, kind: 'known', ...language },
        );
      }
      return ok(undefined);
    },

    confirm: async (token, sender) => {
      const opened = await limiter.guess(
        'one-time-link',
        sender,
        async () => openPending(vault, token, clock.wallMs()),
        (outcome) => outcome === undefined,
      );
      if (!opened.ok) return opened;
      if (opened.value === undefined) return err({ type: 'link-invalid' });
      await insert(opened.value);
      return ok(undefined);
    },

    signIn: async ({ email, password }, sender) => {
      const row = await database.selectFrom('user').selectAll().where('email', '=', email).executeTakeFirst();
      const tried = await limiter.guess(
        'sign-in',
        sender,
        () => prove(email, password, storedPassword(row)),
        isWrongPassword,
      );
      if (!tried.ok) return tried;
      const right = tried.value;
      if (!right.ok) return right;
      if (!right.value || row === undefined || row.disabled !== 0) return err({ type: 'credentials-wrong' });
      return ok({ id: row.id, name: row.name, role: row.role });
    },

    change: async (userId, { name, language, password }, session) => {
      const row = await database.selectFrom('user').selectAll().where('id', '=', userId).executeTakeFirst();
      if (row === undefined) return err({ type: 'user-unknown' });
      let secret: StoredPassword | undefined;
      if (password !== undefined) {
        const right = await prove(row.email ?? userId, password.present, storedPassword(row));
        if (!right.ok) return right;
        if (!right.value) return err({ type: 'password-wrong' });
        const hashed = await passwords.hash(password.wanted);
        if (!hashed.ok) return hashed;
        secret = hashed.value;
      }
      await database.transaction().execute(async (queries) => {
        if (name !== undefined || language !== undefined)
          await queries
            .updateTable('user')
            .set({ ...(name === undefined ? {} : { name }), ...(language === undefined ? {} : { language }) })
            .where('id', '=', userId)
            .execute();
        if (secret !== undefined) await setPassword(queries, userId, secret, session);
      });
      return ok(undefined);
    },

    erase: async (userId) =>
      inTransaction(database, administratorsLock, async (queries) => {
        if (await isLastAdministrator(queries, userId)) return err({ type: 'last-administrator' });
        await forgetPerson(queries, userId);
        return ok(undefined);
      }),
  };
}

/** Sets a password; every session but `kept` and every open link ends with the old one. */
export async function setPassword(
  queries: Queries,
  userId: string,
  { salt, hash }: StoredPassword,
  kept?: string,
): Promise<void> {
  await queries
    .updateTable('user')
    .set({ password_salt: salt, password_hash: hash })
    .where('id', '=', userId)
    .execute();
  await queries.deleteFrom('reset_link').where('user_id', '=', userId).where('used_at_ms', 'is', null).execute();
  await endSessions(queries, userId, kept);
}

/** What may leave nobody to administer goes one after the other. */
export const administratorsLock = 'administrators';
/** Whether nobody could administer without this user. */
export async function isLastAdministrator(queries: Queries, userId: string): Promise<boolean> {
  const able = await queries
    .selectFrom('user')
    .select('id')
    .where('role', '=', 'administrator')
    .where('disabled', '=', 0)
    .execute();
  return able.length === 1 && able[0]?.id === userId;
}

const isWrongPassword = (right: Result<boolean, Failure>): boolean => right.ok && !right.value;

interface PasswordColumns {
  readonly password_salt: string | null;
  readonly password_hash: string | null;
}
const storedPassword = (row: PasswordColumns | undefined): StoredPassword | undefined =>
  row === undefined || row.password_salt === null || row.password_hash === null
    ? undefined
    : { salt: row.password_salt, hash: row.password_hash };

const pendingSchema = z.object({
  ...signUpRequestSchema.omit({ password: true }).shape,
  salt: z.string(),
  hash: z.string(),
  expiresAtMs: z.number(),
});
type PendingAccount = z.infer<typeof pendingSchema>;

/** A sign-up waits in its own link, sealed: what nobody confirms takes no room here. Undefined for any other, and too late. */
function openPending(vault: Vault, token: string, nowMs: number): PendingAccount | undefined {
  const bytes = base64UrlToBytes(token);
  const opened = bytes === undefined ? undefined : vault.open(Buffer.from(bytes).toString('base64'), vaultLabel);
  if (opened?.ok !== true) return undefined;
  const account = pendingSchema.safeParse(JSON.parse(Buffer.from(opened.value).toString())).data;
  return account !== undefined && account.expiresAtMs > nowMs ? account : undefined;
}
