// Access tokens of programs (RFC 9068): JWTs that live for minutes, signed by the deployment's token key. The only file that imports
// jose. A good signature is not enough: the client, its scopes and the token's family are looked up at every use, so that what was
// revoked ends at once.
import {
  bytesToBase64Url,
  bytesToHex,
  keyId,
  type Clock,
  type KeyPair,
  type Random,
  type Scope,
} from '@postern/shared';
import { errors, importJWK, jwtVerify, SignJWT, type CryptoKey, type JWTVerifyGetKey } from 'jose';
import { z } from 'zod';
import type { Database } from '../store/database.ts';
import type { Actor } from './actor.ts';
import { programActor, readGrant } from './grants.ts';

export const accessTokenLifetimeMs = 10 * 60_000;
const algorithm = 'EdDSA';
const tokenType = 'at+jwt';
const audience = 'postern';
const idBytes = 16;

/** The keys at this moment: the one that signs, and by key id all whose tokens are still good. */
export interface TokenKeys {
  readonly current: () => Promise<{
    readonly token: KeyPair;
    readonly tokenKeys: ReadonlyMap<string, Uint8Array>;
  }>;
}

export interface AccessTokens {
  readonly issue: (about: {
    readonly client: string;
    readonly scopes: readonly Scope[];
    readonly family?: string;
  }) => Promise<string>;
  /** The program that a token speaks for now. */
  readonly find: (token: string) => Promise<Actor | undefined>;
  /** What a token says, when it is ours and has not expired. */
  readonly read: (token: string) => Promise<AccessClaims | undefined>;
  /** Ends one token before its time. */
  readonly revoke: (claims: AccessClaims) => Promise<void>;
}

export interface AccessTokensDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly random: Random;
  readonly keys: TokenKeys;
  readonly publicUrl: () => string;
}

const claimsSchema = z.object({
  sub: z.string(),
  jti: z.string(),
  exp: z.number(),
  scope: z.string(),
  /** Family of refresh tokens that it came with. */
  fam: z.string().optional(),
});
export type AccessClaims = z.infer<typeof claimsSchema>;

export const looksLikeJwt = (token: string): boolean => /^[\w-]+\.[\w-]+\.[\w-]+$/.test(token);

export function createAccessTokens({ database, clock, random, keys, publicUrl }: AccessTokensDeps): AccessTokens {
  const publicKeyOf: JWTVerifyGetKey = async ({ kid }) => {
    const publicKey = (await keys.current()).tokenKeys.get(kid ?? '');
    if (publicKey === undefined) throw new errors.JWKSNoMatchingKey();
    return toCryptoKey(publicKey);
  };

  const read: AccessTokens['read'] = async (token) => {
    try {
      const { payload } = await jwtVerify(token, publicKeyOf, {
        algorithms: [algorithm],
        typ: tokenType,
        issuer: publicUrl(),
        audience,
        currentDate: new Date(clock.wallMs()),
        requiredClaims: ['exp', 'iat', 'jti', 'sub'],
      });
      return claimsSchema.parse(payload);
    } catch (cause) {
      // Altered, expired, of somebody else or no token at all: to us they are all the same.
      if (cause instanceof errors.JOSEError || cause instanceof z.ZodError) return undefined;
      throw cause;
    }
  };

  return {
    read,

    issue: async ({ client, scopes: granted, family }) => {
      const { token } = await keys.current();
      const nowS = Math.floor(clock.wallMs() / 1_000);
      return new SignJWT({
        scope: granted.join(' '),
        client_id: client,
        ...(family === undefined ? {} : { fam: family }),
      })
        .setProtectedHeader({ alg: algorithm, typ: tokenType, kid: keyId(token.publicKey) })
        .setIssuer(publicUrl())
        .setAudience(audience)
        .setSubject(client)
        .setJti(bytesToHex(random(idBytes)))
        .setIssuedAt(nowS)
        .setExpirationTime(nowS + accessTokenLifetimeMs / 1_000)
        .sign(await toCryptoKey(token.publicKey, token.secretKey.slice(0, 32)));
    },

    find: async (token) => {
      const claims = await read(token);
      if (claims === undefined) return undefined;
      const client = await database
        .selectFrom('client')
        .selectAll()
        .where('id', '=', claims.sub)
        .where('revoked_at_ms', 'is', null)
        .executeTakeFirst();
      if (client === undefined || (await isRevoked(database, claims))) return undefined;
      const grant = readGrant(client);
      const asked = claims.scope.split(' ');
      const now = grant.scopes.filter((scope) => asked.includes(scope));
      return programActor(client.id, client.name, { ...grant, scopes: now });
    },

    revoke: async ({ jti, exp }) => {
      await database.deleteFrom('revoked_token').where('expires_at_ms', '<=', clock.wallMs()).execute();
      await database
        .insertInto('revoked_token')
        .values({ id: jti, expires_at_ms: exp * 1_000 })
        .onConflict((conflict) => conflict.column('id').doNothing())
        .execute();
    },
  };
}

async function isRevoked(database: Database, { jti, fam }: AccessClaims): Promise<boolean> {
  const single = await database.selectFrom('revoked_token').select('id').where('id', '=', jti).executeTakeFirst();
  if (single !== undefined) return true;
  if (fam === undefined) return false;
  const family = await database
    .selectFrom('token_family')
    .select('revoked_at_ms')
    .where('id', '=', fam)
    .executeTakeFirst();
  return family === undefined || family.revoked_at_ms !== null;
}

/** Raw Ed25519 as RFC 8037 writes it. */
const toCryptoKey = async (publicKey: Uint8Array, seed?: Uint8Array): Promise<CryptoKey | Uint8Array> =>
  importJWK(
    {
      kty: 'OKP',
      crv: 'Ed25519',
      x: bytesToBase64Url(publicKey),
      ...(seed === undefined ? {} : { d: bytesToBase64Url(seed) }),
    },
    algorithm,
  );
