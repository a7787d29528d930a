// A pretix stand-in as a process of its own, with so many paid orders of two tickets, for benchmarks: says where it listens, and the tokens and ids
// that it is asked with. Forked with the number of orders.
import { startPretixStandIn } from '../lib/pretix-stand-in/server.ts';
import { createShop } from '../lib/pretix-stand-in/shop.ts';

/** What the process says first. */
export interface PretixServerStarted {
  readonly url: string;
  readonly token: string;
  readonly organizer: string;
  readonly slug: string;
  readonly list: number;
  readonly secrets: readonly string[];
}

const hourMs = 3_600_000;

if (process.send !== undefined) {
  let soldBeforeMs = hourMs;
  const shop = createShop({ now: () => Date.now() - soldBeforeMs });
  const { id: item } = shop.addItem('Day ticket');
  for (let index = 0; index < Number(process.argv[2] ?? 0); index++) shop.addOrder({ positions: [{ item }, { item }] });
  soldBeforeMs = 0;
  const { id: list } = shop.addList('Entrance');
  const { url, token, organizer, slug } = await startPretixStandIn({ shop });
  const secrets = shop.orders.flatMap(({ positions }) => positions.map(({ secret }) => secret));
  process.send({ url, token, organizer, slug, list, secrets } satisfies PretixServerStarted);
}
