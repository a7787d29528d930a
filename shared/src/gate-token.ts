// How a gate proves to the cloud who it is: a compact JWS (RFC 7515, RFC 8037) by the gate's Ed25519 key over the cloud's nonce, the
// method, the path and the hash of the body. Freshness comes from the nonce alone, since a gate's clock may be days off.
import { z } from 'zod';
import { base64UrlToBytes, bytesToBase64Url } from './base64.ts';
import { utf8 } from './bytes.ts';
import { sha256, sign, verifySignature, type KeyPair } from './crypto.ts';
import { err, ok, type Result } from './result.ts';

/** Header in which every answer of the cloud carries a fresh nonce. */
export const nonceHeader = 'Postern-Nonce';
export const gateTokenAudience = 'postern-cloud';
export const gateTokenCharactersMax = 2_048;
/** A token states at most this lifetime, in seconds. */
export const gateTokenLifetimeMaxS = 300;

const claimsSchema = z.object({
  /** Gate id. */
  iss: z.string().regex(/^[a-z0-9-]{1,32}$/),
  aud: z.literal(gateTokenAudience),
  nonce: z.string().min(1).max(200),
  /** HTTP method, upper case. */
  htm: z.string().min(1).max(10),
  /** Path with its query, as sent. */
  htu: z.string().min(1).max(500),
  /** base64url of the SHA-256 of the body's bytes (of no bytes where there is none). */
  rh: z.string().length(43),
  /** Unix seconds by the gate's own clock: stated, never trusted. */
  iat: z.number().int().min(0),
  exp: z.number().int().min(0),
});
export type GateTokenClaims = z.infer<typeof claimsSchema>;

const headerSchema = z.object({ alg: z.literal('EdDSA'), typ: z.literal('JWT').optional() }).strict();

export interface GateRequest {
  readonly gate: string;
  readonly nonce: string;
  readonly method: string;
  readonly path: string;
  readonly body: Uint8Array;
  /** The gate's time in Unix ms. */
  readonly nowMs: number;
}

/** The token for one request, for `Authorization: Bearer`. */
export function encodeGateToken(request: GateRequest, keyPair: KeyPair): string {
  const issuedAtS = Math.max(0, Math.floor(request.nowMs / 1_000));
  const claims: GateTokenClaims = {
    iss: request.gate,
    aud: gateTokenAudience,
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

export type GateTokenError = { readonly type: 'token-malformed' | 'token-mismatch' | 'token-signature-invalid' };

/** Who the token says it is from, before anything is proved: only to find the key. Undefined for anything malformed. */
export function gateTokenIssuer(token: string): string | undefined {
  const parts = splitToken(token);
  return parts === undefined ? undefined : parts.claims.iss;
}

/**
 * Checks the signature and that the token was made for exactly this request. `token-malformed`, `token-signature-invalid`, or
 * `token-mismatch` when method, path or body differ. The caller still checks the nonce.
 */
export function verifyGateToken(
  token: string,
  publicKey: Uint8Array,
  request: { readonly method: string; readonly path: string; readonly body: Uint8Array },
): Result<GateTokenClaims, GateTokenError> {
  const parts = splitToken(token);
  if (parts === undefined) return err({ type: 'token-malformed' });
  if (!verifySignature(publicKey, utf8(parts.signed), parts.signature)) return err({ type: 'token-signature-invalid' });
  const { claims } = parts;
  if (claims.exp < claims.iat || claims.exp - claims.iat > gateTokenLifetimeMaxS)
    return err({ type: 'token-malformed' });
  if (
    claims.htm !== request.method ||
    claims.htu !== request.path ||
    claims.rh !== bytesToBase64Url(sha256(request.body))
  )
    return err({ type: 'token-mismatch' });
  return ok(claims);
}

function splitToken(
  token: string,
): { readonly signed: string; readonly claims: GateTokenClaims; readonly signature: Uint8Array } | undefined {
  if (token.length > gateTokenCharactersMax) return undefined;
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
