// Roles at events: one a person and event. What a role is good for stands in the authorisation table.
import { err, ok, type Clock, type EventRole, type Result } from '@postern/shared';
import type { Database } from '../store/database.ts';
import { readEvent } from './events.ts';
import type { Failure } from './problems.ts';

export interface Member {
  readonly event: number;
  readonly user: string;
  readonly role: EventRole;
}

export interface Members {
  /** Gives a person a role at an event in place of the one they had; `event-unknown`, `user-unknown`. */
  readonly set: (member: Member) => Promise<Result<Member, Failure>>;
  /** Takes a person's role at an event away, if they had one. */
  readonly remove: (event: number, user: string) => Promise<void>;
}

export const createMembers = ({
  database,
  clock,
}: {
  readonly database: Database;
  readonly clock: Clock;
}): Members => ({
  set: async ({ event, user, role }) => {
    if ((await readEvent(database, event)) === undefined) return err({ type: 'event-unknown' });
    const known = await database.selectFrom('user').select('id').where('id', '=', user).executeTakeFirst();
    if (known === undefined) return err({ type: 'user-unknown' });
    await database
      .insertInto('membership')
      .values({ event, user_id: user, role, created_at_ms: clock.wallMs() })
      .onConflict((conflict) => conflict.columns(['event', 'user_id']).doUpdateSet({ role }))
      .execute();
    return ok({ event, user, role });
  },

  remove: async (event, user) => {
    await database.deleteFrom('membership').where('event', '=', event).where('user_id', '=', user).execute();
  },
});
