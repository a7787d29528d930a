// What replica.db derives from its marks, made anew and compared: a projection that was kept up to date mark by mark must be what all
// marks together make. Of the tickets nothing is derived: every scan folds their marks.
import { createHash } from 'node:crypto';
import { decodeMark, hexToBytes, type Mark, type MarkId, type WriterId } from '@postern/shared';
import { openDatabase, type Database, type DiskKey } from './database.ts';
import { createJournalReader, type OpenJournalReader } from './journal-reader.ts';
import { markTablesSql } from './mark-tables.ts';
import { createReplicaCounts, type StoredMarks } from './replica-counts.ts';
import { replicaTablesSql } from './replica-tables.ts';
import { createStoredMarks } from './stored-marks.ts';

/** Rises with every change to what is derived from the same marks. */
const projectionVersion = 1;

const tables = ['zone_count', 'zone_recount', 'taken_back', 'band'] as const;

export interface ProjectionCheck {
  /** As it was kept, and as the marks make it, in 64 hexadecimal digits. */
  readonly live: string;
  readonly rebuilt: string;
  /** Tables that differ. */
  readonly differing: readonly string[];
  readonly marks: number;
}

/** At every opening: once after an update that derives more, or otherwise, of the same marks. */
export function bringProjectionUpToDate(database: Database, journal: OpenJournalReader): void {
  if (database.pragma('user_version', { simple: true }) === projectionVersion) return;
  database.transaction(() => rebuild(database, storedMarks(database, journal))).immediate();
  database.pragma(`user_version = ${projectionVersion}`);
}

/**
 * Compares as of one moment, beside a running agent too. `write`: also leaves what the marks make in the file; for a gate that is
 * stopped.
 */
export function checkProjection(
  replicaPath: string,
  journalPath: string,
  { write, key }: { readonly write: boolean; readonly key?: DiskKey | undefined },
): ProjectionCheck {
  const journal = createJournalReader(journalPath, key);
  const database = openDatabase(replicaPath, { readonly: !write, key });
  const fresh = openDatabase(':memory:', { synchronous: 'off' });
  try {
    fresh.exec(markTablesSql);
    fresh.exec(replicaTablesSql);
    const compare = database.transaction((): ProjectionCheck => {
      const stored = storedMarks(database, journal);
      rebuild(fresh, stored);
      const [live, rebuilt] = [hashTables(database), hashTables(fresh)];
      let marks = 0;
      stored.newestFirst('all', () => ++marks > 0);
      const differing = tables.filter((table) => live.get(table) !== rebuilt.get(table));
      if (write) rebuild(database, stored);
      return { live: together(live), rebuilt: together(rebuilt), differing, marks };
    });
    return write ? compare.immediate() : compare.deferred();
  } finally {
    fresh.close();
    database.close();
    journal.close();
  }
}

/** Into `target`, which may be another database than the marks are in. */
function rebuild(target: Database, stored: StoredMarks & { readonly bands: () => Iterable<Band> }): void {
  target.exec('DELETE FROM band');
  const insertBand = target.prepare('INSERT INTO band (tag, writer, sequence) VALUES (?, ?, ?)');
  for (const { tag, writer, sequence } of stored.bands()) insertBand.run(tag, writer, sequence);
  createReplicaCounts(target, stored).rebuild();
}

interface Band {
  readonly tag: Uint8Array | undefined;
  readonly writer: number;
  readonly sequence: number;
}

function storedMarks(
  database: Database,
  journal: OpenJournalReader,
): StoredMarks & { readonly bands: () => Iterable<Band> } {
  const selectOne = database
    .prepare(
      'SELECT mark.bytes FROM mark JOIN writer ON writer.id = mark.writer WHERE event = ? AND gate = ? AND boot = ? AND sequence = ?',
    )
    .pluck();
  const find = (id: MarkId): Mark | undefined => {
    const bytes =
      (selectOne.get(id.event, id.gate, id.boot, id.sequence) as Uint8Array | undefined) ?? journal.find(id);
    const mark = bytes === undefined ? undefined : decodeMark(new Uint8Array(bytes), id);
    return mark?.ok === true ? mark.value : undefined;
  };
  const stored = createStoredMarks(database, journal, find);
  const writerId = database.prepare('SELECT id FROM writer WHERE event = ? AND gate = ? AND boot = ?').pluck();
  const ids = new Map<string, number>();
  const idOf = ({ event, gate, boot }: WriterId): number => {
    const key = `${event}/${gate}/${boot}`;
    const id = ids.get(key) ?? (writerId.get(event, gate, boot) as number);
    ids.set(key, id);
    return id;
  };
  return {
    ...stored,
    bands: () => {
      const bands: Band[] = [];
      stored.newestFirst('all', (mark) => {
        if (mark.kind === 'bound')
          bands.push({ tag: hexToBytes(mark.tagHash), writer: idOf(mark), sequence: mark.sequence });
        return true;
      });
      return bands;
    },
  };
}

/** What counts nobody, or takes nothing back any more, is no different from no row. */
function hashTables(database: Database): ReadonlyMap<string, string> {
  return new Map(
    tables.map((table) => {
      const hash = createHash('sha256');
      const where = { zone_count: 'WHERE persons != 0', taken_back: 'WHERE uses != 0', zone_recount: '', band: '' }[
        table
      ];
      // WITHOUT ROWID: rows come in the order of the primary key.
      for (const row of database.prepare(`SELECT * FROM ${table} ${where}`).raw().iterate() as Iterable<unknown[]>)
        hash.update(
          JSON.stringify(
            row.map((value) => (value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value)),
          ),
        );
      return [table, hash.digest('hex')];
    }),
  );
}

function together(hashes: ReadonlyMap<string, string>): string {
  const hash = createHash('sha256');
  for (const [table, digest] of hashes) hash.update(`${table} ${digest}\n`);
  return hash.digest('hex');
}
