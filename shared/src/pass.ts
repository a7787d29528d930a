// The static pass: `PN1:` and the Base45 text of a COSE_Sign1 over CWT claims (RFC 8392). About 121 bytes, QR version 8. It proves
// itself: signature first, then the claims inside are believed. A pass that names its holder's key (`cnf`, RFC 8747) proves nothing
// by itself: it is only read inside a dynamic pass (dynamic-pass.ts), and refused wherever a static one is expected.
import { base45Decode, base45Encode } from './base45.ts';
import { bytesToHex, hexToBytes } from './bytes.ts';
import { cborDecode, cborEncode, type CborValue } from './cbor.ts';
import { decodeCose, signCose, verifyCose, type CoseSign1 } from './cose.ts';
import { isSoundPublicKey, type KeyPair } from './crypto.ts';
import { assert, err, ok, type Result } from './result.ts';
import { ticketIdPattern, type Ticket } from './ticket.ts';

export const passPrefix = 'PN1:';
/** A pass with every claim has about 135 bytes, with its holder's key about 180; more is not ours. */
export const passBytesMax = 256;
const credentialIdBytes = 8;
const signatureBytes = 64;
const passCharsMax = passPrefix.length + Math.ceil(passBytesMax / 2) * 3;

/** CWT claim keys; the private one holds `[event, ticket type, epoch]`. */
const claimExpires = 4;
const claimNotBefore = 5;
const claimTicketId = 7;
const claimConfirmation = 8;
const claimAdmission = -65_537;
const secondsMax = 253_402_300_799;

/** `cnf` holds one COSE_Key (RFC 8747 3.2): an octet key pair of Ed25519 with its x (RFC 9053 7.2), and nothing else. */
const confirmationKey = 1;
const keyType = 1;
const keyTypeOkp = 1;
const keyCurve = -1;
const keyCurveEd25519 = 6;
const keyX = -2;

export interface PassClaims {
  /** 32 hexadecimal digits. */
  readonly ticketId: string;
  readonly event: number;
  readonly type: number;
  readonly epoch: number;
  /** Unix seconds; the pass is good from here, inclusive. */
  readonly notBeforeS?: number;
  /** Unix seconds; the pass is dead from here on. */
  readonly expiresS?: number;
}

/** What a pass is issued with: the ticket as it is now. */
export const passClaims = (
  event: number,
  { id, type, epoch, validFromS, validUntilS }: Pick<Ticket, 'id' | 'type' | 'epoch' | 'validFromS' | 'validUntilS'>,
): PassClaims => ({
  ticketId: id,
  event,
  type,
  epoch,
  ...(validFromS === undefined ? {} : { notBeforeS: validFromS }),
  ...(validUntilS === undefined ? {} : { expiresS: validUntilS }),
});

export type PassError =
  | { readonly type: 'not-a-ticket' }
  | { readonly type: 'malformed'; readonly cause: string }
  | { readonly type: 'key-unknown'; readonly keyId: string }
  | { readonly type: 'key-revoked'; readonly keyId: string }
  | { readonly type: 'signature-invalid' }
  /** Bound to a holder's key, and shown without the holder's signature. */
  | { readonly type: 'assurance-too-low' };

export interface Pass extends PassClaims {
  readonly keyId: string;
  readonly credentialId: string;
}

/** A pass that is only good together with a signature of its holder. */
export interface HolderPass extends Pass {
  /** Ed25519, 32 bytes, sound. */
  readonly holderKey: Uint8Array;
}

/** What a verifier knows of a key id; `next`, `active` and `retired` keys verify, a revoked one does not. */
export type KeyOf = (keyId: string) => { readonly publicKey: Uint8Array; readonly state: string } | undefined;

/**
 * What tells passes apart without showing one: 8 of the 64 bytes of the issuer's signature, with which a COSE_Sign1 ends, hexadecimal. No
 * hash, because every scan would pay for it.
 */
export const credentialIdOf = (issued: Uint8Array): string =>
  bytesToHex(issued.slice(-signatureBytes).slice(0, credentialIdBytes));

