// The token endpoint's rules (RFC 6749, 7009): client credentials, refresh tokens that rotate at every use, revocation. A refresh token
// that comes twice was stolen from one of the two: the whole family ends.
import {
  bytesToHex,
  err,
  ok,
  type ClientView,
  type Clock,
  type OauthError,
  type Random,
  type Result,
  type Scope,
  type TokenResponse,
} from '@postern/shared';
import { z } from 'zod';
import type { Database, Queries } from '../store/database.ts';
import { accessTokenLifetimeMs, looksLikeJwt, type AccessTokens } from './access-tokens.ts';
import type { Clients } from './clients.ts';
import { hashSecret, isScope, makeSecret } from './grants.ts';
import type { Limiter } from './limiter.ts';

export const familyLifetimeMs = 30 * 24 * 3_600_000;
const familyIdBytes = 12;
/** Asks for a refresh token beside the access token. */
const offlineScope = 'offline_access';

export interface OauthFailure {
  readonly type: OauthError;
  readonly description: string;
  /** Too many wrong secrets. */
  readonly retryAfterS?: number;
}
export interface ClientCredentials {
  readonly id: string;
  readonly secret: string;
}
/** A form's fields, each at most once. */
export type Form = ReadonlyMap<string, string>;

export interface Oauth {
  /** `POST /oauth/token`. */
  readonly token: (
    credentials: ClientCredentials | undefined,
    form: Form,
    sender: string,
  ) => Promise<Result<TokenResponse, OauthFailure>>;
  /** `POST /oauth/revoke`; a token that is not known counts as revoked. */
  readonly revoke: (
    credentials: ClientCredentials | undefined,
    form: Form,
    sender: string,
  ) => Promise<Result<undefined, OauthFailure>>;
}

export interface OauthDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly random: Random;
  readonly clients: Clients;
  readonly accessTokens: AccessTokens;
  readonly limiter: Limiter;
}

export function createOauth({ database, clock, random, clients, accessTokens, limiter }: OauthDeps): Oauth {
  const proveClient = async (
    credentials: ClientCredentials | undefined,
    sender: string,
  ): Promise<Result<ClientView, OauthFailure>> => {
    const proved = await limiter.guess(
      'client-secret',
      sender,
      async () => (credentials === undefined ? undefined : clients.prove(credentials.id, credentials.secret)),
      (outcome) => outcome === undefined,
    );
    if (!proved.ok) {
      const { retryAfterS = 1 } = proved.error;
      return err({ type: 'invalid_client', description: 'too many attempts', retryAfterS });
    }
    return proved.value === undefined ? invalid('invalid_client', 'client authentication failed') : ok(proved.value);
  };

  const respond = async (
    client: string,
    scopes: readonly Scope[],
    family?: { readonly id: string; readonly refreshToken: string },
  ): Promise<Result<TokenResponse, OauthFailure>> =>
    ok({
      access_token: await accessTokens.issue({
        client,
        scopes,
        ...(family === undefined ? {} : { family: family.id }),
      }),
      token_type: 'Bearer',
      expires_in: accessTokenLifetimeMs / 1_000,
      scope: [...scopes, ...(family === undefined ? [] : [offlineScope])].join(' '),
      ...(family === undefined ? {} : { refresh_token: family.refreshToken }),
    });

  const byCredentials = async (client: ClientView, form: Form): Promise<Result<TokenResponse, OauthFailure>> => {
    const asked = readScope(form.get('scope'), client.scopes);
    if (!asked.ok) return asked;
    const { scopes, isOffline } = asked.value;
    if (!isOffline) return respond(client.id, scopes);
    const nowMs = clock.wallMs();
    const family = { id: bytesToHex(random(familyIdBytes)), refreshToken: makeSecret(random) };
    await database.transaction().execute(async (queries) => {
      await forgetOldFamilies(queries, nowMs);
      await queries
        .insertInto('token_family')
        .values({
          id: family.id,
          client: client.id,
          scopes: JSON.stringify(scopes),
          created_at_ms: nowMs,
          expires_at_ms: nowMs + familyLifetimeMs,
          revoked_at_ms: null,
        })
        .execute();
      await addRefreshToken(queries, family, nowMs);
    });
    return respond(client.id, scopes, family);
  };

  const byRefreshToken = async (client: ClientView, form: Form): Promise<Result<TokenResponse, OauthFailure>> => {
    const given = form.get('refresh_token');
    if (given === undefined || given === '') return invalid('invalid_request', 'refresh_token is missing');
    const nowMs = clock.wallMs();
    const row = await readRefreshToken(database, given);
    if (row === undefined || row.client !== client.id) return invalid('invalid_grant', 'the refresh token is not good');
    const granted = grantedSchema.parse(JSON.parse(row.scopes)).filter((scope) => client.scopes.includes(scope));
    const asked = readScope(form.get('scope'), granted);
    if (!asked.ok) return asked;
    const family = { id: row.family, refreshToken: makeSecret(random) };
    const isGood = await database.transaction().execute(async (queries) => {
      const used = await queries
        .updateTable('refresh_token')
        .set({ used_at_ms: nowMs })
        .where('id', '=', hashSecret(given))
        .where('used_at_ms', 'is', null)
        .returning('id')
        .executeTakeFirst();
      if (used === undefined) {
        await revokeFamily(queries, row.family, nowMs);
        return false;
      }
      // Read again where nobody else writes: another use may have ended the family since.
      const living = await queries
        .selectFrom('token_family')
        .select('id')
        .where('id', '=', row.family)
        .where('revoked_at_ms', 'is', null)
        .where('expires_at_ms', '>', nowMs)
        .executeTakeFirst();
      if (living === undefined) return false;
      await addRefreshToken(queries, family, nowMs);
      return true;
    });
    if (!isGood) return invalid('invalid_grant', 'the refresh token is not good');
    return respond(client.id, asked.value.scopes, family);
  };

  return {
    token: async (credentials, form, sender) => {
      const client = await proveClient(credentials, sender);
      if (!client.ok) return client;
      switch (form.get('grant_type')) {
        case 'client_credentials':
          return byCredentials(client.value, form);
        case 'refresh_token':
          return byRefreshToken(client.value, form);
        case undefined:
        case '':
          return invalid('invalid_request', 'grant_type is missing');
        default:
          return invalid('unsupported_grant_type', 'client_credentials and refresh_token are supported');
      }
    },

    revoke: async (credentials, form, sender) => {
      const client = await proveClient(credentials, sender);
      if (!client.ok) return client;
      const token = form.get('token');
      if (token === undefined || token === '') return invalid('invalid_request', 'token is missing');
      if (looksLikeJwt(token)) {
        const claims = await accessTokens.read(token);
        if (claims === undefined) return ok(undefined);
        if (claims.sub !== client.value.id) return invalid('unauthorized_client', 'the token is not of this client');
        await accessTokens.revoke(claims);
        return ok(undefined);
      }
      const row = await readRefreshToken(database, token);
      if (row === undefined) return ok(undefined);
      if (row.client !== client.value.id) return invalid('unauthorized_client', 'the token is not of this client');
      await revokeFamily(database, row.family, clock.wallMs());
      return ok(undefined);
    },
  };
}

