// Method `pretix`: a ticket that pretix has signed itself (pretix_sig1), checked offline by the keys of the event there. Assurance `signed`.
// Where the ticket list knows the code as well, what the list says of it counts: cancelled, blocked, unpaid, which type. A code that none
// of the keys has signed is worth what the list makes of it, like any other that somebody else printed.
import { foreignTicketId, keyId } from '../crypto.ts';
import type { VerificationMethod } from '../gate/ports.ts';
import { parseSecret, readSecretClaims, signerOf } from '../pretix-sig1.ts';
import { isText } from '../presentation.ts';
import { err, ok } from '../result.ts';
import { cleanText } from './clean-text.ts';
import { codeMethod } from './code.ts';

const methodId = 'pretix';

export const pretixMethod: VerificationMethod = {
  id: methodId,
  assurance: 'signed',
  generates: false,
  looksUpCodes: true,
  accepts: (presentation) => isText(presentation) && parseSecret(cleanText(presentation.text).trim()) !== undefined,
  verify: async (presentation, lookups, signal) => {
    const text = cleanText(presentation.text).trim();
    const secret = parseSecret(text);
    if (secret === undefined) return err({ type: 'malformed' });
    const pretix = lookups.pretix?.();
    const signer = pretix === undefined ? undefined : signerOf(secret, pretix.publicKeys);
    if (pretix === undefined || signer === undefined) {
      const listed = await codeMethod.verify(presentation, lookups, signal);
      return listed.ok || pretix === undefined ? listed : err({ type: 'key-unknown' });
    }
    const claims = readSecretClaims(secret.payload);
    if (claims === undefined) return err({ type: 'malformed' });
    if (pretix.subevent !== undefined && claims.subevent !== pretix.subevent) return err({ type: 'other-event' });
    const listed = lookups.ticketByCode(text);
    const type = listed?.type ?? pretix.typeOf(claims.item, claims.variation);
    return ok({
      method: methodId,
      assurance: 'signed',
      event: lookups.event,
      ticketId: listed?.id ?? foreignTicketId(lookups.event, text),
      epoch: listed?.epoch ?? 0,
      ...(type === undefined ? {} : { type }),
      keyId: keyId(signer),
      ...(claims.validFromS === undefined ? {} : { notBeforeS: claims.validFromS }),
      ...(claims.validUntilS === undefined ? {} : { expiresS: claims.validUntilS }),
    });
  },
  // pretix has given it to the visitor already.
  generate: async () => err({ type: 'nothing-to-generate' }),
};
