// The feed: the signed, versioned data that the cloud gives to gates. This file holds the manifest and the rules by which a
// gate accepts one: nothing older, nothing unsigned, nothing over its bound, nothing for another event. feed-snapshot.ts and
// feed-delta.ts are the files that a manifest names by their hash.
import { z } from 'zod';
import { acceptedHeadsMax, acceptedHeadsPerGateMax } from './accepted-heads.ts';
import { hexToBytes, utf8 } from './bytes.ts';
import { cloudAddressSchema } from './cloud-address.ts';
import { decodeCose, domainAad, signCose, verifyCose } from './cose.ts';
import { announcementsHeader, followAnnouncements } from './feed-key-announcement.ts';
import { keyId, type KeyPair } from './crypto.ts';
import { assert, err, ok, type Result } from './result.ts';
import { chainHeadSchema } from './nft-rules.ts';
import { segmentMarksMax } from './segment.ts';
import { admissionPolicySchema } from './ticket.ts';

/** Upper bounds a gate enforces before it allocates or downloads. */
export const manifestBytesMax = 4 * 1024 * 1024;
/** Of one event: a list with more than these is no manifest, and whoever may add to it keeps to them. */
export const feedGatesMax = 2_000;
export const feedStaffMax = 5_000;
export const snapshotBytesMax = 512 * 1024 * 1024;
export const deltaBytesMax = 16 * 1024 * 1024;
export const deltaRowsMax = 200_000;
/** A snapshot once unpacked. */
export const snapshotDatabaseBytesMax = 2 * 1024 * 1024 * 1024;
/** All deltas on one snapshot together. */
export const overlayBytesMax = 64 * 1024 * 1024;

const hex = (bytes: number): z.ZodString => z.string().regex(new RegExp(`^[0-9a-f]{${bytes * 2}}$`));
const unixMs = z.number().int().min(0).max(8_640_000_000_000_000);

/**
 * The id under which the cloud itself is among the gates of every event: its central verify is one more writer of marks, whose signed
 * segments gates check like anybody's. No gate may have it.
 */
export const centralGate = 'cloud';

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
  /** hashStaffCode of the code on the card; absent where there is no card. */
  codeHash: hex(32).optional(),
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
  /** Where the event's tickets are tokens: up to where the chain was read when this was signed. */
  chain: chainHeadSchema.optional(),
  /**
   * Gzip of an SQLite file with `snapshotTablesSql`, and the version it was made at. `database` is the unpacked file: a gate
   * keeps that one and hashes it again at every start.
   */
  snapshot: z.object({
    version: z.number().int().min(1),
    tickets: z.number().int().min(0),
    ...fileReferenceSchema.shape,
    database: z.object({ sha256: hex(32), bytes: z.number().int().min(0).max(snapshotDatabaseBytesMax) }),
  }),
  /** Deltas in order; the first starts at the snapshot's version, each next where the last ended. `rows`: tickets, codes and tokens. */
  deltas: z
    .array(
      z.object({
        from: z.number().int().min(1),
        to: z.number().int().min(1),
        rows: z.number().int().min(0).max(deltaRowsMax),
        ...fileReferenceSchema.shape,
      }),
    )
    .max(1_000),
  /** Sealed templates of faces and the data keys that open them (face-files.ts); absent where the event has no faces. */
  faces: z.object({ templates: fileReferenceSchema, keys: fileReferenceSchema }).optional(),
  keys: z.array(feedKeySchema).max(100),
  /** Gates whose heads and LAN connections are accepted: id, Ed25519 public key, zone, certificate (base64 DER). */
  gates: z
    .array(
      z.object({
        id: z.string().max(32),
        name: z.string().max(100),
        zone: z.string().max(64),
        publicKey: hex(32),
        certificate: z.string().max(4_096),
        address: z.string().max(200).optional(),
        /** A person has declared that nothing more will come of it: not waited for (coverage.ts), and believed should it turn up. */
        lost: z.boolean().optional(),
      }),
    )
    .max(feedGatesMax),
  /** Absent where the cloud has not been told under which address it is reached. */
  cloud: cloudAddressSchema.optional(),
  /**
   * Gates of which nothing new is believed, and what of them stays accepted (accepted-heads.ts). They are not in `gates`, so that a gate
   * too old to know this list takes nothing at all of them.
   */
  revokedGates: z
    .array(
      z.object({
        id: z.string().max(32),
        name: z.string().max(100),
        publicKey: hex(32),
        heads: z
          .array(
            z.object({
              boot: hex(8),
              segment: z.number().int().min(0).max(1_000_000),
              count: z.number().int().min(0).max(segmentMarksMax),
              hash: hex(32),
            }),
          )
          .max(acceptedHeadsPerGateMax),
      }),
    )
    .max(feedGatesMax)
    .optional(),
  /** Deployment CA certificate, base64 DER. */
  ca: z.string().max(4_096),
  staff: z.array(staffSchema).max(feedStaffMax),
});
export type Manifest = z.infer<typeof manifestSchema>;
export type FeedKey = z.infer<typeof feedKeySchema>;
export type FileReference = z.infer<typeof fileReferenceSchema>;

