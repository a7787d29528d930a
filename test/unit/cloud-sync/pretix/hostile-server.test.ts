// Goal: whatever a pretix server answers, or does not, one typed error says so, nothing that came in is lost, the token goes nowhere else, and the
// next run ends with every ticket.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ticketListSchema, type JobRun, type TicketResponse } from '@postern/shared';
import { requestMsMax } from '../../../../cloud-sync/src/services/pretix/http.ts';
import type { Asked, Instead } from '../../../../scripts/lib/pretix-stand-in/server.ts';
import type { Shop } from '../../../../scripts/lib/pretix-stand-in/shop.ts';
import { createTestCloud, someEvent, type TestCloud } from '../../../support/cloud.ts';
import { connection, openPretixRig, whileTimeMoves, type PretixRig } from '../../../support/pretix.ts';

let cloud: TestCloud;
let event = 0;
let rig: PretixRig;
const rigs: PretixRig[] = [];
const orders = 120;

beforeAll(async () => {
  cloud = await createTestCloud();
});
afterAll(async () => {
  await Promise.all(rigs.map(({ standIn }) => standIn.stop()));
  await cloud.close();
});
const sell = (shop: Shop): void => {
  const { id: item } = shop.addItem('Standing');
  for (let index = 0; index < orders; index++) {
    shop.addOrder({ positions: [{ item }] });
    cloud.time.jump(1_000);
  }
};
const open = async (
  sold: (shop: Shop) => void,
  options: Partial<Parameters<typeof openPretixRig>[2]> = {},
): Promise<PretixRig> => {
  const opened = await openPretixRig(cloud, event, { sell: sold, ...options });
  rigs.push(opened);
  return opened;
};
beforeEach(async () => {
  event += 1;
  await cloud.json('POST', '/api/events', { ...someEvent, event, types: [] });
  rig = await open(sell);
  // Sold a while ago, so that the first reading is not the second one too.
  cloud.time.jump(3_600_000);
});

const tickets = async (status: string): Promise<readonly TicketResponse[]> =>
  ticketListSchema.parse(await cloud.json('GET', `/api/tickets?event=${event}&limit=200&status=${status}`)).tickets;
const isOrders = ({ path, query }: Asked): boolean => path.endsWith('/orders/') && query.get('page_size') === '50';
const pageOf = ({ query }: Asked): number => Number(query.get('page') ?? 1);
const countOrders = (): number => rig.standIn.asked.filter(isOrders).length;
/** From here on `how` answers for pages of orders. */
const answerOrders = (how: (asked: Asked) => Instead | undefined): void =>
  rig.standIn.intercept((asked) => (isOrders(asked) ? how(asked) : undefined));
/** A page that says what it likes. */
const page = (fields: object): Instead => ({
  status: 200,
  headers: { 'X-Page-Generated': new Date(cloud.time.clock.wallMs()).toISOString() },
  body: JSON.stringify({ count: orders, next: null, previous: null, results: [], ...fields }),
});
const emptyList = JSON.stringify({ count: 0, next: null, previous: null, results: [] });
const linkTo = (url: string): Instead => page({ next: url, results: [{ code: 'UNREAD' }] });

/** How a first import fares, and that the next one, with a sane server, brings everything in. */
const expectRecovery = async (): Promise<void> => {
  rig.standIn.intercept(undefined);
  cloud.time.jump(3_600_000);
  const run = await rig.sync();
  expect(run.failure).toBeUndefined();
  expect((await tickets('valid')).length).toBe(orders);
  expect(await rig.view()).toMatchObject({ complete: true });
};

