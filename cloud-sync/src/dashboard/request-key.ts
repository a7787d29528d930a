// Keys for requests that must not be done twice: asked again with the same one, the cloud answers what it answered before (Idempotency-Key).
import { bytesToHex } from '@postern/shared';

let random: (() => Uint8Array) | undefined;

/** Once, by the page's beginning. */
export function useRequestKeys(bytes: () => Uint8Array): void {
  random = bytes;
}

export const newRequestKey = (): string => (random === undefined ? '' : bytesToHex(random()));
export const onceOnly = (key: string): Readonly<Record<string, string>> =>
  key === '' ? {} : { 'Idempotency-Key': key };