/** Why a gate does not take what it was offered; what it had stays in use. */
export type FeedError =
  | { readonly type: 'feed-malformed'; readonly what: 'manifest' | 'snapshot' | 'delta'; readonly cause: string }
  | { readonly type: 'feed-signature-invalid'; readonly keyId: string; readonly cause: 'key-unknown' | 'signature' }
  | {
      readonly type: 'feed-wrong-event';
      readonly what: 'manifest' | 'snapshot' | 'delta';
      readonly expected: number;
      readonly found: number;
    }
  /** Older than what the gate has, or a file older than its manifest says. */
  | {
      readonly type: 'feed-rollback';
      readonly what: 'manifest' | 'snapshot' | 'delta';
      readonly current: number;
      readonly candidate: number;
    }
  | {
      readonly type: 'feed-too-large';
      readonly what: 'manifest' | 'snapshot' | 'delta' | 'faces';
      readonly bytes: number;
      readonly bytesMax: number;
    }
  /** Fewer bytes than the signed size: a download that ended half-way. */
  | {
      readonly type: 'feed-cut-off';
      readonly what: 'snapshot' | 'delta' | 'faces';
      readonly bytes: number;
      readonly expected: number;
    }
  /** As many bytes as signed, but not those bytes. */
  | {
      readonly type: 'feed-hash-mismatch';
      readonly what: 'snapshot' | 'delta' | 'faces';
      readonly expected: string;
      readonly found: string;
    };

const manifestAad = domainAad('postern-feed-v1');

/** A public key that may sign manifests: 16 hexadecimal digits of key id, 32 bytes of key. */
export interface TrustedFeedKey {
  readonly keyId: string;
  readonly publicKey: Uint8Array;
}

/**
 * The COSE_Sign1 bytes that gates poll for. The content is checked: publishing a manifest that no gate takes is a bug.
 * `announcements` (feed-key-announcement.ts, in the order they were made) lead gates that missed rotations to `feedKey`.
 */
export function signManifest(
  manifest: Manifest,
  feedKey: KeyPair,
  announcements: readonly Uint8Array[] = [],
): Uint8Array {
  const checked = manifestSchema.parse(manifest);
  const problem = manifestProblem(checked);
  assert(problem === undefined, `a manifest that no gate would take: ${problem}`);
  const bytes = signCose({
    keys: feedKey,
    payload: utf8(JSON.stringify(checked)),
    externalAad: manifestAad,
    ...(announcements.length === 0 ? {} : { header: announcementsHeader(announcements) }),
  });
  assert(bytes.length <= manifestBytesMax, `a manifest has at most ${manifestBytesMax} bytes`);
  return bytes;
}

