// Goal: what a pretix server sells are tickets here, as long and as far as it says so; a second reading changes nothing, a change there is a change
// here, and what is nobody's business does not even travel.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  auditPageSchema,
  eventResponseSchema,
  ticketListSchema,
  webhookDeliveryPageSchema,
  type JobRun,
  type TicketList,
  type TicketResponse,
  type VerifyResponse,
  type WebhookCreated,
} from '@postern/shared';
import { createTestCloud, someEvent, type TestCloud } from '../../../support/cloud.ts';
import { openPretixRig, type PretixRig } from '../../../support/pretix.ts';
import type { Shop, ShopOrder, ShopPosition } from '../../../../scripts/lib/pretix-stand-in/shop.ts';

let cloud: TestCloud;
let event = 0;
const rigs: PretixRig[] = [];

beforeAll(async () => {
  cloud = await createTestCloud();
});
afterAll(async () => {
  await Promise.all(rigs.map(({ standIn }) => standIn.stop()));
  await cloud.close();
});
beforeEach(async () => {
  event += 1;
  await cloud.json('POST', '/api/events', { ...someEvent, event, types: [] });
});

const open = async (options: Parameters<typeof openPretixRig>[2] = {}): Promise<PretixRig> => {
  const rig = await openPretixRig(cloud, event, options);
  rigs.push(rig);
  return rig;
};
/** One product, so many paid orders of one ticket each. */
const sellPlain =
  (orders: number) =>
  (shop: Shop): void => {
    const { id: item } = shop.addItem('Standing');
    for (let index = 0; index < orders; index++) shop.addOrder({ positions: [{ item }] });
  };
const list = async (query = ''): Promise<TicketList> =>
  ticketListSchema.parse(await cloud.json('GET', `/api/tickets?event=${event}&limit=200${query}`));
const byOrder = async ({ code }: ShopOrder): Promise<TicketResponse> => {
  const { tickets } = await list(`&search=${code}`);
  expect(tickets).toHaveLength(1);
  return tickets[0] as TicketResponse;
};
const first = (order: ShopOrder | undefined): ShopPosition => {
  const position = order?.positions[0];
  if (position === undefined) throw new Error('no such position');
  return position;
};
/** What a scan of this secret would be answered, here and now, without using it up. */
const scan = async (ticket: TicketResponse, secret: string): Promise<string> => {
  const response = await cloud.api('POST', `/api/tickets/${ticket.id}/methods/code/verify`, { presented_data: secret });
  const answer = (await response.json()) as VerifyResponse & { readonly type?: string };
  return answer.success ? 'admitted' : (answer.reason ?? '');
};

