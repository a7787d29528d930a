// What really happened, read from the databases of the two gates and of the cloud and from nowhere else: the page's counters and
// the demo's last line both come from here. Every database is opened read-only, while its owner goes on writing.
import { bytesToHex, decodeMark, type Mark } from '@postern/shared';
import Sqlite from 'better-sqlite3';

/** The demo's last line. */
export interface Totals {
  /** Entries in the two journals that nobody took back. */
  readonly admitted: number;
  readonly refused: number;
  /** Visitors who waited for a person's yes or no. */
  readonly held: number;
  /** From the cloud: tickets whose uses do not fit. */
  readonly doubleEntries: number;
  /** Marks committed in the two journals. */
  readonly marks: number;
  /** Marks committed in a journal that the cloud lacks. */
  readonly lost: number;
}

export interface JournalCounts {
  readonly marks: number;
  readonly admitted: number;
  readonly refused: number;
  readonly held: number;
  /** `gate/boot/sequence` of every mark. */
  readonly identities: ReadonlySet<string>;
}

export interface CloudCounts {
  readonly marks: number;
  readonly admitted: number;
  readonly refused: number;
  readonly cases: number;
  readonly identities: ReadonlySet<string>;
}

/** Entries of one journal, as a person can ask for them: the third byte of a mark is its kind, and 0 means admitted. */
export const journalQuery =
  "SELECT lower(hex(ticket)) AS ticket, count(*) AS entries FROM mark WHERE substr(bytes, 3, 1) = x'00' GROUP BY ticket ORDER BY entries DESC, ticket";

/** Tickets that have an entry in both journals; the second one is attached as `other`. */
const pairsQuery = `
  SELECT count(*) AS pairs FROM (
    SELECT ticket FROM main.mark WHERE substr(bytes, 3, 1) = x'00'
    INTERSECT
    SELECT ticket FROM other.mark WHERE substr(bytes, 3, 1) = x'00'
  )`;

interface JournalRow {
  readonly event: number;
  readonly gate: string;
  readonly boot: string;
  readonly sequence: number;
  readonly bytes: Uint8Array;
}

export function countJournal(path: string): JournalCounts {
  const rows = read(path, (database) =>
    database
      .prepare<[], JournalRow>(
        'SELECT event, gate, boot, sequence, bytes FROM mark JOIN writer ON writer.id = mark.writer',
      )
      .all(),
  );
  const marks = rows.map(toMark);
  const takenBack = new Set(
    marks.flatMap((mark) =>
      mark.kind === 'lapsed' || mark.kind === 'undone' ? [`${mark.of.boot}/${mark.of.sequence}`] : [],
    ),
  );
  const sum = (count: (mark: Mark) => number): number => marks.reduce((total, mark) => total + count(mark), 0);
  return {
    marks: marks.length,
    admitted: sum((mark) => (isEntry(mark) && !takenBack.has(`${mark.boot}/${mark.sequence}`) ? 1 : 0)),
    refused: sum((mark) => (mark.kind === 'refused' ? mark.count : 0)),
    held: sum((mark) => (wasHeld(mark) ? 1 : 0)),
    identities: new Set(marks.map(({ gate, boot, sequence }) => `${gate}/${boot}/${sequence}`)),
  };
}

/** How many tickets entered at both gates, found by one query over the two journals together. */
export function countPairs(journalA: string, journalB: string): number {
  return read(journalA, (database) => {
    database.prepare('ATTACH DATABASE ? AS other').run(journalB);
    return database.prepare<[], { readonly pairs: number }>(pairsQuery).get()?.pairs ?? 0;
  });
}

/** The rows that `journalQuery` gives, for the page. */
export const askJournal = (path: string): readonly { readonly ticket: string; readonly entries: number }[] =>
  read(path, (database) =>
    database.prepare<[], { readonly ticket: string; readonly entries: number }>(journalQuery).all(),
  );

export function countCloud(path: string): CloudCounts {
  return read(path, (database) => {
    const rows = database
      .prepare<
        [],
        {
          readonly gate: string;
          readonly boot: string;
          readonly sequence: number;
          readonly kind: string;
          readonly count: number;
        }
      >('SELECT gate, boot, sequence, kind, count FROM mark')
      .all();
    const cases =
      database
        .prepare<[], { readonly cases: number }>(`SELECT count(*) AS cases FROM "case" WHERE state = 'open'`)
        .get()?.cases ?? 0;
    const sum = (kinds: readonly string[]): number =>
      rows.reduce((total, { kind, count }) => total + (kinds.includes(kind) ? count : 0), 0);
    return {
      marks: rows.length,
      admitted: sum(['admitted', 'overridden']),
      refused: sum(['refused']),
      cases,
      identities: new Set(rows.map(({ gate, boot, sequence }) => `${gate}/${boot}/${sequence}`)),
    };
  });
}

export function countAll(
  journals: readonly [string, string],
  cloud: string,
): { readonly totals: Totals; readonly pairs: number } {
  const atGates = journals.map(countJournal);
  const atCloud = countCloud(cloud);
  const sum = (count: (journal: JournalCounts) => number): number =>
    atGates.reduce((total, journal) => total + count(journal), 0);
  const totals: Totals = {
    admitted: sum(({ admitted }) => admitted),
    refused: sum(({ refused }) => refused),
    held: sum(({ held }) => held),
    doubleEntries: atCloud.cases,
    marks: sum(({ marks }) => marks),
    lost: sum(({ identities }) => [...identities].filter((identity) => !atCloud.identities.has(identity)).length),
  };
  return { totals, pairs: countPairs(...journals) };
}

const isEntry = (mark: Mark): boolean => mark.kind === 'admitted' || mark.kind === 'overridden';

/** A hold leaves an operator on the entry, or a refusal that says how the hold ended. */
const wasHeld = (mark: Mark): boolean =>
  (mark.kind === 'admitted' && mark.operator !== undefined) ||
  (mark.kind === 'refused' && (mark.code === 'declined' || mark.code === 'hold-timed-out'));

function toMark({ event, gate, boot, bytes }: JournalRow): Mark {
  const mark = decodeMark(bytes, { event, gate, boot });
  if (!mark.ok)
    throw new Error(`a mark of ${gate} (boot ${boot}, ${bytesToHex(bytes)}) cannot be read: ${mark.error.cause}`);
  return mark.value;
}

function read<T>(path: string, query: (database: Sqlite.Database) => T): T {
  const database = new Sqlite(path, { readonly: true, fileMustExist: true, timeout: 2_000 });
  try {
    return query(database);
  } finally {
    database.close();
  }
}
