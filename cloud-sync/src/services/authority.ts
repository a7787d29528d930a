// The deployment's certificate authority for gates among themselves. It turns a gate's certificate request into an Ed25519 certificate
// with the SAN `postern:gate:<id>`; nothing of the request but its key is believed.
import { webcrypto } from 'node:crypto';
import { bytesEqual, err, ok, pkcs8Prefix, spkiPrefix, type Clock, type Random, type Result } from '@postern/shared';
import type { Database } from '../store/database.ts';
import { inTransaction } from '../store/locks.ts';
import { keysLock, type Keys } from './keys.ts';
import { authorityLifetimeMs, backdatedMs, dayMs, serialNumber, toBase64, x509, type WebCryptoPair } from './x509.ts';

export const gateCertificateLifetimeMs = 400 * dayMs;
const ed25519 = { name: 'Ed25519' } as const;

export type AuthorityError =
  | { readonly type: 'csr-malformed' }
  | { readonly type: 'csr-signature-invalid' }
  | { readonly type: 'csr-key-mismatch' };

export interface Authority {
  /** DER, base64. */
  readonly certificate: string;
  /** A certificate (DER, base64) for the key of a request that proves possession of exactly `publicKey`. */
  readonly certify: (request: {
    readonly gate: string;
    readonly csr: Uint8Array;
    readonly publicKey: Uint8Array;
  }) => Promise<Result<string, AuthorityError>>;
  /** A certificate for a key that is the deployment's own, so that no request has to prove anything. */
  readonly certifyOwn: (gate: string, publicKey: Uint8Array) => Promise<string>;
}

export interface AuthorityDeps {
  readonly database: Database;
  readonly keys: Keys;
  readonly clock: Clock;
  readonly random: Random;
}

/** Opens the authority; its own certificate is made at first run and kept beside its key. */
export async function openAuthority({ database, keys, clock, random }: AuthorityDeps): Promise<Authority> {
  const pair = await importPair(keys.authority);
  const certificate = await inTransaction(database, keysLock, async (queries) => {
    const row = await queries
      .selectFrom('key')
      .select(['id', 'certificate'])
      .where('purpose', '=', 'authority')
      .where('state', '=', 'active')
      .executeTakeFirstOrThrow();
    if (row.certificate !== null) return row.certificate;
    const made = await certifySelf(pair, clock.wallMs(), serialNumber(random));
    await queries.updateTable('key').set({ certificate: made }).where('id', '=', row.id).execute();
    return made;
  });
  const issuer = new x509.X509Certificate(certificate).subject;
  const issue = async (gate: string, publicKey: x509.PublicKeyType): Promise<string> => {
    const nowMs = clock.wallMs();
    const issued = await x509.X509CertificateGenerator.create({
      serialNumber: serialNumber(random),
      subject: `CN=${gate}`,
      issuer,
      notBefore: new Date(nowMs - backdatedMs),
      notAfter: new Date(nowMs + gateCertificateLifetimeMs),
      publicKey,
      signingKey: pair.privateKey,
      signingAlgorithm: ed25519,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth, x509.ExtendedKeyUsage.serverAuth]),
        new x509.SubjectAlternativeNameExtension([{ type: 'url', value: `postern:gate:${gate}` }]),
      ],
    });
    return toBase64(issued.rawData);
  };
  return {
    certificate,
    certify: async ({ gate, csr, publicKey }) => {
      const request = parseRequest(csr);
      if (request === undefined) return err({ type: 'csr-malformed' });
      if (
        !bytesEqual(new Uint8Array(request.publicKey.rawData), new Uint8Array(Buffer.concat([spkiPrefix, publicKey])))
      )
        return err({ type: 'csr-key-mismatch' });
      if (!(await isSelfSigned(request))) return err({ type: 'csr-signature-invalid' });
      return ok(await issue(gate, request.publicKey));
    },
    certifyOwn: async (gate, publicKey) =>
      issue(gate, await webcrypto.subtle.importKey('raw', Buffer.from(publicKey), ed25519, true, ['verify'])),
  };
}

async function certifySelf(pair: WebCryptoPair, nowMs: number, serial: string): Promise<string> {
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serial,
    name: 'CN=Postern gates',
    notBefore: new Date(nowMs - backdatedMs),
    notAfter: new Date(nowMs + authorityLifetimeMs),
    signingAlgorithm: ed25519,
    keys: pair,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
    ],
  });
  return toBase64(certificate.rawData);
}

async function importPair({ seed, publicKey }: Keys['authority']): Promise<WebCryptoPair> {
  return {
    privateKey: await webcrypto.subtle.importKey('pkcs8', Buffer.concat([pkcs8Prefix, seed]), ed25519, false, ['sign']),
    publicKey: await webcrypto.subtle.importKey('raw', Buffer.from(publicKey), ed25519, true, ['verify']),
  };
}

function parseRequest(csr: Uint8Array): x509.Pkcs10CertificateRequest | undefined {
  try {
    return new x509.Pkcs10CertificateRequest(Buffer.from(csr));
  } catch {
    // The parser throws its own kinds for whatever is not PKCS#10: to us they are all the same malformed request.
    return undefined;
  }
}

async function isSelfSigned(request: x509.Pkcs10CertificateRequest): Promise<boolean> {
  try {
    return await request.verify();
  } catch {
    // An algorithm that does not fit the key makes WebCrypto throw instead of answering no.
    return false;
  }
}
