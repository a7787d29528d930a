// Tickets that pretix has signed itself ("pretix_sig1"): the text of a code taken apart, its signature checked, and what it says. The text is
// Base64, backwards, of: version 1, two 16-bit big-endian lengths, a protobuf message, an Ed25519 signature over that message. Source: the
// "pretix_sig1" generator of pretix (Ed25519Sig1PayloadGenerator) and libpretixsync, which reads it.
import { base64ToBytes } from './base64.ts';
import { signatureBytes, verifySignature } from './crypto.ts';

/** Characters of the longest secret that pretix stores. */
const charsMax = 255;
const version = 1;
const headerBytes = 5;
/** Base64 of a first byte of 1 begins so; backwards it ends so. A quick look at codes that are anything else. */
const ending = /[Q-Za-f]A$/;

export interface SignedSecret {
  /** A protobuf message: not to be read before the signature has been checked. */
  readonly payload: Uint8Array;
  readonly signature: Uint8Array;
}

/** What pretix says of a ticket in its code. Numbers are pretix's own ids. */
export interface SecretClaims {
  readonly item: number;
  /** 0 where the item has none. */
  readonly variation: number;
  /** Date of an event series; 0 where the event is none. */
  readonly subevent: number;
  /** Unix seconds; absent where pretix states none. */
  readonly validFromS?: number;
  readonly validUntilS?: number;
}

/** Undefined for a text that is not of this form, to the last byte. Says nothing yet about who has made it. */
export function parseSecret(text: string): SignedSecret | undefined {
  if (text.length > charsMax || !ending.test(text)) return undefined;
  // Canonical: a ticket with other bits left over would be another ticket, not yet used.
  const bytes = base64ToBytes([...text].toReversed().join(''));
  if (bytes === undefined || bytes.length < headerBytes || bytes[0] !== version) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const payloadBytes = view.getUint16(1);
  if (view.getUint16(3) !== signatureBytes || bytes.length !== headerBytes + payloadBytes + signatureBytes)
    return undefined;
  return {
    payload: bytes.subarray(headerBytes, headerBytes + payloadBytes),
    signature: bytes.subarray(headerBytes + payloadBytes),
  };
}

/** The first of these keys (32 bytes each) that has signed it. */
export const signerOf = (secret: SignedSecret, publicKeys: readonly Uint8Array[]): Uint8Array | undefined =>
  publicKeys.find((publicKey) => verifySignature(publicKey, secret.payload, secret.signature));

/** What a signed payload says; undefined where it is no such message. Fields that are not known are passed over, as protobuf has it. */
export function readSecretClaims(payload: Uint8Array): SecretClaims | undefined {
  const values = readFields(payload);
  if (values === undefined) return undefined;
  const [item = 0, variation = 0, subevent = 0, validFromS = 0, validUntilS = 0] = [2, 3, 4, 5, 6].map((field) =>
    values.get(field),
  );
  return {
    item,
    variation,
    subevent,
    // Zero is how pretix writes that there is no such time.
    ...(validFromS === 0 ? {} : { validFromS }),
    ...(validUntilS === 0 ? {} : { validUntilS }),
  };
}

/** The numbers of a protobuf message by field, the last of each; undefined where it does not read to its end. */
function readFields(message: Uint8Array): ReadonlyMap<number, number> | undefined {
  const values = new Map<number, number>();
  let offset = 0;
  const varint = (): number | undefined => {
    let value = 0;
    for (let shift = 1; offset < message.length; shift *= 128) {
      const byte = message[offset++] ?? 0;
      value += (byte & 0x7f) * shift;
      // Negative numbers are written as very large ones; no id or time is either.
      if (value > Number.MAX_SAFE_INTEGER) return undefined;
      if (byte < 0x80) return value;
    }
    return undefined;
  };
  while (offset < message.length) {
    const tag = varint();
    if (tag === undefined || tag < 8) return undefined;
    const [field, wireType] = [Math.floor(tag / 8), tag % 8];
    if (wireType === 0) {
      const value = varint();
      if (value === undefined) return undefined;
      values.set(field, value);
    } else {
      const length = wireType === 1 ? 8 : wireType === 5 ? 4 : wireType === 2 ? varint() : undefined;
      if (length === undefined || length > message.length - offset) return undefined;
      offset += length;
    }
  }
  return values;
}
