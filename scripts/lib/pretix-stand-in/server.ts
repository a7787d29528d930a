// A stand-in for pretix's REST API on a loopback port: real HTTP, its paths, permissions, pages, filters, headers and errors, over an event in
// memory (shop.ts). Faithful to the API's documentation and to what its views do; a test may put itself in front of any answer.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { annul, redeem, type Answer } from './check-in.ts';
import { showItem, showList, showOrder, timeText } from './representation.ts';
import type { Shop, ShopOrder } from './shop.ts';

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: string;
}

/** What a test answers instead; `hang` keeps the line open and says nothing, `drop` cuts it. */
export type Instead =
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body: string }
  | 'hang'
  | 'drop';

export interface PretixStandIn {
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  readonly token: string;
  readonly organizer: string;
  readonly slug: string;
  readonly shop: Shop;
  /** Every request that came in. */
  readonly asked: Asked[];
  /** Requests that will never be answered, and whose sender is still there. */
  readonly hanging: () => number;
  /** In front of every answer from now on, or of none. */
  readonly intercept: (instead: ((asked: Asked) => Instead | undefined) | undefined) => void;
  readonly stop: () => Promise<void>;
}

export interface StandInOptions {
  readonly shop: Shop;
  readonly token?: string;
  /** Of the token's team; all by default. */
  readonly permissions?: readonly ('orders:read' | 'orders:checkin')[];
  /** Requests a minute; by default any number, as on a server of one's own. */
  readonly perMinuteMax?: number;
  /** Without the lists of blocked secrets, annulment and `include`, as some years ago. */
  readonly isOld?: boolean;
  /** Links begin with this instead, as behind a proxy that the server does not know of. */
  readonly linkScheme?: 'https';
  readonly port?: number;
}

const pageSizeMax = 50;
const minuteMs = 60_000;

