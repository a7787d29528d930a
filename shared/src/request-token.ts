// How a sender proves to the cloud who it is: a compact JWS (RFC 7515, RFC 8037) by its Ed25519 key over the cloud's nonce, the method, the
// path and the hash of the body. Freshness comes from the nonce alone, since the sender's clock may be days off. Gates and the phones of
// holders each have an audience of their own, and so has what a handheld asks of a gate.
import { z } from 'zod';
import { base64UrlToBytes, bytesToBase64Url } from './base64.ts';
import { utf8 } from './bytes.ts';
import { sha256, sign, verifySignature, type KeyPair } from './crypto.ts';
import { err, ok, type Result } from './result.ts';

/** Header in which every answer of the cloud carries a fresh nonce. */
export const nonceHeader = 'Postern-Nonce';
export const requestTokenCharactersMax = 2_048;
/** A token states at most this lifetime, in seconds. */
export const requestTokenLifetimeMaxS = 300;

export const gateTokenAudience = 'postern-cloud';
export const holderTokenAudience = 'postern-my-ticket';
/** What a handheld signs for a gate on the LAN; the path names the gate. */
export const gateWebTokenAudience = 'postern-gate';
export type TokenAudience = typeof gateTokenAudience | typeof holderTokenAudience | typeof gateWebTokenAudience;

const claimsSchema = z.object({
  /** Id of the gate, or of the holder. */
  iss: z.string().regex(/^[a-z0-9-]{1,32}$/),
  aud: z.enum([gateTokenAudience, holderTokenAudience, gateWebTokenAudience]),
  nonce: z.string().min(1).max(200),
  /** HTTP method, upper case. */
  htm: z.string().min(1).max(10),
  /** Path with its query, as sent. */
  htu: z.string().min(1).max(500),
  /** base64url of the SHA-256 of the body's bytes (of no bytes where there is none). */
  rh: z.string().length(43),
  /** Unix seconds by the sender's own clock: stated, never trusted. */
  iat: z.number().int().min(0),
  exp: z.number().int().min(0),
});
export type RequestTokenClaims = z.infer<typeof claimsSchema>;

const headerSchema = z.object({ alg: z.literal('EdDSA'), typ: z.literal('JWT').optional() }).strict();

export interface TokenRequest {
  readonly audience: TokenAudience;
  readonly issuer: string;
  readonly nonce: string;
  readonly method: string;
  readonly path: string;
  readonly body: Uint8Array;
  /** The sender's time in Unix ms. */
  readonly nowMs: number;
}

/** The token for one request, for `Authorization: Bearer`. */
export function encodeRequestToken(request: TokenRequest, keyPair: KeyPair): string {
  const issuedAtS = Math.max(0, Math.floor(request.nowMs / 1_000));
  const claims: RequestTokenClaims = {
    iss: request.issuer,
    aud: request.audience,
    nonce: request.nonce,
    htm: request.method,
    htu: request.path,
    rh: bytesToBase64Url(sha256(request.body)),
    iat: issuedAtS,
    exp: issuedAtS + 60,
  };
  const signed = `${jsonToBase64Url({ alg: 'EdDSA', typ: 'JWT' })}.${jsonToBase64Url(claims)}`;
  return `${signed}.${bytesToBase64Url(sign(keyPair.secretKey, utf8(signed)))}`;
}

export type RequestTokenError = {
  readonly type: 'token-malformed' | 'token-mismatch' | 'token-signature-invalid';
};

/** Who the token says it is from, before anything is proved: only to find the key. Undefined for anything malformed. */
export function requestTokenIssuer(token: string): string | undefined {
  const parts = splitToken(token);
  return parts === undefined ? undefined : parts.claims.iss;
}

/**
 * Checks the signature and that the token was made for exactly this request. `token-malformed`, `token-signature-invalid`, or
 * `token-mismatch` when audience, method, path or body differ. The caller still checks the nonce.
 */
export function verifyRequestToken(
  token: string,
  publicKey: Uint8Array,
  { body, ...request }: Pick<TokenRequest, 'audience' | 'method' | 'path' | 'body'>,
): Result<RequestTokenClaims, RequestTokenError> {
  const claims = verifyTokenBeforeBody(token, publicKey, request);
  return claims.ok && !isBodyOf(claims.value, body) ? err({ type: 'token-mismatch' }) : claims;
}

/** The same before the body has been read: whoever cannot sign has nothing read from them. The caller checks `isBodyOf` afterwards. */
export function verifyTokenBeforeBody(
  token: string,
  publicKey: Uint8Array,
  request: Pick<TokenRequest, 'audience' | 'method' | 'path'>,
): Result<RequestTokenClaims, RequestTokenError> {
  const parts = splitToken(token);
  if (parts === undefined) return err({ type: 'token-malformed' });
  if (!verifySignature(publicKey, utf8(parts.signed), parts.signature)) return err({ type: 'token-signature-invalid' });
  const { claims } = parts;
  if (claims.exp < claims.iat || claims.exp - claims.iat > requestTokenLifetimeMaxS)
    return err({ type: 'token-malformed' });
  const isForIt = claims.aud === request.audience && claims.htm === request.method && claims.htu === request.path;
  return isForIt ? ok(claims) : err({ type: 'token-mismatch' });
}

export const isBodyOf = (claims: RequestTokenClaims, body: Uint8Array): boolean =>
  claims.rh === bytesToBase64Url(sha256(body));

function splitToken(
  token: string,
): { readonly signed: string; readonly claims: RequestTokenClaims; readonly signature: Uint8Array } | undefined {
  if (token.length > requestTokenCharactersMax) return undefined;
  const [header, payload, signature, ...rest] = token.split('.');
  if (header === undefined || payload === undefined || signature === undefined || rest.length > 0) return undefined;
  if (!headerSchema.safeParse(base64UrlToJson(header)).success) return undefined;
  const claims = claimsSchema.safeParse(base64UrlToJson(payload));
  const signatureBytes = base64UrlToBytes(signature);
  if (!claims.success || signatureBytes === undefined) return undefined;
  return { signed: `${header}.${payload}`, claims: claims.data, signature: signatureBytes };
}

const jsonToBase64Url = (value: unknown): string => bytesToBase64Url(utf8(JSON.stringify(value)));

function base64UrlToJson(text: string): unknown {
  const bytes = base64UrlToBytes(text);
  if (bytes === undefined) return undefined;
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    // Not JSON or not UTF-8: the schemas refuse undefined, which is the one answer to every malformed token.
    return undefined;
  }
}
