// Who acts: one shape for people, programs and gates, so that rights, audit rows and logs speak of the same thing. An actor says what
// somebody is; what that is good for stands in the authorisation table (routes/access.ts).
import { eventRoles, type EventRole, type Scope } from '@postern/shared';
import type { Database } from '../store/database.ts';
import type { Gate } from './devices.ts';
import type { User } from './users.ts';

export interface Actor {
  readonly kind: 'user' | 'client' | 'gate';
  readonly id: string;
  readonly name: string;
  /** An administrator may do at every event what the table allows to administrators. */
  readonly admin: boolean;
  /** A person's role at each event where they have one. */
  readonly memberships: ReadonlyMap<number, EventRole>;
  /** What a program may do; absent for people and gates. */
  readonly scopes?: ReadonlySet<Scope>;
  /** Where a program may do it; absent for people and gates. */
  readonly events?: 'all' | ReadonlySet<number>;
}

/** The events that an actor has to do with: what a list across events may show them. */
export function eventsOf(actor: Actor): 'all' | ReadonlySet<number> {
  if (actor.admin) return 'all';
  return actor.events ?? new Set(actor.memberships.keys());
}

export const gateActor = (gate: Gate): Actor => ({
  kind: 'gate',
  id: gate.id,
  name: gate.id,
  admin: false,
  memberships: new Map(),
});

export interface Actors {
  /** With the roles as they are now: a role that was taken away ends with the next request. */
  readonly ofUser: (user: User) => Promise<Actor>;
}

export const createActors = (database: Database): Actors => ({
  ofUser: async (user) => {
    const rows = await database
      .selectFrom('membership')
      .select(['event', 'role'])
      .where('user_id', '=', user.id)
      .execute();
    return {
      kind: 'user',
      id: user.id,
      name: user.name,
      admin: user.role === 'administrator',
      memberships: new Map(rows.flatMap(({ event, role }) => (isEventRole(role) ? [[event, role] as const] : []))),
    };
  },
});

export const isEventRole = (text: string): text is EventRole => eventRoles.some((role) => role === text);

/** Whoever has a role at the event, or is a program: not just the holder of a ticket. */
export const isStaff = ({ kind, admin, memberships }: Actor, event: number): boolean =>
  kind !== 'user' || admin || memberships.has(event);