export async function startPretixStandIn({
  shop,
  token = 'stand-in-token-0123456789',
  permissions = ['orders:read', 'orders:checkin'],
  perMinuteMax,
  isOld = false,
  linkScheme,
  port = 0,
}: StandInOptions): Promise<PretixStandIn> {
  const [organizer, slug] = ['organizer', 'event'];
  const ofOrganizer = `/api/v1/organizers/${organizer}`;
  const ofEvent = `${ofOrganizer}/events/${slug}`;
  const asked: Asked[] = [];
  let instead: ((asked: Asked) => Instead | undefined) | undefined;
  let minuteBegan = Date.now();
  let inMinute = 0;
  let hanging = 0;

  const answer = (
    one: Asked,
    authorization: string | undefined,
  ): Answer & { readonly headers?: Record<string, string> } => {
    const { method, path, query } = one;
    if (authorization === undefined)
      return { status: 401, body: { detail: 'Authentication credentials were not provided.' } };
    if (authorization !== `Token ${token}`) return { status: 401, body: { detail: 'Invalid token.' } };
    if (perMinuteMax !== undefined) {
      if (Date.now() - minuteBegan >= minuteMs) [minuteBegan, inMinute] = [Date.now(), 0];
      inMinute += 1;
      if (inMinute > perMinuteMax) {
        const waitS = Math.ceil((minuteBegan + minuteMs - Date.now()) / 1_000);
        return {
          status: 429,
          headers: { 'Retry-After': String(waitS) },
          body: { detail: `Request was throttled. Expected available in ${waitS} seconds.` },
        };
      }
    }
    const forbidden = { status: 403, body: { detail: 'You do not have permission to perform this action.' } };
    if (path.startsWith(`${ofOrganizer}/checkinrpc/`)) {
      if (method !== 'POST') return { status: 405, body: { detail: `Method "${method}" not allowed.` } };
      const body = parse(one.body);
      if (body === undefined) return { status: 400, body: { detail: 'JSON parse error' } };
      if (path.endsWith('/redeem/')) return redeem(shop, body, () => permissions.includes('orders:checkin'));
      if (path.endsWith('/annul/') && !isOld) return annul(shop, body);
      return notFound;
    }
    // Organizers and events that are not there, or not for this token.
    if (!path.startsWith(`${ofEvent}/`)) return path.startsWith('/api/v1/organizers/') ? forbidden : notFound;
    if (method !== 'GET') return { status: 405, body: { detail: `Method "${method}" not allowed.` } };
    const [resource = '', id, rest] = path.slice(ofEvent.length + 1).split('/');
    if (id !== undefined && id !== '' && rest !== '') return notFound;
    if (resource === 'items') return paged(one, shop.items.map(showItem));
    if (resource === 'checkinlists') {
      if (id === '')
        return paged(
          one,
          shop.lists.map((list) => showList(shop, list)),
        );
      const list = shop.lists.find((candidate) => String(candidate.id) === id);
      return list === undefined ? notFound : { status: 200, body: showList(shop, list) };
    }
    if (!permissions.includes('orders:read')) return forbidden;
    const generated = timeText(shop.now());
    if (resource === 'orders') {
      const shown = isOld ? withoutInclude(query) : query;
      if (id !== '') {
        const order = shop.orders.find(({ code }) => code === id);
        return order === undefined
          ? { status: 404, body: { detail: 'No Order matches the given query.' } }
          : { status: 200, body: showOrder(shop, order, shown) };
      }
      const orders = filterOrders(shop.orders, query);
      if ('errors' in orders) return { status: 400, body: orders.errors };
      return withHeader(
        paged(one, orders.value, (order) => showOrder(shop, order, shown)),
        generated,
      );
    }
    if (resource === 'revokedsecrets') {
      const since = Date.parse(query.get('created_since') ?? '1970-01-01T00:00:00Z');
      const entries = shop.revoked.filter(({ createdMs }) => createdMs >= since).toReversed();
      return withHeader(
        paged(one, entries, ({ id: entry, secret, createdMs }) => ({
          id: entry,
          secret,
          created: timeText(createdMs),
        })),
        generated,
      );
    }
    if (resource === 'blockedsecrets' && !isOld) {
      const since = Date.parse(query.get('updated_since') ?? '1970-01-01T00:00:00Z');
      const entries = shop.blockedSecrets
        .filter(({ updatedMs }) => updatedMs >= since)
        .toSorted((a, b) => b.updatedMs - a.updatedMs);
      return withHeader(
        paged(one, entries, ({ updatedMs, ...entry }) => ({ ...entry, updated: timeText(updatedMs) })),
        generated,
      );
    }
    return notFound;
  };

  const paged = <T>(one: Asked, entries: readonly T[], show: (entry: T) => unknown = (entry) => entry): Answer => {
    const size = Math.min(pageSizeMax, Number(one.query.get('page_size') ?? pageSizeMax) || pageSizeMax);
    const page = Number(one.query.get('page') ?? 1);
    const pages = Math.max(1, Math.ceil(entries.length / size));
    if (!Number.isInteger(page) || page < 1 || page > pages) return { status: 404, body: { detail: 'Invalid page.' } };
    const link = (number: number): string => {
      const query = new URLSearchParams(one.query);
      query.set('page', String(number));
      return `${linkScheme === undefined ? url : url.replace(/^http/, linkScheme)}${one.path}?${query.toString()}`;
    };
    return {
      status: 200,
      body: {
        count: entries.length,
        next: page < pages ? link(page + 1) : null,
        previous: page > 1 ? link(page - 1) : null,
        results: entries.slice((page - 1) * size, page * size).map(show),
      },
    };
  };

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const target = new URL(request.url ?? '/', url);
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const one: Asked = {
      method: request.method ?? 'GET',
      path: target.pathname,
      query: target.searchParams,
      body: Buffer.concat(chunks).toString(),
    };
    asked.push(one);
    const other = instead?.(one);
    if (other === 'hang') {
      hanging += 1;
      response.once('close', () => {
        hanging -= 1;
      });
      return;
    }
    if (other === 'drop') return void request.socket.destroy();
    if (other !== undefined) {
      response.writeHead(other.status, { 'Content-Type': 'application/json', ...other.headers });
      return void response.end(other.body);
    }
    const { status, body, headers = {} } = answer(one, request.headers.authorization);
    response.writeHead(status, { 'Content-Type': 'application/json', Vary: 'Accept', ...headers });
    response.end(JSON.stringify(body));
  };

  let url = '';
  const server = createServer((request, response) => void handle(request, response).catch(() => response.destroy()));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    token,
    organizer,
    slug,
    shop,
    asked,
    hanging: () => hanging,
    intercept: (fn) => {
      instead = fn;
    },
    stop: async () => {
      const closed = new Promise<void>((resolve) => void server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

const notFound: Answer = { status: 404, body: { detail: 'Not found.' } };

const withHeader = (answer: Answer, generated: string): Answer & { readonly headers: Record<string, string> } => ({
  ...answer,
  headers: { 'X-Page-Generated': generated },
});

function withoutInclude(query: URLSearchParams): URLSearchParams {
  const rest = new URLSearchParams(query);
  rest.delete('include');
  return rest;
}

function filterOrders(
  orders: readonly ShopOrder[],
  query: URLSearchParams,
): { readonly errors: object } | { readonly value: readonly ShopOrder[] } {
  const time = (name: string): number => (query.has(name) ? Date.parse(query.get(name) ?? '') : 0);
  const [modifiedSince, createdSince] = [time('modified_since'), time('created_since')];
  for (const [name, value] of [
    ['modified_since', modifiedSince],
    ['created_since', createdSince],
  ] as const)
    if (Number.isNaN(value)) return { errors: { [name]: ['Enter a valid date/time.'] } };
  const testmode = query.get('testmode');
  const found = orders.filter(
    (order) =>
      order.lastModifiedMs >= modifiedSince &&
      order.datetimeMs >= createdSince &&
      (testmode === null || order.testmode === (testmode === 'true')),
  );
  const ordering = query.get('ordering') ?? 'datetime';
  const direction = ordering.startsWith('-') ? -1 : 1;
  const key = (order: ShopOrder): number =>
    ordering.endsWith('last_modified') ? order.lastModifiedMs : order.datetimeMs;
  return { value: found.toSorted((a, b) => direction * (key(a) - key(b)) || direction * (a.pk - b.pk)) };
}

function parse(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const body: unknown = JSON.parse(text);
    return typeof body === 'object' && body !== null && !Array.isArray(body) ? { ...body } : undefined;
  } catch {
    // Not JSON: that is the answer.
    return undefined;
  }
}
