// Goal: every route is under its limits without anybody having to think of it, each refusal is a 429 that says when, and nobody is locked out by
// what others do at the same address or with another account.
import { readFileSync } from 'node:fs';
import { Hono } from 'hono';
import { afterEach, describe, expect, it } from 'vitest';
import { err, ok, problemSchema, type TicketResponse } from '@postern/shared';
import { readConfig } from '../../../cloud-sync/src/config.ts';
import { accessTable, requestKind, type AccessRow } from '../../../cloud-sync/src/routes/access.ts';
import { requireGate } from '../../../cloud-sync/src/routes/auth.ts';
import type { Environment } from '../../../cloud-sync/src/routes/context.ts';
import { enforceAccess } from '../../../cloud-sync/src/routes/enforce-access.ts';
import { limitAccounts, limitAddresses } from '../../../cloud-sync/src/routes/limit-requests.ts';
import { noteSender, senderOf } from '../../../cloud-sync/src/routes/sender.ts';
import type { Actor } from '../../../cloud-sync/src/services/actor.ts';
import type { Limiter } from '../../../cloud-sync/src/services/limiter.ts';
import type { LimitName } from '../../../cloud-sync/src/services/rate-limits.ts';
import { withLimitsTable } from '../../../scripts/access-table.ts';
import { createTestCloud, enrolTestGate, postJson, someEvent, type TestCloud } from '../../support/cloud.ts';
import { askAs, createPerson } from '../../support/people.ts';

const admin: Actor = { kind: 'user', id: 'ada', name: 'Ada', admin: true, memberships: new Map() };
const visitor: Actor = { ...admin, admin: false };
/** Somebody whom the route lets in. */
const actorFor = ({ who }: AccessRow): Actor => (typeof who === 'string' || who.includes('admin') ? admin : visitor);
const ticketId = '0'.repeat(32);
const params: Readonly<Record<string, string>> = { event: '1', ticket: ticketId };
const pathOf = ({ path }: AccessRow): string => path.replaceAll(/:(\w+)/g, (_, name: string) => params[name] ?? 'x');

/** The routes of the table and nothing behind them, asked by `actor`; `spent` has nothing left. */
function limitedApp(actor: Actor, spent?: LimitName): { readonly app: Hono<Environment>; readonly taken: string[] } {
  const taken: string[] = [];
  const limiter: Limiter = {
    take: async (name, key) => {
      taken.push(`${name}: ${key}`);
      return name === spent ? { type: 'attempts-exhausted', retryAfterS: 7 } : undefined;
    },
    guess: async () => err({ type: 'internal-error' }),
    forgive: async () => undefined,
  };
  const app = new Hono<Environment>();
  app.use(noteSender(0), limitAddresses(limiter));
  app.use(
    enforceAccess({
      identify: async () => actor,
      subjects: {
        eventOfTicket: async () => 1,
        isGateAt: async () => true,
        ownsTicket: async () => true,
        ticketsOf: async () => [],
      },
    }),
  );
  app.use(limitAccounts(limiter));
  for (const { method, path, event } of accessTable)
    app.on(method, [path], (c) => {
      if (event === 'body') c.set('eventsAskedAbout', [1]);
      return c.text('reached');
    });
  return { app, taken };
}

function limitsOf(row: AccessRow): readonly string[] {
  const kind = requestKind(row);
  const ofTicket = row.path.includes(':ticket') ? [`ticket: ${ticketId}`] : [];
  switch (kind) {
    case 'gate':
    case 'holder':
      return [];
    case 'time':
      return ['time: unknown'];
    case 'page':
    // A phone is counted once it has proved which it is.
    case 'sender':
      return ['address: unknown'];
    case 'open':
      return ['address: unknown', `open: unknown ${row.method} ${row.path}`];
    default:
      return ['address: unknown', `${kind}: user/ada`, ...ofTicket];
  }
}

