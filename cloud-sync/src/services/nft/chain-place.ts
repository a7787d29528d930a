// Which contract on which chain.
import type { Hex } from './hex.ts';

export interface ChainPlace {
  readonly chainId: number;
  /** In lower case. */
  readonly contract: Hex;
}

/** How rows name it. */
export const chainKey = ({ chainId, contract }: ChainPlace): string => `${chainId}/${contract}`;
