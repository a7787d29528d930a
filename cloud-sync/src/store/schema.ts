// The cloud's tables as kysely sees them. Portable to SQLite and PostgreSQL: text ids, integer milliseconds, integer 0/1, JSON as
// text, bytes only for what is opaque. The event's number leads every key of what belongs to an event.
import type { Fixed, WithDefault } from './column-types.ts';
import type { AuditSchema } from './schema-audit.ts';
import type { CasesSchema } from './schema-cases.ts';
import type { FaceSchema } from './schema-face.ts';
import type { FeedSchema } from './schema-feed.ts';
import type { GatesSchema } from './schema-gates.ts';
import type { GeofenceSchema } from './schema-geofence.ts';
import type { HoldersSchema } from './schema-holders.ts';
import type { JobsSchema } from './schema-jobs.ts';
import type { MarksSchema } from './schema-marks.ts';
import type { NftSchema } from './schema-nft.ts';
import type { PeopleSchema } from './schema-people.ts';
import type { PretixSchema } from './schema-pretix.ts';
import type { TicketsSchema } from './schema-tickets.ts';
import type { TokenWalletsSchema } from './schema-token-wallets.ts';
import type { WebhooksSchema } from './schema-webhooks.ts';

export interface Schema
  extends
    AuditSchema,
    CasesSchema,
    FaceSchema,
    FeedSchema,
    GatesSchema,
    GeofenceSchema,
    HoldersSchema,
    JobsSchema,
    MarksSchema,
    NftSchema,
    PeopleSchema,
    PretixSchema,
    TicketsSchema,
    TokenWalletsSchema,
    WebhooksSchema {
  readonly public_address: PublicAddressTable;
  readonly key: KeyTable;
  readonly event: EventTable;
  readonly idempotency: IdempotencyTable;
  readonly staff: StaffTable;
  readonly method_toggle: MethodToggleTable;
  readonly tries: TriesTable;
}

/** Where people and gates have been told to reach the service: the latest is where they are now. */
interface PublicAddressTable {
  readonly url: Fixed<string>;
  readonly since_ms: number;
}

/** `issuer`, `feed`, `token`, `authority` (Ed25519 pairs), `web-authority` (32 bytes, of which a P-256
 * key is made) and `server` (32 random bytes for nonces and code hashes). */
interface KeyTable {
  readonly id: Fixed<string>;
  readonly purpose: Fixed<string>;
  /** At most one `active` and one `next` a purpose: the database itself sees to that. */
  readonly state: string;
  /** Counts the keys of a purpose from 1. */
  readonly generation: Fixed<number>;
  /** Hexadecimal; empty for `server` and `web-authority`. */
  readonly public_key: Fixed<string>;
  /** AES-256-GCM by the master key, base64; empty once the key has retired. */
  readonly sealed_secret: string;
  /** Of a feed key, base64: the signature of the key that was active when this one was made (feed-key-announcement.ts). */
  readonly announcement: Fixed<string | null>;
  /** Base64 DER, for `authority` and `web-authority`. */
  readonly certificate: string | null;
  readonly created_at_ms: Fixed<number>;
  readonly activated_at_ms: number | null;
  readonly retired_at_ms: number | null;
  readonly revoked_at_ms: number | null;
  /** Why it was revoked. */
  readonly reason: string | null;
}

interface EventTable {
  readonly id: Fixed<number>;
  /** AdmissionPolicy, JSON. */
  readonly policy: string;
  readonly code_hash_key: Fixed<string>;
  /** Rises with every change to a ticket of the event; deltas are ranges of it. */
  readonly revision: number;
  /** Rises with whatever else a manifest says: policy, gates, staff. */
  readonly rules_revision: number;
  readonly created_at_ms: Fixed<number>;
}

/** Requests with an Idempotency-Key, and what they were answered. */
interface IdempotencyTable {
  readonly actor: Fixed<string>;
  readonly route: Fixed<string>;
  /** Keyed hash of the key, hexadecimal. */
  readonly key_hash: Fixed<string>;
  /** Keyed hash over method, path and body, hexadecimal. */
  readonly request_hash: Fixed<string>;
  /** Random for each execution: whose claim this is. */
  readonly claim: string;
  readonly claimed_at_ms: number;
  /** The answer, sealed by the vault since it may contain passes; null until there is one. */
  readonly answer: string | null;
}

interface StaffTable {
  readonly event: Fixed<number>;
  readonly operator: Fixed<string>;
  readonly role: string;
  readonly salt: string;
  readonly pin_hash: string;
  /** SHA-256 of the code on the staff card, hexadecimal. */
  readonly code_hash: WithDefault<string | null>;
  readonly created_at_ms: Fixed<number>;
}

/** What an administrator has said of a method: for one event, or for all (event 0). */
interface MethodToggleTable {
  readonly event: Fixed<number>;
  readonly method: Fixed<string>;
  readonly enabled: number;
  readonly changed_at_ms: number;
}

/** Tries under a strict limit that processes on one database count together (services/tries.ts). */
interface TriesTable {
  /** Keyed hash of the limit's name and of whom or what it counts. */
  readonly key_hash: Fixed<string>;
  readonly count: number;
  readonly next_at_ms: number;
  readonly forget_at_ms: number;
}
