// How soon word gets around: along links that stay whole, from gate to gate, within a bound a hop, whoever relays it. The cloud hears of a
// mark by the gate that made it; on the way from one gate to another it is not counted on.
import type { Network } from './network.ts';
import { cloudAddress } from './world.ts';

export interface PropagationDeps {
  readonly network: Pick<Network, 'wholeSinceMs' | 'listening'>;
  readonly nowMs: () => number;
  /** Whether nothing is promised of this address, neither as an end nor on the way. */
  readonly isExempt: (address: string) => boolean;
}

/** From gate to gate within this, on a link that stays whole. */
export const hopMsMax = 45_000;

/** Where word of something that was done at `from` at `sinceMs` must have come to by now, and over how many hops. */
export function reachedBy(
  { network, nowMs, isExempt }: PropagationDeps,
  from: string,
  sinceMs: number,
): ReadonlyMap<string, number> {
  const reached = new Map<string, number>([[from, 0]]);
  if (isExempt(from)) return reached;
  const hopsMax = Math.floor((nowMs() - sinceMs) / hopMsMax);
  const isWhole = (a: string, b: string): boolean => {
    const wholeSinceMs = network.wholeSinceMs(a, b);
    return wholeSinceMs !== undefined && wholeSinceMs <= sinceMs;
  };
  let edge = [from];
  for (let hops = 1; hops <= hopsMax && edge.length > 0; hops++) {
    const next = network
      .listening()
      .filter((to) => !reached.has(to) && !isExempt(to) && (to !== cloudAddress || hops === 1))
      .filter((to) => edge.some((via) => isWhole(via, to)));
    for (const to of next) reached.set(to, hops);
    edge = next.filter((to) => to !== cloudAddress);
  }
  return reached;
}
