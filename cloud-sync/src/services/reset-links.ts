// One-time links with which somebody sets a password without knowing the old one: handed on by who manages people, or mailed to the
// account's address. A link is kept as a hash, lives for an hour, and works once.
import {
  bytesToHex,
  err,
  ok,
  sha256,
  utf8,
  type Clock,
  type Logger,
  type Random,
  type ResetLink,
  type Result,
} from '@postern/shared';
import type { Database } from '../store/database.ts';
import { setPassword } from './accounts.ts';
import type { Actor } from './actor.ts';
import type { Limiter } from './limiter.ts';
import { sendLater, type Mailer } from './mailer.ts';
import type { Passwords } from './passwords.ts';
import type { Failure } from './problems.ts';

export const resetLifetimeMs = 3_600_000;
const linkBytes = 24;

export interface ResetLinks {
  /** A new link for a user; those before it end. */
  readonly make: (userId: string) => Promise<Result<ResetLink, Failure>>;
  /** The same for a member of an event, by its organiser; `role-too-low` for who is also somebody, or holds a ticket, elsewhere. */
  readonly makeForMember: (actor: Actor, event: number, userId: string) => Promise<Result<ResetLink, Failure>>;
  /** Mails a link, if the address has an account; answers the same either way. */
  readonly request: (email: string, sender: string) => Promise<Result<undefined, Failure>>;
  /** `link-invalid` for an unknown, used or old one. */
  /** Answers whose password it is now. */
  readonly redeem: (
    token: string,
    password: string,
    sender: string,
  ) => Promise<Result<{ readonly user: string }, Failure>>;
}

export interface ResetLinksDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly passwords: Passwords;
  readonly mailer: Mailer;
  readonly limiter: Limiter;
  readonly publicUrl: () => string;
}

export function createResetLinks(deps: ResetLinksDeps): ResetLinks {
  const { database, clock, random, log, passwords, mailer, limiter, publicUrl } = deps;

  /** Writes a link down; one for nobody is the same work and leads nowhere. */
  const write = async (userId: string | undefined): Promise<ResetLink> => {
    const nowMs = clock.wallMs();
    const token = bytesToHex(random(linkBytes));
    const expiresAtMs = nowMs + resetLifetimeMs;
    await database.transaction().execute(async (queries) => {
      await queries.deleteFrom('reset_link').where('expires_at_ms', '<=', nowMs).execute();
      await queries
        .insertInto('reset_link')
        .values({
          id: hashOf(token),
          user_id: userId ?? '',
          expires_at_ms: userId === undefined ? nowMs : expiresAtMs,
          used_at_ms: null,
        })
        .execute();
    });
    return { link: `${publicUrl()}/#reset=${token}`, expiresAtMs };
  };

  const make: ResetLinks['make'] = async (userId) => {
    const user = await database.selectFrom('user').select('id').where('id', '=', userId).executeTakeFirst();
    if (user === undefined) return err({ type: 'user-unknown' });
    await database.deleteFrom('reset_link').where('user_id', '=', userId).execute();
    return ok(await write(userId));
  };

  return {
    make,

    makeForMember: async (actor, event, userId) => {
      const memberships = await database
        .selectFrom('membership')
        .innerJoin('user', 'user.id', 'membership.user_id')
        .select(['membership.event', 'user.role'])
        .where('membership.user_id', '=', userId)
        .execute();
      if (!memberships.some((membership) => membership.event === event)) return err({ type: 'user-unknown' });
      const held = await database
        .selectFrom('ticket_holder')
        .select('event')
        .distinct()
        .where('account', '=', userId)
        .execute();
      // Whoever sets a password becomes that person: so nobody may for somebody who may do more, or has tickets elsewhere.
      const isOrganised = (place: { readonly event: number }): boolean =>
        actor.memberships.get(place.event) === 'organiser';
      const isWithin =
        memberships.every((membership) => membership.role !== 'administrator' && isOrganised(membership)) &&
        held.every(isOrganised);
      return actor.admin || isWithin ? make(userId) : err({ type: 'role-too-low' });
    },

    request: async (email, sender) => {
      const spent = await limiter.take('reset-request', sender);
      if (spent !== undefined) return err(spent);
      if (!mailer.isConfigured) {
        sendLater(mailer, log, { to: email, kind: 'reset' });
        return ok(undefined);
      }
      const user = await database
        .selectFrom('user')
        .select(['id', 'language'])
        .where('email', '=', email)
        .where('disabled', '=', 0)
        .executeTakeFirst();
      // Not a word about it: the answer is the same when the account has had its mail.
      if ((await limiter.take('reset-mail', email)) !== undefined) return ok(undefined);
      const { link } = await write(user?.id);
      if (user !== undefined)
        sendLater(mailer, log, {
          to: email,
          kind: 'reset',
          link,
          ...(user.language === null ? {} : { language: user.language }),
        });
      return ok(undefined);
    },

    redeem: async (token, password, sender) => {
      const nowMs = clock.wallMs();
      const found = await limiter.guess(
        'one-time-link',
        sender,
        () =>
          database
            .selectFrom('reset_link')
            .select('id')
            .where('id', '=', hashOf(token))
            .where('used_at_ms', 'is', null)
            .where('expires_at_ms', '>', nowMs)
            .executeTakeFirst(),
        (outcome) => outcome === undefined,
      );
      if (!found.ok) return found;
      if (found.value === undefined) return err({ type: 'link-invalid' });
      const hashed = await passwords.hash(password);
      if (!hashed.ok) return hashed;
      return database.transaction().execute(async (queries) => {
        const used = await queries
          .updateTable('reset_link')
          .set({ used_at_ms: nowMs })
          .where('id', '=', hashOf(token))
          .where('used_at_ms', 'is', null)
          .returning('user_id')
          .executeTakeFirst();
        if (used === undefined) return err({ type: 'link-invalid' });
        await setPassword(queries, used.user_id, hashed.value);
        return ok({ user: used.user_id });
      });
    },
  };
}

const hashOf = (token: string): string => bytesToHex(sha256(utf8(token)));
