// Marks as rows: how one is stored, read back, and found by its tickets. Shared by what comes from gates and by the cloud's own marks.
import { asCaused, centralGate, decodeMark, type EncodedMark, type Mark, type WriterId } from '@postern/shared';
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
  session: mark.kind === 'rehearsed' ? mark.session : null,
});

/** Reads a stored mark back; undefined only if the database was altered by hand. */
export function readMark(row: WriterId & { readonly bytes: Uint8Array }): Mark | undefined {
  const mark = decodeMark(new Uint8Array(row.bytes), row);
  return mark.ok ? mark.value : undefined;
}

/** The ticket a mark concerns: empty for an unknown one, undefined for marks of the gate itself. */
export const ticketOf = (mark: Mark): string | undefined => ('ticketId' in mark ? mark.ticketId : undefined);

function countOf(stored: Mark): number {
  const mark = asCaused(stored);
  if (mark.kind === 'admitted' || mark.kind === 'overridden') return mark.uses;
  return mark.kind === 'refused' && stored.kind === 'refused' ? mark.count : 0;
}

/**
 * The marks that the fold looks at, by ticket id, clock corrections that concern them among them; refusals change nothing and may be many,
 * and what was practised is wanted where somebody may rehearse.
 */
export async function readMarksOfTickets(
  queries: Queries,
  event: number,
  ticketIds: readonly string[],
  which: 'real' | 'practised-too' = 'real',
): Promise<ReadonlyMap<string, readonly Mark[]>> {
  const rows = await queries
    .selectFrom('mark')
    .select(['event', 'gate', 'boot', 'ticket', 'bytes'])
    .where('event', '=', event)
    .where('ticket', 'in', ticketIds)
    .where('kind', 'not in', which === 'real' ? ['refused', 'rehearsed'] : ['refused'])
    .execute();
  const marks = new Map<string, Mark[]>();
  for (const row of rows) {
    const mark = readMark(row);
    if (mark === undefined || row.ticket === null) continue;
    const own = marks.get(row.ticket);
    if (own === undefined) marks.set(row.ticket, [mark]);
    else own.push(mark);
  }
  await addCorrections(queries, event, marks);
  return marks;
}

async function addCorrections(queries: Queries, event: number, marksByTicket: Map<string, Mark[]>): Promise<void> {
  const corrections = await readCorrectionMarks(queries, event, [...marksByTicket.values()].flat());
  if (corrections.length === 0) return;
  const byWriter = new Map<string, Mark[]>();
  for (const mark of corrections) byWriter.set(writerOf(mark), [...(byWriter.get(writerOf(mark)) ?? []), mark]);
  for (const marks of marksByTicket.values())
    for (const writer of new Set(marks.map(writerOf))) marks.push(...(byWriter.get(writer) ?? []));
}

const writerOf = ({ gate, boot }: Pick<WriterId, 'gate' | 'boot'>): string => `${gate}/${boot}`;

/** The clock corrections of these process starts. */
export async function readCorrectionMarks(
  queries: Queries,
  event: number,
  writers: readonly Pick<WriterId, 'gate' | 'boot'>[],
): Promise<readonly Mark[]> {
  // The cloud keeps its own time.
  const gates = new Set(writers.flatMap(({ gate }) => (gate === centralGate ? [] : [gate])));
  if (gates.size === 0) return [];
  const rows = await queries
    .selectFrom('correction')
    .innerJoin('mark', (join) =>
      join
        .onRef('mark.event', '=', 'correction.event')
        .onRef('mark.gate', '=', 'correction.gate')
        .onRef('mark.boot', '=', 'correction.boot')
        .onRef('mark.sequence', '=', 'correction.sequence'),
    )
    .select(['mark.event', 'mark.gate', 'mark.boot', 'mark.bytes'])
    .where('correction.event', '=', event)
    .where('correction.gate', 'in', [...gates])
    .execute();
  const wanted = new Set(writers.map(writerOf));
  return rows.flatMap((row) => (wanted.has(writerOf(row)) ? (readMark(row) ?? []) : []));
}
