// Where tickets come from and admissions go back to, beside this database: pretix servers.
import { createReach } from '../services/pretix/reach.ts';
import { createPretix, type Pretix } from '../services/pretix/service.ts';
import { createPretixSync, type PretixSync } from '../services/pretix/sync.ts';
import { createAddresses } from '../services/network-addresses.ts';
import type { EventServices } from './events.ts';
import type { Foundation } from './foundation.ts';

export interface Sources {
  readonly pretix: Pretix;
  readonly pretixSync: PretixSync;
}

export function createSources(foundation: Foundation, { feed }: Pick<EventServices, 'feed'>): Sources {
  const reach = createReach(createAddresses(foundation.config.webhookNetworks));
  const deps = { ...foundation, reach, changed: feed.changed, tell: foundation.outbox.tellTickets };
  return { pretix: createPretix(deps), pretixSync: createPretixSync(deps) };
}
