// The feed: the signed, versioned data that the cloud gives to gates. This file holds the formats (manifest, snapshot
// tables, delta) and the rules by which a gate accepts them: nothing older, nothing unsigned, nothing over its bound,
// nothing whose bytes do not have the signed hash.
import { z } from 'zod';
import { admissionPolicySchema } from './ticket.ts';

/** Upper bounds a gate enforces before it allocates or downloads. */
export const manifestBytesMax = 4 * 1024 * 1024;
export const snapshotBytesMax = 512 * 1024 * 1024;
export const deltaBytesMax = 16 * 1024 * 1024;
export const deltaRowsMax = 200_000;

const hex = (bytes: number): z.ZodString => z.string().regex(new RegExp(`^[0-9a-f]{${bytes * 2}}$`));
const unixMs = z.number().int().min(0).max(8_640_000_000_000_000);

export const feedKeySchema = z.object({
  /** What the key signs. */
  use: z.enum(['issuer', 'feed']),
  keyId: hex(8),
  publicKey: hex(32),
  state: z.enum(['next', 'active', 'retired', 'revoked']),
});

export const fileReferenceSchema = z.object({ sha256: hex(32), bytes: z.number().int().min(0).max(snapshotBytesMax) });

/** A staff member who may act at gates: salted scrypt of the PIN, never the PIN. */
export const staffSchema = z.object({
  /** Per-event pseudonym, 8-16 characters `[a-z0-9]`. */
  operator: z.string().regex(/^[a-z0-9]{8,16}$/),
  role: z.enum(['steward', 'supervisor']),
  salt: hex(16),
  /** scrypt(pin, salt, 32 bytes, N 16384, r 8, p 1). */
  pinHash: hex(32),
});

/** The manifest's payload: UTF-8 JSON inside a COSE_Sign1 by the cloud's feed key (domain "postern-feed-v1" as external_aad). */
export const manifestSchema = z.object({
  v: z.literal(1),
  event: z.number().int().min(0),
  /** Rises with every publication; a gate refuses a lower one. */
  version: z.number().int().min(1),
  createdAtMs: unixMs,
  expiresAtMs: unixMs,
  policy: admissionPolicySchema,
  /** Key of the keyed hashes of foreign codes and tag UIDs of this event. */
  codeHashKey: hex(32),
  /** Snapshot: gzip of an SQLite file with `snapshotTablesSql`; version it was made at. */
  snapshot: z.object({ version: z.number().int().min(1), tickets: z.number().int().min(0), ...fileReferenceSchema.shape }),
  /** Deltas in order; the first starts at the snapshot's version, each next where the last ended. */
  deltas: z.array(z.object({ from: z.number().int(), to: z.number().int(), ...fileReferenceSchema.shape })).max(1_000),
  keys: z.array(feedKeySchema).max(100),
  /** Gates whose heads and LAN connections are accepted: id, Ed25519 public key, zone, certificate (base64 DER). */
  gates: z.array(z.object({ id: z.string().max(32), name: z.string().max(100), zone: z.string().max(64), publicKey: hex(32), certificate: z.string().max(4_096), address: z.string().max(200).optional() })).max(2_000),
  /** Deployment CA certificate, base64 DER. */
  ca: z.string().max(4_096),
  staff: z.array(staffSchema).max(5_000),
});
export type Manifest = z.infer<typeof manifestSchema>;
