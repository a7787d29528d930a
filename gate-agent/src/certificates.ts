// X.509 as gates use it, and the only file of the gate that imports @peculiar/x509: our own verification of gates' certificates. Node's verdict on a TLS connection is not used for it: of a forged AND expired
// chain it only reports the expiry.
import 'reflect-metadata';
import {
  bytesEqual,
  err,
  ok,
  bytesToBase64,
  signatureBytes,
  signaturePrefix,
  spkiPrefix,
  verifySignature,
  type Result,
} from '@postern/shared';
import * as x509 from '@peculiar/x509';

export interface GateCertificate {
  readonly gate: string;
  /** Ed25519, 32 bytes. */
  readonly publicKey: Uint8Array;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  readonly der: Uint8Array;
}

export type CertificateError =
  | { readonly type: 'certificate-malformed'; readonly cause: string }
  /** Not issued by this deployment, or not for a gate. */
  | { readonly type: 'certificate-untrusted'; readonly cause: string }
  | { readonly type: 'certificate-expired'; readonly notAfterMs: number }
  | { readonly type: 'certificate-not-yet-valid'; readonly notBeforeMs: number };

export interface CertificateRules {
  /** The deployment's CA, DER. */
  readonly ca: Uint8Array;
  /** The latest of trusted time, saved time and build time, Unix ms. */
  readonly atMs: number;
  /** Without trusted time `atMs` is only a lower bound, which cannot show that a certificate is not valid yet. */
  readonly timeTrusted: boolean;
  /** An expired certificate still serves for this long. */
  readonly graceMs: number;
}

/** Longer than any certificate of ours. */
export const certificateBytesMax = 4_096;
const sanPrefix = 'postern:gate:';

/** Reads a gate's certificate without judging who issued it. */
export function parseCertificate(der: Uint8Array): Result<GateCertificate, CertificateError> {
  try {
    const parsed = parse(der);
    return parsed.ok ? describe(parsed.value, der) : parsed;
  } catch (cause) {
    return malformed(cause);
  }
}

/** Issued by the deployment's CA, for a gate, and in force at `atMs`. */
export function verifyGateCertificate(
  der: Uint8Array,
  rules: CertificateRules,
): Result<GateCertificate, CertificateError> {
  try {
    return verify(der, rules);
  } catch (cause) {
    return malformed(cause);
  }
}

function verify(der: Uint8Array, rules: CertificateRules): Result<GateCertificate, CertificateError> {
  const [leaf, ca] = [parse(der), parse(rules.ca)];
  if (!leaf.ok) return leaf;
  if (!ca.ok) return ca;
  const described = describe(leaf.value, der);
  if (!described.ok) return described;
  if (
    !bytesEqual(
      new Uint8Array(leaf.value.issuerName.toArrayBuffer()),
      new Uint8Array(ca.value.subjectName.toArrayBuffer()),
    )
  )
    return untrusted('issued by somebody else');
  if (!isEd25519(ca.value)) return untrusted('its issuer has no Ed25519 key');
  if (ca.value.getExtension(x509.BasicConstraintsExtension)?.ca !== true)
    return untrusted('its issuer is not an authority');
  if (leaf.value.getExtension(x509.BasicConstraintsExtension)?.ca === true)
    return untrusted('it is an authority itself');
  if (!isSignedBy(der, ca.value)) return untrusted("its signature is not the authority's");
  const { notBeforeMs, notAfterMs } = described.value;
  if (rules.atMs > notAfterMs + rules.graceMs) return err({ type: 'certificate-expired', notAfterMs });
  if (rules.timeTrusted && rules.atMs < notBeforeMs) return err({ type: 'certificate-not-yet-valid', notBeforeMs });
  return described;
}

/** PEM of a certificate, for TLS. */
export const certificateToPem = (der: Uint8Array): string =>
  `-----BEGIN CERTIFICATE-----\n${bytesToBase64(der).replace(/(.{64})(?=.)/g, '$1\n')}\n-----END CERTIFICATE-----\n`;

function parse(der: Uint8Array): Result<x509.X509Certificate, CertificateError> {
  if (der.length > certificateBytesMax) return err({ type: 'certificate-malformed', cause: `${der.length} bytes` });
  return ok(new x509.X509Certificate(Uint8Array.from(der)));
}

/** The library throws its own kinds, at once or when an extension is first looked at, for whatever is not a certificate. */
const malformed = (cause: unknown): { readonly ok: false; readonly error: CertificateError } =>
  err({ type: 'certificate-malformed', cause: cause instanceof Error ? cause.message.slice(0, 100) : 'unreadable' });

const isEd25519 = (certificate: x509.X509Certificate): boolean => {
  const spki = new Uint8Array(certificate.publicKey.rawData);
  return spki.length === spkiPrefix.length + 32 && bytesEqual(spki.slice(0, spkiPrefix.length), spkiPrefix);
};

function describe(certificate: x509.X509Certificate, der: Uint8Array): Result<GateCertificate, CertificateError> {
  if (!isEd25519(certificate)) return untrusted('its key is not an Ed25519 key');
  const spki = new Uint8Array(certificate.publicKey.rawData);
  const names = certificate.getExtension(x509.SubjectAlternativeNameExtension)?.names.items ?? [];
  const name = names.length === 1 ? names[0] : undefined;
  const gate = name?.type === 'url' && name.value.startsWith(sanPrefix) ? name.value.slice(sanPrefix.length) : '';
  if (!/^[a-z0-9-]{1,32}$/.test(gate)) return untrusted('it does not name one gate');
  return ok({
    gate,
    publicKey: spki.slice(spkiPrefix.length),
    notBeforeMs: certificate.notBefore.getTime(),
    notAfterMs: certificate.notAfter.getTime(),
    der,
  });
}

/**
 * The signature over exactly the bytes as they came (the library would verify what it has read and written again). A certificate
 * signed with Ed25519 is the signed part, the algorithm's name, and 64 bytes of signature: nothing else may be in it.
 */
function isSignedBy(der: Uint8Array, ca: x509.X509Certificate): boolean {
  const inside = contentOf(der);
  const signed = inside === undefined ? undefined : elementAt(inside);
  if (inside === undefined || signed === undefined) return false;
  const rest = inside.subarray(signed.length);
  if (
    rest.length !== signaturePrefix.length + signatureBytes ||
    !bytesEqual(rest.subarray(0, signaturePrefix.length), signaturePrefix)
  )
    return false;
  return verifySignature(
    new Uint8Array(ca.publicKey.rawData).slice(spkiPrefix.length),
    signed,
    rest.subarray(signaturePrefix.length),
  );
}

/** The whole of the DER SEQUENCE that `bytes` begin with; undefined when it is cut off. Lengths of up to two bytes. */
function elementAt(bytes: Uint8Array): Uint8Array | undefined {
  const [tag, first = 0, second = 0, third = 0] = bytes;
  const [headBytes, length] =
    first < 0x80 ? [2, first] : first === 0x81 ? [3, second] : first === 0x82 ? [4, second * 256 + third] : [0, 0];
  return tag === 0x30 && headBytes > 0 && headBytes + length <= bytes.length
    ? bytes.subarray(0, headBytes + length)
    : undefined;
}

function contentOf(der: Uint8Array): Uint8Array | undefined {
  const element = elementAt(der);
  const headBytes = der[1] === 0x82 ? 4 : der[1] === 0x81 ? 3 : 2;
  return element?.length === der.length ? der.subarray(headBytes) : undefined;
}

const untrusted = (cause: string): { readonly ok: false; readonly error: CertificateError } =>
  err({ type: 'certificate-untrusted', cause });
