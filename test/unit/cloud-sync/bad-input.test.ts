// Whatever is sent to whichever route, the answer is one of the documented problems: never a 5xx, never a page, never silence.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { jsonBodyBytesMax, problemSchema, type TicketResponse } from '@postern/shared';
import { createTestCloud, enrolTestGate, someEvent, type TestCloud } from '../../support/cloud.ts';

let test: TestCloud;
let ticket: TicketResponse;
beforeAll(async () => {
  test = await createTestCloud();
  await test.json('POST', '/api/events', someEvent);
  ticket = await test.json('POST', '/api/tickets', { event: 1, type: 1 });
  await enrolTestGate(test, 1, 'gate-a');
});
afterAll(() => test.close());

interface BodyRoute {
  readonly method: 'POST' | 'PUT' | 'PATCH';
  readonly path: string;
  /** A body that would be taken. */
  readonly good: Readonly<Record<string, unknown>>;
  readonly open?: true;
}
const gateBody = { id: 'gate-z', name: 'Gate Z', zone: 'arena', lanes: [{ id: 'lane-1' }] };
const bodyRoutes: readonly BodyRoute[] = [
  { method: 'POST', path: '/api/events', good: someEvent },
  { method: 'PUT', path: '/api/events/1/policy', good: someEvent },
  { method: 'POST', path: '/api/tickets', good: { event: 1, type: 1 } },
  { method: 'POST', path: '/api/tickets/batch', good: { event: 1, tickets: [{ type: 1 }] } },
  {
    method: 'PUT',
    path: '/api/events/1/suspicion-rules',
    good: { travelMinMs: 60_000, refusalsMin: 5 },
  },
  {
    method: 'PATCH',
    path: `/api/events/1/suspicions/${'0'.repeat(32)}`,
    good: { state: 'explained', note: 'why' },
  },
  {
    method: 'PATCH',
    path: `/api/events/1/cases/${'0'.repeat(32)}`,
    good: { state: 'explained', reason: 'same-person', note: 'why' },
  },
  { method: 'PUT', path: '/api/events/1/gates/gate-z/lost', good: { reason: 'stolen' } },
  {
    method: 'POST',
    path: `/api/events/1/binding-conflicts/${'0'.repeat(32)}/resolve`,
    good: { choose: { gate: 'gate-z', boot: '0'.repeat(16), sequence: 1 } },
  },
  { method: 'PATCH', path: '/api/tickets/TICKET', good: { status: 'valid' } },
  { method: 'POST', path: '/api/tickets/TICKET/transfer', good: { holder: { name: 'Ada' } } },
  { method: 'POST', path: '/admin/events/1/gates', good: gateBody },
  { method: 'POST', path: '/admin/events/1/staff', good: { role: 'steward', pin: '1234' } },
  { method: 'POST', path: '/admin/keys/rotate', good: { purpose: 'issuer' } },
  { method: 'POST', path: `/admin/keys/${'0'.repeat(16)}/revoke`, good: { reason: 'stolen' } },
  { method: 'POST', path: '/session', good: { token: 'x' }, open: true },
  { method: 'POST', path: '/sign-up', good: { email: 'a@b.test', password: 'x'.repeat(10), name: 'A' }, open: true },
  { method: 'POST', path: '/sign-up/confirm', good: { token: 'x' }, open: true },
  { method: 'POST', path: '/password-resets', good: { email: 'a@b.test' }, open: true },
  { method: 'POST', path: '/password-resets/redeem', good: { token: 'x', password: 'x'.repeat(10) }, open: true },
  { method: 'PATCH', path: '/me', good: { name: 'A' } },
  { method: 'POST', path: '/admin/users', good: { name: 'A', email: 'a@b.test' } },
  { method: 'PATCH', path: '/admin/users/000000000000', good: { name: 'A' } },
  { method: 'POST', path: '/admin/api-keys', good: { name: 'A', scopes: ['events:read'] } },
  { method: 'POST', path: '/admin/clients', good: { name: 'A', scopes: ['events:read'] } },
  { method: 'PUT', path: '/api/events/1/members/000000000000', good: { role: 'steward' } },
  { method: 'POST', path: '/time', good: { nonce: '00'.repeat(16) }, open: true },
  {
    method: 'POST',
    path: '/enrol',
    good: { code: 'AAAA-AAAA-AAAA', csr: 'AAAA', publicKey: '00'.repeat(32), nonce: '00'.repeat(16) },
    open: true,
  },
];
const label = ({ method, path }: BodyRoute): string => `${method} ${path}`;

async function send(
  route: BodyRoute,
  body: string | Uint8Array<ArrayBuffer>,
  contentType = 'application/json',
  token = test.token,
): Promise<string> {
  const response = await test.cloud.app.request(route.path.replace('TICKET', ticket.id), {
    method: route.method,
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': contentType },
    body,
  });
  expect(response.headers.get('Content-Type')).toBe('application/problem+json');
  const problem = problemSchema.parse(await response.json());
  expect(problem.status).toBe(response.status);
  return `${problem.status} ${problem.type}`;
}

