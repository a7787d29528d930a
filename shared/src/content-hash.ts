// One hash over everything known of an event, equal on every replica that holds the same marks, in whatever order they came and
// wherever they are stored. SHA-256 over all marks in order of (gate, boot, sequence): key, a zero byte, length, bytes.
import { bytesToHex, utf8 } from './bytes.ts';
import { createSha256 } from './crypto.ts';
import { markKey, type MarkId } from './mark.ts';
import { assert } from './result.ts';

/** The order in which marks enter the hash. Gates and boots compare by code unit, as ASCII. */
export const compareMarkIds = (a: MarkId, b: MarkId): number =>
  a.gate !== b.gate
    ? a.gate < b.gate
      ? -1
      : 1
    : a.boot !== b.boot
      ? a.boot < b.boot
        ? -1
        : 1
      : a.sequence - b.sequence;

export interface ContentHash {
  /** Marks in the order of `compareMarkIds`, each once. */
  readonly add: (id: MarkId, bytes: Uint8Array) => void;
  /** 64 hexadecimal digits; the hash of nothing when no mark was added. */
  readonly digest: () => string;
}

export function createContentHash(): ContentHash {
  const hash = createSha256();
  let last: MarkId | undefined;
  return {
    add: (id, bytes) => {
      assert(last === undefined || compareMarkIds(last, id) < 0, 'marks enter the content hash in order, each once');
      last = id;
      hash.update(utf8(`${markKey(id)}\0`));
      hash.update(Uint8Array.of(bytes.length >> 8, bytes.length & 255));
      hash.update(bytes);
    },
    digest: () => bytesToHex(hash.digest()),
  };
}