/** The pass's text, ready for a QR code in alphanumeric mode. Claims must be in range: that is the issuer's duty. */
export const encodePass = (claims: PassClaims, keys: KeyPair): string => passText(encodePassBytes(claims, keys));

/** The text of a pass that is there as bytes. */
export const passText = (issued: Uint8Array): string => passPrefix + base45Encode(issued);

/** The raw COSE_Sign1 bytes, as an NFC tag carries them (with the tag's UID as `externalAad`). */
export const encodePassBytes = (claims: PassClaims, keys: KeyPair, externalAad?: Uint8Array): Uint8Array =>
  signCose({ keys, payload: encodeClaims(claims), ...(externalAad === undefined ? {} : { externalAad }) });

/** The pass that a holder's phone keeps and signs the time with. `holderKey` must be sound (crypto.ts). */
export function encodeHolderPass(claims: PassClaims, holderKey: Uint8Array, keys: KeyPair): Uint8Array {
  assert(isSoundPublicKey(holderKey), 'a holder key is checked when it is enrolled');
  return signCose({ keys, payload: encodeClaims(claims, holderKey) });
}

function encodeClaims(claims: PassClaims, holderKey?: Uint8Array): Uint8Array {
  const ticketId = ticketIdPattern.test(claims.ticketId) ? hexToBytes(claims.ticketId) : undefined;
  assert(ticketId !== undefined, 'a ticket id has 32 hexadecimal digits');
  assert(
    isSmall(claims.event) && isSmall(claims.type) && isSmall(claims.epoch),
    'event, type and epoch are small unsigned integers',
  );
  const payload = new Map<number, CborValue>([
    [claimTicketId, ticketId],
    [claimAdmission, [claims.event, claims.type, claims.epoch]],
  ]);
  if (claims.expiresS !== undefined) payload.set(claimExpires, claims.expiresS);
  if (claims.notBeforeS !== undefined) payload.set(claimNotBefore, claims.notBeforeS);
  if (holderKey !== undefined) payload.set(claimConfirmation, new Map([[confirmationKey, coseKey(holderKey)]]));
  return cborEncode(payload);
}

const coseKey = (x: Uint8Array): ReadonlyMap<number, CborValue> =>
  new Map<number, CborValue>([
    [keyType, keyTypeOkp],
    [keyCurve, keyCurveEd25519],
    [keyX, x],
  ]);

/**
 * Verifies and reads a pass text. The order is: prefix, size, Base45, COSE structure, key, signature, and only then the claims.
 * Never throws. Source of the format: RFC 9285, RFC 9052, RFC 8392.
 */
export function decodePass(text: string, keyOf: KeyOf): Result<Pass, PassError> {
  if (!text.startsWith(passPrefix)) return err({ type: 'not-a-ticket' });
  if (text.length > passCharsMax)
    return err({ type: 'malformed', cause: `${text.length} characters, at most ${passCharsMax} are allowed` });
  const bytes = base45Decode(text.slice(passPrefix.length));
  return bytes.ok ? decodePassBytes(bytes.value, keyOf) : bytes;
}

/** The same for raw bytes (NFC). */
export function decodePassBytes(bytes: Uint8Array, keyOf: KeyOf, externalAad?: Uint8Array): Result<Pass, PassError> {
  const issued = readIssued(bytes, keyOf, externalAad);
  // Taken out of a dynamic pass that somebody has filmed: the issuer's signature is good, the holder is not there.
  if (issued.ok && issued.value.holderKey !== undefined) return err({ type: 'assurance-too-low' });
  return issued;
}

/** A pass that names its holder's key, and a key that is sound; the caller has to check the holder's signature. */
export function decodeHolderPass(bytes: Uint8Array, keyOf: KeyOf): Result<HolderPass, PassError> {
  const issued = readIssued(bytes, keyOf);
  if (!issued.ok) return issued;
  const { holderKey, ...pass } = issued.value;
  if (holderKey === undefined) return err({ type: 'malformed', cause: 'a pass without its holder’s key' });
  return ok({ ...pass, holderKey });
}

