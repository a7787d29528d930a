// What the cloud tells a revoked gate that still asks: signed by the feed key, so that nobody on the way can make a gate forget its list.
import { utf8 } from './bytes.ts';
import { cborDecode, cborEncode } from './cbor.ts';
import { trueTimeMsMax } from './clock.ts';
import { decodeCose, signCose, verifyCose } from './cose.ts';
import { publicKeyBytes, type KeyPair } from './crypto.ts';
import { err, ok, type Result } from './result.ts';

/** Header of an answer to a gate that has proved who it is: the notice, base64url. */
export const revocationNoticeHeader = 'Postern-Revoked';
export const revocationNoticeBytesMax = 512;
const externalAad = utf8('postern-revoked-v1');

export interface RevocationNotice {
  readonly gate: string;
  readonly revokedAtMs: number;
  /** X25519: to it the gate seals its marks (crypto.ts). Clouds of before this was there name none. */
  readonly sealKey?: Uint8Array | undefined;
}

export type RevocationNoticeError = {
  readonly type: 'notice-malformed' | 'notice-key-unknown' | 'notice-signature-invalid' | 'notice-of-another-gate';
};

/** COSE_Sign1 over CBOR `[gate, Unix ms, key]`, or `[gate, Unix ms]`. */
export const signRevocationNotice = ({ gate, revokedAtMs, sealKey }: RevocationNotice, feedKey: KeyPair): Uint8Array =>
  signCose({
    keys: feedKey,
    payload: cborEncode([gate, revokedAtMs, ...(sealKey === undefined ? [] : [sealKey])]),
    externalAad,
  });

/** When `gate` was revoked, if one of our feed keys (by hexadecimal key id) says so. */
export function verifyRevocationNotice(
  bytes: Uint8Array,
  gate: string,
  feedKeyOf: (keyId: string) => Uint8Array | undefined,
): Result<RevocationNotice, RevocationNoticeError> {
  const message = decodeCose(bytes, revocationNoticeBytesMax);
  if (!message.ok) return err({ type: 'notice-malformed' });
  const publicKey = feedKeyOf(message.value.keyId);
  if (publicKey === undefined) return err({ type: 'notice-key-unknown' });
  if (!verifyCose(message.value, publicKey, externalAad)) return err({ type: 'notice-signature-invalid' });
  const payload = cborDecode(message.value.payload, revocationNoticeBytesMax);
  const [named, revokedAtMs, sealKey, ...rest] = payload.ok && Array.isArray(payload.value) ? payload.value : [];
  if (
    typeof named !== 'string' ||
    typeof revokedAtMs !== 'number' ||
    !Number.isInteger(revokedAtMs) ||
    revokedAtMs < 0 ||
    revokedAtMs >= trueTimeMsMax ||
    !(sealKey === undefined || (sealKey instanceof Uint8Array && sealKey.length === publicKeyBytes)) ||
    rest.length > 0
  )
    return err({ type: 'notice-malformed' });
  return named === gate ? ok({ gate, revokedAtMs, sealKey }) : err({ type: 'notice-of-another-gate' });
}
