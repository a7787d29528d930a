// Who is asking: people by token or by the session cookie of a page, programs by API key or access token, gates by a token signed with their own
// key for exactly this request.
import {
  gateTokenAudience,
  holderTokenAudience,
  nonceHeader,
  requestTokenIssuer,
  revocationNoticeHeader,
  signRevocationNotice,
  verifyRequestToken,
} from '@postern/shared';
import type { Context, MiddlewareHandler } from 'hono';
import { getCookie } from 'hono/cookie';
import { looksLikeJwt, type AccessTokens } from '../services/access-tokens.ts';
import { gateActor, type Actors } from '../services/actor.ts';
import { isApiKey, type ApiKeys } from '../services/api-keys.ts';
import type { Devices } from '../services/devices.ts';
import type { Holders } from '../services/holders.ts';
import type { Keys } from '../services/keys.ts';
import type { Limiter } from '../services/limiter.ts';
import type { Nonces } from '../services/nonces.ts';
import type { Failure } from '../services/problems.ts';
import type { Sessions } from '../services/sessions.ts';
import type { Users } from '../services/users.ts';
import { problem, type Environment } from './context.ts';
import type { AccessDeps } from './enforce-access.ts';
import { senderOf } from './sender.ts';

export const sessionCookie = 'postern_session';

const bearer = (c: Context): string | undefined =>
  /^Bearer ([\x21-\x7e]{1,4096})$/i.exec(c.req.header('Authorization') ?? '')?.[1];

export const sessionOf = (c: Context): string | undefined => getCookie(c, sessionCookie);

export interface IdentifyDeps {
  readonly users: Users;
  readonly sessions: Sessions;
  readonly actors: Actors;
  readonly apiKeys: ApiKeys;
  readonly accessTokens: AccessTokens;
  readonly publicUrl: () => string;
}

/**
 * Who sent this: by token, or by session. The session's cookie is not looked at where a token was sent, and counts for a change only
 * when one of our own pages makes it.
 */
export const identify =
  ({ users, sessions, actors, apiKeys, accessTokens, publicUrl }: IdentifyDeps): AccessDeps['identify'] =>
  async (c) => {
    const token = bearer(c);
    if (token !== undefined) {
      if (isApiKey(token)) return (await apiKeys.find(token)) ?? signInNeeded;
      if (looksLikeJwt(token)) return (await accessTokens.find(token)) ?? signInNeeded;
      const user = await users.byToken(token, senderOf(c));
      if (!user.ok) return user.error;
      return user.value === undefined ? signInNeeded : actors.ofUser(user.value);
    }
    const session = sessionOf(c);
    const counts = session !== undefined && (isReading(c) || isOwnPage(c, publicUrl()));
    const user = counts ? await sessions.find(session) : undefined;
    return user === undefined ? signInNeeded : actors.ofUser(user);
  };

const signInNeeded: Failure = { type: 'sign-in-needed' };

const isReading = (c: Context): boolean => c.req.method === 'GET' || c.req.method === 'HEAD';

/**
 * Browsers say where a request comes from, and pages cannot make them lie: Sec-Fetch-Site in every one of today, Origin also in older ones.
 * Behind a proxy our own address is the public one.
 */
function isOwnPage(c: Context, publicUrl: string): boolean {
  const site = c.req.header('Sec-Fetch-Site');
  return site === undefined ? c.req.header('Origin') === new URL(publicUrl).origin : site === 'same-origin';
}

/** Every answer carries a fresh nonce, also the refusal of an old one. */
export const giveNonce =
  (nonces: Nonces): MiddlewareHandler<Environment> =>
  async (c, next) => {
    await next();
    c.header(nonceHeader, nonces.make());
  };

export interface GateAuthDeps {
  readonly devices: Devices;
  readonly keys: Keys;
  readonly nonces: Nonces;
  readonly limiter: Limiter;
}

/**
 * `token-invalid` (401) for whatever does not prove a known gate, `nonce-needed` (401) when only the nonce is missing or old,
 * `attempts-exhausted` (429) for a gate that asks too often and for an address that proves nothing all the time. The body has been bounded
 * before.
 */
export const requireGate =
  ({ devices, keys, nonces, limiter }: GateAuthDeps): MiddlewareHandler<Environment> =>
  async (c, next) => {
    const refuse = async (failure: Failure): Promise<Response> =>
      problem(c, (await limiter.take('unproven', senderOf(c))) ?? failure);
    const token = bearer(c);
    if (token === undefined) return refuse({ type: 'nonce-needed' });
    const issuer = requestTokenIssuer(token);
    const gate = issuer === undefined ? undefined : await devices.find(issuer);
    if (gate === undefined) return refuse({ type: 'token-invalid' });
    const url = new URL(c.req.url);
    const body = new Uint8Array(await c.req.arrayBuffer());
    const claims = verifyRequestToken(token, gate.publicKey, {
      audience: gateTokenAudience,
      method: c.req.method,
      path: url.pathname + url.search,
      body,
    });
    if (!claims.ok) return refuse({ type: 'token-invalid', detail: claims.error.type });
    // A gate with an old nonce is who it says: whatever others try at its address, it gets a new one.
    if (!nonces.isGood(claims.value.nonce)) return problem(c, { type: 'nonce-needed' });
    const spent = await limiter.take('gate', gate.id);
    if (spent !== undefined) return problem(c, spent);
    if (gate.revokedAtMs !== undefined) {
      const notice = signRevocationNotice(
        { gate: gate.id, revokedAtMs: gate.revokedAtMs, sealKey: keys.sealing.publicKey },
        (await keys.current()).feed,
      );
      c.header(revocationNoticeHeader, Buffer.from(notice).toString('base64url'));
      return problem(c, { type: 'gate-revoked' });
    }
    c.set('gate', gate);
    c.set('actor', gateActor(gate));
    c.set('body', body);
    return next();
  };

export interface HolderAuthDeps {
  readonly holders: Holders;
  readonly nonces: Nonces;
  readonly limiter: Limiter;
}

/**
 * The same for the phone that a ticket was bound to, on routes whose path names it (`:holder`). A phone that no longer has the ticket comes
 * through too: a route that gives something away asks `isCurrent` of what it finds in `holder`. A route with a body bounds it before.
 */
export const requireHolder =
  ({ holders, nonces, limiter }: HolderAuthDeps): MiddlewareHandler<Environment> =>
  async (c, next) => {
    const refuse = async (failure: Failure): Promise<Response> =>
      problem(c, (await limiter.take('unproven', senderOf(c))) ?? failure);
    const token = bearer(c);
    if (token === undefined) return refuse({ type: 'nonce-needed' });
    const issuer = requestTokenIssuer(token);
    const isNamed = issuer !== undefined && issuer === c.get('params')['holder'];
    const holder = isNamed ? await holders.find(issuer) : undefined;
    if (holder === undefined) return refuse({ type: 'token-invalid' });
    const url = new URL(c.req.url);
    const claims = verifyRequestToken(token, holder.publicKey, {
      audience: holderTokenAudience,
      method: c.req.method,
      path: url.pathname + url.search,
      body: new Uint8Array(await c.req.arrayBuffer()),
    });
    if (!claims.ok) return refuse({ type: 'token-invalid', detail: claims.error.type });
    if (!nonces.isGood(claims.value.nonce)) return problem(c, { type: 'nonce-needed' });
    const spent = await limiter.take('holder', holder.row.id);
    if (spent !== undefined) return problem(c, spent);
    c.set('holder', holder);
    return next();
  };
