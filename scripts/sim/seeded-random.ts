// Repeatable chance for simulations: the same seed gives the same sequence on every machine (mulberry32).

export interface SeededRandom {
  /** An integer from 0 up to, not including, `limit`. */
  readonly below: (limit: number) => number;
  readonly chance: (percent: number) => boolean;
  readonly shuffled: <T>(items: readonly T[]) => T[];
}

export function createSeededRandom(seed: number): SeededRandom {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number): number => Math.floor(next() * limit);
  return {
    below,
    chance: (percent) => next() * 100 < percent,
    shuffled: (items) => {
      const result = [...items];
      for (let index = result.length - 1; index > 0; index--) {
        const other = below(index + 1);
        const [a, b] = [result[index], result[other]];
        if (a !== undefined && b !== undefined) [result[index], result[other]] = [b, a];
      }
      return result;
    },
  };
}
