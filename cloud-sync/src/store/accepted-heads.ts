// What stays accepted of revoked gates, as the database has it.
import { isAccepted, type AcceptedHead, type SegmentState } from '@postern/shared';
import type { Queries } from './database.ts';

export const readAcceptedHeads = (queries: Queries, event: number, gate: string): Promise<AcceptedHead[]> =>
  queries
    .selectFrom('accepted_head')
    .select(['boot', 'segment', 'count', 'hash'])
    .where('event', '=', event)
    .where('gate', '=', gate)
    .orderBy('boot')
    .orderBy('segment')
    .execute();

/** Of all revoked gates of an event. */
export const countAcceptedHeads = async (queries: Queries, event: number): Promise<number> =>
  (
    await queries
      .selectFrom('accepted_head')
      .select(({ fn }) => fn.countAll<number>().as('heads'))
      .where('event', '=', event)
      .executeTakeFirstOrThrow()
  ).heads;

/** Whether a segment may become `state`; under the shared lock of its gate, so that nobody revokes that until the transaction ends. */
export async function mayBecome(queries: Queries, state: SegmentState): Promise<boolean> {
  const { event, gate, boot, segment } = state;
  const row = await queries
    .selectFrom('gate')
    .select('revoked_at_ms')
    .where('event', '=', event)
    .where('id', '=', gate)
    .executeTakeFirst();
  if (row === undefined || row.revoked_at_ms === null) return true;
  const heads = await queries
    .selectFrom('accepted_head')
    .select(['boot', 'segment', 'count', 'hash'])
    .where((where) => where.and({ event, gate, boot, segment }))
    .execute();
  return isAccepted(heads, state);
}
