// The certificate authority that staff's phones know: certificates for the names under which gates answer pages on the LAN. Browsers know no
// Ed25519, so that it is one of its own, on P-256, and its certificate says for which domain alone it may speak.
import { createECDH, webcrypto } from 'node:crypto';
import { err, gateWebName, keyedHash, ok, utf8, type Clock, type Random, type Result } from '@postern/shared';
import type { Database } from '../store/database.ts';
import { inTransaction } from '../store/locks.ts';
import { keysLock, type Keys } from './keys.ts';
import { authorityLifetimeMs, backdatedMs, dayMs, serialNumber, toBase64, x509, type WebCryptoPair } from './x509.ts';

/** Below what browsers take of an authority that people have installed. */
export const webCertificateLifetimeMs = 397 * dayMs;
const ecdsa = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const scalarBytes = 32;

export interface WebCertificate {
  readonly name: string;
  /** DER, base64. */
  readonly certificate: string;
  readonly ca: string;
}

export interface WebAuthority {
  /** Undefined where the deployment has none. */
  readonly domain: string | undefined;
  /** DER, base64, for phones; undefined without a domain. */
  readonly certificate: () => Promise<string | undefined>;
  /** For a key (SubjectPublicKeyInfo, DER) of a gate that has proved who it is. */
  readonly certify: (
    gate: string,
    publicKey: Uint8Array,
  ) => Promise<Result<WebCertificate, { readonly type: 'gate-domain-unset' | 'request-invalid' }>>;
}

export interface WebAuthorityDeps {
  readonly domain: string | undefined;
  readonly database: Database;
  readonly keys: Keys;
  readonly clock: Clock;
  readonly random: Random;
}

/** Its own certificate is made when it is first needed, and again when the domain has changed. */
export function createWebAuthority({ domain, database, keys, clock, random }: WebAuthorityDeps): WebAuthority {
  let opened: Promise<{ readonly pair: WebCryptoPair; readonly certificate: string }> | undefined;
  const open = async (ofDomain: string): Promise<{ readonly pair: WebCryptoPair; readonly certificate: string }> => {
    const pair = await importPair(keys.webAuthoritySecret);
    const certificate = await inTransaction(database, keysLock, async (queries) => {
      const row = await queries
        .selectFrom('key')
        .select(['id', 'certificate'])
        .where('purpose', '=', 'web-authority')
        .where('state', '=', 'active')
        .executeTakeFirstOrThrow();
      if (row.certificate !== null && new x509.X509Certificate(row.certificate).subject === subjectOf(ofDomain))
        return row.certificate;
      const made = await certifySelf(pair, ofDomain, clock.wallMs(), serialNumber(random));
      await queries.updateTable('key').set({ certificate: made }).where('id', '=', row.id).execute();
      return made;
    });
    return { pair, certificate };
  };
  const authority = (ofDomain: string): ReturnType<typeof open> => (opened ??= open(ofDomain));

  return {
    domain,
    certificate: async () => (domain === undefined ? undefined : (await authority(domain)).certificate),
    certify: async (gate, spki) => {
      if (domain === undefined) return err({ type: 'gate-domain-unset' });
      const publicKey = await importPublicKey(spki);
      if (publicKey === undefined) return err({ type: 'request-invalid' });
      const { pair, certificate } = await authority(domain);
      const name = gateWebName(gate, domain);
      const nowMs = clock.wallMs();
      const issued = await x509.X509CertificateGenerator.create({
        serialNumber: serialNumber(random),
        subject: `CN=${name.slice(0, 64)}`,
        issuer: subjectOf(domain),
        notBefore: new Date(nowMs - backdatedMs),
        notAfter: new Date(nowMs + webCertificateLifetimeMs),
        publicKey,
        signingKey: pair.privateKey,
        signingAlgorithm: ecdsa,
        extensions: [
          new x509.BasicConstraintsExtension(false, undefined, true),
          new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
          new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
          new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: name }]),
          await x509.AuthorityKeyIdentifierExtension.create(pair.publicKey),
        ],
      });
      return ok({ name, certificate: toBase64(issued.rawData), ca: certificate });
    },
  };
}

const subjectOf = (domain: string): string => `CN=Postern gates at ${domain}`;

async function certifySelf(pair: WebCryptoPair, domain: string, nowMs: number, serial: string): Promise<string> {
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serial,
    name: subjectOf(domain),
    notBefore: new Date(nowMs - backdatedMs),
    notAfter: new Date(nowMs + authorityLifetimeMs),
    signingAlgorithm: ecdsa,
    keys: pair,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(pair.publicKey),
      new x509.Extension(nameConstraintsId, true, nameConstraints(domain)),
    ],
  });
  return toBase64(certificate.rawData);
}

const nameConstraintsId = '2.5.29.30';

/** RFC 5280 4.2.1.10: names under the domain, and no address at all. Whoever stole the key could be nobody else to a phone. */
function nameConstraints(domain: string): Uint8Array<ArrayBuffer> {
  const dns = element(0x82, Buffer.from(domain, 'ascii'));
  const anyAddress = [8, 32].map((bytes) => element(0x30, element(0x87, Buffer.alloc(bytes))));
  return new Uint8Array(
    element(0x30, Buffer.concat([element(0xa0, element(0x30, dns)), element(0xa1, Buffer.concat(anyAddress))])),
  );
}

/** One DER element; lengths up to 255. */
const element = (tag: number, content: Uint8Array): Buffer =>
  Buffer.concat([Buffer.from(content.length < 128 ? [tag, content.length] : [tag, 0x81, content.length]), content]);

async function importPair(secret: Uint8Array): Promise<WebCryptoPair> {
  const scalar = keyedHash(secret, utf8('web-authority-v1'), scalarBytes);
  // Below the order of the curve, whatever the other bits are.
  scalar[0] = (scalar[0] ?? 0) & 0x7f;
  const ecdh = createECDH('prime256v1');
  ecdh.setPrivateKey(scalar);
  const point = ecdh.getPublicKey();
  const coordinates = {
    x: point.subarray(1, 1 + scalarBytes).toString('base64url'),
    y: point.subarray(1 + scalarBytes).toString('base64url'),
  };
  const jwk = { kty: 'EC', crv: 'P-256', ...coordinates };
  const { subtle } = webcrypto;
  return {
    privateKey: await subtle.importKey('jwk', { ...jwk, d: Buffer.from(scalar).toString('base64url') }, ecdsa, false, [
      'sign',
    ]),
    publicKey: await subtle.importKey('jwk', jwk, ecdsa, true, ['verify']),
  };
}

async function importPublicKey(spki: Uint8Array): Promise<webcrypto.CryptoKey | undefined> {
  try {
    return await webcrypto.subtle.importKey('spki', Buffer.from(spki), ecdsa, true, ['verify']);
  } catch {
    // Whatever is not the DER of a P-256 key.
    return undefined;
  }
}
