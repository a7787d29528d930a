// Signing in at an OpenID provider: authorization code flow with PKCE. The only file that imports openid-client. What belongs to one sign-in
// (state, nonce, verifier) travels sealed in a cookie of the browser that began it, so that no other browser can finish it and any
// process of the deployment can. People are known by issuer and subject, never by their address.
import {
  bytesToBase64Url,
  bytesToHex,
  emailSchema,
  err,
  languageSchema,
  ok,
  personNameSchema,
  type Clock,
  type Logger,
  type Random,
  type Result,
} from '@postern/shared';
import * as client from 'openid-client';
import { z } from 'zod';
import type { Database, Queries } from '../store/database.ts';
import { inTransaction } from '../store/locks.ts';
import type { Failure } from './problems.ts';
import { userIdBytes, type User } from './users.ts';
import type { Vault } from './vault.ts';

export const oidcCallbackPath = '/oidc/callback';
export const oidcFlowLifetimeMs = 10 * 60_000;
const secretBytes = 32;
const providerTimeoutS = 10;
const vaultLabel = 'oidc';

export interface OidcSettings {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

export interface Oidc {
  /** Whether this deployment has a provider. */
  readonly isConfigured: boolean;
  /** Where to send the browser, and what it brings back in a cookie. `oidc-unreachable`, `not-found` when no provider is configured. */
  readonly begin: () => Promise<Result<{ readonly url: string; readonly flow: string }, Failure>>;
  /**
   * The person whom the provider has sent back with `query`, made at the first time. `oidc-failed` for whatever does not belong to
   * this browser's flow or the provider does not stand by.
   */
  readonly finish: (flow: string | undefined, query: string) => Promise<Result<User, Failure>>;
}

export interface OidcDeps {
  readonly settings: OidcSettings | undefined;
  readonly database: Database;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly vault: Vault;
  readonly publicUrl: () => string;
}

const flowSchema = z.object({ state: z.string(), nonce: z.string(), verifier: z.string(), expiresAtMs: z.number() });
type Flow = z.infer<typeof flowSchema>;

export function createOidc({ settings, database, clock, random, log, vault, publicUrl }: OidcDeps): Oidc {
  let discovered: client.Configuration | undefined;
  /** Asked once, and again as long as nobody has answered. */
  const discover = async (): Promise<Result<client.Configuration, Failure>> => {
    if (settings === undefined) return err({ type: 'not-found' });
    if (discovered !== undefined) return ok(discovered);
    try {
      const issuer = new URL(settings.issuer);
      discovered = await client.discovery(issuer, settings.clientId, settings.clientSecret, undefined, {
        timeout: providerTimeoutS,
        // The configuration takes http for this machine only.
        ...(issuer.protocol === 'http:' ? { execute: [client.allowInsecureRequests] } : {}),
      });
      return ok(discovered);
    } catch (cause) {
      log.warn({ issuer: settings.issuer, cause: nameOf(cause) }, 'the OpenID provider does not answer');
      return err({ type: 'oidc-unreachable' });
    }
  };
  const makeSecret = (): string => bytesToBase64Url(random(secretBytes));

  return {
    isConfigured: settings !== undefined,
    begin: async () => {
      const provider = await discover();
      if (!provider.ok) return provider;
      const flow: Flow = {
        state: makeSecret(),
        nonce: makeSecret(),
        verifier: makeSecret(),
        expiresAtMs: clock.wallMs() + oidcFlowLifetimeMs,
      };
      const url = client.buildAuthorizationUrl(provider.value, {
        redirect_uri: publicUrl() + oidcCallbackPath,
        scope: 'openid email profile',
        code_challenge: await client.calculatePKCECodeChallenge(flow.verifier),
        code_challenge_method: 'S256',
        state: flow.state,
        nonce: flow.nonce,
      });
      return ok({ url: url.href, flow: vault.seal(Buffer.from(JSON.stringify(flow)), vaultLabel) });
    },

    finish: async (sealed, query) => {
      const provider = await discover();
      if (!provider.ok) return provider;
      const flow = openFlow(vault, sealed);
      if (flow === undefined || flow.expiresAtMs <= clock.wallMs()) return err({ type: 'oidc-failed' });
      const claims = await redeem(provider.value, flow, new URL(publicUrl() + oidcCallbackPath + query));
      if (!claims.ok) {
        log.warn({ cause: claims.error.detail ?? '' }, 'a sign-in at the OpenID provider failed');
        return err({ type: 'oidc-failed' });
      }
      const user = await inTransaction(database, 'identities', (queries) =>
        findOrMakeUser(queries, claims.value, { clock, random }),
      );
      return user.disabled ? err({ type: 'oidc-failed' }) : ok(user);
    },
  };
}

const claimsSchema = z.object({
  iss: z.url().max(500),
  /** OpenID Connect Core 2: at most 255 ASCII characters. */
  sub: z.string().regex(/^[\x20-\x7e]{1,255}$/),
  name: personNameSchema.optional().catch(undefined),
  locale: languageSchema.optional().catch(undefined),
  email: emailSchema.optional().catch(undefined),
  email_verified: z.boolean().optional().catch(undefined),
});
type Claims = z.infer<typeof claimsSchema>;

/** Trades the code for the provider's word on who this is; state, nonce, PKCE, signature, issuer and audience are checked on the way. */
async function redeem(provider: client.Configuration, flow: Flow, url: URL): Promise<Result<Claims, Failure>> {
  try {
    const tokens = await client.authorizationCodeGrant(provider, url, {
      expectedState: flow.state,
      expectedNonce: flow.nonce,
      pkceCodeVerifier: flow.verifier,
      idTokenExpected: true,
    });
    const claims = tokens.claims();
    if (claims === undefined) return err({ type: 'oidc-failed' });
    const more =
      provider.serverMetadata().userinfo_endpoint === undefined
        ? {}
        : await client.fetchUserInfo(provider, tokens.access_token, claims.sub);
    return ok(claimsSchema.parse({ ...claims, ...more, iss: claims.iss, sub: claims.sub }));
  } catch (cause) {
    // The library's errors carry answers of the provider, which may hold tokens: only their kind goes on.
    return err({ type: 'oidc-failed', detail: nameOf(cause) });
  }
}

const nameOf = (cause: unknown): string =>
  cause instanceof Error ? ('code' in cause && typeof cause.code === 'string' ? cause.code : cause.name) : 'unknown';

/**
 * An address counts when the provider has verified it, and never leads to an account that was there before: whoever runs a provider
 * could take that over.
 */
async function findOrMakeUser(
  queries: Queries,
  claims: Claims,
  { clock, random }: Pick<OidcDeps, 'clock' | 'random'>,
): Promise<User & { readonly disabled: boolean }> {
  const known = await queries
    .selectFrom('identity')
    .innerJoin('user', 'user.id', 'identity.user_id')
    .select(['user.id', 'user.name', 'user.role', 'user.disabled'])
    .where('identity.issuer', '=', claims.iss)
    .where('identity.subject', '=', claims.sub)
    .executeTakeFirst();
  if (known !== undefined) return { ...known, disabled: known.disabled !== 0 };
  const nowMs = clock.wallMs();
  const email = claims.email_verified === true ? claims.email : undefined;
  const taken =
    email === undefined
      ? undefined
      : await queries.selectFrom('user').select('id').where('email', '=', email).executeTakeFirst();
  const user = { id: bytesToHex(random(userIdBytes)), name: claims.name ?? email ?? 'Guest', role: 'person' };
  await queries
    .insertInto('user')
    .values({
      ...user,
      salt: '',
      token_hash: '',
      email: taken === undefined ? (email ?? null) : null,
      language: claims.locale ?? null,
      created_at_ms: nowMs,
    })
    .execute();
  await queries
    .insertInto('identity')
    .values({ issuer: claims.iss, subject: claims.sub, user_id: user.id, created_at_ms: nowMs })
    .execute();
  return { ...user, disabled: false };
}

function openFlow(vault: Vault, sealed: string | undefined): Flow | undefined {
  const opened = sealed === undefined ? undefined : vault.open(sealed, vaultLabel);
  return opened?.ok === true ? flowSchema.safeParse(JSON.parse(Buffer.from(opened.value).toString())).data : undefined;
}
