// Tickets on people's phones: the links, the claims, the phones, and what a phone is told.
import type { AppDeps } from '../app.ts';
import { createClaimLinks } from '../services/claim-links.ts';
import { createClaims } from '../services/claims.ts';
import { createHolders } from '../services/holders.ts';
import { createHoldings } from '../services/holdings.ts';
import { createFindTicket } from '../services/ticket-of-event.ts';
import type { EventServices } from './events.ts';
import type { Foundation } from './foundation.ts';
import type { Marks } from './marks.ts';
import type { WalletServices } from './wallets.ts';

export type HolderServices = Pick<AppDeps, 'holders' | 'holdings' | 'claims' | 'claimLinks'>;

export function createHolderServices(
  foundation: Foundation,
  { tickets, devices, readTicket }: EventServices,
  { credentials, readEffective }: Marks,
  { walletPasses }: WalletServices,
): HolderServices {
  const findTicket = createFindTicket(readTicket, readEffective);
  const holdings = createHoldings({
    ...foundation,
    tickets,
    credentials,
    devices,
    findTicket,
    walletsOf: walletPasses.walletsOf,
  });
  return {
    holders: createHolders(foundation.database, readTicket),
    holdings,
    claimLinks: createClaimLinks({ ...foundation, findTicket }),
    claims: createClaims({ ...foundation, tickets, holdings, findTicket }),
  };
}
