// COSE_Sign1 (RFC 9052) with Ed25519, nothing more: tag 18, a protected header of algorithm and key id, an empty unprotected
// header, payload, signature. One message may carry another in its protected header (`kcwt`), as proof of the key that it binds.
// Structure is decoded first; nobody should believe the payload before `verifyCose` said true.
import { bytesToHex, concatBytes, hexToBytes, utf8 } from './bytes.ts';
import { cborDecode, cborEncode, type CborValue } from './cbor.ts';
import { keyId, sign, signatureBytes, verifySignature, type KeyPair } from './crypto.ts';
import { assert, err, ok, type Result } from './result.ts';

/** COSE algorithm -19 is Ed25519 (RFC 9864), what we emit; -8 is the older EdDSA, accepted. */
const algorithmEd25519 = -19;
const algorithmEdDsa = -8;
const headerAlgorithm = 1;
const headerKeyId = 4;
/** RFC 9528: a CWT that names its holder's key in `cnf`. */
const headerKcwt = 13;
const sign1Tag = 0xd2;
/** Heads of a map of two and of three entries (RFC 8949 3). */
const mapOfTwo = 0xa2;
const mapOfThree = 0xa3;
/** A map's head, the algorithm and the key id, whatever they are: 1 + 2 + 10 bytes. */
const plainHeaderBytes = 13;
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
  /** A tagged COSE_Sign1 to carry whole in the protected header, which then holds nothing else of `header`. */
  readonly kcwt?: Uint8Array;
}

/** Tagged COSE_Sign1 bytes. */
export function signCose({
  keys,
  payload,
  externalAad = noAad,
  header = new Map(),
  kcwt,
}: SignCoseOptions): Uint8Array {
  const keyIdBytes = hexToBytes(keyId(keys.publicKey));
  assert(keyIdBytes !== undefined, 'a key id is hexadecimal');
  const plain = cborEncode(
    new Map<number, CborValue>([[headerAlgorithm, algorithmEd25519], [headerKeyId, keyIdBytes], ...header]),
  );
  const protectedBytes = kcwt === undefined ? plain : withKcwt(plain, kcwt);
  const signature = sign(keys.secretKey, toBeSigned(protectedBytes, externalAad, payload));
  return concatBytes(Uint8Array.of(sign1Tag), cborEncode([protectedBytes, new Map(), payload, signature]));
}

/** The carried message goes in as it is, tag and all (a CBOR item inside the map, no byte string), behind the smaller keys. */
function withKcwt(plainHeader: Uint8Array, kcwt: Uint8Array): Uint8Array {
  assert(plainHeader[0] === mapOfTwo && plainHeader.length === plainHeaderBytes, 'a header of algorithm and key id');
  return concatBytes(Uint8Array.of(mapOfThree), plainHeader.subarray(1), Uint8Array.of(headerKcwt), kcwt);
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
  verifySignature(publicKey, toBeSigned(message.protectedBytes, externalAad, message.payload), message.signature);

/** Sig_structure of RFC 9052 4.4. */
const toBeSigned = (protectedBytes: Uint8Array, externalAad: Uint8Array, payload: Uint8Array): Uint8Array =>
  cborEncode(['Signature1', protectedBytes, externalAad, payload]);

const malformed = (cause: string): ReturnType<typeof err<CoseError>> => err({ type: 'malformed', cause });

/** External data that keeps a signature of one purpose from being taken for another. */
export const domainAad = (domain: string): Uint8Array => utf8(domain);
