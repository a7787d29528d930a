// Marks as rows: how one is stored, read back, and found by its tickets. Shared by what comes from gates and by the cloud's own marks.
import { decodeMark, type EncodedMark, type Mark, type WriterId } from '@postern/shared';
import type { Insertable } from 'kysely';
import type { Queries } from './database.ts';
import type { Schema } from './schema.ts';

/** The row of a mark that `writer` has made. */
export const toMarkRow = (
  { event, gate, boot }: WriterId,
  { mark, bytes }: EncodedMark,
  receivedAtMs: number,
): Insertable<Schema['mark']> => ({
  event,
  gate,
  boot,
  sequence: mark.sequence,
  ticket: ticketOf(mark) ?? null,
  kind: mark.kind,
  at_ms: mark.at.ms,
  at_counter: mark.at.counter,
  count: countOf(mark),
  bytes: Buffer.from(bytes),
  received_at_ms: receivedAtMs,
});

/** Reads a stored mark back; undefined only if the database was altered by hand. */
export function readMark(row: WriterId & { readonly bytes: Uint8Array }): Mark | undefined {
  const mark = decodeMark(new Uint8Array(row.bytes), row);
  return mark.ok ? mark.value : undefined;
}

/** The ticket a mark concerns: empty for an unknown one, undefined for marks of the gate itself. */
export const ticketOf = (mark: Mark): string | undefined => ('ticketId' in mark ? mark.ticketId : undefined);

function countOf(mark: Mark): number {
  if (mark.kind === 'admitted' || mark.kind === 'overridden') return mark.uses;
  return mark.kind === 'refused' ? mark.count : 0;
}

/** The marks that the fold looks at, by ticket id; refusals change nothing and may be many. */
export async function readMarksOfTickets(
  queries: Queries,
  event: number,
  ticketIds: readonly string[],
): Promise<ReadonlyMap<string, readonly Mark[]>> {
  const rows = await queries
    .selectFrom('mark')
    .select(['event', 'gate', 'boot', 'ticket', 'bytes'])
    .where('event', '=', event)
    .where('ticket', 'in', ticketIds)
    .where('kind', '!=', 'refused')
    .execute();
  const marks = new Map<string, Mark[]>();
  for (const row of rows) {
    const mark = readMark(row);
    if (mark === undefined || row.ticket === null) continue;
    const own = marks.get(row.ticket);
    if (own === undefined) marks.set(row.ticket, [mark]);
    else own.push(mark);
  }
  return marks;
}