describe.each(accessTable.map((row) => ({ ...row, row })))('$method $path', ({ row }) => {
  it('is counted under its limits, and refused with 429 and Retry-After when one of them is spent', async () => {
    const { app, taken } = limitedApp(actorFor(row));
    expect(await (await app.request(pathOf(row), { method: row.method })).text()).toBe('reached');
    expect(taken).toEqual(limitsOf(row));
    for (const limit of taken) {
      const name = limit.split(':')[0] as LimitName;
      const response = await limitedApp(actorFor(row), name).app.request(pathOf(row), { method: row.method });
      expect([response.status, response.headers.get('Retry-After')]).toEqual([429, '7']);
      expect(problemSchema.parse(await response.json()).type).toBe('attempts-exhausted');
    }
  });
});

describe('a route', () => {
  it('that is new is under a limit, and under a strict one when it takes no sign-in', () => {
    const row = { path: '/new', event: 'any' } as const;
    expect(requestKind({ ...row, method: 'GET', who: ['admin'] })).toBe('reading');
    expect(requestKind({ ...row, method: 'DELETE', who: ['admin'] })).toBe('changing');
    expect(requestKind({ ...row, method: 'GET', who: 'anyone' })).toBe('open');
    expect(requestKind({ ...row, method: 'POST', who: 'gate' })).toBe('gate');
  });

  it('that does not exist counts for the address', async () => {
    const { app, taken } = limitedApp(admin);
    expect((await app.request('/nothing')).status).toBe(404);
    expect(taken).toEqual(['address: unknown']);
  });
});

let clouds: TestCloud[] = [];
afterEach(async () => {
  for (const test of clouds) await test.close();
  clouds = [];
});
async function createCloud(options: Parameters<typeof createTestCloud>[0] = {}): Promise<TestCloud> {
  const test = await createTestCloud({ limitsFactor: 1, ...options });
  clouds.push(test);
  await test.json('POST', '/api/events', someEvent);
  return test;
}

describe('an address that proves nobody', () => {
  it('is told to wait, and locks out neither people nor gates who share it', async () => {
    const test = await createCloud();
    const gate = await enrolTestGate(test, 1, 'gate-a');
    await test.cloud.feed.publish(1);
    const [path, feed] = ['/api/events', '/feed/1/manifest'];
    // The gate's nonce has grown old meanwhile, so that it must ask twice.
    await test.time.advance(10 * 60_000);
    const statuses = new Map<number, number>();
    for (let guess = 0; guess < 700; guess++) {
      const { status, headers } = await askAs(test, { token: `guess-${guess}` }, 'GET', guess % 2 === 0 ? path : feed);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      expect(headers.get('Retry-After')).toBe(status === 429 ? '1' : null);
    }
    expect([...statuses]).toEqual([
      [401, 600],
      [429, 100],
    ]);
    expect((await test.api('GET', path)).status).toBe(200);
    expect((await gate.request('GET', feed)).status).toBe(200);
    await test.time.advance(100);
    expect((await askAs(test, { token: 'guess' }, 'GET', path)).status).toBe(401);
  });
});

describe('a ticket', () => {
  it('has requests of its own', async () => {
    const test = await createCloud();
    const [one, other] = [
      await test.json<TicketResponse>('POST', '/api/tickets', { event: 1, type: 1 }),
      await test.json<TicketResponse>('POST', '/api/tickets', { event: 1, type: 1 }),
    ];
    const ask = (id: string): Promise<Response> => test.api('GET', `/api/tickets/${id}/methods`);
    for (let count = 0; count < 300; count++) expect((await ask(one.id)).status).toBe(200);
    const refused = await ask(one.id);
    expect([refused.status, refused.headers.get('Retry-After')]).toEqual([429, '1']);
    expect((await ask(other.id)).status).toBe(200);
    await test.time.advance(200);
    expect([(await ask(one.id)).status, (await ask(one.id)).status]).toEqual([200, 429]);
  });
});

