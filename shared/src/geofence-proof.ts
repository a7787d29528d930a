// Fixes that a holder's phone has signed: `PG1:`, the pass that names the holder's key, what is said, and the key's Ed25519 signature, each
// in base64url. What is said is JSON, `{"n": number, "f": [[Unix seconds, latitude, longitude, accuracy in metres], …]}`, the oldest fix
// first. The pass names event and ticket and is part of what is signed. cloud-sync/src/sdk/geofence.ts writes the same in a browser.
import { z } from 'zod';
import { concatBytes, utf8 } from './bytes.ts';
import { sign, signatureBytes, verifySignature, type KeyPair } from './crypto.ts';
import { base64UrlToBytes, bytesToBase64Url } from './base64.ts';
import type { Fix } from './geofence-track.ts';
import { decodeHolderPass, passBytesMax, type HolderPass, type KeyOf, type PassError } from './pass.ts';
import { err, ok, type Result } from './result.ts';

export const geofenceProofPrefix = 'PG1:';
export const proofFixesMax = 12;
const saidBytesMax = 900;
const base64Length = (bytes: number): number => Math.ceil((bytes * 4) / 3);
export const geofenceProofCharsMax =
  geofenceProofPrefix.length +
  base64Length(passBytesMax) +
  base64Length(saidBytesMax) +
  base64Length(signatureBytes) +
  2;

const domain = 'postern-geofence-v1\0';
const secondsMax = 253_402_300_799;

const saidSchema = z.strictObject({
  n: z.number().int().min(1).max(Number.MAX_SAFE_INTEGER),
  f: z
    .array(
      z.tuple([
        z.number().int().min(0).max(secondsMax),
        z.number().min(-90).max(90),
        z.number().min(-180).max(180),
        z.number().min(0).max(100_000),
      ]),
    )
    .min(1)
    .max(proofFixesMax)
    .refine((fixes) => fixes.every(([atS], index) => index === 0 || atS > (fixes[index - 1]?.[0] ?? 0))),
});

export interface GeofenceProof extends HolderPass {
  /** Rises with every message of a phone. */
  readonly number: number;
  /** The oldest first, at least one; times rise. */
  readonly fixes: readonly Fix[];
}

/** The length keeps pass and message apart. */
const signedPart = (holderPass: Uint8Array, said: Uint8Array): Uint8Array =>
  concatBytes(utf8(domain), Uint8Array.of(holderPass.length >> 8, holderPass.length & 0xff), holderPass, said);

/** As a phone does it. `holderPass`: what the issuer has signed for the public half of `holderKeys`, as it came. */
export function encodeGeofenceProof(
  holderPass: Uint8Array,
  holderKeys: KeyPair,
  { number, fixes }: Pick<GeofenceProof, 'number' | 'fixes'>,
): string {
  const said = utf8(
    JSON.stringify({ n: number, f: fixes.map(({ atS, lat, lon, accuracyM }) => [atS, lat, lon, accuracyM]) }),
  );
  const signature = sign(holderKeys.secretKey, signedPart(holderPass, said));
  return geofenceProofPrefix + [holderPass, said, signature].map(bytesToBase64Url).join('.');
}

/**
 * Verifies and reads it: prefix, sizes, base64url, the carried pass (issuer's key and signature, claims, holder's key), the holder's
 * signature, and only then what is said. Never throws. Whether it is of now, and where its fixes are, is for others to say.
 */
export function decodeGeofenceProof(text: string, keyOf: KeyOf): Result<GeofenceProof, PassError> {
  if (!text.startsWith(geofenceProofPrefix)) return err({ type: 'not-a-ticket' });
  if (text.length > geofenceProofCharsMax) return malformed(`at most ${geofenceProofCharsMax} characters are allowed`);
  const [holderPass, said, signature, ...rest] = text
    .slice(geofenceProofPrefix.length)
    .split('.', 4)
    .map(base64UrlToBytes);
  if (holderPass === undefined || said === undefined || signature === undefined || rest.length > 0)
    return malformed('three parts in base64url');
  if (said.length > saidBytesMax || signature.length !== signatureBytes) return malformed('a part of a wrong size');
  const pass = decodeHolderPass(holderPass, keyOf);
  if (!pass.ok) return pass;
  if (!verifySignature(pass.value.holderKey, signedPart(holderPass, said), signature))
    return err({ type: 'signature-invalid' });
  const read = saidSchema.safeParse(parseJson(said)).data;
  if (read === undefined) return malformed('a number and fixes, and nothing else');
  const fixes = read.f.map(([atS, lat, lon, accuracyM]) => ({ atS, lat, lon, accuracyM }));
  return ok({ ...pass.value, number: read.n, fixes });
}

const malformed = (cause: string): Result<never, PassError> => err({ type: 'malformed', cause });

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    // Not UTF-8 or not JSON: the schema refuses undefined.
    return undefined;
  }
}
