// How a gate that was away for several rotations of the feed key finds its way: every next feed key is announced by the key that was
// active when it was made, and every manifest carries these announcements in its protected header. A gate follows them, one signature
// at a time, from a key it trusts to the key that has signed.
import type { CborValue } from './cbor.ts';
import { decodeCose, domainAad, signCose, verifyCose } from './cose.ts';
import { keyId, publicKeyBytes, type KeyPair } from './crypto.ts';
import type { TrustedFeedKey } from './feed.ts';
import { assert } from './result.ts';

/** Announcements a manifest carries, and the size of one: 122 bytes at present. */
export const announcementsMax = 64;
const announcementBytesMax = 256;
/** Private-use label of the protected header (RFC 9052 3.1). */
const headerAnnouncements = -65_538;
const announcementAad = domainAad('postern-feed-key-v1');

/** COSE_Sign1 by the active key over the 32 bytes of the next one's public key. */
export const announceFeedKey = (next: Uint8Array, active: KeyPair): Uint8Array =>
  signCose({ keys: active, payload: next, externalAad: announcementAad });

/** For the manifest's protected header, in the order the keys were made. */
export function announcementsHeader(announcements: readonly Uint8Array[]): ReadonlyMap<number, CborValue> {
  assert(announcements.length <= announcementsMax, `a manifest carries at most ${announcementsMax} announcements`);
  return new Map([[headerAnnouncements, [...announcements]]]);
}

/**
 * `trusted` and every key to which the header's announcements lead from there. The header need not be verified before: each
 * announcement stands for itself. One pass, so that a hostile header costs at most `announcementsMax` verifications.
 */
export function followAnnouncements(
  trusted: readonly TrustedFeedKey[],
  header: ReadonlyMap<number | string, CborValue>,
): readonly TrustedFeedKey[] {
  const announcements = header.get(headerAnnouncements);
  if (!Array.isArray(announcements) || announcements.length > announcementsMax) return trusted;
  const known = [...trusted];
  for (const announcement of announcements) {
    const message = announcement instanceof Uint8Array ? decodeCose(announcement, announcementBytesMax) : undefined;
    if (message?.ok !== true || message.value.payload.length !== publicKeyBytes) continue;
    const signer = known.find((key) => key.keyId === message.value.keyId);
    if (signer !== undefined && verifyCose(message.value, signer.publicKey, announcementAad))
      known.push({ keyId: keyId(message.value.payload), publicKey: message.value.payload });
  }
  return known;
}
