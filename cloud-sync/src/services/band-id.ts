// How a request names a wristband, and how marks know it: by a keyed hash of its id, which is kept nowhere.
import {
  assert,
  err,
  hexToBytes,
  methodById,
  ok,
  parseTagId,
  tagHash,
  type Result,
  type VerificationMethod,
} from '@postern/shared';
import type { EventRecord } from './events.ts';
import type { Failure } from './problems.ts';

/** A method whose credentials are bands, and that is on: else `method-unknown`, `method-off`. */
export function bandMethod(id: string, event: EventRecord): Result<VerificationMethod, Failure> {
  const method = methodById(id);
  if (method?.binds === undefined) return err({ type: 'method-unknown' });
  return event.policy.methodsOff.includes(id) ? err({ type: 'method-off' }) : ok(method);
}

/** `options-invalid` for what no band of the method has. */
export function bandOf(event: EventRecord, { binds }: VerificationMethod, uid: string): Result<string, Failure> {
  const id = binds === undefined ? undefined : parseTagId(binds, uid);
  if (binds === undefined || id === undefined)
    return err({ type: 'options-invalid', detail: 'uid: an NFC tag has 4, 7 or 10 bytes, a BLE band 1 to 32.' });
  return ok(tagHash(codeHashKeyOf(event), binds, id));
}

export function codeHashKeyOf({ codeHashKey }: EventRecord): Uint8Array {
  const key = hexToBytes(codeHashKey);
  assert(key !== undefined, 'an event has a code hash key');
  return key;
}
