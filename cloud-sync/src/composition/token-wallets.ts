// Wallets of tokens that let phones show tickets.
import type { AppDeps } from '../app.ts';
import { createContractCheck } from '../services/nft/contract-wallets.ts';
import { createWalletBindings } from '../services/nft/wallet-bindings.ts';
import { createFindTicket } from '../services/ticket-of-event.ts';
import type { EventServices } from './events.ts';
import type { Foundation } from './foundation.ts';
import type { Marks } from './marks.ts';
import type { NftServices } from './nft.ts';

export const createTokenWallets = (
  foundation: Foundation,
  { readTicket }: EventServices,
  { readEffective, credentials }: Marks,
  { nft }: NftServices,
  checkContract = nft === undefined ? undefined : createContractCheck(nft.chain),
): Pick<AppDeps, 'walletBindings'> => ({
  walletBindings: createWalletBindings({
    ...foundation,
    readEffective,
    findTicket: createFindTicket(readTicket, readEffective),
    credentials,
    checkContract,
  }),
});
