// Tables about tickets that a pretix server sells: the connection of an event, what its products and positions are here, and the
// admissions that go back. What pretix calls a position is one ticket.
import type { Fixed, WithDefault } from './column-types.ts';

export interface PretixSchema {
  readonly pretix_connection: PretixConnectionTable;
  readonly pretix_item: PretixItemTable;
  readonly pretix_position: PretixPositionTable;
  readonly pretix_secret: PretixSecretTable;
  readonly pretix_problem: PretixProblemTable;
  readonly pretix_writer: PretixWriterTable;
  readonly pretix_check_in: PretixCheckInTable;
}

interface PretixConnectionTable {
  readonly event: Fixed<number>;
  /** `https://HOST[:PORT][/PATH]`, without a slash at the end. */
  readonly server: string;
  readonly organizer: string;
  readonly slug: string;
  /** The API token, sealed by the vault. */
  readonly sealed_token: string;
  /** The key under which the positions' secrets are sealed, itself sealed by the vault: another master key concerns these two only. */
  readonly sealed_key: string;
  /** Check-in lists with their names and rules as last read, JSON. */
  readonly lists: string;
  /** What the organiser has said of products, JSON. */
  readonly chosen_types: string;
  readonly names: number;
  readonly allow_http: number;
  readonly connected_at_ms: number;
  /** Server time up to which all changes have come in; null until the first import is complete. */
  readonly orders_since_ms: WithDefault<number | null>;
  readonly revoked_since_ms: WithDefault<number | null>;
  readonly blocked_since_ms: WithDefault<number | null>;
  /** Of a first import that was cut off: server time at its beginning, and when the last order was made that has come in. */
  readonly begun_at_ms: WithDefault<number | null>;
  readonly resume_from_ms: WithDefault<number | null>;
  /** When products and check-in lists were last read. */
  readonly items_at_ms: WithDefault<number>;
  /** Who reads or sends at this moment, and until when that is believed. */
  readonly lease: WithDefault<string | null>;
  readonly lease_until_ms: WithDefault<number>;
  readonly last_run_at_ms: WithDefault<number | null>;
  readonly last_good_at_ms: WithDefault<number | null>;
  /** `{type, detail, atMs}`, JSON; null when the last run went well. */
  readonly last_error: WithDefault<string | null>;
  /** Nothing is asked before: the server said so. */
  readonly wait_until_ms: WithDefault<number>;
}

/** A product, or one of its variations. */
interface PretixItemTable {
  readonly event: Fixed<number>;
  readonly item: Fixed<number>;
  /** 0: the product itself. */
  readonly variation: Fixed<number>;
  readonly name: string;
  /** The ticket type; null: it opens no gate. */
  readonly type: number | null;
}

interface PretixPositionTable {
  readonly event: Fixed<number>;
  readonly position: Fixed<number>;
  readonly order_code: string;
  readonly ticket: Fixed<string>;
  /** `hashCode` of its secret, hexadecimal. */
  readonly hash: string;
  /** The secret itself, which the check-in asks for. */
  readonly sealed_secret: string;
  /** What its order made of it (TicketState), JSON: what is equal has not changed there. */
  readonly state: string;
}

/** Secrets that the server has listed as revoked or blocked. */
interface PretixSecretTable {
  readonly event: Fixed<number>;
  readonly hash: Fixed<string>;
  readonly revoked: number;
  readonly blocked: number;
}

/** Positions, or whole orders (position 0), that could not be taken in. */
interface PretixProblemTable {
  readonly event: Fixed<number>;
  readonly order_code: Fixed<string>;
  readonly position: Fixed<number>;
  readonly problem: string;
}

/** Up to which mark of a writer admissions have been noted. */
interface PretixWriterTable {
  readonly event: Fixed<number>;
  readonly gate: Fixed<string>;
  readonly boot: Fixed<string>;
  readonly sequence: number;
}

/** A mark that goes back to the server. */
interface PretixCheckInTable {
  readonly event: Fixed<number>;
  readonly gate: Fixed<string>;
  readonly boot: Fixed<string>;
  readonly sequence: Fixed<number>;
  readonly position: Fixed<number>;
  readonly ticket: Fixed<string>;
  /** `entry`, `exit` or `annul`. */
  readonly kind: Fixed<string>;
  /** The check-in that an `annul` takes back, as `gate/boot/sequence`. */
  readonly of: Fixed<string | null>;
  readonly at_ms: Fixed<number>;
  readonly list: number;
  /** `waiting`, `sent`, `failed` or `skipped`. */
  readonly state: string;
  readonly tries: number;
  readonly next_at_ms: number;
  readonly reason: string | null;
}