describe('a gate', () => {
  const send = async (spent: 'gate' | 'address'): Promise<Response> => {
    const test = await createCloud();
    const gate = await enrolTestGate(test, 1, 'gate-a');
    const limiter: Limiter = {
      take: async (name) => (name === spent ? { type: 'attempts-exhausted', retryAfterS: 3 } : undefined),
      guess: async () => err({ type: 'internal-error' }),
      forgive: async () => undefined,
    };
    const app = new Hono<Environment>();
    app.use(noteSender(0), limitAddresses(limiter));
    const devices = { ...test.cloud.devices };
    const isGood = (): boolean => true;
    app.get(
      '/feed/:event/manifest',
      requireGate({ devices, keys: test.cloud.keys, nonces: { make: () => 'n', isGood }, limiter }),
      (c) => c.text('reached'),
    );
    gate.turnTo({ ...test, request: async (path, init) => app.request(path, init) });
    return gate.request('GET', '/feed/1/manifest');
  };

  it('is told to wait when it asks without end, and whatever its address does is not its own', async () => {
    const [busy, shared] = [await send('gate'), await send('address')];
    expect([busy.status, busy.headers.get('Retry-After'), shared.status]).toEqual([429, '3', 200]);
  });
});

describe('an account', () => {
  it('that changes too much waits, and nobody else does', async () => {
    const test = await createCloud();
    const [ada, bob] = [await createPerson(test, 'attendee'), await createPerson(test, 'attendee')];
    const change = (person: typeof ada): Promise<Response> => askAs(test, person, 'PATCH', '/me', {});
    const statuses = new Set<number>();
    for (let count = 0; count < 1_200; count++) statuses.add((await change(ada)).status);
    expect(statuses.has(429)).toBe(false);
    const refused = await change(ada);
    expect([refused.status, refused.headers.get('Retry-After')]).toEqual([429, '1']);
    expect((await change(bob)).status).not.toBe(429);
    expect((await askAs(test, ada, 'GET', '/me')).status).toBe(200);
    await test.time.advance(50);
    expect((await change(ada)).status).not.toBe(429);
  });

  it('does not take all live streams for itself', async () => {
    const test = await createCloud();
    const steward = await createPerson(test, 'steward', 1);
    const open = (): Promise<Response> => test.api('GET', '/api/events/1/live');
    for (let count = 0; count < 20; count++) expect((await open()).status).toBe(200);
    const refused = await open();
    expect([refused.status, refused.headers.get('Retry-After')]).toEqual([429, '5']);
    expect((await askAs(test, steward, 'GET', '/api/events/1/live')).status).toBe(200);
    test.cloud.endStreams();
  });

  it('is not locked out of its token by who guesses at it from elsewhere', async () => {
    const test = await createCloud({ trustedProxies: 1 });
    const wrong = test.token.replace(/[0-9a-f]{48}$/, '0'.repeat(48));
    const ask = async (token: string, address: string): Promise<number> =>
      (
        await test.request('/api/events', {
          headers: { Authorization: `Bearer ${token}`, 'X-Forwarded-For': address },
        })
      ).status;
    const { token } = await createPerson(test, 'attendee');
    const guess = (token ?? '').replace(/[0-9a-f]{48}$/, '0'.repeat(48));
    for (let count = 0; count < 60; count++) await ask(guess, '192.0.2.66');
    expect([await ask(guess, '192.0.2.66'), await ask(token ?? '', '192.0.2.66')]).toEqual([429, 429]);
    expect([await ask(wrong, '192.0.2.66'), await ask(token ?? '', '192.0.2.7')]).toEqual([401, 200]);
  });
});

