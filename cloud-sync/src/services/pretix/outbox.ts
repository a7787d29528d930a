// Which marks go back to a pretix server: entries and exits of its tickets, and what takes one back because nobody passed. Read writer by writer, as
// far as whole signed segments reach, so that no mark is missed whenever and in whatever order gates deliver.
import { bytesToHex, sha256, utf8, type Mark, type MarkName } from '@postern/shared';
import { sql, type Selectable } from 'kysely';
import type { Database, Queries } from '../../store/database.ts';
import { readMark } from '../../store/mark-rows.ts';
import type { Schema } from '../../store/schema.ts';
import type { ConnectedList } from './items.ts';

export type CheckInRow = Selectable<Schema['pretix_check_in']>;

const marksAtOnceMax = 1_000;
const nonceBytes = 16;

/** The same for the same mark, whoever sends it and how often: the server makes one check-in of it. */
export const nonceOf = ({
  event,
  gate,
  boot,
  sequence,
}: Pick<CheckInRow, 'event' | 'gate' | 'boot' | 'sequence'>): string =>
  bytesToHex(sha256(utf8('postern-pretix-v1'), utf8(`\0${event}/${gate}/${boot}/${sequence}`)).slice(0, nonceBytes));

export const nameOf = ({ gate, boot, sequence }: MarkName): string => `${gate}/${boot}/${sequence}`;

/** The list of the mark's zone, else the first without a zone, else the first. */
export function listOf(lists: readonly ConnectedList[], zone: string): number {
  const list = lists.find((one) => one.zone === zone) ?? lists.find((one) => one.zone === undefined) ?? lists[0];
  return list?.id ?? 0;
}

/** Notes what has come in since the last time. */
export async function noteCheckIns(database: Database, event: number, lists: readonly ConnectedList[]): Promise<void> {
  const writers = await database
    .selectFrom('segment')
    .leftJoin('pretix_writer as noted', (join) =>
      join
        .onRef('noted.event', '=', 'segment.event')
        .onRef('noted.gate', '=', 'segment.gate')
        .onRef('noted.boot', '=', 'segment.boot'),
    )
    .select(['segment.gate', 'segment.boot', 'first_sequence', 'count', 'noted.sequence as noted'])
    .where('segment.event', '=', event)
    // As it stands in the index: a parameter would not be recognised as what the index is about.
    .where('segment.latest', '=', sql.lit(1))
    .execute();
  for (const { gate, boot, first_sequence: first, count, noted } of writers) {
    const through = first + count - 1;
    for (let after = noted ?? 0; after < through; after += marksAtOnceMax) {
      const range = { event, gate, boot, after, to: Math.min(through, after + marksAtOnceMax) };
      await database.transaction().execute((queries) => noteRange(queries, range, lists));
    }
  }
}

interface Range {
  readonly event: number;
  readonly gate: string;
  readonly boot: string;
  readonly after: number;
  readonly to: number;
}

async function noteRange(
  queries: Queries,
  { event, gate, boot, after, to }: Range,
  lists: readonly ConnectedList[],
): Promise<void> {
  const marks = await queries
    .selectFrom('mark')
    .innerJoin('pretix_position as sold', (join) =>
      join.onRef('sold.event', '=', 'mark.event').onRef('sold.ticket', '=', 'mark.ticket'),
    )
    .leftJoin('usage', (join) =>
      join
        .onRef('usage.event', '=', 'mark.event')
        .onRef('usage.gate', '=', 'mark.gate')
        .onRef('usage.boot', '=', 'mark.boot')
        .onRef('usage.sequence', '=', 'mark.sequence'),
    )
    .select([
      'mark.sequence',
      'mark.bytes',
      'mark.at_ms',
      'usage.at_ms as corrected_ms',
      'sold.position',
      'sold.ticket',
    ])
    .where('mark.event', '=', event)
    .where('mark.gate', '=', gate)
    .where('mark.boot', '=', boot)
    .where('mark.sequence', '>', after)
    .where('mark.sequence', '<=', to)
    .where('mark.kind', 'in', ['admitted', 'overridden', 'exited', 'passed-out', 'lapsed', 'undone'])
    .execute();
  const rows = marks.flatMap(({ sequence, bytes, at_ms, corrected_ms, position, ticket }): CheckInRow[] => {
    const mark = readMark({ event, gate, boot, bytes });
    const meaning = mark === undefined ? undefined : meaningOf(mark, lists);
    if (meaning === undefined) return [];
    const id = { event, gate, boot, sequence, position, ticket };
    // True time, as far as clock corrections tell by now.
    return [
      { ...id, ...meaning, at_ms: corrected_ms ?? at_ms, state: 'waiting', tries: 0, next_at_ms: 0, reason: null },
    ];
  });
  if (rows.length > 0)
    await queries
      .insertInto('pretix_check_in')
      .values(rows)
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  await queries
    .insertInto('pretix_writer')
    .values({ event, gate, boot, sequence: to })
    .onConflict((conflict) => conflict.columns(['event', 'gate', 'boot']).doUpdateSet({ sequence: to }))
    .execute();
}

function meaningOf(mark: Mark, lists: readonly ConnectedList[]): Pick<CheckInRow, 'kind' | 'of' | 'list'> | undefined {
  switch (mark.kind) {
    case 'admitted':
    case 'overridden':
      return { kind: 'entry', of: null, list: listOf(lists, mark.zone) };
    case 'exited':
    case 'passed-out':
      return { kind: 'exit', of: null, list: listOf(lists, mark.zone) };
    case 'lapsed':
      return { kind: 'annul', of: nameOf({ gate: mark.gate, ...mark.of }), list: 0 };
    case 'undone':
      return { kind: 'annul', of: nameOf(mark.of), list: 0 };
    default:
      return undefined;
  }
}
