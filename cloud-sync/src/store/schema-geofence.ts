// The table of phones that say where they are; see schema.ts. One row a phone: a fix overwrites what the one before has left.
import type { Fixed } from './column-types.ts';

export interface GeofenceSchema {
  readonly geofence_sender: GeofenceSenderTable;
}

interface GeofenceSenderTable {
  readonly event: Fixed<number>;
  /** The user name of an OwnTracks app, or the credential id of a phone with a key of its own. */
  readonly id: Fixed<string>;
  readonly ticket: Fixed<string>;
  /** Of the ticket when the phone was bound to it: under a higher one it speaks for nobody. */
  readonly epoch: Fixed<number>;
  /** `owntracks` or `sdk`. */
  readonly kind: Fixed<string>;
  /** Null for a phone that signs. */
  readonly secret_hash: Fixed<string | null>;
  readonly created_at_ms: Fixed<number>;
  readonly revoked_at_ms: number | null;
  /** Time of the last fix in Unix seconds, and the number of the last signed message: both only rise. */
  readonly seen_s: number;
  readonly number: number;
  /** The last fix that was believed, JSON `[lat, lon, accuracyM, atS]`; null soon after (positionKeptMs). */
  readonly position: string | null;
  /** Stays in zones, and what has come of them, JSON. */
  readonly presence: string;
  /** Hash of the zones that were sent to the app last. */
  readonly zones_sent: string;
  /** When a refusal was last written into the audit log. */
  readonly told_at_ms: number;
}
