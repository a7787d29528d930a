// The tables that hold marks, the same in journal.db (this gate's own, the commit point) and replica.db (what the
// replicator has learned from others), so that one query reads either.
import { kindNumber } from '@postern/shared';

/**
 * As journal.db has them. It finds a ticket's marks through an index in memory, because one more page in every commit would cost
 * more than all reading together.
 *
 * A writer is one process start of one gate in one event; its sequences start at 1 and have no gaps.
 */
export const journalTablesSql = `
  CREATE TABLE IF NOT EXISTS writer (
    id INTEGER PRIMARY KEY,
    event INTEGER NOT NULL,
    gate TEXT NOT NULL,
    boot TEXT NOT NULL,
    UNIQUE (event, gate, boot)
  ) STRICT;
  CREATE TABLE IF NOT EXISTS mark (
    writer INTEGER NOT NULL REFERENCES writer (id),
    sequence INTEGER NOT NULL,
    ticket BLOB,
    bytes BLOB NOT NULL,
    PRIMARY KEY (writer, sequence)
  ) STRICT, WITHOUT ROWID;
`;

/** Where a mark's compact form says its kind: the third byte. */
export const kindByte = (kind: 'corrected' | 'recounted'): string =>
  `x'${kindNumber(kind).toString(16).padStart(2, '0')}'`;

/** Of `mark` rows: clock corrections and recounts, which concern marks of many tickets; an index holds these few alone. */
export const isOfGateSql = `ticket IS NULL AND substr(bytes, 3, 1) IN (${kindByte('corrected')}, ${kindByte('recounted')})`;

/** `mark`, read through the index of those few: left to itself SQLite goes through all marks of a writer. */
export const marksOfGateSql = 'mark INDEXED BY mark_of_gate';

/**
 * As replica.db has them: with the indexes that a scan needs there, and what is derived of its marks. `zone_count` holds the persons that
 * they have brought into a zone since `zone_recount`, where somebody has counted; `band` finds bindings by their tag.
 */
export const markTablesSql = `${journalTablesSql}
  CREATE INDEX IF NOT EXISTS mark_by_ticket ON mark (ticket) WHERE ticket IS NOT NULL;
  CREATE INDEX IF NOT EXISTS mark_of_gate ON mark (writer, sequence) WHERE ${isOfGateSql};
  CREATE TABLE IF NOT EXISTS zone_count (
    event INTEGER NOT NULL,
    zone TEXT NOT NULL,
    persons INTEGER NOT NULL,
    PRIMARY KEY (event, zone)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS zone_recount (
    event INTEGER NOT NULL,
    zone TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    gate TEXT NOT NULL,
    boot TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    persons INTEGER NOT NULL,
    PRIMARY KEY (event, zone)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS band (
    tag BLOB NOT NULL,
    writer INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    PRIMARY KEY (tag, writer, sequence)
  ) STRICT, WITHOUT ROWID;
`;
