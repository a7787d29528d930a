// Method `qr`: our own static pass (PN1). Verified offline from the pass itself; assurance `signed`.
import { z } from 'zod';
import type { VerificationMethod } from '../gate/ports.ts';
import { credentialIdOf, decodePass, encodePassBytes, passClaims, passPrefix, passText } from '../pass.ts';
import { err, ok } from '../result.ts';
import { isText } from '../presentation.ts';
import { cleanText } from './clean-text.ts';
import { passClaim } from './pass-claim.ts';

const methodId = 'qr';
/** Ten years. */
export const expiresInSMax = 315_360_000;

/** What `generate` asks for. */
export const qrOptionsSchema = z.strictObject({
  /** Seconds from now after which the pass is dead; never longer than the ticket itself. */
  expiresIn: z.number().int().min(1).max(expiresInSMax).optional(),
});

export const qrMethod: VerificationMethod = {
  id: methodId,
  assurance: 'signed',
  generates: true,
  accepts: (presentation) => isText(presentation) && cleanText(presentation.text).startsWith(passPrefix),
  verify: async ({ text }, lookups) => {
    const pass = decodePass(cleanText(text), lookups.issuerKey);
    return pass.ok ? ok(passClaim(methodId, pass.value)) : err({ type: pass.error.type });
  },
  generate: async ({ event, ticket, options, nowMs }, issuer) => {
    const asked = qrOptionsSchema.safeParse(options ?? {});
    if (!asked.success) return err({ type: 'options-invalid', cause: z.prettifyError(asked.error) });
    const { expiresIn } = asked.data;
    const claims = passClaims(event, ticket);
    const ends = [claims.expiresS, expiresIn === undefined ? undefined : Math.floor(nowMs / 1_000) + expiresIn];
    const expiresS = Math.min(...ends.filter((end) => end !== undefined));
    const limited = Number.isFinite(expiresS) ? { expiresS } : {};
    const issued = encodePassBytes({ ...claims, ...limited }, issuer);
    return ok({ credentialId: credentialIdOf(issued), payload: { text: passText(issued), ...limited } });
  },
};