describe('behind proxies', () => {
  const from = (remoteAddress: string): object => ({ incoming: { socket: { remoteAddress } } });
  it.each([
    [0, undefined, '192.0.2.1'],
    [0, '198.51.100.9', '192.0.2.1'],
    [1, undefined, '192.0.2.1'],
    [1, '198.51.100.9', '198.51.100.9'],
    [1, '203.0.113.5, 198.51.100.9', '198.51.100.9'],
    [2, '203.0.113.5, 198.51.100.9, 10.0.0.1', '198.51.100.9'],
    [2, '198.51.100.9', '198.51.100.9'],
    [1, 'anything, unknown', '192.0.2.1'],
    [1, '[2001:db8::5]:4711', '2001:db8::5'],
    [1, '', '192.0.2.1'],
  ])('with %i of them trusted, "%s" comes from %s', async (trusted, header, sender) => {
    const app = new Hono<Environment>();
    app.get('/', noteSender(trusted), (c) => c.text(senderOf(c)));
    const headers: Record<string, string> = header === undefined ? {} : { 'X-Forwarded-For': header };
    expect(await (await app.request('/', { headers }, from('::ffff:192.0.2.1'))).text()).toBe(sender);
  });

  it('a client cannot take another address by saying so', async () => {
    const trusting = await createCloud({ trustedProxies: 1 });
    const ask = async (header: string): Promise<number> =>
      (
        await trusting.request('/password-resets', {
          method: 'POST',
          headers: { 'Content-Type': 'application/json', 'X-Forwarded-For': header },
          body: JSON.stringify({ email: 'ada@example.test' }),
        })
      ).status;
    const statuses: number[] = [];
    for (let count = 0; count < 6; count++) statuses.push(await ask(`203.0.113.${count}, 198.51.100.9`));
    expect(statuses).toEqual([204, 204, 204, 204, 204, 429]);
    expect(await ask('203.0.113.1, 198.51.100.10')).toBe(204);
  });

  it.each([
    ['POSTERN_CLOUD_TRUSTED_PROXIES', '11'],
    ['POSTERN_CLOUD_TRUSTED_PROXIES', 'all'],
    ['POSTERN_CLOUD_LIMITS_FACTOR', '0'],
  ])('it does not start with %s=%s', (name, value) => {
    const config = readConfig({}, { [name]: value });
    expect(config.ok ? '' : config.error.problems.join()).toContain(name);
    expect(readConfig({}, {})).toMatchObject(ok({ trustedProxies: 0, limitsFactor: 1 }));
  });
});

describe('sign-in, links and codes', () => {
  it.each([
    ['/session', { email: 'nobody@example.test', password: 'a long enough password' }, 6, '1'],
    ['/sign-up/confirm', { token: 'wrong' }, 31, '2'],
    ['/password-resets/redeem', { token: 'wrong', password: 'a long enough password' }, 31, '2'],
    ['/password-resets', { email: 'nobody@example.test' }, 6, '12'],
  ])('%s is refused after too many', async (path, body, tries, wait) => {
    const test = await createCloud();
    const answers: Response[] = [];
    for (let count = 0; count < tries; count++) answers.push(await postJson(test, path, body));
    expect(answers.slice(0, -1).filter(({ status }) => status === 429)).toEqual([]);
    const last = answers.at(-1);
    expect([last?.status, last?.headers.get('Retry-After')]).toEqual([429, wait]);
    await test.time.advance(Number(wait) * 1_000);
    expect((await postJson(test, path, body)).status).not.toBe(429);
  });
});

describe('what is written about limits', () => {
  it('is in OpenAPI for every route', async () => {
    const test = await createCloud();
    const { paths } = await (await test.request('/openapi.json')).json();
    for (const [path, methods] of Object.entries<Record<string, { responses: object }>>(paths))
      for (const [method, { responses }] of Object.entries(methods))
        expect([method, path, Object.keys(responses)]).toEqual([method, path, expect.arrayContaining(['429'])]);
  });

  it('is in the README', () => {
    const readme = readFileSync(new URL('../../../cloud-sync/README.md', import.meta.url), 'utf8');
    expect(withLimitsTable(readme)).toBe(readme);
    expect(withLimitsTable(readme.replace('| `sign-up` | 10 |', '| `sign-up` | 11 |'))).toBe(readme);
  });
});
