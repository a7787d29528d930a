// Method `qr`: our own static pass (PN1). Verified offline from the pass itself; assurance `signed`.
import { decodePass, passPrefix, type Pass } from '../pass.ts';
import { err, ok } from '../result.ts';
import type { VerificationMethod } from '../gate/ports.ts';
import type { Claim } from '../decision.ts';
import { cleanText } from './clean-text.ts';

const methodId = 'qr';

export const qrMethod: VerificationMethod = {
  id: methodId,
  accepts: ({ text }) => cleanText(text).startsWith(passPrefix),
  verify: async ({ text }, lookups) => {
    const pass = decodePass(cleanText(text), lookups.issuerKey);
    return pass.ok ? ok(claimOf(pass.value)) : err({ type: pass.error.type });
  },
};

function claimOf({ ticketId, event, type, epoch, keyId, notBeforeS, expiresS }: Pass): Claim {
  return {
    method: methodId,
    assurance: 'signed',
    ticketId,
    event,
    type,
    epoch,
    keyId,
    ...(notBeforeS === undefined ? {} : { notBeforeS }),
    ...(expiresS === undefined ? {} : { expiresS }),
  };
}
