// The marks of replica.db beside this gate's journal, as what is derived from them reads them again.
import { correctionsPerBootMax, decodeMark, type Mark, type MarkId, type WriterId } from '@postern/shared';
import type { Database } from './database.ts';
import type { OpenJournalReader } from './journal-reader.ts';
import { isOfGateSql, kindByte, marksOfGateSql } from './mark-tables.ts';
import type { StoredMarks } from './replica-counts.ts';

export const isOfGate = (mark: Mark): boolean => mark.kind === 'corrected' || mark.kind === 'recounted';

const pageMarks = 1_000;

type Row = WriterId & { readonly bytes: Uint8Array };

/** `find` gives a mark of either file. */
export function createStoredMarks(
  database: Database,
  journal: OpenJournalReader,
  find: StoredMarks['find'],
): StoredMarks {
  const selectOfGates = database.prepare(
    `SELECT event, gate, boot, bytes FROM ${marksOfGateSql} JOIN writer ON writer.id = mark.writer WHERE event = ? AND ${isOfGateSql}`,
  );
  const countOfGates = database
    .prepare(
      `SELECT count(*) FROM (SELECT 1 FROM ${marksOfGateSql} JOIN writer ON writer.id = mark.writer WHERE event = ? AND gate = ? AND boot = ? AND sequence < ? AND ${isOfGateSql} AND substr(bytes, 3, 1) = ${kindByte('corrected')} LIMIT ${correctionsPerBootMax})`,
    )
    .pluck();
  const selectWriters = database.prepare('SELECT id, event, gate, boot FROM writer ORDER BY id');
  const selectNewestFirst = database
    .prepare('SELECT sequence, bytes FROM mark WHERE writer = ? AND sequence < ? ORDER BY sequence DESC LIMIT ?')
    .raw();

  // In pages: whoever reads may write in between.
  function* newestFirst(writer: number): Generator<Uint8Array> {
    for (let before = Number.MAX_SAFE_INTEGER, isLast = false; !isLast;) {
      const page = selectNewestFirst.all(writer, before, pageMarks) as [number, Uint8Array][];
      for (const [, bytes] of page) yield bytes;
      before = page.at(-1)?.[0] ?? 0;
      isLast = page.length < pageMarks;
    }
  }

  const decode = (bytes: Uint8Array, writer: WriterId): Mark | undefined => {
    const mark = decodeMark(new Uint8Array(bytes), writer);
    return mark.ok ? mark.value : undefined;
  };

  const ownMarks = (event: number, isWanted: (mark: Mark) => boolean): readonly Mark[] => {
    const marks: Mark[] = [];
    for (const writer of journal.writers()) {
      if (writer.event !== event) continue;
      journal.forEach(writer, (_sequence, bytes) => {
        const mark = decode(bytes, writer);
        if (mark !== undefined && isWanted(mark)) marks.push(mark);
      });
    }
    return marks;
  };

  return {
    find,
    findOwn: (id: MarkId) => {
      const bytes = journal.find(id);
      return bytes === undefined ? undefined : decode(bytes, id);
    },
    correctionsBefore: ({ event, gate, boot, sequence }) => countOfGates.get(event, gate, boot, sequence) as number,
    ofGates: (event) => [
      ...(selectOfGates.all(event) as Row[]).flatMap((row) => decode(row.bytes, row) ?? []),
      ...ownMarks(event, isOfGate),
    ],
    ownMarks,
    newestFirst: (event, visit) => {
      for (const writer of selectWriters.all() as (WriterId & { readonly id: number })[]) {
        if (event !== 'all' && writer.event !== event) continue;
        for (const bytes of newestFirst(writer.id)) {
          const mark = decode(bytes, writer);
          if (mark !== undefined && !visit(mark)) break;
        }
      }
    },
  };
}
