// A deployment's CA and gates with certificates, made without a cloud: also wrong ones, that no cloud would issue.
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import { sha256, utf8, keyPairFromSeed, type KeyPair } from '@postern/shared';
import { seedToPem } from '../../gate-agent/src/identity.ts';
import type { TlsIdentity } from '../../gate-agent/src/replication/tls-identity.ts';

const ed25519 = { name: 'Ed25519' } as const;
const dayMs = 86_400_000;

export interface CertifiedGate extends TlsIdentity {
  readonly keys: KeyPair;
}

export interface GateCertificateOptions {
  readonly notBeforeMs?: number;
  readonly notAfterMs?: number;
  /** The subject alternative names instead of `postern:gate:<id>`. */
  readonly names?: readonly string[];
  readonly isAuthority?: boolean;
}

export interface Deployment {
  /** DER. */
  readonly ca: Uint8Array;
  readonly certify: (gate: string, options?: GateCertificateOptions) => Promise<CertifiedGate>;
}

export const deploymentNowMs = Date.UTC(2026, 8, 21, 19);

/** Two deployments of different names share nothing but the CA's subject, as a forger would make it. */
export async function createDeployment(name = 'deployment'): Promise<Deployment> {
  x509.cryptoProvider.set(webcrypto as never);
  const pair = await importPair(sha256(utf8(`ca of ${name}`)));
  const authority = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: '01',
    name: 'CN=Postern gates',
    notBefore: new Date(deploymentNowMs - dayMs),
    notAfter: new Date(deploymentNowMs + 3_650 * dayMs),
    signingAlgorithm: ed25519,
    keys: pair,
    extensions: [new x509.BasicConstraintsExtension(true, 0, true)],
  });
  return {
    ca: new Uint8Array(authority.rawData),
    certify: async (
      gate,
      {
        notBeforeMs = deploymentNowMs - dayMs,
        notAfterMs = deploymentNowMs + dayMs,
        names = [`postern:gate:${gate}`],
        isAuthority = false,
      } = {},
    ) => {
      const seed = sha256(utf8(`${gate} of ${name}`));
      const issued = await x509.X509CertificateGenerator.create({
        serialNumber: '02',
        subject: `CN=${gate}`,
        issuer: authority.subject,
        notBefore: new Date(notBeforeMs),
        notAfter: new Date(notAfterMs),
        publicKey: (await importPair(seed)).publicKey,
        signingKey: pair.privateKey,
        signingAlgorithm: ed25519,
        extensions: [
          new x509.BasicConstraintsExtension(isAuthority, undefined, true),
          ...(names.length === 0
            ? []
            : [new x509.SubjectAlternativeNameExtension(names.map((value) => ({ type: 'url' as const, value })))]),
        ],
      });
      return {
        gate,
        keys: keyPairFromSeed(seed),
        keyPem: seedToPem(seed),
        certificate: new Uint8Array(issued.rawData),
        ca: new Uint8Array(authority.rawData),
      };
    },
  };
}

/** A P-256 key with a certificate that it has signed itself, PEM. */
export async function createWebTls(name: string): Promise<{ readonly key: string; readonly cert: string }> {
  x509.cryptoProvider.set(webcrypto as never);
  const ecdsa = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
  const keys = await webcrypto.subtle.generateKey(ecdsa, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=${name}`,
    notBefore: new Date(deploymentNowMs - dayMs),
    notAfter: new Date(deploymentNowMs + 3_650 * dayMs),
    signingAlgorithm: ecdsa,
    keys,
    extensions: [new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: name }])],
  });
  const key = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
  return { key: `-----BEGIN PRIVATE KEY-----\n${key}\n-----END PRIVATE KEY-----\n`, cert: certificate.toString('pem') };
}

async function importPair(
  seed: Uint8Array,
): Promise<{ readonly publicKey: webcrypto.CryptoKey; readonly privateKey: webcrypto.CryptoKey }> {
  const pkcs8 = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]);
  return {
    privateKey: await webcrypto.subtle.importKey('pkcs8', pkcs8, ed25519, false, ['sign']),
    publicKey: await webcrypto.subtle.importKey('raw', Buffer.from(keyPairFromSeed(seed).publicKey), ed25519, true, [
      'verify',
    ]),
  };
}
