// Tables of the audit log, the history of uses and suspicious uses. Chains belong to process starts and run across events, so their
// keys begin with the chain; everything else begins with the event, as elsewhere.
import type { Fixed } from './column-types.ts';

export interface AuditSchema {
  readonly audit_chain: AuditChainTable;
  readonly audit_entry: AuditEntryTable;
  readonly audit_field: AuditFieldTable;
  readonly audit_head: AuditHeadTable;
  readonly audit_key: AuditKeyTable;
  readonly usage: UsageTable;
  readonly suspicion: SuspicionTable;
  readonly suspicion_rule: SuspicionRuleTable;
}

/** One chain a process start. */
interface AuditChainTable {
  /** 32 hexadecimal digits. */
  readonly id: Fixed<string>;
  /** 1, 2, 3 … over all chains: a missing chain is a gap. */
  readonly number: Fixed<number>;
  readonly started_at_ms: Fixed<number>;
  readonly tip_sequence: number;
  /** Sequence of the newest signed head; 0 before the first. */
  readonly signed_sequence: number;
  readonly closed: number;
}

/** All columns but `hash` are what the hash is over. */
export interface AuditEntryTable {
  readonly chain: Fixed<string>;
  readonly sequence: Fixed<number>;
  readonly event: Fixed<number>;
  readonly at_ms: Fixed<number>;
  readonly action: Fixed<string>;
  readonly actor_kind: Fixed<string>;
  readonly actor: Fixed<string>;
  readonly gate: Fixed<string | null>;
  readonly method: Fixed<string | null>;
  readonly ticket: Fixed<string | null>;
  readonly subject: Fixed<string | null>;
  readonly reason: Fixed<string | null>;
  readonly request: Fixed<string | null>;
  /** markKey of the mark that goes with it. */
  readonly mark: Fixed<string | null>;
  /** JSON object of texts, numbers and booleans. */
  readonly details: Fixed<string | null>;
  /** Salted hash of each personal field, JSON: `{"name":"<hexadecimal>"}`. */
  readonly fields: Fixed<string>;
  readonly hash: Fixed<string>;
}

/** A personal field of an entry. Erasure empties value and salt and names itself. */
interface AuditFieldTable {
  readonly chain: Fixed<string>;
  readonly sequence: Fixed<number>;
  readonly field: Fixed<string>;
  readonly value: string | null;
  /** Hexadecimal. */
  readonly salt: string | null;
  readonly erasure: string | null;
}

interface AuditHeadTable {
  readonly chain: Fixed<string>;
  readonly sequence: Fixed<number>;
  readonly hash: Fixed<string>;
  /** Sequence of the head before; 0 for the first. */
  readonly previous: Fixed<number>;
  readonly at_ms: Fixed<number>;
  /** 1 for the last head of a process that ended in good order. */
  readonly closed: Fixed<number>;
  readonly key: Fixed<string>;
  /** Hexadecimal. */
  readonly signature: Fixed<string>;
}

/** Keys that sign heads, AES-256-GCM by the master key, base64. The column `id` is for people; what counts is in the sealed halves. */
interface AuditKeyTable {
  readonly id: Fixed<string>;
  readonly sealed_public: string;
  /** Null once there is a newer one. */
  readonly sealed_secret: string | null;
  readonly created_at_ms: Fixed<number>;
}

/** What marks and central verifications say about uses, in columns: derived, can be dropped and rebuilt. */
export interface UsageTable {
  readonly event: Fixed<number>;
  readonly gate: Fixed<string>;
  readonly boot: Fixed<string>;
  readonly sequence: Fixed<number>;
  /** As clock corrections have it. */
  readonly at_ms: number;
  readonly kind: Fixed<string>;
  readonly lane: Fixed<string>;
  /** Null for what concerns no known ticket. */
  readonly ticket: Fixed<string | null>;
  readonly method: Fixed<string | null>;
  readonly person: Fixed<string | null>;
  readonly reason: Fixed<string | null>;
  readonly count: Fixed<number>;
}

interface SuspicionTable {
  readonly event: Fixed<number>;
  readonly id: Fixed<string>;
  readonly ticket: Fixed<string>;
  readonly day: Fixed<string>;
  readonly kind: Fixed<string>;
  /** Derived from uses, until `state`. */
  readonly count: number;
  readonly first_at_ms: number;
  readonly last_at_ms: number;
  /** string[], JSON. */
  readonly gates: string;
  /** Sighting[] without personal fields, JSON. */
  readonly sightings: string;
  readonly holds: number;
  /** What a person has made of it, and what that person saw. */
  readonly state: string;
  readonly seen_count: number;
  readonly seen_last_at_ms: number;
  readonly changed_by_kind: string | null;
  readonly changed_by: string | null;
  readonly changed_at_ms: number | null;
  readonly note: string | null;
}

/** Settings of an event; without a row the defaults hold. */
interface SuspicionRuleTable {
  readonly event: Fixed<number>;
  readonly travel_min_ms: number;
  readonly refusals_min: number;
}
