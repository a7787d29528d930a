// What is recorded in the databases of gates and clouds once their processes have ended, read past the code that decides there.
import { expect } from 'vitest';
import { decodeMark, markKey, type Mark } from '@postern/shared';
import { journalPath, replicaPath } from '../../gate-agent/src/event-folder.ts';
import { openDatabase } from '../../gate-agent/src/store/database.ts';
import { createJournalReader } from '../../gate-agent/src/store/journal-reader.ts';
import { openReplica } from '../../gate-agent/src/store/replica.ts';
import { withDatabase } from '../../scripts/lib/cloud-database.ts';

/** Of all processes that have ever run on a gate's folder, its own and others'. It must have put nothing aside. */
export async function marksAt(data: string, event: number): Promise<ReadonlyMap<string, Mark>> {
  const journal = createJournalReader(journalPath(data, event));
  const replica = openReplica({ path: replicaPath(data, event), journal, breathe: async () => {} });
  expect(await replica.quarantined(event)).toEqual([]);
  replica.close();
  const marks = new Map<string, Mark>();
  for (const writer of journal.writers())
    journal.forEach(writer, (sequence, bytes) => note(marks, { ...writer, sequence }, bytes));
  journal.close();
  const database = openDatabase(replicaPath(data, event), { readonly: true });
  const rows = database
    .prepare('SELECT event, gate, boot, sequence, bytes FROM mark JOIN writer ON writer.id = mark.writer')
    .all() as readonly (Parameters<typeof decodeMark>[1] & {
    readonly sequence: number;
    readonly bytes: Uint8Array;
  })[];
  for (const { bytes, ...id } of rows) note(marks, id, bytes);
  database.close();
  return marks;
}

export async function marksInCloud(databaseUrl: string, event: number): Promise<ReadonlyMap<string, Mark>> {
  const rows = await withDatabase(databaseUrl, (database) =>
    database
      .selectFrom('mark')
      .select(['event', 'gate', 'boot', 'sequence', 'bytes'])
      .where('event', '=', event)
      .execute(),
  );
  const marks = new Map<string, Mark>();
  for (const { bytes, ...id } of rows) note(marks, id, bytes);
  return marks;
}

function note(
  marks: Map<string, Mark>,
  id: Parameters<typeof decodeMark>[1] & { readonly sequence: number },
  bytes: Uint8Array,
): void {
  const mark = decodeMark(new Uint8Array(bytes), id);
  if (!mark.ok) throw new Error(`mark ${id.sequence} of ${id.gate} does not decode`);
  expect(mark.value.sequence).toBe(id.sequence);
  marks.set(markKey(mark.value), mark.value);
}

/** Process starts in which a number is missing. */
export function gapsIn(marks: readonly Mark[]): readonly string[] {
  const sequences = new Map<string, number[]>();
  for (const { gate, boot, sequence } of marks)
    sequences.set(`${gate}/${boot}`, [...(sequences.get(`${gate}/${boot}`) ?? []), sequence]);
  return [...sequences]
    .filter(([, numbers]) => Math.max(...numbers) !== numbers.length || new Set(numbers).size !== numbers.length)
    .map(([writer]) => writer);
}
