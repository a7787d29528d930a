// A worked example of a method (shared/docs/adding-a-method.md): a voucher that is signed by the deployment's key and nothing more. The text
// is `TOY:`, the ticket's id and epoch, the id of the key, and the signature over these and the event, in hexadecimal.
import { z } from 'zod';
import {
  bytesToHex,
  cleanText,
  err,
  hexToBytes,
  isText,
  keyId,
  ok,
  sign,
  utf8,
  verifySignature,
  type VerificationMethod,
} from '@postern/shared';

const methodId = 'toy';
/** What `generate` asks for: nothing. */
const optionsSchema = z.strictObject({});
const form = /^TOY:([0-9a-f]{32})\.(\d{1,9})\.([0-9a-f]{16})\.([0-9a-f]{128})$/;

/** What is signed: the domain keeps the signature from being taken for one of another kind. */
const message = (event: number, ticketId: string, epoch: number): Uint8Array =>
  utf8(`postern-toy-v1\0${event}\0${ticketId}\0${epoch}`);

export const toyMethod: VerificationMethod = {
  id: methodId,
  assurance: 'signed',
  generates: true,
  accepts: (presentation) => isText(presentation) && cleanText(presentation.text).startsWith('TOY:'),
  verify: async ({ text }, lookups) => {
    const [, ticketId = '', epochText = '', keyIdText = '', signatureText = ''] = form.exec(cleanText(text)) ?? [];
    const signature = hexToBytes(signatureText);
    if (ticketId === '' || signature === undefined) return err({ type: 'malformed' });
    const key = lookups.issuerKey(keyIdText);
    if (key === undefined) return err({ type: 'key-unknown' });
    if (key.state === 'revoked') return err({ type: 'key-revoked' });
    const epoch = Number(epochText);
    if (!verifySignature(key.publicKey, message(lookups.event, ticketId, epoch), signature))
      return err({ type: 'signature-invalid' });
    return ok({
      method: methodId,
      assurance: 'signed',
      event: lookups.event,
      ticketId,
      epoch,
      keyId: keyIdText,
    });
  },
  generate: async ({ event, ticket: { id, epoch }, options }, issuer) => {
    const asked = optionsSchema.safeParse(options ?? {});
    if (!asked.success) return err({ type: 'options-invalid', cause: z.prettifyError(asked.error) });
    const signature = bytesToHex(sign(issuer.secretKey, message(event, id, epoch)));
    return ok({ payload: { text: `TOY:${id}.${epoch}.${keyId(issuer.publicKey)}.${signature}` } });
  },
};
