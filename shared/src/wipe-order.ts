// What the cloud tells a gate that is to forget everything: signed by the feed key, so that nobody on the way can empty a gate, and good for one
// process start of that gate, so that an order that was withdrawn cannot be said again later.
import { bytesToHex, hexToBytes, utf8 } from './bytes.ts';
import { cborDecode, cborEncode } from './cbor.ts';
import { trueTimeMsMax } from './clock.ts';
import { decodeCose, signCose, verifyCose } from './cose.ts';
import { publicKeyBytes, type KeyPair } from './crypto.ts';
import { assert, err, ok, type Result } from './result.ts';

export const wipeOrderBytesMax = 512;
const externalAad = utf8('postern-wipe-v1');
const orderBytes = 16;

export interface WipeOrder {
  readonly gate: string;
  /** 32 and 16 hexadecimal digits. */
  readonly order: string;
  readonly boot: string;
  readonly askedAtMs: number;
  /** X25519: to it the gate seals what is left of its marks. */
  readonly sealKey: Uint8Array;
}

export type WipeOrderError = {
  readonly type: 'wipe-malformed' | 'wipe-key-unknown' | 'wipe-signature-invalid' | 'wipe-of-another-gate';
};

/** COSE_Sign1 over CBOR `[gate, order, boot, Unix ms, key]`. */
export function signWipeOrder({ gate, order, boot, askedAtMs, sealKey }: WipeOrder, feedKey: KeyPair): Uint8Array {
  const id = hexToBytes(order);
  assert(id?.length === orderBytes, 'an order has an id of 16 bytes');
  return signCose({ keys: feedKey, payload: cborEncode([gate, id, boot, askedAtMs, sealKey]), externalAad });
}

/** What one of our feed keys (by hexadecimal key id) orders this process start of `gate`. */
export function verifyWipeOrder(
  bytes: Uint8Array,
  { gate, boot }: Pick<WipeOrder, 'gate' | 'boot'>,
  feedKeyOf: (keyId: string) => Uint8Array | undefined,
): Result<WipeOrder, WipeOrderError> {
  const message = decodeCose(bytes, wipeOrderBytesMax);
  if (!message.ok) return err({ type: 'wipe-malformed' });
  const publicKey = feedKeyOf(message.value.keyId);
  if (publicKey === undefined) return err({ type: 'wipe-key-unknown' });
  if (!verifyCose(message.value, publicKey, externalAad)) return err({ type: 'wipe-signature-invalid' });
  const payload = cborDecode(message.value.payload, wipeOrderBytesMax);
  const [named, id, start, askedAtMs, sealKey, ...rest] =
    payload.ok && Array.isArray(payload.value) ? payload.value : [];
  if (
    typeof named !== 'string' ||
    typeof start !== 'string' ||
    !(id instanceof Uint8Array && id.length === orderBytes) ||
    !(typeof askedAtMs === 'number' && Number.isInteger(askedAtMs) && askedAtMs >= 0 && askedAtMs < trueTimeMsMax) ||
    !(sealKey instanceof Uint8Array && sealKey.length === publicKeyBytes) ||
    rest.length > 0
  )
    return err({ type: 'wipe-malformed' });
  if (named !== gate || start !== boot) return err({ type: 'wipe-of-another-gate' });
  return ok({ gate, boot, order: bytesToHex(id), askedAtMs, sealKey });
}