/** Size, then signature by one of `trusted` or a key that they have announced, and only then the content. */
export function verifyManifest(bytes: Uint8Array, trusted: readonly TrustedFeedKey[]): Result<Manifest, FeedError> {
  const verified = verifyManifestAndSigner(bytes, trusted);
  return verified.ok ? ok(verified.value.manifest) : verified;
}

/** The same, with the key that signed it. */
export function verifyManifestAndSigner(
  bytes: Uint8Array,
  trusted: readonly TrustedFeedKey[],
): Result<{ readonly manifest: Manifest; readonly signer: TrustedFeedKey }, FeedError> {
  if (bytes.length > manifestBytesMax)
    return err({ type: 'feed-too-large', what: 'manifest', bytes: bytes.length, bytesMax: manifestBytesMax });
  const message = decodeCose(bytes, manifestBytesMax);
  if (!message.ok) return err({ type: 'feed-malformed', what: 'manifest', cause: message.error.cause });
  const isSigner = (key: TrustedFeedKey): boolean => key.keyId === message.value.keyId;
  const signer = trusted.find(isSigner) ?? followAnnouncements(trusted, message.value.header).find(isSigner);
  if (signer === undefined)
    return err({ type: 'feed-signature-invalid', keyId: message.value.keyId, cause: 'key-unknown' });
  if (!verifyCose(message.value, signer.publicKey, manifestAad))
    return err({ type: 'feed-signature-invalid', keyId: signer.keyId, cause: 'signature' });
  const manifest = parseManifest(message.value.payload);
  if (!manifest.ok) return manifest;
  const problem = manifestProblem(manifest.value);
  return problem === undefined
    ? ok({ manifest: manifest.value, signer })
    : err({ type: 'feed-malformed', what: 'manifest', cause: problem });
}

function parseManifest(payload: Uint8Array): Result<Manifest, FeedError> {
  try {
    const parsed = manifestSchema.safeParse(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload)));
    if (parsed.success) return ok(parsed.data);
    const issue = parsed.error.issues[0];
    return err({
      type: 'feed-malformed',
      what: 'manifest',
      cause: `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'invalid'}`.slice(0, 200),
    });
  } catch (cause) {
    return err({
      type: 'feed-malformed',
      what: 'manifest',
      cause: cause instanceof Error ? cause.message.slice(0, 200) : 'not JSON',
    });
  }
}

/** What a schema cannot say: the parts of a manifest agree with each other. */
function manifestProblem(manifest: Manifest): string | undefined {
  if (manifest.policy.event !== manifest.event) return 'the policy of another event';
  if (manifest.faces !== undefined && manifest.policy.face === undefined) return 'faces without rules for them';
  let reached = manifest.snapshot.version;
  for (const delta of manifest.deltas) {
    if (delta.from !== reached || delta.to <= delta.from) return `a gap in the deltas at version ${reached}`;
    reached = delta.to;
  }
  const revoked = manifest.revokedGates ?? [];
  if (revoked.reduce((sum, gate) => sum + gate.heads.length, 0) > acceptedHeadsMax)
    return 'accepted heads over their bound';
  if (revoked.some(({ id }) => manifest.gates.some((gate) => gate.id === id))) return 'a gate both listed and revoked';
  if (reached > manifest.version) return 'files newer than the manifest';
  if (manifest.deltas.reduce((sum, delta) => sum + delta.bytes, 0) > overlayBytesMax) return 'deltas over their bound';
  const wrongKey = manifest.keys.find((key) => key.keyId !== keyId(hexToBytes(key.publicKey) ?? new Uint8Array(0)));
  return wrongKey === undefined ? undefined : `a key id that is not its key's: ${wrongKey.keyId}`;
}

/** What tells an older manifest from a newer one. */
export type ManifestAge = Pick<Manifest, 'version' | 'createdAtMs'>;

export interface AcceptManifestOptions {
  readonly event: number;
  /** What the gate has, or has had, if anything. */
  readonly current: ManifestAge | undefined;
  /** Already verified by `verifyManifest`. */
  readonly candidate: Manifest;
  readonly nowMs: number;
}

