// The cloud's tables as kysely sees them. Portable to SQLite and PostgreSQL: text ids, integer milliseconds, integer 0/1, JSON as
// text, bytes only for what is opaque. The event's number leads every key of what belongs to an event.
import type { ColumnType } from 'kysely';
import type { AuditSchema } from './schema-audit.ts';
import type { CasesSchema } from './schema-cases.ts';
import type { FaceSchema } from './schema-face.ts';
import type { GatesSchema } from './schema-gates.ts';
import type { JobsSchema } from './schema-jobs.ts';
import type { PretixSchema } from './schema-pretix.ts';
import type { WebhooksSchema } from './schema-webhooks.ts';
import type { GeofenceSchema } from './schema-geofence.ts';
import type { HoldersSchema } from './schema-holders.ts';
import type { NftSchema } from './schema-nft.ts';
import type { TokenWalletsSchema } from './schema-token-wallets.ts';

/** A column that is set at insert and never changed. */
type Fixed<T> = ColumnType<T, T, never>;
/** A column that an insert may leave to its default. */
type WithDefault<T> = ColumnType<T, T | undefined, T>;

export interface Schema
  extends
    AuditSchema,
    CasesSchema,
    FaceSchema,
    GatesSchema,
    GeofenceSchema,
    HoldersSchema,
    JobsSchema,
    NftSchema,
    PretixSchema,
    TokenWalletsSchema,
    WebhooksSchema {
  readonly user: UserTable;
  readonly session: SessionTable;
  readonly membership: MembershipTable;
  readonly reset_link: ResetLinkTable;
  readonly identity: IdentityTable;
  readonly client: ClientTable;
  readonly token_family: TokenFamilyTable;
  readonly refresh_token: RefreshTokenTable;
  readonly revoked_token: RevokedTokenTable;
  readonly api_key: ApiKeyTable;
  readonly key: KeyTable;
  readonly event: EventTable;
  readonly idempotency: IdempotencyTable;
  readonly ticket: TicketTable;
  readonly ticket_code: TicketCodeTable;
  readonly ticket_holder: TicketHolderTable;
  readonly staff: StaffTable;
  readonly accepted_head: AcceptedHeadTable;
  readonly feed_file: FeedFileTable;
  readonly feed: FeedTable;
  readonly feed_part: FeedPartTable;
  readonly mark: MarkTable;
  readonly rehearsal: RehearsalTable;
  readonly story: StoryTable;
  readonly presence: PresenceTable;
  readonly segment: SegmentTable;
  readonly chunk: ChunkTable;
  readonly quarantine: QuarantineTable;
  readonly signed_pass: SignedPassTable;
  readonly central_writer: CentralWriterTable;
  readonly method_toggle: MethodToggleTable;
  readonly credential: CredentialTable;
  readonly tries: TriesTable;
  readonly band: BandTable;
  readonly ticket_file: TicketFileTable;
}

/** Who may use the API. */
interface UserTable {
  readonly id: Fixed<string>;
  readonly name: string;
  /** `administrator` or `person`; roles at events are memberships. */
  readonly role: string;
  /** scrypt of the personal token's secret half, hexadecimal, with its salt; empty where there is none. */
  readonly salt: string;
  readonly token_hash: string;
  readonly created_at_ms: Fixed<number>;
  /** In lower case; unique. */
  readonly email: WithDefault<string | null>;
  readonly language: WithDefault<string | null>;
  /** scrypt of the password, hexadecimal, with its salt. */
  readonly password_salt: WithDefault<string | null>;
  readonly password_hash: WithDefault<string | null>;
  /** 1: may not sign in. */
  readonly disabled: WithDefault<number>;
}

interface SessionTable {
  /** SHA-256 of the cookie's value, hexadecimal. */
  readonly id: Fixed<string>;
  readonly user_id: Fixed<string>;
  readonly expires_at_ms: number;
  readonly created_at_ms: WithDefault<number>;
  readonly last_used_at_ms: WithDefault<number>;
  /** What the browser called itself, shortened. */
  readonly device: WithDefault<string>;
}

/** A person's role at one event. */
interface MembershipTable {
  readonly event: Fixed<number>;
  readonly user_id: Fixed<string>;
  /** EventRole. */
  readonly role: string;
  readonly created_at_ms: Fixed<number>;
}

