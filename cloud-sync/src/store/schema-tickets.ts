// The tables of tickets and of what was made for them (codes, passes, credentials, bands), as kysely sees them; see schema.ts.
import type { Fixed, WithDefault } from './column-types.ts';

export interface TicketsSchema {
  readonly ticket: TicketTable;
  readonly ticket_code: TicketCodeTable;
  readonly ticket_holder: TicketHolderTable;
  readonly signed_pass: SignedPassTable;
  readonly credential: CredentialTable;
  readonly band: BandTable;
  readonly ticket_file: TicketFileTable;
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

/** Which key has signed a pass of which ticket, so that an emergency knows whose passes are dead. Written before a pass is shown. */
interface SignedPassTable {
  readonly event: Fixed<number>;
  readonly key_id: Fixed<string>;
  readonly ticket: Fixed<string>;
  /** The highest epoch signed, and when it first was. */
  readonly epoch: number;
  readonly signed_at_ms: number;
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