describe('a server that answers wrongly', () => {
  const html = { 'Content-Type': 'text/html' };
  const cases: readonly [string, (asked: Asked) => Instead | undefined, string][] = [
    ['a page in HTML', () => ({ status: 200, headers: html, body: '<html>Log in</html>' }), 'pretix-answer-wrong'],
    ['half a page', () => ({ status: 200, body: '{"count": 120, "results": [' }), 'pretix-answer-wrong'],
    ['another kind of JSON', () => ({ status: 200, body: '["orders"]' }), 'pretix-answer-wrong'],
    ['more than fits', () => ({ status: 200, body: `"${'x'.repeat(17 * 1024 * 1024)}"` }), 'pretix-answer-wrong'],
    ['JSON without an end to its depth', () => ({ status: 200, body: '['.repeat(1_000_000) }), 'pretix-answer-wrong'],
    ['a redirect', () => ({ status: 302, headers: { Location: '/login' }, body: '' }), 'pretix-answer-wrong'],
    [
      'a page without a time',
      () => ({ status: 200, headers: { 'X-Page-Generated': 'soon' }, body: '{"count":1,"next":null,"results":[{}]}' }),
      'pretix-answer-wrong',
    ],
    [
      'a link to itself',
      (asked) => linkTo(`${rig.standIn.url}${asked.path}?${asked.query.toString()}`),
      'pretix-answer-wrong',
    ],
    [
      'links without an end',
      (asked) => linkTo(`${rig.standIn.url}${asked.path}?page=${pageOf(asked) + 1}`),
      'pretix-answer-wrong',
    ],
    [
      'a link to another list',
      () => linkTo(`${rig.standIn.url}/api/v1/organizers/organizer/events/other/orders/`),
      'pretix-answer-wrong',
    ],
    ['an empty page with a next one', () => page({ next: '?page=2' }), 'pretix-answer-wrong'],
    [
      'a list that ends early, every time',
      (asked) => (pageOf(asked) === 2 ? page({ results: [{ code: 'UNREAD' }] }) : undefined),
      'pretix-answer-wrong',
    ],
    ['no permission any more', () => ({ status: 403, body: '{}' }), 'pretix-refused'],
    ['nobody', () => ({ status: 404, body: '{}' }), 'pretix-unknown'],
    [
      'errors of its own',
      () => ({ status: 502, headers: html, body: '<html>Bad gateway</html>' }),
      'pretix-unreachable',
    ],
    ['nothing: the line is cut', () => 'drop', 'pretix-unreachable'],
  ];
  test.each(cases)('%s', async (_name, how, type) => {
    await rig.connect();
    answerOrders(how);
    const run = await rig.sync();
    expect(run).toMatchObject({ failure: { type } });
    expect(await rig.view()).toMatchObject({ complete: false, lastError: { type } });
    await expectRecovery();
  });

  test('silence is waited for no longer than a request may take, and asked again', async () => {
    await rig.connect();
    answerOrders(() => 'hang');
    const began = cloud.time.clock.monotonicMs();
    const synced = whileTimeMoves(
      cloud,
      () => cloud.cloud.pretixSync(event, { full: false, by: undefined, signal: new AbortController().signal }),
      rig.standIn,
    );
    expect(await synced).toMatchObject({ ok: true, value: { failure: { type: 'pretix-unreachable' } } });
    expect(countOrders()).toBe(4);
    expect(cloud.time.clock.monotonicMs() - began).toBeLessThan(6 * requestMsMax);
    await expectRecovery();
  });

  test('a link to another host is not followed, and the token stays here', async () => {
    await rig.connect();
    const elsewhere = await open(() => undefined);
    answerOrders(({ path }) => linkTo(`${elsewhere.standIn.url}${path}?page=2`));
    expect(await rig.sync()).toMatchObject({ failure: { type: 'pretix-answer-wrong' } });
    expect(elsewhere.standIn.asked).toEqual([]);
    await expectRecovery();
  });

  test.each([
    ['years ahead', '9999-01-01T00:00:00Z'],
    ['before all times', '-271821-04-20T00:00:00.000Z'],
  ])('a time that is %s: what changes afterwards still comes in', async (_name, text) => {
    await rig.connect();
    rig.standIn.intercept(() => ({ status: 200, headers: { 'X-Page-Generated': text }, body: emptyList }));
    expect(await rig.sync()).toMatchObject({ orders: 0 });
    await expectRecovery();
  });

  test('links that a proxy has given another scheme are followed where the server is', async () => {
    rig = await open(sell, { linkScheme: 'https' });
    await rig.connect();
    expect(await rig.sync()).toMatchObject({ tickets: { created: orders } });
  });
});

describe('a server under load', () => {
  test('429 is waited out, and nothing is asked meanwhile', async () => {
    await rig.connect();
    let refusedAtMs = 0;
    let waitedMs = 0;
    answerOrders((asked) => {
      if (pageOf(asked) !== 2 || waitedMs > 0) return undefined;
      if (refusedAtMs > 0) {
        waitedMs = cloud.time.clock.wallMs() - refusedAtMs;
        return undefined;
      }
      refusedAtMs = cloud.time.clock.wallMs();
      return { status: 429, headers: { 'Retry-After': '20' }, body: '{}' };
    });
    expect(await rig.sync()).toMatchObject({ tickets: { created: orders } });
    expect(waitedMs).toBeGreaterThanOrEqual(20_000);
  });

  test('who is told to wait an hour ends, and asks nothing for an hour', async () => {
    await rig.connect();
    answerOrders(() => ({ status: 429, headers: { 'Retry-After': '3600' }, body: '{}' }));
    expect(await rig.sync()).toMatchObject({ failure: { type: 'pretix-busy', retryAfterS: 3_600 } });
    const asked = rig.standIn.asked.length;
    await expect(rig.sync()).rejects.toThrow('pretix-busy');
    expect(rig.standIn.asked.length).toBe(asked);
    await expectRecovery();
  });

  test('passing errors are tried again within the run', async () => {
    await rig.connect();
    let failures = 0;
    answerOrders(() => (++failures % 3 === 0 ? undefined : { status: 500, body: 'oops' }));
    expect(await rig.sync()).toMatchObject({ tickets: { created: orders } });
  });
});

