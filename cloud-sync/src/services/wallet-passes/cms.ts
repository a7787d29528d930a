// A detached signature as Apple Wallet wants it: CMS SignedData (RFC 5652) in DER, by RSA with SHA-256, with the time of signing and both
// certificates, byte for byte as they were given. What is needed of DER (X.690) to write that, and to read who issued a certificate.
import { createHash, sign, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { assert, utf8 } from '@postern/shared';

const signAsync = promisify(sign);

/** Contents of object identifiers. */
const oids = {
  data: '2a864886f70d010701',
  signedData: '2a864886f70d010702',
  contentType: '2a864886f70d010903',
  messageDigest: '2a864886f70d010904',
  signingTime: '2a864886f70d010905',
  sha256: '608648016503040201',
  rsaEncryption: '2a864886f70d010101',
} as const;
const tags = {
  integer: 0x02,
  octets: 0x04,
  null: 0x05,
  oid: 0x06,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
  zero: 0xa0,
} as const;

export interface CmsSigner {
  readonly key: KeyObject;
  /** DER; whoever checks the signature goes from the first to the root that they know. */
  readonly certificate: Uint8Array;
  readonly issuerCertificate: Uint8Array;
}

/** ContentInfo in DER. */
export async function signDetached(content: Uint8Array, signer: CmsSigner, nowMs: number): Promise<Uint8Array> {
  const digest = createHash('sha256').update(content).digest();
  const attributes = setOf([
    attribute(oids.contentType, oid(oids.data)),
    attribute(oids.signingTime, time(nowMs)),
    attribute(oids.messageDigest, der(tags.octets, digest)),
  ]);
  // RFC 5652 5.4: signed as the SET that they are, stored under the tag of their place.
  const signature = await signAsync('sha256', der(tags.set, attributes), signer.key);
  const version = der(tags.integer, Uint8Array.of(1));
  const sha256 = der(tags.sequence, oid(oids.sha256), der(tags.null));
  const { issuer, serialNumber } = readIssuer(signer.certificate);
  const signerInfo = der(
    tags.sequence,
    version,
    der(tags.sequence, issuer, serialNumber),
    sha256,
    der(tags.zero, attributes),
    der(tags.sequence, oid(oids.rsaEncryption), der(tags.null)),
    der(tags.octets, signature),
  );
  const signedData = der(
    tags.sequence,
    version,
    der(tags.set, sha256),
    der(tags.sequence, oid(oids.data)),
    der(tags.zero, setOf([signer.certificate, signer.issuerCertificate])),
    der(tags.set, signerInfo),
  );
  return der(tags.sequence, oid(oids.signedData), der(tags.zero, signedData));
}

const oid = (hex: string): Uint8Array => der(tags.oid, Buffer.from(hex, 'hex'));
const attribute = (type: string, value: Uint8Array): Uint8Array => der(tags.sequence, oid(type), der(tags.set, value));

/** X.690 11.6: the elements of a set in the order of their encodings. */
const setOf = (elements: readonly Uint8Array[]): Uint8Array =>
  Buffer.concat(elements.toSorted((a, b) => Buffer.compare(a, b)));

/** RFC 5652 11.3: UTCTime until 2049. */
function time(ms: number): Uint8Array {
  const digits = new Date(ms).toISOString().slice(0, 19).replaceAll(/[-:T]/g, '');
  return digits < '2050'
    ? der(tags.utcTime, utf8(`${digits.slice(2)}Z`))
    : der(tags.generalizedTime, utf8(`${digits}Z`));
}

function der(tag: number, ...contents: readonly Uint8Array[]): Uint8Array {
  const content = Buffer.concat(contents);
  return Buffer.concat([Uint8Array.of(tag), lengthOf(content.length), content]);
}

function lengthOf(bytes: number): Uint8Array {
  if (bytes < 0x80) return Uint8Array.of(bytes);
  const hex = bytes.toString(16);
  const digits = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
  return Buffer.concat([Uint8Array.of(0x80 | digits.length), digits]);
}

/** Issuer and serial number of a certificate (RFC 5280 4.1), each with its tag; the certificate has been parsed before. */
function readIssuer(certificate: Uint8Array): { readonly issuer: Uint8Array; readonly serialNumber: Uint8Array } {
  const fields = elementsOf(contentOf(elementsOf(contentOf(certificate))[0] ?? new Uint8Array(0)));
  const [serialNumber, , issuer] = fields[0]?.[0] === tags.zero ? fields.slice(1) : fields;
  assert(serialNumber !== undefined && issuer !== undefined, 'a certificate has an issuer and a number');
  return { issuer, serialNumber };
}

const contentOf = (element: Uint8Array): Uint8Array => element.subarray(boundsOf(element).from);

function elementsOf(bytes: Uint8Array): readonly Uint8Array[] {
  const elements: Uint8Array[] = [];
  for (let rest = bytes; rest.length > 0;) {
    const { to } = boundsOf(rest);
    elements.push(rest.subarray(0, to));
    rest = rest.subarray(to);
  }
  return elements;
}

/** Where the content of the first element begins and ends. */
function boundsOf(bytes: Uint8Array): { readonly from: number; readonly to: number } {
  const first = bytes[1] ?? 0;
  if (first < 0x80) return { from: 2, to: 2 + first };
  const from = 2 + (first & 0x7f);
  return { from, to: from + Number(`0x${Buffer.from(bytes.subarray(2, from)).toString('hex')}`) };
}
