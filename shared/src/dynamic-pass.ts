// The dynamic pass: `PN2:` and the Base45 text of a COSE_Sign1 in which the holder's phone signs the time step, with the pass that
// names the holder's key carried whole in the protected header (`kcwt`, RFC 9528). About 270 bytes, QR version 12, made offline. A copy
// of it is worth something for at most 45 s; that it is relayed live, from one phone to another, is not prevented.
import { base45Decode } from './base45.ts';
import { hexToBytes } from './bytes.ts';
import { cborDecode } from './cbor.ts';
import { decodeCoseWithKcwt, verifyCose } from './cose.ts';
import { keyId, sign, type KeyPair } from './crypto.ts';
import { claimIssuedAt, dynamicPassPrefix, prepareDynamicCode } from './dynamic-code.ts';
import { decodeHolderPass, type HolderPass, type KeyOf, type PassError } from './pass.ts';
import { assert, err, ok, type Result } from './result.ts';
import { stepS } from './time-step.ts';

/** With every claim it has about 275 bytes; more is not ours. */
export const dynamicPassBytesMax = 320;
const dynamicPassCharsMax = dynamicPassPrefix.length + Math.ceil(dynamicPassBytesMax / 2) * 3;

const payloadBytesMax = 16;
const secondsMax = 253_402_300_799;

export interface DynamicPass extends HolderPass {
  /** First second of the step that the holder has signed, Unix time. Nobody has compared it with a clock yet. */
  readonly issuedAtS: number;
}

/**
 * The code to show at `atS` (Unix seconds; any of its step gives the same text). `holderPass`: what the issuer has signed for the
 * public half of `holderKeys` (`encodeHolderPass`), as it came.
 */
export function encodeDynamicPass(holderPass: Uint8Array, holderKeys: KeyPair, atS: number): string {
  const keyIdBytes = hexToBytes(keyId(holderKeys.publicKey));
  assert(keyIdBytes !== undefined, 'a key id is hexadecimal');
  const code = prepareDynamicCode(holderPass, keyIdBytes, atS * 1_000);
  return code.text(sign(holderKeys.secretKey, code.toBeSigned));
}

/**
 * Verifies and reads the text of a dynamic pass. The order is: prefix, size, Base45, COSE structure, the carried pass (issuer's key,
 * issuer's signature, claims, holder's key), the holder's signature, and only then the time. Never throws; whether the time is now, and
 * newer than the last, is for `decide` to say.
 */
export function decodeDynamicPass(text: string, keyOf: KeyOf): Result<DynamicPass, PassError> {
  if (!text.startsWith(dynamicPassPrefix)) return err({ type: 'not-a-ticket' });
  if (text.length > dynamicPassCharsMax)
    return err({ type: 'malformed', cause: `${text.length} characters, at most ${dynamicPassCharsMax} are allowed` });
  const bytes = base45Decode(text.slice(dynamicPassPrefix.length));
  if (!bytes.ok) return bytes;
  const message = decodeCoseWithKcwt(bytes.value, dynamicPassBytesMax);
  if (!message.ok) return message;
  const pass = decodeHolderPass(message.value.kcwt, keyOf);
  if (!pass.ok) return pass;
  const { holderKey } = pass.value;
  if (message.value.keyId !== keyId(holderKey))
    return err({ type: 'malformed', cause: 'the key id of another holder' });
  if (!verifyCose(message.value, holderKey)) return err({ type: 'signature-invalid' });
  const issuedAtS = readIssuedAt(message.value.payload);
  return issuedAtS === undefined
    ? err({ type: 'malformed', cause: 'no time step and nothing else' })
    : ok({ ...pass.value, issuedAtS });
}

function readIssuedAt(payload: Uint8Array): number | undefined {
  const decoded = cborDecode(payload, payloadBytesMax);
  if (!decoded.ok || !(decoded.value instanceof Map) || decoded.value.size !== 1) return undefined;
  const issuedAtS: unknown = decoded.value.get(claimIssuedAt);
  const isStep = typeof issuedAtS === 'number' && issuedAtS >= 0 && issuedAtS <= secondsMax && issuedAtS % stepS === 0;
  return isStep ? issuedAtS : undefined;
}