describe('a list that changes while it is read', () => {
  test('an order that is cancelled behind the reader is cancelled here at the end', async () => {
    await rig.connect();
    let isDone = false;
    answerOrders((asked) => {
      const order = rig.shop.orders[3];
      if (pageOf(asked) === 2 && !isDone && order !== undefined) {
        isDone = true;
        rig.shop.setStatus(order, 'c');
      }
      return undefined;
    });
    await rig.sync();
    expect(await tickets('revoked')).toHaveLength(1);
    expect(await tickets('valid')).toHaveLength(orders - 1);
  });

  test('of changes that are followed none slips between two pages', async () => {
    await rig.connect();
    await rig.sync();
    cloud.time.jump(3_600_000);
    for (const order of rig.shop.orders) {
      rig.shop.setStatus(order, 'c');
      cloud.time.jump(1_000);
    }
    let changed = 0;
    answerOrders((asked) => {
      // What would be on the next page moves to the first one, again and again.
      const order = rig.shop.orders[changed];
      if (pageOf(asked) > 1 && order !== undefined && changed < 3) {
        changed += 1;
        rig.shop.setStatus(order, 'p');
      }
      return undefined;
    });
    await rig.sync();
    rig.standIn.intercept(undefined);
    await rig.sync();
    expect(changed).toBe(3);
    expect(await tickets('revoked')).toHaveLength(orders - 3);
    expect(await tickets('valid')).toHaveLength(3);
  });

  test('a page that is repeated in place of another is read again', async () => {
    await rig.connect();
    let repeats = 0;
    answerOrders((asked) => {
      if (pageOf(asked) !== 2 || repeats > 0) return undefined;
      repeats += 1;
      return page({ next: `?page=3&${asked.query.toString().replace(/page=2&?/, '')}`, results: [{ code: 'UNREAD' }] });
    });
    expect(await rig.sync()).toMatchObject({ tickets: { created: orders } });
    expect(await rig.view()).toMatchObject({ complete: true });
  });

  test('an import that was cut off goes on where it was', async () => {
    await rig.connect();
    cloud.time.jump(3_600_000);
    answerOrders((asked) => (pageOf(asked) === 3 ? { status: 403, body: '{}' } : undefined));
    expect(await rig.sync()).toMatchObject({ tickets: { created: 100 }, failure: { type: 'pretix-refused' } });
    rig.standIn.intercept(undefined);
    const before = rig.standIn.asked.length;
    expect(await rig.sync()).toMatchObject({ tickets: { created: 20 } });
    const [resumed, followed, ...more] = rig.standIn.asked.slice(before).filter(isOrders);
    expect(Date.parse(resumed?.query.get('created_since') ?? '')).toBe(rig.shop.orders[99]?.datetimeMs);
    expect(followed?.query.has('modified_since')).toBe(true);
    expect(more).toEqual([]);
    expect((await tickets('valid')).length).toBe(orders);
  });
});

describe('orders that cannot be read', () => {
  test('are listed with their reason, keep nobody else out, and come in once they are whole', async () => {
    await rig.connect();
    const [first, second, third] = rig.shop.orders;
    const [a, b] = [first?.positions[0], second?.positions[0]];
    if (a === undefined || b === undefined || third === undefined) throw new Error('no orders');
    const secret = a.secret;
    rig.shop.regenerate(a, b.secret);
    Object.assign(third, { status: 'x' });
    expect(await rig.sync()).toMatchObject({ tickets: { created: orders - 2 }, problems: 2 });
    const { problems } = await rig.view();
    expect(problems).toEqual(
      expect.arrayContaining([
        { order: third.code, problem: 'malformed' },
        { order: second?.code, position: b.id, problem: 'secret-of-another' },
      ]),
    );
    cloud.time.jump(3_600_000);
    rig.shop.regenerate(b);
    rig.shop.setStatus(third, 'p');
    expect(await rig.sync()).toMatchObject({ tickets: { created: 2 }, problems: 0 });
    expect(secret).not.toBe(a.secret);
  });

  test('a window with nothing inside, and a secret that is none, admit nobody', async () => {
    await rig.connect();
    await rig.sync();
    cloud.time.jump(3_600_000);
    const [first, second] = rig.shop.orders;
    if (first === undefined || second === undefined) throw new Error('no orders');
    rig.shop.change(first, ({ positions: [position] }) =>
      Object.assign(position ?? {}, { validFrom: '2026-09-21T20:00:00Z', validUntil: '2026-09-21T19:00:00Z' }),
    );
    rig.shop.change(second, ({ positions: [position] }) => Object.assign(position ?? {}, { secret: ' \u0007 ' }));
    expect(await rig.sync()).toMatchObject({ problems: 2, tickets: { changed: 2 } });
    expect(await tickets('revoked')).toHaveLength(2);
  });
});

