// Roles at events: one a person and event. What a role is good for stands in the authorisation table.
import { err, ok, type Clock, type EventRole, type MemberView, type Result } from '@postern/shared';
import type { Database } from '../store/database.ts';
import { isEventRole } from './actor.ts';
import { readEvent } from './events.ts';
import type { Failure } from './problems.ts';

export interface Members {
  /** By name. */
  readonly list: (event: number) => Promise<Result<MemberView[], Failure>>;
  /** Gives a person a role at an event in place of the one they had; `event-unknown`, `user-unknown`. */
  readonly set: (member: {
    readonly event: number;
    readonly user: string;
    readonly role: EventRole;
  }) => Promise<Result<MemberView, Failure>>;
  /** Takes a person's role at an event away; `user-unknown` when they had none. */
  readonly remove: (event: number, user: string) => Promise<Result<undefined, Failure>>;
}

export const createMembers = ({
  database,
  clock,
}: {
  readonly database: Database;
  readonly clock: Clock;
}): Members => ({
  list: async (event) => {
    if ((await readEvent(database, event)) === undefined) return err({ type: 'event-unknown' });
    const rows = await database
      .selectFrom('membership')
      .innerJoin('user', 'user.id', 'membership.user_id')
      .select(['user.id', 'user.name', 'membership.role'])
      .where('membership.event', '=', event)
      .orderBy('user.name')
      .orderBy('user.id')
      .execute();
    return ok(rows.flatMap(({ id, name, role }) => (isEventRole(role) ? [{ event, user: id, name, role }] : [])));
  },

  set: async ({ event, user, role }) => {
    if ((await readEvent(database, event)) === undefined) return err({ type: 'event-unknown' });
    const known = await database.selectFrom('user').select('name').where('id', '=', user).executeTakeFirst();
    if (known === undefined) return err({ type: 'user-unknown' });
    await database
      .insertInto('membership')
      .values({ event, user_id: user, role, created_at_ms: clock.wallMs() })
      .onConflict((conflict) => conflict.columns(['event', 'user_id']).doUpdateSet({ role }))
      .execute();
    return ok({ event, user, name: known.name, role });
  },

  remove: async (event, user) => {
    const removed = await database
      .deleteFrom('membership')
      .where('event', '=', event)
      .where('user_id', '=', user)
      .returning('user_id')
      .executeTakeFirst();
    return removed === undefined ? err({ type: 'user-unknown' }) : ok(undefined);
  },
});
