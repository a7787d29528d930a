// What Apple and Google give out to sign passes with, made here: a certificate authority in the place of Apple's, a Pass Type ID
// certificate under it, the key of a service account. And what a phone does with a pass: take it apart.
import 'reflect-metadata';
import { createPrivateKey, generateKeyPairSync, webcrypto, type KeyObject } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import * as x509 from '@peculiar/x509';
import { virtualStartMs } from './virtual-time.ts';

const dayMs = 86_400_000;
const rsa = {
  name: 'RSASSA-PKCS1-v1_5',
  hash: 'SHA-256',
  publicExponent: Uint8Array.of(1, 0, 1),
  modulusLength: 2_048,
};
const authorityName = 'CN=Relations, O=Stand-in for Apple';
/** `UID` as an object identifier: not every library knows the name. */
const passSubject =
  '0.9.2342.19200300.100.1.1=pass.test.tickets, CN=Pass Type ID: pass.test.tickets, OU=TEAM123456, O=Test hall';

export interface AppleTestFiles {
  readonly certificateFile: string;
  readonly keyFile: string;
  readonly wwdrFile: string;
}

/** `daysLeft`: of the Pass Type ID certificate, from the start of virtual time. */
export async function makeAppleFiles(folder: string, daysLeft = 300, subject = passSubject): Promise<AppleTestFiles> {
  const [authority, signer] = await Promise.all([makePair(), makePair()]);
  const make = (
    about: Pick<x509.X509CertificateCreateParams, 'serialNumber' | 'subject' | 'notAfter' | 'extensions'>,
    keys: Pair,
  ): Promise<x509.X509Certificate> =>
    x509.X509CertificateGenerator.create(
      {
        serialNumber: '01',
        subject: authorityName,
        issuer: authorityName,
        notBefore: new Date(virtualStartMs - dayMs),
        notAfter: new Date(virtualStartMs + 3_000 * dayMs),
        signingAlgorithm: rsa,
        publicKey: keys.publicKey,
        signingKey: authority.privateKey,
        ...about,
      },
      webcrypto as never,
    );
  const root = await make({ extensions: [new x509.BasicConstraintsExtension(true, undefined, true)] }, authority);
  const certificate = await make(
    { serialNumber: '00c0ffee00c0ffee', subject, notAfter: new Date(virtualStartMs + daysLeft * dayMs) },
    signer,
  );
  const files = {
    certificateFile: join(folder, 'pass.pem'),
    keyFile: join(folder, 'pass.key'),
    // As Apple gives it out.
    wwdrFile: join(folder, 'wwdr.cer'),
  };
  writeFileSync(files.certificateFile, certificate.toString('pem'));
  writeFileSync(files.keyFile, await pemOf(signer.privateKey));
  writeFileSync(files.wwdrFile, Buffer.from(root.rawData));
  writeFileSync(join(folder, 'wwdr.pem'), root.toString('pem'));
  return files;
}

type Pair = webcrypto.CryptoKeyPair;
const makePair = (): Promise<Pair> => webcrypto.subtle.generateKey(rsa, true, ['sign', 'verify']);
const pemOf = async (key: webcrypto.CryptoKey): Promise<string> =>
  createPrivateKey({
    key: Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key)),
    format: 'der',
    type: 'pkcs8',
  }).export({ format: 'pem', type: 'pkcs8' }) as string;

export interface GoogleTestFiles {
  readonly settings: { readonly issuer: string; readonly keyFile: string };
  readonly publicKey: KeyObject;
}

export function makeGoogleFiles(folder: string, modulusLength = 2_048): GoogleTestFiles {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength });
  const keyFile = join(folder, 'google.json');
  const key = {
    type: 'service_account',
    client_email: 'passes@test-hall-123456.iam.gserviceaccount.com',
    private_key: privateKey.export({ format: 'pem', type: 'pkcs8' }),
  };
  writeFileSync(keyFile, JSON.stringify(key));
  return { settings: { issuer: '3388000000022222222', keyFile }, publicKey };
}

/** The files of a ZIP archive by name, as its directory lists them; throws where a checksum is wrong. */
export function unzip(archive: Buffer): ReadonlyMap<string, Buffer> {
  const end = archive.length - 22;
  if (archive.readUInt32LE(end) !== 0x06054b50) throw new Error('no end of a ZIP archive');
  const files = new Map<string, Buffer>();
  let at = archive.readUInt32LE(end + 16);
  for (let left = archive.readUInt16LE(end + 10); left > 0; left--) {
    if (archive.readUInt32LE(at) !== 0x02014b50) throw new Error('no entry of a directory');
    const [nameLength, size] = [archive.readUInt16LE(at + 28), archive.readUInt32LE(at + 24)];
    const name = archive.toString('utf8', at + 46, at + 46 + nameLength);
    const from = archive.readUInt32LE(at + 42) + 30 + nameLength;
    const bytes = archive.subarray(from, from + size);
    if (crc32(bytes) !== archive.readUInt32LE(at + 16)) throw new Error(`${name} is damaged`);
    files.set(name, bytes);
    at += 46 + nameLength;
  }
  return files;
}