describe('who else is at it', () => {
  test('one run at a time, and one that has lost its place stores nothing more', async () => {
    await rig.connect();
    let other: Promise<Response> | undefined;
    answerOrders((asked) => {
      if (pageOf(asked) === 2)
        other ??= cloud.api('PUT', `/api/events/${event}/pretix`, connection(rig.standIn, rig.list));
      return undefined;
    });
    const work = whileTimeMoves(cloud, () =>
      Promise.all([
        cloud.cloud.pretixSync(event, { full: false, by: undefined, signal: new AbortController().signal }),
        cloud.cloud.pretixSync(event, { full: false, by: undefined, signal: new AbortController().signal }),
      ]),
    );
    const results = await work;
    const types = results.map((result) => (result.ok ? 'done' : result.error.type));
    expect(types.toSorted()).toEqual(['pretix-running', 'pretix-stopped']);
    expect((await (other as Promise<Response>)).status).toBe(200);
    await expectRecovery();
  });

  test('a run by request is a job with progress and result, and can be cancelled', async () => {
    await rig.connect();
    const started = await cloud.json<JobRun>('POST', `/api/events/${event}/pretix/import`, { full: true }, 202);
    await whileTimeMoves(cloud, () => cloud.cloud.jobs.perform(started.id));
    const path = `/api/events/${event}/jobs/`;
    expect(await cloud.json('GET', path + started.id)).toMatchObject({
      state: 'done',
      progress: { done: orders, total: orders },
      result: { counts: { created: orders } },
    });
    const again = await cloud.json<JobRun>('POST', `/api/events/${event}/pretix/import`, { full: true }, 202);
    answerOrders((asked) => {
      if (pageOf(asked) === 2) void cloud.api('POST', `${path}${again.id}/cancel`);
      return pageOf(asked) === 2 ? 'hang' : undefined;
    });
    await whileTimeMoves(cloud, () => cloud.cloud.jobs.perform(again.id), rig.standIn);
    expect(await cloud.json('GET', path + again.id)).toMatchObject({ state: 'cancelled' });
    await expectRecovery();
  });
});

describe('a connection is refused', () => {
  const refuse = async (request: object, status: number, type: string): Promise<void> => {
    const response = await whileTimeMoves(cloud, () => cloud.api('PUT', `/api/events/${event}/pretix`, request));
    expect([response.status, ((await response.json()) as { readonly type: string }).type]).toEqual([status, type]);
  };

  test('with a server that would get the token in the clear, unless somebody says so', async () => {
    const request = connection(rig.standIn, rig.list);
    await refuse({ ...request, server: 'http://pretix.example' }, 422, 'pretix-unencrypted');
    for (const server of ['ftp://127.0.0.1', 'nothing', 'https://127.0.0.1/?a', 'https://127.0.0.1/#a'])
      await refuse({ ...request, server }, 400, 'request-invalid');
    await refuse({ ...request, server: 'https://somebody:secret@127.0.0.1' }, 400, 'request-invalid');
    expect(rig.standIn.asked).toEqual([]);
  });

  test('with a token that is wrong, may not see orders, or may not check in', async () => {
    const request = connection(rig.standIn, rig.list);
    await refuse({ ...request, token: 'another-token' }, 422, 'pretix-refused');
    await refuse({ ...request, lists: [{ id: 4_711 }] }, 422, 'pretix-unknown');
    await refuse({ ...request, slug: 'other' }, 422, 'pretix-refused');
    for (const permissions of [['orders:read'], ['orders:checkin']] as const) {
      const limited = await openPretixRig(cloud, event, { permissions });
      rigs.push(limited);
      await refuse(connection(limited.standIn, limited.list), 422, 'pretix-refused');
      // Asking what it may has stored nothing there.
      expect(limited.shop.checkIns).toEqual([]);
    }
    expect((await cloud.api('GET', `/api/events/${event}/pretix`)).status).toBe(404);
  });

  test('with another event once tickets have come in, until the first is disconnected', async () => {
    await rig.connect();
    await rig.sync();
    const other = await open(() => undefined);
    await refuse(connection(other.standIn, other.list), 409, 'pretix-connected');
    expect((await cloud.api('DELETE', `/api/events/${event}/pretix`)).status).toBe(204);
    expect((await tickets('valid')).length).toBe(orders);
    await rig.connect();
    // The tickets are known by their codes.
    expect(await rig.sync()).toMatchObject({ tickets: { created: 0, changed: orders } });
  });

  test('where nobody listens', async () => {
    await refuse({ ...connection(rig.standIn, rig.list), server: 'http://127.0.0.1:1' }, 422, 'pretix-unreachable');
  });
});