type Issued = Pass & { readonly holderKey?: Uint8Array };

function readIssued(bytes: Uint8Array, keyOf: KeyOf, externalAad?: Uint8Array): Result<Issued, PassError> {
  const message = decodeCose(bytes, passBytesMax);
  if (!message.ok) return message;
  if (message.value.header.size > 0) return err({ type: 'malformed', cause: 'unexpected header parameters' });
  const key = keyOf(message.value.keyId);
  if (key === undefined) return err({ type: 'key-unknown', keyId: message.value.keyId });
  if (key.state === 'revoked') return err({ type: 'key-revoked', keyId: message.value.keyId });
  if (!verifyCose(message.value, key.publicKey, externalAad)) return err({ type: 'signature-invalid' });
  const claims = readClaims(message.value);
  return claims.ok ? ok({ ...claims.value, keyId: message.value.keyId, credentialId: credentialIdOf(bytes) }) : claims;
}

const knownClaims: ReadonlySet<number | string> = new Set([
  claimExpires,
  claimNotBefore,
  claimTicketId,
  claimConfirmation,
  claimAdmission,
]);

/** Exactly the claims we issue, in their ranges; a signed pass with anything else is one we do not understand. */
function readClaims({ payload }: CoseSign1): Result<Omit<Issued, 'keyId' | 'credentialId'>, PassError> {
  const decoded = cborDecode(payload, passBytesMax);
  if (!decoded.ok) return decoded;
  if (!(decoded.value instanceof Map)) return err({ type: 'malformed', cause: 'claims that are no map' });
  const claims: ReadonlyMap<number | string, CborValue> = decoded.value;
  for (const key of claims.keys()) {
    if (!knownClaims.has(key)) return err({ type: 'malformed', cause: `an unknown claim ${key}` });
  }
  const ticketId = claims.get(claimTicketId);
  const admission = claims.get(claimAdmission);
  const expiresS = claims.get(claimExpires);
  const notBeforeS = claims.get(claimNotBefore);
  if (!(ticketId instanceof Uint8Array) || ticketId.length !== 16)
    return err({ type: 'malformed', cause: 'no ticket id of 16 bytes' });
  const [event, type, epoch, ...rest] = Array.isArray(admission) ? admission : [];
  if (!isSmall(event) || !isSmall(type) || !isSmall(epoch) || rest.length > 0)
    return err({ type: 'malformed', cause: 'no event, ticket type and epoch' });
  if (!isOptionalSeconds(expiresS) || !isOptionalSeconds(notBeforeS))
    return err({ type: 'malformed', cause: 'a time out of range' });
  const confirmation = claims.get(claimConfirmation);
  const holderKey = confirmation === undefined ? undefined : readHolderKey(confirmation);
  if (confirmation !== undefined && holderKey === undefined)
    return err({ type: 'malformed', cause: 'no sound Ed25519 key of a holder' });
  return ok({
    ticketId: bytesToHex(ticketId),
    event,
    type,
    epoch,
    ...(expiresS === undefined ? {} : { expiresS }),
    ...(notBeforeS === undefined ? {} : { notBeforeS }),
    ...(holderKey === undefined ? {} : { holderKey }),
  });
}

/** Undefined for anything but the one form that we write, and for keys that nobody should hold. */
function readHolderKey(confirmation: CborValue): Uint8Array | undefined {
  const key = confirmation instanceof Map && confirmation.size === 1 ? confirmation.get(confirmationKey) : undefined;
  if (!(key instanceof Map) || key.size !== 3) return undefined;
  const x: unknown = key.get(keyX);
  if (key.get(keyType) !== keyTypeOkp || key.get(keyCurve) !== keyCurveEd25519) return undefined;
  return x instanceof Uint8Array && isSoundPublicKey(x) ? x : undefined;
}

const isSmall = (value: unknown): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 0xffff_ffff;

const isOptionalSeconds = (value: unknown): value is number | undefined =>
  value === undefined || (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= secondsMax);