describe.each(bodyRoutes.map((route) => [label(route), route] as const))('%s', (_name, route) => {
  it.each([
    ['no body', ''],
    ['half of JSON', JSON.stringify(route.good).slice(0, -1)],
    ['bytes that are no UTF-8 JSON', Uint8Array.of(0xff, 0xfe, 0x00)],
  ])('refuses %s', async (_what, body) => {
    expect(await send(route, body)).toBe('400 json-malformed');
  });

  it.each([
    ['an empty object', {}],
    ['an array', []],
    ['a number', 7],
    ['null', null],
    ['a text', 'text'],
    ['a field that nobody knows', { ...route.good, surplus: 1 }],
    ['every field of another type', Object.fromEntries(Object.keys(route.good).map((key) => [key, { nested: [key] }]))],
    ['every field null', Object.fromEntries(Object.keys(route.good).map((key) => [key, null]))],
    ['every field a long text', Object.fromEntries(Object.keys(route.good).map((key) => [key, 'x'.repeat(5_000)]))],
    ['every field a huge number', Object.fromEntries(Object.keys(route.good).map((key) => [key, 1e300]))],
    ['a prototype', JSON.parse('{"__proto__":{"type":1},"constructor":1}')],
  ])('refuses %s and says where', async (_what, body) => {
    expect(await send(route, JSON.stringify(body))).toBe('400 request-invalid');
  });

  it.each([
    ['nothing at all', undefined, 415],
    ['an empty body that is called JSON', 'application/json', 400],
  ])('says to %s what to send', async (_what, contentType, status) => {
    const response = await test.cloud.app.request(route.path.replace('TICKET', ticket.id), {
      method: route.method,
      headers: {
        Authorization: `Bearer ${test.token}`,
        ...(contentType === undefined ? {} : { 'Content-Type': contentType }),
      },
    });
    const problem = problemSchema.parse(await response.json());
    expect([response.status, problem.detail]).toEqual([
      status,
      'Send JSON with Content-Type: application/json, and {} where there is nothing to say.',
    ]);
  });

  it('refuses a text with U+0000 or half of a surrogate pair, and only that', async () => {
    const [field = ''] = Object.keys(route.good);
    const answer = async (text: string, asJson = JSON.stringify(text)): Promise<string> => {
      const response = await test.cloud.app.request(route.path.replace('TICKET', ticket.id), {
        method: route.method,
        headers: { Authorization: `Bearer ${test.token}`, 'Content-Type': 'application/json' },
        body: JSON.stringify({ ...route.good, [field]: '?' }).replace('"?"', () => asJson),
      });
      return `${response.status} ${await response.text()}`;
    };
    for (const text of ['a\u0000b', '\\\u0000']) expect(await answer(text)).toMatch(/^400 .*U\+0000/);
    for (const text of ['\ud800', 'a\udfffb', '\udc00\ud800', '\\\ud83d'])
      expect(await answer(text)).toMatch(/^400 .*half of a surrogate pair/);
    // A backslash and some digits are a text as any other, and so is a whole pair.
    expect(await answer(String.raw`\u0000`)).not.toContain('U+0000');
    expect(await answer(String.raw`\ud800`)).not.toContain('surrogate');
    expect(await answer('😀', String.raw`"\ud83d\ude00"`)).not.toContain('surrogate');
  });

  it('refuses deep nesting', async () => {
    expect(await send(route, `{"type":${'['.repeat(20_000)}${']'.repeat(20_000)}}`)).toBe('400 request-invalid');
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data', ''])(
    'refuses the content type "%s"',
    async (contentType) => {
      expect(await send(route, JSON.stringify(route.good), contentType)).toBe('415 content-type-unsupported');
    },
  );

  it('refuses a body over its bound', async () => {
    const large = route.path.endsWith('/batch')
      ? 17 * 1024 * 1024
      : route.path.includes('policy') || route.path === '/api/events'
        ? 1024 * 1024 + 1
        : jsonBodyBytesMax + 1;
    expect(await send(route, ' '.repeat(large))).toBe('413 body-too-large');
  });

  if (route.open !== true) {
    it('refuses who has not signed in', async () => {
      expect(await send(route, JSON.stringify(route.good), 'application/json', 'nobody')).toBe('401 sign-in-needed');
    });
  }
});

describe('names', () => {
  it('reach no terminal or screen with control characters in them', async () => {
    const refused = async (path: string, body: object): Promise<string> => {
      const response = await test.api('POST', path, body);
      return `${response.status} ${await response.text()}`;
    };
    const odd = 'North\u001b[2J';
    const [type] = someEvent.types;
    const [zone] = someEvent.zones;
    for (const [path, body] of [
      ['/admin/events/1/gates', { ...gateBody, name: odd }],
      ['/api/events', { ...someEvent, name: odd }],
      ['/api/events', { ...someEvent, types: [{ ...type, name: odd }] }],
      ['/api/events', { ...someEvent, zones: [{ ...zone, name: odd }] }],
    ] as const)
      expect(await refused(path, body)).toMatch(/^400 .*no control characters/);
  });
});

describe('numbers of events', () => {
  it('are found also when somebody has taken the highest one', async () => {
    await test.json('POST', '/api/events', { ...someEvent, event: 4_294_967_295 });
    const { event } = await test.json<{ event: number }>('POST', '/api/events', someEvent);
    expect(event).toBeLessThan(100);
    expect(await test.json('POST', '/api/events', someEvent)).toMatchObject({ event: event + 1 });
  });
});

describe('paths', () => {
  it.each([
    ['GET', '/nothing/here', 404, 'not-found'],
    ['DELETE', '/api/events', 404, 'not-found'],
    ['GET', '/api/events/0', 400, 'request-invalid'],
    ['GET', '/api/events/-1', 400, 'request-invalid'],
    ['GET', '/api/events/1e3', 400, 'request-invalid'],
    ['GET', '/api/events/99999999999', 400, 'request-invalid'],
    ['GET', '/api/events/%00', 400, 'request-invalid'],
    ['GET', '/api/events/1?search=a%00b', 400, 'request-invalid'],
    ['GET', '/api/events/99', 404, 'event-unknown'],
    ['GET', '/api/events/99/summary', 404, 'event-unknown'],
    ['GET', '/api/events/99/gates', 404, 'event-unknown'],
    ['GET', '/api/events/99/cases', 404, 'event-unknown'],
    ['GET', '/api/events/99/live', 404, 'event-unknown'],
    ['POST', '/admin/events/99/publish', 404, 'event-unknown'],
    ['GET', '/api/tickets/zz', 400, 'request-invalid'],
    ['GET', `/api/tickets/${'0'.repeat(32)}`, 404, 'ticket-unknown'],
    ['GET', `/api/tickets/${'0'.repeat(32)}/history`, 404, 'ticket-unknown'],
    ['GET', `/api/tickets/${'0'.repeat(32)}/qr.svg`, 404, 'ticket-unknown'],
    ['GET', '/feed/1/manifest', 401, 'nonce-needed'],
    ['GET', `/feed/files/${'0'.repeat(64)}`, 401, 'nonce-needed'],
    ['GET', '/feed/files/../../master.key', 404, 'not-found'],
    ['GET', '/feed/files/..%2fmaster.key', 400, 'request-invalid'],
    ['GET', '/assets/..%2f..%2fpackage.json', 404, 'not-found'],
  ])('%s %s answers %i %s', async (method, path, status, type) => {
    const isGatePath = path.startsWith('/feed');
    const response = await test.cloud.app.request(path, {
      method,
      headers: isGatePath ? {} : { Authorization: `Bearer ${test.token}` },
    });
    expect([response.status, (await response.json()).type]).toEqual([status, type]);
  });

  it('tells nothing about events to who has not signed in', async () => {
    for (const path of [
      '/api/events',
      '/api/events/1',
      '/api/events/1/summary',
      '/api/events/1/live',
      `/api/tickets/${ticket.id}`,
      `/api/tickets/${ticket.id}/qr.png`,
    ])
      expect((await test.cloud.app.request(path)).status).toBe(401);
  });

  it('lets no browser guess what an answer is, good or bad', async () => {
    const paths = [
      '/api/events',
      '/nothing/here',
      '/healthz',
      '/',
      `/api/tickets/${ticket.id}/qr.svg`,
      '/openapi.json',
    ];
    for (const path of paths) {
      const { headers } = await test.api('GET', path);
      expect([path, headers.get('X-Content-Type-Options')]).toEqual([path, 'nosniff']);
    }
  });

  it('answers 500 without details when something is wrong on our side, and logs it', async () => {
    const logged: string[] = [];
    const broken = await createTestCloud({
      log: { info: () => undefined, warn: () => undefined, error: (_fields, message) => void logged.push(message) },
    });
    await broken.json('GET', '/api/events');
    await broken.cloud.close();
    const response = await broken.api('GET', '/api/events');
    expect(response.headers.get('X-Content-Type-Options')).toBe('nosniff');
    expect([response.status, Object.keys(await response.json())]).toEqual([500, ['type', 'title', 'status']]);
    expect(logged).toEqual(['a request failed']);
    expect((await broken.cloud.app.request('/healthz')).status).toBe(503);
    await broken.close();
  });

  it('calls it no fault of ours when somebody hangs up in the middle of a body', async () => {
    const logged: string[] = [];
    const other = await createTestCloud({
      log: { info: () => undefined, warn: () => undefined, error: (_fields, message) => void logged.push(message) },
    });
    const connection = new AbortController();
    const body = new ReadableStream({
      pull: (controller) => {
        // As the server tells of a connection that has ended.
        connection.abort();
        controller.error(Object.assign(new Error('aborted'), { code: 'ECONNRESET' }));
      },
    });
    const request = new Request('https://cloud.test/session', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body,
      signal: connection.signal,
      duplex: 'half',
    } as RequestInit);
    expect((await other.cloud.app.request(request)).status).toBe(400);
    expect(logged).toEqual([]);
    await other.close();
  });
});
