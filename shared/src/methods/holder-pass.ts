// What `generate` does for methods whose holder signs with a key of their phone: binds the ticket to its public half. The private one never
// leaves the phone.
import { z } from 'zod';
import { hexToBytes } from '../bytes.ts';
import { isSoundPublicKey, type KeyPair } from '../crypto.ts';
import type { GenerateError, GenerateRequest, Generated } from '../gate/ports.ts';
import { bytesToBase64Url } from '../base64.ts';
import { credentialIdOf, encodeHolderPass, passClaims } from '../pass.ts';
import { err, ok, type Result } from '../result.ts';

/** What `generate` asks for. */
export const holderOptionsSchema = z.strictObject({
  /** Ed25519 public key that the phone has made, 64 hexadecimal digits. */
  holderKey: z.string().regex(/^[0-9a-fA-F]{64}$/),
});

/** `further`: what the phone needs to know besides. */
export async function generateHolderPass(
  { event, ticket, options }: GenerateRequest,
  issuer: KeyPair,
  further: Generated['payload'],
): Promise<Result<Generated, GenerateError>> {
  const asked = holderOptionsSchema.safeParse(options);
  if (!asked.success) return err({ type: 'options-invalid', cause: z.prettifyError(asked.error) });
  const holderKey = hexToBytes(asked.data.holderKey);
  if (holderKey === undefined || !isSoundPublicKey(holderKey))
    return err({ type: 'holder-key-unsound', cause: 'not a canonical Ed25519 key of full order' });
  const holderPass = encodeHolderPass(passClaims(event, ticket), holderKey, issuer);
  return ok({
    credentialId: credentialIdOf(holderPass),
    payload: { holderPass: bytesToBase64Url(holderPass), ...further },
  });
}
