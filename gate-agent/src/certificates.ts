// X.509 as gates use it, and the only file of the gate that imports @peculiar/x509: the request that buys a certificate, and our own
// verification of other gates' certificates. Node's verdict on a TLS connection is not used for it: of a forged AND expired
// chain it only reports the expiry.
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { bytesEqual, err, ok, type KeyPair, type Result } from '@postern/shared';
import * as x509 from '@peculiar/x509';

x509.cryptoProvider.set(webcrypto);

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
const ed25519 = { name: 'Ed25519' } as const;
/** SubjectPublicKeyInfo before the 32 bytes of an Ed25519 key, PKCS #8 before its seed (RFC 8410). */
const spkiPrefix = Uint8Array.of(0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00);
const pkcs8Prefix = Uint8Array.of(0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20);
const sanPrefix = 'postern:gate:';

/** Reads a gate's certificate without judging who issued it. */
export function parseCertificate(der: Uint8Array): Result<GateCertificate, CertificateError> {
  const parsed = parse(der);
  return parsed.ok ? describe(parsed.value, der) : parsed;
}

/** Issued by the deployment's CA, for a gate, and in force at `atMs`. */
export async function verifyGateCertificate(der: Uint8Array, rules: CertificateRules): Promise<Result<GateCertificate, CertificateError>> {
  const [leaf, ca] = [parse(der), parse(rules.ca)];
  if (!leaf.ok) return leaf;
  if (!ca.ok) return ca;
  const described = describe(leaf.value, der);
  if (!described.ok) return described;
  if (!bytesEqual(new Uint8Array(leaf.value.issuerName.toArrayBuffer()), new Uint8Array(ca.value.subjectName.toArrayBuffer()))) return untrusted('issued by somebody else');
  if (!isEd25519(ca.value)) return untrusted('its issuer has no Ed25519 key');
  if (ca.value.getExtension(x509.BasicConstraintsExtension)?.ca !== true) return untrusted('its issuer is not an authority');
  if (leaf.value.getExtension(x509.BasicConstraintsExtension)?.ca === true) return untrusted('it is an authority itself');
  if (!(await isSignedBy(leaf.value, ca.value))) return untrusted('its signature is not the authority\'s');
  const { notBeforeMs, notAfterMs } = described.value;
  if (rules.atMs > notAfterMs + rules.graceMs) return err({ type: 'certificate-expired', notAfterMs });
  if (rules.timeTrusted && rules.atMs < notBeforeMs) return err({ type: 'certificate-not-yet-valid', notBeforeMs });
  return described;
}

/** PKCS #10 request for the gate's own key, DER. */
export async function createCertificateRequest(keys: KeyPair): Promise<Uint8Array> {
  const { subtle } = webcrypto;
  const privateKey = await subtle.importKey('pkcs8', Buffer.concat([pkcs8Prefix, keys.secretKey.subarray(0, 32)]), ed25519, false, ['sign']);
  const publicKey = await subtle.importKey('raw', Buffer.from(keys.publicKey), ed25519, true, ['verify']);
  const request = await x509.Pkcs10CertificateRequestGenerator.create({ name: 'CN=gate', keys: { privateKey, publicKey }, signingAlgorithm: ed25519 });
  return new Uint8Array(request.rawData);
}

/** PEM of a certificate, for TLS. */
export const certificateToPem = (der: Uint8Array): string =>
  `-----BEGIN CERTIFICATE-----\n${Buffer.from(der).toString('base64').replace(/(.{64})(?=.)/g, '$1\n')}\n-----END CERTIFICATE-----\n`;

function parse(der: Uint8Array): Result<x509.X509Certificate, CertificateError> {
  if (der.length > certificateBytesMax) return err({ type: 'certificate-malformed', cause: `${der.length} bytes` });
  try {
    return ok(new x509.X509Certificate(Buffer.from(der)));
  } catch (cause) {
    // The parser throws its own kinds for whatever is not a certificate.
    return err({ type: 'certificate-malformed', cause: cause instanceof Error ? cause.message.slice(0, 100) : 'unreadable' });
  }
}

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
  return ok({ gate, publicKey: spki.slice(spkiPrefix.length), notBeforeMs: certificate.notBefore.getTime(), notAfterMs: certificate.notAfter.getTime(), der });
}

async function isSignedBy(leaf: x509.X509Certificate, ca: x509.X509Certificate): Promise<boolean> {
  try {
    return await leaf.verify({ publicKey: ca.publicKey, signatureOnly: true });
  } catch {
    // An algorithm that does not fit the key makes WebCrypto throw instead of answering no.
    return false;
  }
}

const untrusted = (cause: string): { readonly ok: false; readonly error: CertificateError } => err({ type: 'certificate-untrusted', cause });
