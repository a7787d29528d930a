// The tables of people and programs that use the API, as kysely sees them; see schema.ts.
import type { Fixed, WithDefault } from './column-types.ts';

export interface PeopleSchema {
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