/** One-time links with which somebody sets a new password. */
interface ResetLinkTable {
  /** SHA-256 of the link's secret, hexadecimal. */
  readonly id: Fixed<string>;
  readonly user_id: Fixed<string>;
  readonly expires_at_ms: Fixed<number>;
  readonly used_at_ms: number | null;
}

/** Who somebody is at an OpenID provider. */
interface IdentityTable {
  readonly issuer: Fixed<string>;
  readonly subject: Fixed<string>;
  readonly user_id: Fixed<string>;
  readonly created_at_ms: Fixed<number>;
}

/** Programs that get tokens by OAuth2. */
interface ClientTable {
  readonly id: Fixed<string>;
  readonly name: string;
  /** SHA-256 of the secret (random, 192 bits), hexadecimal. */
  readonly secret_hash: string;
  /** Scope[], JSON. */
  readonly scopes: string;
  /** Numbers of events, JSON; null: all. */
  readonly events: string | null;
  readonly created_at_ms: Fixed<number>;
  readonly revoked_at_ms: number | null;
}

/** All tokens that follow from one grant: they end together. */
interface TokenFamilyTable {
  readonly id: Fixed<string>;
  readonly client: Fixed<string>;
  /** Scope[], JSON. */
  readonly scopes: Fixed<string>;
  readonly created_at_ms: Fixed<number>;
  readonly expires_at_ms: Fixed<number>;
  readonly revoked_at_ms: number | null;
}

interface RefreshTokenTable {
  /** SHA-256 of the token, hexadecimal. */
  readonly id: Fixed<string>;
  readonly family: Fixed<string>;
  readonly created_at_ms: Fixed<number>;
  readonly used_at_ms: number | null;
}

/** Access tokens that ended before their time, until it has passed. */
interface RevokedTokenTable {
  readonly id: Fixed<string>;
  readonly expires_at_ms: Fixed<number>;
}

