// What Apple has certified: the certificate of a pass type with its key, and Apple's own certificate above it. Which pass type and which
// team they are stands in the certificate, so nobody has to set it.
import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { err, ok, type Result } from '@postern/shared';
import type { CmsSigner } from './cms.ts';

export interface AppleFiles {
  /** PEM or DER. */
  readonly certificateFile: string;
  /** PEM without a passphrase. */
  readonly keyFile: string;
  /** Apple's Worldwide Developer Relations certificate, PEM or DER. */
  readonly wwdrFile: string;
}

export interface AppleSigner extends CmsSigner {
  readonly passType: string;
  readonly team: string;
  /** Of the certificate that ends first. */
  readonly expiresAtMs: number;
}

/** In words for who has set it; never anything out of the files. */
export type WalletError = { readonly type: 'wallet-files-unfit'; readonly cause: string };
export const unfit = (cause: string): Result<never, WalletError> => err({ type: 'wallet-files-unfit', cause });

export function readAppleSigner(files: AppleFiles): Result<AppleSigner, WalletError> {
  const certificate = readAs(files.certificateFile, 'a certificate', (bytes) => new X509Certificate(bytes));
  if (!certificate.ok) return certificate;
  const issuer = readAs(files.wwdrFile, 'a certificate', (bytes) => new X509Certificate(bytes));
  if (!issuer.ok) return issuer;
  const key = readAs(files.keyFile, 'a private key in PEM without a passphrase', createPrivateKey);
  if (!key.ok) return key;
  const fault = faultOf(certificate.value, issuer.value, key.value);
  if (fault !== undefined) return unfit(`${files.certificateFile}: ${fault}`);
  const { UID: passType, OU: team } = subjectOf(certificate.value);
  if (passType === undefined || team === undefined)
    return unfit(`${files.certificateFile}: names no pass type (UID) and team (OU): not a Pass Type ID certificate`);
  return ok({
    key: key.value,
    certificate: certificate.value.raw,
    issuerCertificate: issuer.value.raw,
    passType,
    team,
    expiresAtMs: Math.min(...[certificate.value, issuer.value].map(({ validTo }) => Date.parse(validTo))),
  });
}

function faultOf(certificate: X509Certificate, issuer: X509Certificate, key: KeyObject): string | undefined {
  if (key.asymmetricKeyType !== 'rsa') return 'its key is not RSA';
  if (!certificate.checkPrivateKey(key)) return 'the key in the key file is another one';
  return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey)
    ? undefined
    : 'not issued by the certificate in the WWDR file: Apple has several generations of it';
}

/** `UID=pass.example`, one a line. */
const subjectOf = ({ subject }: X509Certificate): Readonly<Record<string, string | undefined>> =>
  Object.fromEntries(subject.split('\n').map((line) => [line.split('=')[0], line.slice(line.indexOf('=') + 1)]));

/** What `parse` makes of a file; it throws at what it cannot read. */
export function readAs<T>(path: string, what: string, parse: (bytes: Buffer) => T): Result<T, WalletError> {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (cause) {
    return unfit(
      `${path} cannot be read (${cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown'})`,
    );
  }
  try {
    return ok(parse(bytes));
  } catch {
    // What OpenSSL and JSON.parse say of it may quote the file.
    return unfit(`${path} is not ${what}`);
  }
}
