// Who a gate is, as enrolment has told it and as it is kept: on a gate in a file, on a phone in its browser.
import { feedKeySchema, gateIdSchema } from '@postern/shared';
import { z } from 'zod';

const base64 = z
  .string()
  .max(16_384)
  .regex(/^[A-Za-z0-9+/]+={0,2}$/);
export const identitySchema = z.object({
  v: z.literal(1),
  gate: z.object({ id: gateIdSchema, name: z.string(), zone: z.string() }),
  event: z.object({ id: z.number().int(), name: z.string() }),
  cloud: z.string(),
  /** Hexadecimal; must be the device key's. */
  publicKey: z.string().regex(/^[0-9a-f]{64}$/),
  /** DER, base64. */
  certificate: base64,
  ca: base64,
  /** The feed's keys as of enrolment; later ones come with the feed. */
  feedKeys: z.array(feedKeySchema).min(1).max(16),
});
export type StoredIdentity = z.infer<typeof identitySchema>;
