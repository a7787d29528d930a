// Method `code`: any ticket that somebody else printed (QR, Code 128, PDF417, Aztec), and the short typed form of our own passes.
// Nothing is proved by the text itself; the gate looks its keyed hash up in the feed. Assurance `looked-up`.
import { err, ok } from '../result.ts';
import type { VerificationMethod } from '../gate/ports.ts';
import { isText } from '../presentation.ts';
import { cleanText } from './clean-text.ts';

const methodId = 'code';
/** Longer texts are nobody's ticket code; pretix secrets have at most 255 characters. */
export const codeCharsMax = 512;

export const codeMethod: VerificationMethod = {
  id: methodId,
  assurance: 'looked-up',
  generates: false,
  looksUpCodes: true,
  accepts: isText,
  verify: async ({ text }, lookups) => {
    const code = cleanText(text).trim();
    if (code === '' || code.length > codeCharsMax) return err({ type: 'not-a-ticket' });
    const ticket = lookups.ticketByCode(code) ?? lookups.ticketByShortCode(code);
    if (ticket === undefined) return err({ type: 'code-unknown' });
    return ok({
      method: methodId,
      assurance: 'looked-up',
      event: lookups.event,
      ticketId: ticket.id,
      type: ticket.type,
      epoch: ticket.epoch,
    });
  },
  // Whoever printed the code has given it to the visitor already; the cloud only knows its hash.
  generate: async () => err({ type: 'nothing-to-generate' }),
};
