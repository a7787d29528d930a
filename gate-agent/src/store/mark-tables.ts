// The tables that hold marks, the same in journal.db (this gate's own, the commit point) and replica.db (what the
// replicator has learned from others), so that one query reads either.

/**
 * As journal.db has them. It finds a ticket's marks through an index in memory, because one more page in every commit would cost
 * more than all reading together. `zone_count` holds what recounts have added to the counts of its marks.
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
  CREATE TABLE IF NOT EXISTS zone_count (
    event INTEGER NOT NULL,
    zone TEXT NOT NULL,
    persons INTEGER NOT NULL,
    PRIMARY KEY (event, zone)
  ) STRICT, WITHOUT ROWID;
`;

/** As replica.db has them: with the index that a scan needs there, and `zone_count` for the whole of its marks. */
export const markTablesSql = `${journalTablesSql}
  CREATE INDEX IF NOT EXISTS mark_by_ticket ON mark (ticket) WHERE ticket IS NOT NULL;
`;
