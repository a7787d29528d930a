// Method `dynamic`: a code that the holder's phone makes anew every 15 s, also offline (PN2). Assurance `signed`. `generate` binds the
// ticket to the public key of the phone; the private one never leaves it. Freshness and replay are `decide`'s.
import { dynamicPassPrefix } from '../dynamic-code.ts';
import { decodeDynamicPass } from '../dynamic-pass.ts';
import type { VerificationMethod } from '../gate/ports.ts';
import { err, ok } from '../result.ts';
import { stepS } from '../time-step.ts';
import { isText } from '../presentation.ts';
import { cleanText } from './clean-text.ts';
import { generateHolderPass } from './holder-pass.ts';
import { passClaim } from './pass-claim.ts';

const methodId = 'dynamic';

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
  generate: (request, issuer) => generateHolderPass(request, issuer, { stepS }),
};
