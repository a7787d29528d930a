// Which few of many gates a gate talks to. Everybody chooses alone and by the same hashes: the next two on a ring of all gates keep the
// whole connected, three at random make ways short, and one that changes every half minute bridges whatever the others do not.
import { bytesToHex, sha256, utf8 } from '@postern/shared';

export const neighboursMax = 6;
const onRing = 2;
const byTurn = 1;
/** The changing neighbour's time. */
export const turnMs = 30_000;

/** At most `neighboursMax` of the keys (gate ids, or addresses of gates not known yet); all where there are no more. */
export function chooseNeighbours(self: string, keys: readonly string[], turn: number): readonly string[] {
  if (keys.length <= neighboursMax) return keys;
  const ring = sortBy(keys, hashOf);
  const start = ring.findIndex((key) => hashOf(key) > hashOf(self));
  const chosen = Array.from({ length: onRing }, (_, index) => ring[(Math.max(0, start) + index) % ring.length] ?? '');
  const take = (count: number, weight: (key: string) => string): void => {
    const left = keys.filter((key) => !chosen.includes(key));
    chosen.push(...sortBy(left, weight).slice(0, count));
  };
  take(neighboursMax - onRing - byTurn, (key) => hashOf(`${self} ${key}`));
  take(byTurn, (key) => hashOf(`${self} ${key} ${turn}`));
  return chosen;
}

const hashOf = (text: string): string => bytesToHex(sha256(utf8(text)));

function sortBy(keys: readonly string[], weight: (key: string) => string): readonly string[] {
  const weights = new Map(keys.map((key) => [key, weight(key)]));
  return keys.toSorted((a, b) => ((weights.get(a) ?? '') < (weights.get(b) ?? '') ? -1 : 1));
}
