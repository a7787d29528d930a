// The tables of cases and of what else histories come to, as kysely sees them; see schema.ts. All but `case_work` and
// `gate_lost` are derived from marks: they can be dropped and rebuilt.
import type { Fixed } from './column-types.ts';

export interface CasesSchema {
  readonly entry: EntryTable;
  readonly departure: DepartureTable;
  readonly recount: RecountTable;
  readonly correction: CorrectionTable;
  readonly correction_pending: CorrectionPendingTable;
  readonly case: CaseTable;
  readonly case_work: CaseWorkTable;
  readonly gate_lost: GateLostTable;
  readonly binding: BindingTable;
  readonly binding_named: BindingNamedTable;
  readonly binding_conflict: BindingConflictTable;
  readonly projection_outdated: ProjectionOutdatedTable;
}

/** Effective entries, by the mark that made them. */
interface EntryTable {
  readonly event: Fixed<number>;
  readonly gate: Fixed<string>;
  readonly boot: Fixed<string>;
  readonly sequence: Fixed<number>;
  readonly ticket: Fixed<string>;
  readonly lane: Fixed<string>;
  readonly kind: Fixed<string>;
  /** With the corrections of the gate's clock. */
  readonly at_ms: Fixed<number>;
  readonly uncertainty_ms: Fixed<number>;
  readonly persons: Fixed<number>;
  readonly zone: Fixed<string>;
  /** 0/1: decided with neither the cloud nor, by the event's rule, another gate in reach. */
  readonly out_of_touch: Fixed<number>;
  readonly peers_reachable: Fixed<number>;
  readonly feed_age_s: Fixed<number | null>;
}

/** Effective exits: entries minus departures of a zone are who is inside it. */
interface DepartureTable {
  readonly event: Fixed<number>;
  readonly gate: Fixed<string>;
  readonly boot: Fixed<string>;
  readonly sequence: Fixed<number>;
  readonly ticket: Fixed<string>;
  readonly zone: Fixed<string>;
  readonly at_ms: Fixed<number>;
}

/** What somebody has counted: occupancy goes on from the latest one of a zone. */
interface RecountTable {
  readonly event: Fixed<number>;
  readonly gate: Fixed<string>;
  readonly boot: Fixed<string>;
  readonly sequence: Fixed<number>;
  readonly zone: Fixed<string>;
  readonly at_ms: Fixed<number>;
  readonly persons: Fixed<number>;
}

/** `corrected` marks that count, so that they are found beside the marks they concern. */
interface CorrectionTable {
  readonly event: Fixed<number>;
  readonly gate: Fixed<string>;
  readonly boot: Fixed<string>;
  readonly sequence: Fixed<number>;
}

/** Process starts whose marks have been corrected, and from which of them on what follows has not been derived anew yet. */
interface CorrectionPendingTable {
  readonly event: Fixed<number>;
  readonly gate: Fixed<string>;
  readonly boot: Fixed<string>;
  readonly sequence: number;
}

interface CaseTable {
  readonly event: Fixed<number>;
  readonly id: Fixed<string>;
  readonly ticket: Fixed<string>;
  readonly day: Fixed<string>;
  /** CaseState: what a person has made of it, and `open` again once there is a use that nobody has judged. */
  readonly state: string;
  /** `{fitting, misfits}` as CaseEntry[], the first of each, JSON. */
  readonly entries: string;
  readonly order_uncertain: number;
  /** Time of the latest of its uses. */
  readonly last_at_ms: number;
  readonly opened_at_ms: Fixed<number>;
  readonly changed_at_ms: number;
  readonly cause: string;
  readonly ticket_type: number | null;
  readonly misfit_count: number;
  /** Ids of the gates that let somebody in, sorted, JSON. */
  readonly gates: string;
  /** 0 when later marks have explained every use. */
  readonly holds: number;
  readonly reopened: number;
}

/** What a person has made of a case, and which misfits that person saw: never derived, never dropped. */
interface CaseWorkTable {
  readonly event: Fixed<number>;
  readonly id: Fixed<string>;
  readonly ticket: Fixed<string>;
  readonly day: Fixed<string>;
  readonly state: string;
  readonly reason: string;
  readonly note: string | null;
  /** `gate/boot/sequence` of the first of them, JSON. */
  readonly seen: string;
  readonly seen_count: number;
  readonly changed_by_kind: string;
  readonly changed_by: string;
  readonly changed_at_ms: number;
}

/** Gates that somebody has declared lost. */
interface GateLostTable {
  readonly event: Fixed<number>;
  readonly gate: Fixed<string>;
  readonly reason: string;
  readonly note: string | null;
  readonly declared_by_kind: string;
  readonly declared_by: string;
  readonly declared_at_ms: number;
}

/** `bound` marks by tag and by ticket. */
interface BindingTable {
  readonly event: Fixed<number>;
  readonly gate: Fixed<string>;
  readonly boot: Fixed<string>;
  readonly sequence: Fixed<number>;
  readonly tag: Fixed<string>;
  /** Empty: taken from whatever ticket it had. */
  readonly ticket: Fixed<string>;
  readonly epoch: Fixed<number>;
  /** 1: another binding names it, and is about the same tag or ticket. */
  readonly replaced: number;
}

/** A binding names another one, which need not be known yet, as what it replaces. */
interface BindingNamedTable {
  readonly event: Fixed<number>;
  readonly gate: Fixed<string>;
  readonly boot: Fixed<string>;
  readonly sequence: Fixed<number>;
  readonly by_gate: Fixed<string>;
  readonly by_boot: Fixed<string>;
  readonly by_sequence: Fixed<number>;
  /** Of the one that names. */
  readonly tag: Fixed<string>;
  readonly ticket: Fixed<string>;
}

interface BindingConflictTable {
  readonly event: Fixed<number>;
  readonly id: Fixed<string>;
  readonly kind: Fixed<string>;
  readonly subject: Fixed<string>;
  /** BindingView[], JSON. */
  readonly bindings: string;
  readonly last_at_ms: number;
}

/** Events whose derived tables an older version has made: a migration that changes what is derived puts all of them here. */
interface ProjectionOutdatedTable {
  readonly event: Fixed<number>;
}
