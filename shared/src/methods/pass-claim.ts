// What a verified pass claims, whichever method has read it.
import type { Claim } from '../decision.ts';
import type { Pass } from '../pass.ts';

export const passClaim = (
  method: string,
  { ticketId, event, type, epoch, keyId, credentialId, notBeforeS, expiresS }: Pass,
): Claim => ({
  method,
  assurance: 'signed',
  ticketId,
  event,
  type,
  epoch,
  keyId,
  credentialId,
  ...(notBeforeS === undefined ? {} : { notBeforeS }),
  ...(expiresS === undefined ? {} : { expiresS }),
});