/** Long-lived keys of programs. */
interface ApiKeyTable {
  readonly id: Fixed<string>;
  readonly name: string;
  /** SHA-256 of the secret (random, 192 bits), hexadecimal. */
  readonly secret_hash: Fixed<string>;
  /** Scope[], JSON. */
  readonly scopes: Fixed<string>;
  /** Numbers of events, JSON; null: all. */
  readonly events: Fixed<string | null>;
  /** Empty once that person's account is gone. */
  readonly created_by: string;
  readonly created_at_ms: Fixed<number>;
  readonly expires_at_ms: Fixed<number | null>;
  readonly last_used_at_ms: number | null;
  readonly revoked_at_ms: number | null;
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

interface TicketTable {
  readonly event: Fixed<number>;
  readonly id: Fixed<string>;
  readonly type: number;
  readonly epoch: number;
  readonly status: string;
  readonly party: number;
  readonly hold: string | null;
  readonly valid_from_s: number | null;
  readonly valid_until_s: number | null;
  /** The event's revision at the last change that the feed shows. */
  readonly revision: number;
  readonly created_at_ms: Fixed<number>;
  /** Rises with every change, also with those that the feed does not show. */
  readonly version: number;
  readonly transferred_at_ms: number | null;
  /** Language. */
  readonly language: WithDefault<string | null>;
}

/** Foreign codes. A code of an epoch below its ticket's is dead, and stays known as that. */
interface TicketCodeTable {
  readonly event: Fixed<number>;
  /** Keyed hash of the code, hexadecimal; the code itself is not kept. */
  readonly hash: Fixed<string>;
  readonly ticket: Fixed<string>;
  /** The ticket's epoch that the code was printed for. */
  readonly epoch: Fixed<number>;
  readonly revision: Fixed<number>;
}

/** Who holds a ticket. Personal: read by the API alone, never by what makes the feed. */
interface TicketHolderTable {
  readonly event: Fixed<number>;
  readonly ticket: Fixed<string>;
  readonly name: string | null;
  readonly email: string | null;
  readonly order_reference: string | null;
  /** Id of the user who holds it. */
  readonly account: string | null;
  /** The same as they are searched for: see `searchKey`. */
  readonly name_key: string | null;
  /** The last word of `name_key`, where it has several. */
  readonly surname_key: string | null;
  readonly email_key: string | null;
  readonly order_key: string | null;
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

/** What stays accepted of a revoked gate (AcceptedHead). */
interface AcceptedHeadTable {
  readonly event: Fixed<number>;
  readonly gate: Fixed<string>;
  readonly boot: Fixed<string>;
  readonly segment: Fixed<number>;
  readonly count: number;
  readonly hash: string;
}

/** An immutable file of the feed, kept in the data folder under its hash; its bytes are in `feed_part` too where processes share. */
interface FeedFileTable {
  readonly sha256: Fixed<string>;
  readonly event: Fixed<number>;
  readonly bytes: Fixed<number>;
  readonly created_at_ms: Fixed<number>;
}

/** The bytes of a file of the feed, in order, where several processes share the database and no folder. */
interface FeedPartTable {
  readonly sha256: Fixed<string>;
  readonly part: Fixed<number>;
  readonly bytes: Fixed<Uint8Array>;
}

/** One published version: the signed manifest and what it was made from. */
interface FeedTable {
  readonly event: Fixed<number>;
  readonly version: Fixed<number>;
  /** Ticket and rules revisions this version shows. */
  readonly revision: Fixed<number>;
  readonly rules_revision: Fixed<number>;
  /** `snapshot` and `deltas` as in the manifest, JSON. */
  readonly files: Fixed<string>;
  /** Tickets changed since the snapshot, over all deltas. */
  readonly delta_rows: Fixed<number>;
  readonly manifest: Fixed<Uint8Array>;
  readonly created_at_ms: Fixed<number>;
  readonly expires_at_ms: Fixed<number>;
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

/** Which key has signed a pass of which ticket, so that an emergency knows whose passes are dead. Written before a pass is shown. */
interface SignedPassTable {
  readonly event: Fixed<number>;
  readonly key_id: Fixed<string>;
  readonly ticket: Fixed<string>;
  /** The highest epoch signed, and when it first was. */
  readonly epoch: number;
  readonly signed_at_ms: number;
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

/** What an administrator has said of a method: for one event, or for all (event 0). */
interface MethodToggleTable {
  readonly event: Fixed<number>;
  readonly method: Fixed<string>;
  readonly enabled: number;
  readonly changed_at_ms: number;
}

/** What a method has generated for a ticket, or proved of it. */
interface CredentialTable {
  readonly event: Fixed<number>;
  readonly ticket: Fixed<string>;
  readonly method: Fixed<string>;
  /** What tells credentials of one method apart, such as a piece of a pass's signature; never the credential itself. */
  readonly credential: Fixed<string>;
  readonly epoch: Fixed<number>;
  /** 0 where it was first seen when it was presented. */
  readonly generated_at_ms: Fixed<number>;
}

/** Tries under a strict limit that processes on one database count together (services/tries.ts). */
interface TriesTable {
  /** Keyed hash of the limit's name and of whom or what it counts. */
  readonly key_hash: Fixed<string>;
  readonly count: number;
  readonly next_at_ms: number;
  readonly forget_at_ms: number;
}

/** A wristband that is kept for a ticket, or that is never written. */
interface BandTable {
  readonly event: Fixed<number>;
  /** `tagHash` of its id. */
  readonly tag: Fixed<string>;
  readonly method: Fixed<string>;
  /** 0: a supplier's band, known by its id and nothing else. */
  readonly writable: number;
  /** For which ticket, by whom (as marks name them) and until when it is kept; null where it is not. */
  readonly ticket: string | null;
  readonly reserved_by: string | null;
  readonly until_ms: number;
  /** Tickets from which it is taken knowingly, JSON. */
  readonly take_from: string;
  /** The ticket's band whose place it takes. */
  readonly instead: string | null;
  /** SHA-256 of what has to be written, hexadecimal; null while nothing has been asked for. */
  readonly write_hash: string | null;
  /** 1: exactly that was read back. */
  readonly read_back: number;
}

/** A table of tickets that was sent to be imported by a run. */
interface TicketFileTable {
  /** Id of the run. */
  readonly run: Fixed<string>;
  readonly event: Fixed<number>;
  /** The file's name in the folder `uploads`; null once it is no longer needed. */
  readonly sha256: string | null;
  /** TicketFileReport, JSON; null until there is one. */
  readonly report: string | null;
  readonly created_at_ms: Fixed<number>;
}
