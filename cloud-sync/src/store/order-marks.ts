// The marks of an event's orders to the venue, from whichever gate they came: few, and found by their kind.
import type { Mark } from '@postern/shared';
import type { Queries } from './database.ts';
import { readMark } from './mark-rows.ts';

/** Of several events at once, for requests that come in numbers; without the acknowledgements, which decide nothing. */
export async function readOrders(
  queries: Queries,
  events: readonly number[],
): Promise<ReadonlyMap<number, readonly Mark[]>> {
  const rows = await selectKinds(queries, events, ['ordered', 'lifted']);
  const marks = new Map<number, Mark[]>(events.map((event) => [event, []]));
  for (const mark of rows) marks.get(mark.event)?.push(mark);
  return marks;
}

export const readOrderMarks = (queries: Queries, event: number): Promise<readonly Mark[]> =>
  selectKinds(queries, [event], ['ordered', 'lifted', 'acknowledged']);

async function selectKinds(
  queries: Queries,
  events: readonly number[],
  kinds: readonly Mark['kind'][],
): Promise<readonly Mark[]> {
  const rows = await queries
    .selectFrom('mark')
    .select(['event', 'gate', 'boot', 'bytes'])
    .where('event', 'in', events)
    .where('kind', 'in', kinds)
    .execute();
  return rows.map(readMark).filter((mark) => mark !== undefined);
}