/**
 * Whether a verified manifest may replace the current one: same event, never older. An equal version is taken when it is signed
 * later (a refreshed expiry). An expired one is taken too, `expired`, for the gate's screens and the event's staleness rule:
 * refusing it would leave the gate with something older still.
 */
export function acceptManifest({
  event,
  current,
  candidate,
  nowMs,
}: AcceptManifestOptions): Result<{ readonly manifest: Manifest; readonly expired: boolean }, FeedError> {
  if (candidate.event !== event)
    return err({ type: 'feed-wrong-event', what: 'manifest', expected: event, found: candidate.event });
  if (current !== undefined && isOlder(candidate, current))
    return err({ type: 'feed-rollback', what: 'manifest', current: current.version, candidate: candidate.version });
  return ok({ manifest: candidate, expired: isExpired(candidate, nowMs) });
}

const isOlder = (a: ManifestAge, b: ManifestAge): boolean =>
  a.version < b.version || (a.version === b.version && a.createdAtMs < b.createdAtMs);

export const isExpired = (manifest: Pick<Manifest, 'expiresAtMs'>, nowMs: number): boolean =>
  nowMs >= manifest.expiresAtMs;

/** The keys that may sign what follows: the active feed keys, and the next ones, announced under the signature of the current one. */
export const trustedFeedKeys = ({ keys }: { readonly keys: readonly FeedKey[] }): readonly TrustedFeedKey[] =>
  keys
    .filter((key) => key.use === 'feed' && (key.state === 'active' || key.state === 'next'))
    .map((key) => ({ keyId: key.keyId, publicKey: hexToBytes(key.publicKey) ?? new Uint8Array(0) }));

/**
 * The feed keys that a gate goes by, in every state: those of its manifest, whose word on a key is the last one, and those of its
 * enrolment that the manifest does not know, because the gate has been enrolled again since.
 */
export const knownFeedKeys = (
  manifest: Pick<Manifest, 'keys'> | undefined,
  enrolled: readonly FeedKey[],
): readonly FeedKey[] => {
  const named = manifest?.keys.filter((key) => key.use === 'feed') ?? [];
  const later = enrolled.filter((key) => key.use === 'feed' && named.every(({ keyId: known }) => known !== key.keyId));
  return [...named, ...later];
};

/** What has to be fetched to get from one manifest's files to another's. */
export type FeedPlan =
  | { readonly type: 'nothing' }
  | { readonly type: 'deltas'; readonly deltas: Manifest['deltas'] }
  | { readonly type: 'snapshot'; readonly deltas: Manifest['deltas'] };

/** `deltas` only where the snapshot stays and the deltas applied so far are the beginning of the new list; else all anew. */
export function planFeed(current: Manifest | undefined, candidate: Manifest): FeedPlan {
  if (current === undefined || current.snapshot.database.sha256 !== candidate.snapshot.database.sha256)
    return { type: 'snapshot', deltas: candidate.deltas };
  const continues = current.deltas.every((delta, index) => delta.sha256 === candidate.deltas[index]?.sha256);
  if (!continues) return { type: 'snapshot', deltas: candidate.deltas };
  const missing = candidate.deltas.slice(current.deltas.length);
  return missing.length === 0 ? { type: 'nothing' } : { type: 'deltas', deltas: missing };
}

/** Tickets, codes and tokens that were added or changed since the snapshot: what its own count does not tell. */
export const changedRows = ({ deltas }: Pick<Manifest, 'deltas'>): number =>
  deltas.reduce((sum, delta) => sum + delta.rows, 0);

/** An overlay over a tenth of the snapshot means a new snapshot; small events need not bother before a thousand rows. */
const overlayShareMax = 0.1;
const overlayRowsFree = 1_000;
export const needsNewSnapshot = (snapshotTickets: number, deltaRows: number): boolean =>
  deltaRows > Math.max(overlayRowsFree, Math.floor(snapshotTickets * overlayShareMax));
