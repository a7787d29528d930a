// How a page reaches a gate on the LAN. Browsers let a page of a trusted origin call trusted addresses only, so a gate answers handhelds by
// HTTPS under a DNS name of its own, with a certificate for that name, and every request is signed by the handheld's own key.
import { z } from 'zod';
import { gateIdSchema } from './wire.ts';

/** Where gates answer pages, unless gate.toml names another port. */
export const gateWebPort = 7_445;
export const gateWebName = (gate: string, domain: string): string => `${gate}.${domain}`;
/** Names the gate, so that what is signed for one gate is nothing to another. */
export const gateWebSyncPath = (gate: string): string => `/gates/${gate}/sync`;
/** Unsigned it answers 204, with a nonce. */
export const gateWebStatusPath = (gate: string): string => `/gates/${gate}/status`;
/** Of the cloud. */
export const webCertificatePath = '/gate/web-certificate';

/** Lower-case DNS name under which gates have theirs, as in `gates.example.org`. Names of certificates have room for so much. */
export const gateDomainSchema = z
  .string()
  .max(47)
  .regex(
    /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/,
    'must be a domain in lower case, such as gates.example.org',
  );

const der = z
  .string()
  .max(4_096)
  .regex(/^[A-Za-z0-9+/]+={0,2}$/);

/** `POST /gate/web-certificate`, signed by the gate: SubjectPublicKeyInfo of its P-256 key, DER, base64. */
export const webCertificateRequestSchema = z.strictObject({ publicKey: der });
/** For the gate's own name; renewed by asking again. */
export const webCertificateResponseSchema = z.object({
  v: z.literal(1),
  name: z.string().max(253),
  /** DER, base64: the certificate, and the authority that phones have to know. */
  certificate: der,
  ca: der,
  /** Whose pages may ask the gate: the origin under which people reach the cloud. */
  origin: z.url({ protocol: /^https?$/ }).max(300),
});
export type WebCertificateResponse = z.infer<typeof webCertificateResponseSchema>;

/** What the cloud tells the handheld's page about this way, beside the page itself. */
export const handheldSettingsSchema = z.object({
  v: z.literal(1),
  /** Undefined where gates have no names. */
  gateDomain: gateDomainSchema.optional(),
  /** SHA-256 of the authority's certificate, as phones show it: pairs of digits with colons. */
  fingerprint: z
    .string()
    .regex(/^[0-9A-F]{2}(:[0-9A-F]{2}){31}$/)
    .optional(),
});
export type HandheldSettings = z.infer<typeof handheldSettingsSchema>;

/** What a gate says of itself to a handheld that asks. */
export const gateWebStatusSchema = z.object({
  v: z.literal(1),
  gate: gateIdSchema,
  event: z.number().int(),
  /** Neighbours on the LAN that answered last, and whether the cloud did. */
  peersReachable: z.number().int().min(0),
  cloudReachable: z.boolean(),
  /** Unix ms, while its clock can be trusted. */
  timeMs: z.number().int().min(0).optional(),
});
export type GateWebStatus = z.infer<typeof gateWebStatusSchema>;