const grantedSchema = z.array(z.string()).transform((list) => list.filter(isScope));

const invalid = (type: OauthError, description: string): Result<never, OauthFailure> => err({ type, description });

/** The scopes asked for, or all that may be had; `invalid_scope` for one that may not. */
function readScope(
  asked: string | undefined,
  granted: readonly Scope[],
): Result<{ readonly scopes: readonly Scope[]; readonly isOffline: boolean }, OauthFailure> {
  const names = new Set((asked ?? '').split(' ').filter((name) => name !== ''));
  const isOffline = names.delete(offlineScope);
  if (names.size === 0) return ok({ scopes: granted, isOffline });
  const scopes = granted.filter((scope) => names.has(scope));
  return scopes.length === names.size
    ? ok({ scopes, isOffline })
    : invalid('invalid_scope', 'the client does not have every scope it asks for');
}

const readRefreshToken = (
  queries: Queries,
  token: string,
): Promise<{ readonly family: string; readonly client: string; readonly scopes: string } | undefined> =>
  queries
    .selectFrom('refresh_token')
    .innerJoin('token_family', 'token_family.id', 'refresh_token.family')
    .select(['refresh_token.family', 'token_family.client', 'token_family.scopes'])
    .where('refresh_token.id', '=', hashSecret(token))
    .executeTakeFirst();

async function addRefreshToken(
  queries: Queries,
  { id, refreshToken }: { readonly id: string; readonly refreshToken: string },
  nowMs: number,
): Promise<void> {
  await queries
    .insertInto('refresh_token')
    .values({ id: hashSecret(refreshToken), family: id, created_at_ms: nowMs, used_at_ms: null })
    .execute();
}

async function revokeFamily(queries: Queries, family: string, nowMs: number): Promise<void> {
  await queries
    .updateTable('token_family')
    .set({ revoked_at_ms: nowMs })
    .where('id', '=', family)
    .where('revoked_at_ms', 'is', null)
    .execute();
}

async function forgetOldFamilies(queries: Queries, nowMs: number): Promise<void> {
  const old = queries.selectFrom('token_family').select('id').where('expires_at_ms', '<=', nowMs);
  await queries.deleteFrom('refresh_token').where('family', 'in', old).execute();
  await queries.deleteFrom('token_family').where('expires_at_ms', '<=', nowMs).execute();
}
