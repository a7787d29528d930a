// The journal as the replicator sees it: another connection, read only, in the replicator's own thread. Every query is short and
// complete, so that it never stands in the way of the journal's checkpoints. The file may not exist yet.
import { existsSync } from 'node:fs';
import type { LocalJournalReader, MarkId, WriterId } from '@postern/shared';
import { openDatabase, type Database, type DiskKey, type Statement } from './database.ts';

export interface OpenJournalReader extends LocalJournalReader {
  /** The encoded mark, or undefined where the journal has none. */
  readonly find: (id: MarkId) => Uint8Array | undefined;
  /** The writer's highest sequence, 0 when it is not in the journal. */
  readonly lastSequence: (writer: WriterId) => number;
  /** Calls `visit` for every mark of a writer, in pages. */
  readonly forEach: (writer: WriterId, visit: (sequence: number, bytes: Uint8Array) => void) => void;
  readonly close: () => void;
}

interface Connection {
  readonly database: Database;
  readonly writers: Statement;
  readonly writerId: Statement;
  readonly after: Statement;
  readonly one: Statement;
  readonly last: Statement;
}

const pageMarks = 1_000;

export function createJournalReader(path: string, key?: DiskKey): OpenJournalReader {
  let connection: Connection | undefined;
  const ids = new Map<string, number>();

  const open = (): Connection | undefined => {
    if (connection !== undefined || !existsSync(path)) return connection;
    const database = openDatabase(path, { readonly: true, key });
    try {
      connection = {
        database,
        writers: database.prepare(
          'SELECT event, gate, boot FROM writer WHERE EXISTS (SELECT 1 FROM mark WHERE mark.writer = writer.id)',
        ),
        writerId: database.prepare('SELECT id FROM writer WHERE event = ? AND gate = ? AND boot = ?').pluck(),
        after: database
          .prepare('SELECT sequence, bytes FROM mark WHERE writer = ? AND sequence > ? ORDER BY sequence LIMIT ?')
          .raw(),
        one: database.prepare('SELECT bytes FROM mark WHERE writer = ? AND sequence = ?').pluck(),
        last: database.prepare('SELECT max(sequence) FROM mark WHERE writer = ?').pluck(),
      };
    } catch {
      // The file is there but its tables are not yet: the store has only just made it, and the next drain looks again.
      database.close();
    }
    return connection;
  };

  /** A writer's row may vanish with a rolled-back transaction, so an id counts only once it has marks. */
  const idOf = ({ event, gate, boot }: WriterId): number | undefined => {
    const key = `${event}/${gate}/${boot}`;
    const id = ids.get(key) ?? (open()?.writerId.get(event, gate, boot) as number | undefined);
    if (id !== undefined && !ids.has(key) && open()?.last.get(id) !== null) ids.set(key, id);
    return id;
  };

  const rowsAfter = (writer: WriterId, sequence: number, limit: number): readonly [number, Uint8Array][] => {
    const id = idOf(writer);
    return id === undefined ? [] : ((open()?.after.all(id, sequence, limit) ?? []) as [number, Uint8Array][]);
  };

  return {
    writers: () => (open()?.writers.all() ?? []) as WriterId[],
    marksAfter: (writer, sequence, limit) =>
      rowsAfter(writer, sequence, limit).map(([, bytes]) => new Uint8Array(bytes)),
    find: (mark) => {
      const id = idOf(mark);
      const bytes = id === undefined ? undefined : (open()?.one.get(id, mark.sequence) as Uint8Array | undefined);
      return bytes === undefined ? undefined : new Uint8Array(bytes);
    },
    lastSequence: (writer) => {
      const id = idOf(writer);
      return id === undefined ? 0 : ((open()?.last.get(id) as number | null | undefined) ?? 0);
    },
    forEach: (writer, visit) => {
      for (let page = rowsAfter(writer, 0, pageMarks); page.length > 0;) {
        for (const [sequence, bytes] of page) visit(sequence, bytes);
        page = rowsAfter(writer, page.at(-1)?.[0] ?? 0, pageMarks);
      }
    },
    close: () => {
      connection?.database.close();
      connection = undefined;
    },
  };
}
