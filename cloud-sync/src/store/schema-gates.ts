// The tables of gates as machines, as kysely sees them; see schema.ts. What a gate is at an event is in `gate`; what it says of itself, and whether it
// is to be wiped, concerns the machine and so stands once for all its events.
import type { Fixed, WithDefault } from './column-types.ts';

export interface GatesSchema {
  readonly gate: GateTable;
  readonly enrolment: EnrolmentTable;
  readonly gate_vitals: GateVitalsTable;
  readonly gate_wipe: GateWipeTable;
}

/** A gate at one event; what is of the device (key, certificate, lanes) is the same in all rows of one id. */
interface GateTable {
  readonly event: Fixed<number>;
  readonly id: Fixed<string>;
  readonly name: string;
  readonly zone: string;
  /** LaneConfig[], JSON. */
  readonly lanes: string;
  readonly address: string | null;
  readonly public_key: string | null;
  readonly certificate: string | null;
  readonly enrolled_at_ms: number | null;
  readonly last_contact_ms: number | null;
  /** The newest manifest this gate has fetched. */
  readonly feed_version: number | null;
  readonly created_at_ms: Fixed<number>;
  /** Since then nothing new of it is believed. */
  readonly revoked_at_ms: WithDefault<number | null>;
  readonly revoked_reason: WithDefault<string | null>;
  /** The gate in whose place it came. */
  readonly replaces: WithDefault<string | null>;
}

interface EnrolmentTable {
  /** Keyed hash of the one-time code, hexadecimal. */
  readonly code_hash: Fixed<string>;
  readonly gate: Fixed<string>;
  readonly expires_at_ms: number;
  readonly used_at_ms: number | null;
}

/** What a gate has said of itself last. */
interface GateVitalsTable {
  readonly gate: Fixed<string>;
  readonly received_at_ms: number;
  /** Its time minus ours when that came in. */
  readonly offset_ms: number;
  /** GateVitals, JSON. */
  readonly vitals: string;
}

/** Orders to a gate to forget everything. */
interface GateWipeTable {
  readonly gate: Fixed<string>;
  /** 32 hexadecimal digits: which order the gate has carried out. */
  readonly id: string;
  readonly reason: string;
  readonly asked_at_ms: number;
  /** WipeObstacle, as the gate said last. */
  readonly obstacle: string | null;
  readonly done_at_ms: number | null;
}
