// The tables of marks, of the segments they travel in, and of what the fold says of each ticket, as kysely sees them; see schema.ts.
import type { Fixed, WithDefault } from './column-types.ts';

export interface MarksSchema {
  readonly mark: MarkTable;
  readonly segment: SegmentTable;
  readonly chunk: ChunkTable;
  readonly quarantine: QuarantineTable;
  readonly accepted_head: AcceptedHeadTable;
  readonly central_writer: CentralWriterTable;
  readonly rehearsal: RehearsalTable;
  readonly story: StoryTable;
  readonly presence: PresenceTable;
}

interface MarkTable {
  readonly event: Fixed<number>;
  readonly gate: Fixed<string>;
  readonly boot: Fixed<string>;
  readonly sequence: Fixed<number>;
  /** Empty for what concerns no known ticket, null for marks of the gate itself. */
  readonly ticket: Fixed<string | null>;
  readonly kind: Fixed<string>;
  readonly at_ms: Fixed<number>;
  readonly at_counter: Fixed<number>;
  /** Persons of an `admitted` or `overridden` mark, practised or not, attempts of a `refused` one, else 0. */
  readonly count: Fixed<number>;
  /** mark-codec.ts; the writer is in the columns before. */
  readonly bytes: Fixed<Uint8Array>;
  readonly received_at_ms: Fixed<number>;
  /** Of what was practised. */
  readonly session: Fixed<string | null>;
}

/** How far a segment is known. */
interface SegmentTable {
  readonly event: Fixed<number>;
  readonly gate: Fixed<string>;
  readonly boot: Fixed<string>;
  readonly segment: Fixed<number>;
  readonly first_sequence: number;
  readonly count: number;
  readonly hash: string;
  readonly closed: number;
  readonly through_ms: number;
  readonly through_counter: number;
  /** 1: the last one of its writer that is known. */
  readonly latest: WithDefault<number>;
}

/** Signed chunks exactly as their origin shipped them, so that they can be forwarded unchanged. */
interface ChunkTable {
  readonly event: Fixed<number>;
  readonly gate: Fixed<string>;
  readonly boot: Fixed<string>;
  readonly segment: Fixed<number>;
  readonly from_mark: Fixed<number>;
  readonly count: Fixed<number>;
  readonly whole: Fixed<number>;
  /** encodeChunk of segment.ts. */
  readonly bytes: Fixed<Uint8Array>;
}

/** Chunks put aside with the reason: evidence, never merged silently, never thrown away. */
interface QuarantineTable {
  readonly event: Fixed<number>;
  readonly gate: Fixed<string>;
  readonly boot: Fixed<string>;
  /** SHA-256 of `bytes`, hexadecimal. */
  readonly sha256: Fixed<string>;
  readonly reason: Fixed<string>;
  /** Who delivered it. */
  readonly sender: Fixed<string>;
  readonly bytes: Fixed<Uint8Array>;
  readonly received_at_ms: Fixed<number>;
  /** When a person let it into the history after all. */
  readonly released_at_ms: WithDefault<number | null>;
}

/** What stays accepted of a revoked gate (AcceptedHead). */
interface AcceptedHeadTable {
  readonly event: Fixed<number>;
  readonly gate: Fixed<string>;
  readonly boot: Fixed<string>;
  readonly segment: Fixed<number>;
  readonly count: number;
  readonly hash: string;
}

/** A process start of the cloud as a writer of marks: its lease, and a floor for the timestamps of the next one. */
interface CentralWriterTable {
  readonly boot: Fixed<string>;
  /** Renewed with every commit and every few seconds; 0/1 `ended` fences a writer off for good. */
  readonly seen_at_ms: number;
  readonly ended: number;
  /** The latest hybrid timestamp given out. */
  readonly at_ms: number;
  readonly at_counter: number;
}

/** Of whole events; what gates begin by themselves is in their marks. */
interface RehearsalTable {
  readonly event: Fixed<number>;
  readonly session: Fixed<string>;
  readonly from_ms: Fixed<number>;
  readonly until_ms: Fixed<number>;
  /** When somebody has ended it. */
  readonly ended_ms: number | null;
  readonly begun_by: Fixed<string>;
}

/** What the fold says of one ticket: derived, can be dropped and rebuilt. */
interface StoryTable {
  readonly event: Fixed<number>;
  readonly ticket: Fixed<string>;
  readonly uses_spent: number;
  readonly inside: number;
  readonly epoch_seen: number;
}

/** Persons of a ticket in a zone, where there are any: derived, like stories. */
interface PresenceTable {
  readonly event: Fixed<number>;
  readonly ticket: Fixed<string>;
  readonly zone: Fixed<string>;
  readonly persons: Fixed<number>;
}
