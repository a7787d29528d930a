// Passes for the wallets of phones, from the files that the settings name; somebody hears of a certificate that ends, in the log, at
// /readyz and by a figure.
import type { AppDeps } from '../app.ts';
import { createWalletPasses } from '../services/wallet-passes/wallet-passes.ts';
import type { EventServices } from './events.ts';
import type { Foundation } from './foundation.ts';
import type { Marks } from './marks.ts';

const lookEveryMs = 86_400_000;

export interface WalletServices extends Pick<AppDeps, 'walletPasses'> {
  /** For a service that runs: warns once a day, until `stopWarning`. */
  readonly startWarning: () => void;
  readonly stopWarning: () => void;
}

export function createWallets(
  foundation: Foundation,
  { tickets }: Pick<EventServices, 'tickets'>,
  { readEffective }: Pick<Marks, 'readEffective'>,
): WalletServices {
  const { timer, log } = foundation;
  const walletPasses = createWalletPasses({ ...foundation, tickets, readEffective });
  let cancel: (() => void) | undefined;
  const warn = (): void => {
    for (const warning of walletPasses.warnings()) log.warn({}, warning);
    cancel = timer.after(lookEveryMs, warn);
  };
  return {
    walletPasses,
    startWarning: warn,
    stopWarning: () => cancel?.(),
  };
}
