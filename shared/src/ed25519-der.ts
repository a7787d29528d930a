// The constant DER in front of an Ed25519 key where other software wants X.509 or PKCS #8 instead of 32 plain bytes (RFC 8410).

/** SubjectPublicKeyInfo before the 32 bytes of a public key (section 4). */
export const spkiPrefix = Uint8Array.from([0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00]);

/** PKCS #8 before the 32 bytes of a seed (section 7). */
export const pkcs8Prefix = Uint8Array.from([
  0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
]);

/** What follows the signed part of a certificate or request: the name of Ed25519 (section 3), then a BIT STRING of 64 bytes. */
export const signaturePrefix = Uint8Array.of(0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x41, 0x00);