describe('the first import', () => {
  test('makes a type for each product, or each of its variations, and leaves out what opens no gate', async () => {
    const rig = await open({
      sell: (shop) => {
        shop.addItem('Standing');
        shop.addItem('Seat', { variations: ['Stalls', 'Balcony'] });
        shop.addItem('T-shirt', { admission: false });
      },
    });
    const { items } = await rig.connect();
    expect(items).toMatchObject([
      { name: 'Standing', type: 1 },
      { name: 'Seat, Stalls', type: 2 },
      { name: 'Seat, Balcony', type: 3 },
      { name: 'T-shirt', type: null },
    ]);
    const { policy } = eventResponseSchema.parse(await cloud.json('GET', `/api/events/${event}`));
    expect(policy.types).toMatchObject([
      { id: 1, name: 'Standing', uses: 1, reentry: false, zones: [] },
      { id: 2, name: 'Seat, Stalls' },
      { id: 3, name: 'Seat, Balcony' },
    ]);
  });

  test('goes by the products of a check-in list that names them, a zone that has its own list, and what the organiser says', async () => {
    const rig = await open({
      sell: (shop) => {
        const standing = shop.addItem('Standing');
        const backstage = shop.addItem('Backstage', { admission: false });
        shop.addItem('Parking');
        shop.addList('Entrance', { allProducts: false, limitProducts: [standing.id] });
        shop.addList('Backstage door', {
          allProducts: false,
          limitProducts: [backstage.id],
          allowMultipleEntries: true,
        });
      },
    });
    const [entrance, door] = rig.shop.lists;
    const parking = rig.shop.items[2]?.id;
    const { items } = await rig.connect({
      lists: [{ id: entrance?.id }, { id: door?.id, zone: 'arena' }],
      types: [{ item: parking, type: 1 }],
    });
    expect(items).toMatchObject([
      { name: 'Standing', type: 1 },
      { name: 'Backstage', type: 2 },
      { name: 'Parking', type: 1 },
    ]);
    const { policy } = eventResponseSchema.parse(await cloud.json('GET', `/api/events/${event}`));
    expect(policy.types[1]).toMatchObject({ name: 'Backstage', zones: ['arena'], uses: 0 });
  });

  test('takes a type of the same name that the event has', async () => {
    await cloud.json('PUT', `/api/events/${event}/policy`, {
      ...someEvent,
      types: [{ id: 7, name: 'Standing', hold: 'under-18' }],
    });
    const rig = await open({ sell: sellPlain(1) });
    expect((await rig.connect()).items).toMatchObject([{ name: 'Standing', type: 7 }]);
  });

  test('brings every order in, over pages, as its state says, and a test order never', async () => {
    const rig = await open({
      sell: (shop) => {
        sellPlain(120)(shop);
        const item = shop.items[0]?.id ?? 0;
        shop.addOrder({ status: 'n', positions: [{ item }] });
        shop.addOrder({ status: 'n', validIfPending: true, positions: [{ item }] });
        shop.addOrder({ status: 'c', positions: [{ item }] });
        shop.addOrder({ testmode: true, positions: [{ item }] });
        shop.addOrder({ positions: [{ item, blocked: ['admin'] }] });
        shop.addOrder({ positions: [{ item }, { item, addonTo: 0 }] });
      },
    });
    await rig.connect();
    const run = await rig.sync();
    expect(run).toMatchObject({ tickets: { created: 126, changed: 0 }, problems: 0 });
    const counts = async (status: string): Promise<number> => (await list(`&status=${status}`)).tickets.length;
    expect(await Promise.all(['valid', 'unpaid', 'revoked', 'blocked'].map(counts))).toEqual([123, 1, 1, 1]);
    expect(await rig.view()).toMatchObject({ complete: true, tickets: 126, problemCount: 0 });
  });

  test('a code is looked up at the door as pretix printed it', async () => {
    const rig = await open({ sell: sellPlain(1) });
    await rig.connect();
    await rig.sync();
    const [order] = rig.shop.orders;
    const ticket = await byOrder(order as ShopOrder);
    expect(await scan(ticket, first(order).secret)).toBe('admitted');
    expect(await scan(ticket, first(order).secret)).toBe('already-used');
  });

  test('again changes nothing, and asks for little', async () => {
    const rig = await open({ sell: sellPlain(120) });
    await rig.connect();
    // Sold a while ago.
    cloud.time.jump(3_600_000);
    await rig.sync();
    cloud.time.jump(3_600_000);
    const asked = rig.standIn.asked.length;
    const before = await list();
    expect(await rig.sync()).toMatchObject({ tickets: { created: 0, changed: 0, unchanged: 0 }, orders: 0 });
    // Products and the check-in list once in a while, orders, revoked and blocked secrets.
    expect(rig.standIn.asked.length - asked).toBe(5);
    expect(await rig.sync({ full: true })).toMatchObject({ tickets: { created: 0, changed: 0 } });
    expect(await list()).toEqual(before);
  });

  test('links a ticket that is here already with the position that has its code', async () => {
    const rig = await open({ sell: sellPlain(1) });
    const secret = first(rig.shop.orders[0]).secret;
    await cloud.json('PUT', `/api/events/${event}/policy`, { ...someEvent, types: [{ id: 4, name: 'From a file' }] });
    const before = await cloud.json<TicketResponse>('POST', '/api/tickets', { event, type: 4, code: secret });
    await rig.connect();
    expect(await rig.sync()).toMatchObject({ tickets: { created: 0, changed: 1 } });
    const after = await byOrder(rig.shop.orders[0] as ShopOrder);
    expect(after).toMatchObject({ id: before.id, type: 5, epoch: 0 });
    rig.shop.setStatus(rig.shop.orders[0] as ShopOrder, 'c');
    await rig.sync();
    expect(await byOrder(rig.shop.orders[0] as ShopOrder)).toMatchObject({ status: 'revoked' });
  });
});

