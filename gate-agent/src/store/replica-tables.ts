// What replica.db has beside the tables of marks: how far each segment is known, the chunks as their gates signed them, what was put
// aside, which uses `lapsed` and `undone` marks have taken back, and which marks are about orders: in the order in which they came, and
// went again where a revocation has taken them.
import type { SegmentState } from '@postern/shared';

export const replicaTablesSql = `
  CREATE TABLE IF NOT EXISTS segment (
    event INTEGER NOT NULL,
    gate TEXT NOT NULL,
    boot TEXT NOT NULL,
    segment INTEGER NOT NULL,
    first_sequence INTEGER NOT NULL,
    count INTEGER NOT NULL,
    hash TEXT NOT NULL,
    closed INTEGER NOT NULL,
    through_ms INTEGER NOT NULL,
    through_counter INTEGER NOT NULL,
    PRIMARY KEY (event, gate, boot, segment)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS chunk (
    id INTEGER PRIMARY KEY,
    event INTEGER NOT NULL,
    gate TEXT NOT NULL,
    boot TEXT NOT NULL,
    segment INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('whole', 'changes', 'empty')),
    bytes BLOB NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS chunk_by_segment ON chunk (event, gate, boot, segment);
  CREATE TABLE IF NOT EXISTS quarantine (
    event INTEGER NOT NULL,
    gate TEXT NOT NULL,
    boot TEXT NOT NULL,
    sha256 BLOB NOT NULL,
    reason TEXT NOT NULL,
    sender TEXT NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (event, gate, boot, sha256)
  ) STRICT;
  CREATE TABLE IF NOT EXISTS taken_back (
    event INTEGER NOT NULL,
    gate TEXT NOT NULL,
    boot TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    uses INTEGER NOT NULL,
    PRIMARY KEY (event, gate, boot, sequence)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS order_mark (
    id INTEGER PRIMARY KEY,
    writer INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    UNIQUE (writer, sequence)
  ) STRICT;
`;

export interface SegmentRow {
  readonly event: number;
  readonly gate: string;
  readonly boot: string;
  readonly segment: number;
  readonly first_sequence: number;
  readonly count: number;
  readonly hash: string;
  readonly closed: number;
  readonly through_ms: number;
  readonly through_counter: number;
}

export const rowToState = (row: SegmentRow): SegmentState => ({
  event: row.event,
  gate: row.gate,
  boot: row.boot,
  segment: row.segment,
  firstSequence: row.first_sequence,
  count: row.count,
  hash: row.hash,
  closed: row.closed === 1,
  through: { ms: row.through_ms, counter: row.through_counter },
});

export const stateToRow = (state: SegmentState): SegmentRow => ({
  event: state.event,
  gate: state.gate,
  boot: state.boot,
  segment: state.segment,
  first_sequence: state.firstSequence,
  count: state.count,
  hash: state.hash,
  closed: state.closed ? 1 : 0,
  through_ms: state.through.ms,
  through_counter: state.through.counter,
});

export const isSameState = (a: SegmentState | undefined, b: SegmentState | undefined): boolean =>
  a === undefined || b === undefined
    ? a === b
    : a.count === b.count &&
      a.hash === b.hash &&
      a.closed === b.closed &&
      a.through.ms === b.through.ms &&
      a.through.counter === b.through.counter;
