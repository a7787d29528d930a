// A template sealed for one ticket: XChaCha20-Poly1305 under the data key of its subject. Event, ticket, epoch, model and version are
// associated data, so that a template that was moved to another ticket, or outlived a transfer, does not open. Whoever destroys the
// data key has erased every copy.
import { concatBytes, hexToBytes, utf8 } from './bytes.ts';
import { aeadKeyBytes, aeadNonceBytes, aeadTagBytes, openAead, sealAead } from './crypto.ts';
import { faceTemplateBytes, type FaceModel } from './face-template.ts';
import { assert } from './result.ts';

/** Of one subject, random; never derived from anything that could be found out again. */
export const faceKeyBytes = aeadKeyBytes;
/** Nonce, template, tag. */
export const sealedFaceBytes = aeadNonceBytes + faceTemplateBytes + aeadTagBytes;

/** What a sealed template is for: any other value and it does not open. */
export interface FaceBinding extends FaceModel {
  readonly event: number;
  /** 32 hexadecimal digits. */
  readonly ticketId: string;
  readonly epoch: number;
}

/** `nonce`: 24 random bytes, for this sealing alone. */
export function sealFace(template: Uint8Array, binding: FaceBinding, key: Uint8Array, nonce: Uint8Array): Uint8Array {
  assert(template.length === faceTemplateBytes, 'a template has 128 bytes');
  return sealAead(template, associatedData(binding), nonce, key);
}

/** Undefined for what this key has not sealed for this binding. */
export const openFace = (sealed: Uint8Array, binding: FaceBinding, key: Uint8Array): Uint8Array | undefined =>
  sealed.length === sealedFaceBytes ? openAead(sealed, associatedData(binding), key) : undefined;

/** Epoch (4 bytes), model (2), version (2), as they stand in the associated data and in the feed. */
export function faceGenerationBytes({ epoch, model, version }: Omit<FaceBinding, 'event' | 'ticketId'>): Uint8Array {
  const numbers = new DataView(new ArrayBuffer(8));
  numbers.setUint32(0, epoch);
  numbers.setUint16(4, model);
  numbers.setUint16(6, version);
  return new Uint8Array(numbers.buffer);
}

function associatedData(binding: FaceBinding): Uint8Array {
  const event = new DataView(new ArrayBuffer(4));
  event.setUint32(0, binding.event);
  const ticket = hexToBytes(binding.ticketId) ?? new Uint8Array(0);
  return concatBytes(utf8('postern-face-v1\0'), new Uint8Array(event.buffer), ticket, faceGenerationBytes(binding));
}