describe('what changes at the server', () => {
  test('is here with the next reading: paid, cancelled, blocked, another product, another window', async () => {
    const rig = await open({
      sell: (shop) => {
        shop.addItem('Standing');
        const seat = shop.addItem('Seat');
        for (let index = 0; index < 5; index++)
          shop.addOrder({ status: index === 0 ? 'n' : 'p', positions: [{ item: seat.id }] });
      },
    });
    await rig.connect();
    await rig.sync();
    const [unpaid, cancelled, blocked, moved, dated] = rig.shop.orders as [
      ShopOrder,
      ShopOrder,
      ShopOrder,
      ShopOrder,
      ShopOrder,
    ];
    await cloud.time.advance(1_000);
    rig.shop.setStatus(unpaid, 'p');
    rig.shop.cancelPosition(first(cancelled));
    rig.shop.block(first(blocked), ['admin']);
    rig.shop.change(moved, (order) => Object.assign(first(order), { item: rig.shop.items[0]?.id }));
    rig.shop.change(dated, (order) => Object.assign(first(order), { validFrom: '2026-09-21T18:00:00+02:00' }));
    expect(await rig.sync()).toMatchObject({ tickets: { created: 0, changed: 5 } });
    expect(await byOrder(unpaid)).toMatchObject({ status: 'valid' });
    expect(await byOrder(cancelled)).toMatchObject({ status: 'revoked' });
    expect(await byOrder(blocked)).toMatchObject({ status: 'blocked' });
    expect(await byOrder(moved)).toMatchObject({ type: 1 });
    expect(await byOrder(dated)).toMatchObject({ validFromS: Date.parse('2026-09-21T16:00:00Z') / 1_000 });
    await cloud.time.advance(1_000);
    rig.shop.block(first(blocked), null);
    await rig.sync();
    expect(await byOrder(blocked)).toMatchObject({ status: 'valid' });
  });

  test('the language of an order is its tickets’, and follows it; one that gates do not speak is none', async () => {
    const rig = await open({
      sell: (shop) => {
        const { id: item } = shop.addItem('Standing');
        for (const locale of ['de-informal', 'ar', 'nl']) shop.addOrder({ locale, positions: [{ item }] });
      },
    });
    await rig.connect();
    await rig.sync();
    const [german, arabic, dutch] = rig.shop.orders as [ShopOrder, ShopOrder, ShopOrder];
    const languagesNow = async () => [
      (await byOrder(german)).language,
      (await byOrder(arabic)).language,
      (await byOrder(dutch)).language,
    ];
    expect(await languagesNow()).toEqual(['de', 'ar', undefined]);
    await cloud.time.advance(1_000);
    rig.shop.change(arabic, (order) => Object.assign(order, { locale: 'fr' }));
    expect(await rig.sync()).toMatchObject({ tickets: { created: 0, changed: 1 } });
    expect(await languagesNow()).toEqual(['de', 'fr', undefined]);
  });

  test('a new secret kills the one before, and the ticket stays what it is', async () => {
    const rig = await open({ sell: sellPlain(1) });
    await rig.connect();
    await rig.sync();
    const [order] = rig.shop.orders as [ShopOrder];
    const before = await byOrder(order);
    const old = first(order).secret;
    await cloud.time.advance(1_000);
    rig.shop.regenerate(first(order));
    await rig.sync();
    const after = await byOrder(order);
    expect(after).toMatchObject({ id: before.id, epoch: before.epoch + 1, status: 'valid' });
    expect(await scan(after, old)).toBe('replaced');
    expect(await scan(after, first(order).secret)).toBe('admitted');
  });

  test('a secret that is only listed as revoked or blocked is dead too, until its order has another one', async () => {
    const rig = await open({ sell: sellPlain(2), usesRevocationList: true });
    await rig.connect();
    await rig.sync();
    const [revoked, blocked] = rig.shop.orders as [ShopOrder, ShopOrder];
    await cloud.time.advance(1_000);
    // As the lists may be ahead of the orders.
    rig.shop.revoked.push({
      id: 900,
      secret: first(revoked).secret,
      createdMs: rig.shop.now(),
      position: first(revoked),
    });
    rig.shop.blockedSecrets.push({ id: 901, secret: first(blocked).secret, blocked: true, updatedMs: rig.shop.now() });
    expect(await rig.sync()).toMatchObject({ tickets: { changed: 2 } });
    expect(await byOrder(revoked)).toMatchObject({ status: 'revoked' });
    expect(await byOrder(blocked)).toMatchObject({ status: 'blocked' });
    await cloud.time.advance(1_000);
    Object.assign(rig.shop.blockedSecrets[0] ?? {}, { blocked: false, updatedMs: rig.shop.now() });
    rig.shop.regenerate(first(revoked));
    await rig.sync();
    expect(await byOrder(revoked)).toMatchObject({ status: 'valid', epoch: 1 });
    expect(await byOrder(blocked)).toMatchObject({ status: 'valid', epoch: 0 });
  });

  test('a revoked secret that nobody has here is refused as that, whoever signed it', async () => {
    const rig = await open({ sell: sellPlain(1), usesRevocationList: true });
    const old = first(rig.shop.orders[0]).secret;
    rig.shop.regenerate(first(rig.shop.orders[0]));
    await rig.connect();
    await rig.sync();
    const found = ticketListSchema.parse(await cloud.json('GET', `/api/tickets?event=${event}&search=${old}`));
    expect(found.tickets).toMatchObject([{ status: 'revoked' }]);
    expect(await byOrder(rig.shop.orders[0] as ShopOrder)).toMatchObject({ status: 'valid' });
    expect(await rig.sync({ full: true })).toMatchObject({ tickets: { created: 0, changed: 0 } });
  });

  test('what people have changed here stays, as long as the server does not change the same', async () => {
    const rig = await open({ sell: sellPlain(1) });
    await rig.connect();
    await rig.sync();
    const [order] = rig.shop.orders as [ShopOrder];
    const { id } = await byOrder(order);
    await cloud.api('POST', `/api/tickets/${id}/revoke`);
    await cloud.time.advance(1_000);
    rig.shop.change(order, () => undefined);
    await rig.sync();
    expect(await byOrder(order)).toMatchObject({ status: 'revoked' });
    await cloud.time.advance(1_000);
    rig.shop.block(first(order), ['admin']);
    await rig.sync();
    expect(await byOrder(order)).toMatchObject({ status: 'blocked' });
  });

  test('a product that is new is asked for when an order names it', async () => {
    const rig = await open({ sell: sellPlain(1) });
    await rig.connect();
    await rig.sync();
    await cloud.time.advance(1_000);
    const { id: item } = rig.shop.addItem('Late night');
    const order = rig.shop.addOrder({ positions: [{ item }] });
    expect(await rig.sync()).toMatchObject({ tickets: { created: 1 }, problems: 0 });
    expect(await byOrder(order)).toMatchObject({ type: 2 });
  });

  test('a product that the check-in list takes up later brings its tickets in', async () => {
    const rig = await open({
      sell: (shop) => {
        sellPlain(1)(shop);
        const { id: item } = shop.addItem('Parking', { admission: false });
        shop.addOrder({ positions: [{ item }] });
      },
    });
    await rig.connect();
    expect(await rig.sync()).toMatchObject({ tickets: { created: 1 } });
    cloud.time.jump(3_600_000);
    Object.assign(rig.list, { allProducts: false, limitProducts: rig.shop.items.map(({ id }) => id) });
    expect(await rig.sync()).toMatchObject({ tickets: { created: 1 } });
  });

  test('leaves one entry in the audit log for each page that changed something, and none for the others', async () => {
    const rig = await open({ sell: sellPlain(60) });
    await rig.connect();
    await rig.sync();
    await rig.sync();
    const { entries } = auditPageSchema.parse(
      await cloud.json('GET', `/audits/log?event=${event}&action=pretix-imported`),
    );
    expect(entries.map(({ details }) => details)).toEqual([
      { created: 10, changed: 0 },
      { created: 50, changed: 0 },
    ]);
  });
});

