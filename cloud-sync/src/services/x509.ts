// X.509 as the service writes it, and its only file that imports @peculiar/x509.
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { bytesToHex, type Random } from '@postern/shared';
import * as x509 from '@peculiar/x509';

x509.cryptoProvider.set(webcrypto);

export { x509 };

export const dayMs = 86_400_000;
/** Certificates begin a day early: the clock of a gate or a phone may run behind. */
export const backdatedMs = 1 * dayMs;
export const authorityLifetimeMs = 3_650 * dayMs;
const serialBytes = 16;

export interface WebCryptoPair {
  readonly publicKey: webcrypto.CryptoKey;
  readonly privateKey: webcrypto.CryptoKey;
}

/** Positive, as RFC 5280 4.1.2.2 wants it. */
export const serialNumber = (random: Random): string =>
  bytesToHex(Uint8Array.from(random(serialBytes), (byte, index) => (index === 0 ? (byte & 0x7f) | 0x40 : byte)));

export const toBase64 = (der: ArrayBuffer): string => Buffer.from(der).toString('base64');
