// Everything that is kept about a person and goes with the account, in one list. Whoever stores something new about people adds a line
// here; a test (people.test.ts) finds tables that still name somebody.
//
// What stays leads to nobody: marks, audit entries and what somebody has worked off by a pseudonym or an id that no longer exists, tries
// under limits by a keyed hash that is gone within a day, sign-ups that nobody has confirmed in their own sealed link.
import type { Clock } from '@postern/shared';
import { sql } from 'kysely';
import type { Queries } from '../store/database.ts';
import type { Audit } from './audit.ts';
import { endFaces } from './face-rows.ts';

/** Erases what is kept about a person, inside the caller's transaction. */
export type ForgetPerson = (queries: Queries, userId: string) => Promise<void>;

export const createForgetPerson = ({
  audit,
  clock,
}: {
  readonly audit: Pick<Audit, 'erase'>;
  readonly clock: Clock;
}): ForgetPerson => {
  /** In this order: the account first, so that nobody can sign in to what is going. */
  const forgetting: readonly ForgetPerson[] = [
    async (queries, id) => void (await queries.deleteFrom('user').where('id', '=', id).execute()),
    async (queries, id) => void (await queries.deleteFrom('session').where('user_id', '=', id).execute()),
    async (queries, id) => void (await queries.deleteFrom('membership').where('user_id', '=', id).execute()),
    async (queries, id) => void (await queries.deleteFrom('identity').where('user_id', '=', id).execute()),
    async (queries, id) => void (await queries.deleteFrom('reset_link').where('user_id', '=', id).execute()),
    async (queries, id) => void (await queries.deleteFrom('idempotency').where('actor', '=', `user/${id}`).execute()),
    forgetPhones,
    async (queries, id) => forgetFaces(queries, id, clock.wallMs()),
    forgetHolder,
    // Programs go on working: they belong to the deployment.
    async (queries, id) =>
      void (await queries.updateTable('api_key').set({ created_by: '' }).where('created_by', '=', id).execute()),
    async (queries, id) => void (await audit.erase(queries, { actor: { kind: 'user', id } }, { kind: 'user', id })),
  ];
  return async (queries, id) => {
    for (const forget of forgetting) await forget(queries, id);
  };
};

/** Before it is forgotten whose tickets they were. */
async function forgetPhones(queries: Queries, id: string): Promise<void> {
  const held = queries.selectFrom('ticket_holder').select('ticket').where('account', '=', id);
  for (const table of ['geofence_sender', 'holder', 'claim_link', 'wallet_binding'] as const)
    await queries.deleteFrom(table).where('ticket', 'in', held).execute();
}

/** Of tickets that they hold: faces with their keys, and what was agreed to. */
async function forgetFaces(queries: Queries, id: string, nowMs: number): Promise<void> {
  const faces = await queries
    .selectFrom('face')
    .innerJoin('ticket_holder', (join) =>
      join.onRef('ticket_holder.event', '=', 'face.event').onRef('ticket_holder.ticket', '=', 'face.ticket'),
    )
    .select(['face.event', 'face.subject'])
    .where('ticket_holder.account', '=', id)
    .execute();
  for (const { event, subject } of faces) {
    await endFaces(queries, event, [subject], 'erased', nowMs);
    const ofSubject = queries.updateTable('face').set({ consent: null }).where('event', '=', event);
    await ofSubject.where('subject', '=', subject).execute();
    await queries.deleteFrom('face_link').where('event', '=', event).where('subject', '=', subject).execute();
  }
}

/** The tickets stay good: whoever has the code may enter. An order's number belongs to who sold it. */
async function forgetHolder(queries: Queries, id: string): Promise<void> {
  const held = queries.selectFrom('ticket_holder').select('ticket').where('account', '=', id);
  await queries
    .updateTable('ticket')
    .set({ version: sql<number>`version + 1` })
    .where('id', 'in', held)
    .execute();
  await queries.deleteFrom('ticket_holder').where('account', '=', id).where('order_reference', 'is', null).execute();
  await queries
    .updateTable('ticket_holder')
    .set({ name: null, email: null, account: null, name_key: null, surname_key: null, email_key: null })
    .where('account', '=', id)
    .execute();
}
