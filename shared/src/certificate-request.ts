// The PKCS #10 request (RFC 2986) that buys a device its certificate, for an Ed25519 key. Everything in it but key and signature is the
// same for every device, and not every browser has Ed25519 of its own: so it is put together here, byte by byte.
import { concatBytes, utf8 } from './bytes.ts';
import { sign, type KeyPair } from './crypto.ts';
import { signaturePrefix, spkiPrefix } from './ed25519-der.ts';

/** Version 0 and the name `CN=gate`: the cloud gives the certificate the gate's own name. */
const head = concatBytes(
  Uint8Array.of(0x02, 0x01, 0x00),
  Uint8Array.of(0x30, 0x0f, 0x31, 0x0d, 0x30, 0x0b, 0x06, 0x03, 0x55, 0x04, 0x03, 0x0c, 0x04),
  utf8('gate'),
);
const noAttributes = Uint8Array.of(0xa0, 0x00);

/** DER. */
export function createCertificateRequest(keys: KeyPair): Uint8Array {
  const content = concatBytes(head, spkiPrefix, keys.publicKey, noAttributes);
  const info = concatBytes(Uint8Array.of(0x30, content.length), content);
  const signed = concatBytes(info, signaturePrefix, sign(keys.secretKey, info));
  return concatBytes(Uint8Array.of(0x30, 0x81, signed.length), signed);
}
