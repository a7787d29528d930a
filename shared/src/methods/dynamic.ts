// Method `dynamic`: a code that the holder's phone makes anew every 15 s, also offline (PN2). Assurance `signed`. `generate` binds the
// ticket to the public key of the phone; the private one never leaves it. Freshness and replay are `decide`'s.
import { z } from 'zod';
import { hexToBytes } from '../bytes.ts';
import { isSoundPublicKey } from '../crypto.ts';
import { decodeDynamicPass, dynamicPassPrefix } from '../dynamic-pass.ts';
import type { VerificationMethod } from '../gate/ports.ts';
import { bytesToBase64Url } from '../gate-token.ts';
import { credentialIdOf, encodeHolderPass, passClaims } from '../pass.ts';
import { err, ok } from '../result.ts';
import { stepS } from '../time-step.ts';
import { isText } from '../presentation.ts';
import { cleanText } from './clean-text.ts';
import { passClaim } from './pass-claim.ts';

const methodId = 'dynamic';

/** What `generate` asks for. */
export const dynamicOptionsSchema = z.strictObject({
  /** Ed25519 public key that the phone has made, 64 hexadecimal digits. */
  holderKey: z.string().regex(/^[0-9a-fA-F]{64}$/),
});

export const dynamicMethod: VerificationMethod = {
  id: methodId,
  assurance: 'signed',
  generates: true,
  accepts: (presentation) => isText(presentation) && cleanText(presentation.text).startsWith(dynamicPassPrefix),
  verify: async ({ text }, lookups) => {
    const pass = decodeDynamicPass(cleanText(text), lookups.issuerKey);
    if (!pass.ok) return err({ type: pass.error.type });
    return ok({ ...passClaim(methodId, pass.value), issuedAtS: pass.value.issuedAtS });
  },
  generate: async ({ event, ticket, options }, issuer) => {
    const asked = dynamicOptionsSchema.safeParse(options);
    if (!asked.success) return err({ type: 'options-invalid', cause: z.prettifyError(asked.error) });
    const holderKey = hexToBytes(asked.data.holderKey);
    if (holderKey === undefined || !isSoundPublicKey(holderKey))
      return err({ type: 'holder-key-unsound', cause: 'not a canonical Ed25519 key of full order' });
    const holderPass = encodeHolderPass(passClaims(event, ticket), holderKey, issuer);
    return ok({
      credentialId: credentialIdOf(holderPass),
      payload: { holderPass: bytesToBase64Url(holderPass), stepS },
    });
  },
};
