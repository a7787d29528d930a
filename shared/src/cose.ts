// COSE_Sign1 (RFC 9052) with Ed25519, nothing more: tag 18, a protected header of algorithm and key id, an empty unprotected
// header, payload, signature. One message may carry another in its protected header (`kcwt`), as proof of the key that it binds.
// Structure is decoded first; nobody should believe the payload before `verifyCose` said true.
import { bytesToHex, hexToBytes, utf8 } from './bytes.ts';
import { cborDecode, cborEncode, type CborValue } from './cbor.ts';
import {
  algorithmEd25519,
  headerAlgorithm,
  headerKcwt,
  headerKeyId,
  mapOfThree,
  mapOfTwo,
  plainHeaderBytes,
  protectedHeader,
  sign1Bytes,
  sign1Tag,
  toBeSigned,
} from './cose-bytes.ts';
import { keyId, sign, signatureBytes, verifySignature, type KeyPair } from './crypto.ts';
import { assert, err, ok, type Result } from './result.ts';

/** The older EdDSA is accepted beside what we emit. */
const algorithmEdDsa = -8;
const noAad = new Uint8Array(0);

export type CoseError = { readonly type: 'malformed'; readonly cause: string };

export interface CoseSign1 {
  /** 16 hexadecimal digits. */
  readonly keyId: string;
  /** Protected header parameters other than algorithm and key id. */
  readonly header: ReadonlyMap<number | string, CborValue>;
  readonly payload: Uint8Array;
  readonly signature: Uint8Array;
  readonly protectedBytes: Uint8Array;
}

export interface SignCoseOptions {
  readonly keys: KeyPair;
  readonly payload: Uint8Array;
  /** Bytes both sides know and that are signed but not sent: a domain name, or an NFC tag's UID. */
  readonly externalAad?: Uint8Array;
  readonly header?: ReadonlyMap<number, CborValue>;
}

/** Tagged COSE_Sign1 bytes. */
export function signCose({ keys, payload, externalAad = noAad, header }: SignCoseOptions): Uint8Array {
  const keyIdBytes = hexToBytes(keyId(keys.publicKey));
  assert(keyIdBytes !== undefined, 'a key id is hexadecimal');
  const protectedBytes = protectedHeader(cborEncode, keyIdBytes, header);
  const signature = sign(keys.secretKey, toBeSigned(cborEncode, protectedBytes, externalAad, payload));
  return sign1Bytes(cborEncode, protectedBytes, payload, signature);
}

/** Takes the structure apart; exact lengths, deterministic encoding, nothing unprotected. The signature is NOT checked yet. */
export function decodeCose(bytes: Uint8Array, bytesMax: number): Result<CoseSign1, CoseError> {
  const parts = decodeParts(bytes, bytesMax);
  if (!parts.ok) return parts;
  const header = decodeHeader(parts.value.protectedBytes, bytesMax);
  return header.ok ? ok({ ...parts.value, ...header.value }) : header;
}

/**
 * The same for a message that carries another one, with exactly algorithm, key id and that in its header. `kcwt`: the carried bytes,
 * not looked at yet; they are whole and deterministic if `decodeCose` takes them.
 */
export function decodeCoseWithKcwt(
  bytes: Uint8Array,
  bytesMax: number,
): Result<CoseSign1 & { readonly kcwt: Uint8Array }, CoseError> {
  const parts = decodeParts(bytes, bytesMax);
  if (!parts.ok) return parts;
  const { protectedBytes } = parts.value;
  if (protectedBytes[0] !== mapOfThree || protectedBytes[plainHeaderBytes] !== headerKcwt)
    return malformed('not a protected header of algorithm, key id and a carried token');
  const plainHeader = Uint8Array.from(protectedBytes.subarray(0, plainHeaderBytes));
  plainHeader[0] = mapOfTwo;
  const header = decodeHeader(plainHeader, bytesMax);
  if (!header.ok) return header;
  return ok({ ...parts.value, ...header.value, kcwt: protectedBytes.slice(plainHeaderBytes + 1) });
}

type Parts = Pick<CoseSign1, 'protectedBytes' | 'payload' | 'signature'>;

function decodeParts(bytes: Uint8Array, bytesMax: number): Result<Parts, CoseError> {
  if (bytes.length > bytesMax) return malformed(`${bytes.length} bytes, at most ${bytesMax} are allowed`);
  if (bytes[0] !== sign1Tag) return malformed('not a COSE_Sign1');
  const outer = cborDecode(bytes.subarray(1), bytesMax);
  if (!outer.ok) return outer;
  const [protectedBytes, unprotected, payload, signature, ...rest] = Array.isArray(outer.value) ? outer.value : [];
  if (
    !(protectedBytes instanceof Uint8Array) ||
    !(payload instanceof Uint8Array) ||
    !(signature instanceof Uint8Array) ||
    rest.length > 0
  )
    return malformed('not the four parts of a COSE_Sign1');
  if (!(unprotected instanceof Map) || unprotected.size > 0) return malformed('unprotected header parameters');
  if (signature.length !== signatureBytes) return malformed('a signature of a wrong length');
  return ok({ protectedBytes, payload, signature });
}

function decodeHeader(
  protectedBytes: Uint8Array,
  bytesMax: number,
): Result<Pick<CoseSign1, 'keyId' | 'header'>, CoseError> {
  const header = cborDecode(protectedBytes, bytesMax);
  if (!header.ok) return header;
  if (!(header.value instanceof Map)) return malformed('a protected header that is no map');
  const { [headerAlgorithm]: algorithm, [headerKeyId]: keyIdBytes } = Object.fromEntries(header.value);
  if (algorithm !== algorithmEd25519 && algorithm !== algorithmEdDsa)
    return malformed('an algorithm other than Ed25519');
  if (!(keyIdBytes instanceof Uint8Array) || keyIdBytes.length !== 8) return malformed('no key id of 8 bytes');
  const others = new Map([...header.value].filter(([key]) => key !== headerAlgorithm && key !== headerKeyId));
  return ok({ keyId: bytesToHex(keyIdBytes), header: others });
}

/** Whether `publicKey` signed exactly this, with this external data. */
export const verifyCose = (message: CoseSign1, publicKey: Uint8Array, externalAad: Uint8Array = noAad): boolean =>
  verifySignature(
    publicKey,
    toBeSigned(cborEncode, message.protectedBytes, externalAad, message.payload),
    message.signature,
  );

const malformed = (cause: string): ReturnType<typeof err<CoseError>> => err({ type: 'malformed', cause });

/** External data that keeps a signature of one purpose from being taken for another. */
export const domainAad = (domain: string): Uint8Array => utf8(domain);
