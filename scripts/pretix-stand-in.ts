// `npm run pretix-stand-in`: the stand-in for a pretix server that the tests use, to try an import without a pretix at hand. It sells so many tickets,
// says how to connect with it, and shows each check-in that comes in.
import { parseArgs } from 'node:util';
import { startPretixStandIn } from './lib/pretix-stand-in/server.ts';
import { createShop } from './lib/pretix-stand-in/shop.ts';

const { values } = parseArgs({
  options: { orders: { type: 'string', default: '5000' }, port: { type: 'string', default: '8345' } },
});
const orders = Number(values.orders);
const codesShown = 3;

const sellingMs = 30 * 86_400_000;
const begunAtMs = Date.now() - sellingMs;

/** While tickets are sold: what changed a moment ago a first import would read twice. */
let soldAtMs: number | undefined;
const shop = createShop({ now: () => soldAtMs ?? Date.now() });
const { id: item } = shop.addItem('Day ticket');
for (let index = 0; index < orders; index++) {
  soldAtMs = begunAtMs + Math.floor((index / orders) * (sellingMs - 3_600_000));
  shop.addOrder({
    positions: [{ item, attendeeName: `Visitor ${index + 1}`, attendeeEmail: `visitor-${index + 1}@example.org` }],
  });
}
soldAtMs = undefined;
const list = shop.addList('Entrance');
const { url, token, organizer, slug } = await startPretixStandIn({ shop, port: Number(values.port) }).catch(
  (cause: unknown) => {
    console.error(`pretix-stand-in: ${cause instanceof Error ? cause.message : String(cause)}; see --port`);
    process.exit(2);
  },
);
const codes = shop.orders.slice(0, codesShown).flatMap(({ positions }) => positions.map(({ secret }) => secret));

console.log(`${orders} tickets are sold at ${url}. Connect an event with it:

  echo ${token} | cloud-sync pretix connect --event 1 --server ${url} --organizer ${organizer} --slug ${slug} --list ${list.id} --token-file -
  cloud-sync pretix import --event 1

Codes for the gate: ${codes.join(', ')}, …
`);

let shown = 0;
setInterval(() => {
  for (const { position, type, datetimeMs, successful, errorReason } of shop.checkIns.slice(shown))
    console.log(
      `${type} of order ${position?.order.code ?? '?'} at ${new Date(datetimeMs).toISOString()}${successful ? '' : `: ${errorReason ?? ''}`}`,
    );
  shown = shop.checkIns.length;
}, 1_000);
