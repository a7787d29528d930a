// The one request that a gate may make over an unverified connection: the time, signed by the feed key together with the gate's own
// nonce, so that a Pi that boots in 1970 can find out what day it is and nobody can replay yesterday's answer.
import { bytesEqual, utf8 } from './bytes.ts';
import { cborDecode, cborEncode } from './cbor.ts';
import { trueTimeMsMax } from './clock.ts';
import { decodeCose, signCose, verifyCose } from './cose.ts';
import type { KeyPair } from './crypto.ts';
import { err, ok, type Result } from './result.ts';

export const serverTimeContentType = 'application/cose';
export const serverTimeNonceBytes = 16;
export const serverTimeBytesMax = 512;
const externalAad = utf8('postern-time-v1');

export type ServerTimeError = {
  readonly type:
    | 'server-time-malformed'
    | 'server-time-key-unknown'
    | 'server-time-signature-invalid'
    | 'server-time-nonce-mismatch';
};

/** COSE_Sign1 over CBOR `[nonce, Unix ms]`. */
export const signServerTime = (nonce: Uint8Array, nowMs: number, feedKey: KeyPair): Uint8Array =>
  signCose({ keys: feedKey, payload: cborEncode([nonce, Math.floor(nowMs)]), externalAad });

/** The signed time in Unix ms, if one of our feed keys (by hexadecimal key id) signed it for exactly this nonce. */
export function verifyServerTime(
  bytes: Uint8Array,
  nonce: Uint8Array,
  feedKeyOf: (keyId: string) => Uint8Array | undefined,
): Result<number, ServerTimeError> {
  const message = decodeCose(bytes, serverTimeBytesMax);
  if (!message.ok) return err({ type: 'server-time-malformed' });
  const publicKey = feedKeyOf(message.value.keyId);
  if (publicKey === undefined) return err({ type: 'server-time-key-unknown' });
  if (!verifyCose(message.value, publicKey, externalAad)) return err({ type: 'server-time-signature-invalid' });
  const payload = cborDecode(message.value.payload, serverTimeBytesMax);
  const [signedNonce, ms, ...rest] = payload.ok && Array.isArray(payload.value) ? payload.value : [];
  if (
    !(signedNonce instanceof Uint8Array) ||
    typeof ms !== 'number' ||
    !Number.isInteger(ms) ||
    ms < 0 ||
    ms >= trueTimeMsMax ||
    rest.length > 0
  )
    return err({ type: 'server-time-malformed' });
  if (!bytesEqual(signedNonce, nonce)) return err({ type: 'server-time-nonce-mismatch' });
  return ok(ms);
}
