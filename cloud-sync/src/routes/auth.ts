// Who is asking: people by token or by the session cookie of a page, programs by API key or access token, gates by a token signed with their own
// key for exactly this request.
import {
  err,
  gateTokenAudience,
  holderTokenAudience,
  nonceHeader,
  ok,
  requestTokenIssuer,
  revocationNoticeHeader,
  signRevocationNotice,
  verifyRequestToken,
  vitalsPath,
  vitalsWantedHeader,
  type Result,
  type TokenAudience,
  type Nonces,
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

/** What it takes to prove a request: whose key signed it, for whom, and what that may be asked of. */
interface Signers<T extends { readonly publicKey: Uint8Array }> {
  readonly nonces: Nonces;
  readonly limiter: Limiter;
  readonly audience: TokenAudience;
  /** Undefined for nobody that is known, or nobody who may ask this. */
  readonly find: (issuer: string) => Promise<T | undefined>;
  readonly limitOf: (signer: T) => readonly ['gate' | 'holder', string];
}

/**
 * Who has signed this very request, and its body; else the answer that says why not: `token-invalid` (401) for whatever proves nobody known,
 * `nonce-needed` (401) when only the nonce is missing or old, `attempts-exhausted` (429) for a signer that asks too often and for an address
 * that proves nothing all the time. The body has been bounded before.
 */
async function proveRequest<T extends { readonly publicKey: Uint8Array }>(
  c: Context<Environment>,
  { nonces, limiter, audience, find, limitOf }: Signers<T>,
): Promise<Result<{ readonly signer: T; readonly body: Uint8Array }, Response>> {
  const refuse = async (failure: Failure): Promise<Result<never, Response>> =>
    err(problem(c, (await limiter.take('unproven', senderOf(c))) ?? failure));
  const token = bearer(c);
  if (token === undefined) return refuse({ type: 'nonce-needed' });
  const issuer = requestTokenIssuer(token);
  const signer = issuer === undefined ? undefined : await find(issuer);
  if (signer === undefined) return refuse({ type: 'token-invalid' });
  const url = new URL(c.req.url);
  const body = new Uint8Array(await c.req.arrayBuffer());
  const claims = verifyRequestToken(token, signer.publicKey, {
    audience,
    method: c.req.method,
    path: url.pathname + url.search,
    body,
  });
  if (!claims.ok) return refuse({ type: 'token-invalid', detail: claims.error.type });
  // Whoever has an old nonce is who they say: whatever others try at their address, they get a new one.
  if (!nonces.isGood(claims.value.nonce)) return err(problem(c, { type: 'nonce-needed' }));
  const spent = await limiter.take(...limitOf(signer));
  return spent === undefined ? ok({ signer, body }) : err(problem(c, spent));
}

export interface GateAuthDeps {
  readonly devices: Devices;
  readonly keys: Keys;
  readonly nonces: Nonces;
  readonly limiter: Limiter;
}

/** A gate, by the key of its certificate (`proveRequest`); a revoked one is told so, signed. */
export const requireGate =
  ({ devices, keys, nonces, limiter }: GateAuthDeps): MiddlewareHandler<Environment> =>
  async (c, next) => {
    const proved = await proveRequest(c, {
      nonces,
      limiter,
      audience: gateTokenAudience,
      find: devices.find,
      limitOf: ({ id }) => ['gate', id],
    });
    if (!proved.ok) return proved.error;
    const { signer: gate, body } = proved.value;
    if (gate.revokedAtMs !== undefined) {
      const notice = signRevocationNotice(
        { gate: gate.id, revokedAtMs: gate.revokedAtMs, sealKey: keys.sealing.publicKey },
        (await keys.current()).feed,
      );
      c.header(revocationNoticeHeader, Buffer.from(notice).toString('base64url'));
      return problem(c, { type: 'gate-revoked' });
    }
    if (gate.isToBeWiped && c.req.path !== vitalsPath) c.header(vitalsWantedHeader, 'now');
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
 * The phone that a ticket was bound to (`proveRequest`), on routes whose path names it (`:holder`). A phone that no longer has the ticket comes
 * through too: a route that gives something away asks `isCurrent` of what it finds in `holder`.
 */
export const requireHolder =
  ({ holders, nonces, limiter }: HolderAuthDeps): MiddlewareHandler<Environment> =>
  async (c, next) => {
    const proved = await proveRequest(c, {
      nonces,
      limiter,
      audience: holderTokenAudience,
      find: async (issuer) => (issuer === c.get('params')['holder'] ? holders.find(issuer) : undefined),
      limitOf: ({ row }) => ['holder', row.id],
    });
    if (!proved.ok) return proved.error;
    c.set('holder', proved.value.signer);
    return next();
  };