test('other systems are told of tickets that come in and change', async () => {
  const rig = await open({ sell: sellPlain(2) });
  const { id } = await cloud.json<WebhookCreated>('POST', `/api/events/${event}/webhooks`, {
    url: 'https://shop.example',
    types: ['ticket.created', 'ticket.revoked', 'ticket.reinstated', 'ticket.reissued'],
  });
  await rig.connect();
  await rig.sync();
  const [cancelled, second] = rig.shop.orders as [ShopOrder, ShopOrder];
  cloud.time.jump(1_000);
  rig.shop.setStatus(cancelled, 'c');
  await rig.sync();
  cloud.time.jump(1_000);
  rig.shop.setStatus(cancelled, 'p');
  rig.shop.regenerate(first(second));
  await rig.sync();
  await rig.sync({ full: true });
  const { deliveries } = webhookDeliveryPageSchema.parse(
    await cloud.json('GET', `/api/events/${event}/webhooks/${id}/deliveries`),
  );
  expect(deliveries.map(({ type }) => type).toSorted()).toEqual([
    'ticket.created',
    'ticket.reinstated',
    'ticket.reissued',
    'ticket.revoked',
  ]);
});

describe('what is nobody’s business', () => {
  const sellNamed = (shop: Shop): void => {
    const { id: item } = shop.addItem('Standing');
    shop.addOrder({
      positions: [{ item, attendeeName: 'Ada Lovelace-Byron', attendeeEmail: 'ada@example.org' }],
    });
  };

  test('names of attendees are neither asked for nor kept, unless the event says so', async () => {
    const rig = await open({ sell: sellNamed });
    await rig.connect();
    await rig.sync();
    const orders = rig.standIn.asked.filter(({ path }) => path.endsWith('/orders/'));
    expect(orders.length).toBeGreaterThan(1);
    for (const { query } of orders) expect(query.getAll('include').join()).not.toMatch(/attendee|email|invoice|^$/);
    expect((await cloud.stored()).includes('Lovelace-Byron')).toBe(false);
    const [order] = rig.shop.orders as [ShopOrder];
    expect((await byOrder(order)).holder).toEqual({ order: order.code });

    await rig.connect({ names: true });
    await rig.sync();
    const named = { order: order.code, name: 'Ada Lovelace-Byron', email: 'ada@example.org' };
    expect((await byOrder(order)).holder).toEqual(named);
    await rig.connect({ names: false });
    await rig.sync();
    expect((await byOrder(order)).holder).toEqual({ order: order.code });
  });

  test('neither the token nor a secret is in the database, an answer or the log', async () => {
    const logged: string[] = [];
    const note = (fields: object, message?: string): void => void logged.push(JSON.stringify([fields, message]));
    const other = await createTestCloud({ log: { info: note, warn: note, error: note } });
    try {
      await other.json('POST', '/api/events', { ...someEvent, event: 1, types: [] });
      const rig = await openPretixRig(other, 1, { sell: sellPlain(3), token: 'a-token-that-nobody-sees-0123' });
      rigs.push(rig);
      await rig.connect();
      await rig.sync();
      rig.standIn.intercept(() => ({ status: 403, body: JSON.stringify({ detail: rig.standIn.token }) }));
      expect(await rig.sync()).toMatchObject({ failure: { type: 'pretix-refused' } });
      const shown = JSON.stringify(await rig.view());
      const stored = await other.stored();
      expect(logged.join()).toContain('pretix-refused');
      for (const secret of [rig.standIn.token, ...rig.shop.orders.map((order) => first(order).secret)]) {
        expect(stored.includes(secret)).toBe(false);
        expect(shown).not.toContain(secret);
        expect(logged.join()).not.toContain(secret);
      }
    } finally {
      await other.close();
    }
  });

  test('once visitors are forgotten, order numbers are too, and nobody brings them in again', async () => {
    const rig = await open({ sell: sellNamed });
    await rig.connect({ names: true });
    await rig.sync();
    const deadlines = { endsAtMs: cloud.time.clock.wallMs(), keepPersonalDataDays: 1 };
    await cloud.json('PUT', `/api/events/${event}/deadlines`, deadlines, 200);
    cloud.time.jump(3 * 86_400_000);
    const run = await cloud.json<JobRun>('POST', '/admin/jobs/runs', { kind: 'erase-visitors' }, 202);
    await cloud.cloud.jobs.perform(run.id);
    expect((await cloud.api('GET', `/api/events/${event}/pretix`)).status).toBe(404);
    const { tickets } = await list();
    expect(tickets.map(({ holder }) => holder)).toEqual([undefined]);
  });

  test('the token that is there goes to no other server', async () => {
    const rig = await open({ sell: sellPlain(1) });
    await rig.connect();
    const elsewhere = await open({ sell: sellPlain(1) });
    const { token: _token, ...request } = {
      server: elsewhere.standIn.url,
      organizer: 'organizer',
      slug: 'event',
      lists: [{ id: elsewhere.list.id }],
      token: '',
    };
    const response = await cloud.api('PUT', `/api/events/${event}/pretix`, request);
    expect(response.status).toBe(400);
    expect(elsewhere.standIn.asked).toEqual([]);
    // To the same one it need not be said again.
    expect((await rig.connect({ token: undefined, names: true })).names).toBe(true);
  });
});
