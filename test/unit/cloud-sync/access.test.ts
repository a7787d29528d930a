// Goal: every route answers everybody as the authorisation table says, and a route that the table forgot does not start.
import { readFileSync } from 'node:fs';
import { Hono } from 'hono';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { scopes, syncContentType, type ApiKeyCreated, type TicketResponse } from '@postern/shared';
import { accessTable, refusalOf, roles, type AccessRow } from '../../../cloud-sync/src/routes/access.ts';
import { createErrorHandler, problem, type Environment } from '../../../cloud-sync/src/routes/context.ts';
import { assertAccess, enforceAccess, mayActIn } from '../../../cloud-sync/src/routes/enforce-access.ts';
import type { Actor } from '../../../cloud-sync/src/services/actor.ts';
import { withAccessTable } from '../../../scripts/access-table.ts';
import {
  createTestCloud,
  enrolTestGate,
  silentLog,
  someEvent,
  type TestCloud,
  type TestGate,
} from '../../support/cloud.ts';
import { askAs, createPerson, type TestPerson } from '../../support/people.ts';

const ownEvent = 1;
const otherEvent = 2;

let test: TestCloud;
let people: readonly TestPerson[];
/** Everybody anew: a row may be about leaving. */
let createPeople: () => Promise<readonly TestPerson[]>;
let gates: readonly TestGate[];
/** What stands for each parameter of a path, of `ownEvent`; a new parameter needs a value here. */
let params: Readonly<Record<string, string>>;
beforeAll(async () => {
  test = await createTestCloud();
  await test.json('POST', '/api/events', someEvent);
  await test.json('POST', '/api/events', { ...someEvent, name: 'Another night' });
  const ticket = await test.json<TicketResponse>('POST', '/api/tickets', { event: ownEvent, type: 1 });
  gates = [await enrolTestGate(test, ownEvent, 'gate-a'), await enrolTestGate(test, otherEvent, 'gate-b')];
  for (const event of [ownEvent, otherEvent]) await test.json('POST', `/admin/events/${event}/publish`);
  createPeople = async () => [
    { name: 'nobody' },
    await createPerson(test, 'attendee'),
    ...(await Promise.all(
      [ownEvent, otherEvent].flatMap((event) =>
        (['steward', 'supervisor', 'organiser'] as const).map((role) => createPerson(test, role, event)),
      ),
    )),
    { name: 'the administrator', role: 'admin', token: test.token },
  ];
  people = await createPeople();
  params = {
    event: `${ownEvent}`,
    ticket: ticket.id,
    gate: 'gate-a',
    key: (await test.cloud.keyRotation.list()).find((key) => key.purpose === 'issuer')?.keyId ?? '',
    file: 'index.js',
    sha256: '0'.repeat(64),
    session: '0'.repeat(16),
    user: '0'.repeat(12),
    client: '0'.repeat(12),
    operator: 'nobody99',
    method: 'qr',
    suspicion: '0'.repeat(32),
    chunk: '0'.repeat(64),
    case: '0'.repeat(32),
    conflict: '0'.repeat(32),
    band: '0'.repeat(32),
    run: '0'.repeat(32),
    webhook: '0'.repeat(16),
    message: 'msg_00000000',
    sender: '0'.repeat(16),
    link: '0'.repeat(16),
    holder: '0'.repeat(32),
    wallet: 'apple',
    pass: 'A'.repeat(80),
  };
});
afterAll(() => test.close());

/** For rows whose event is in the body: a body about that event. */
const bodies: Readonly<Record<string, (event: number) => unknown>> = {
  'POST /admin/methods/:method/toggle': (event) => ({ enabled: true, event }),
  'POST /api/tickets': (event) => ({ event, type: 1 }),
  'POST /api/tickets/batch': (event) => ({ event, tickets: [{ type: 1 }] }),
  // A body is bounded and read before a gate's token for it.
  'POST /gate/web-certificate': () => ({}),
  'POST /gate/tickets/:ticket/bands': () => ({}),
  'POST /gate/tickets/:ticket/bands/:band/write': () => ({}),
  'POST /gate/tickets/:ticket/bands/:band/written': () => ({}),
};
/** The same in the query. */
const queries: Readonly<Record<string, (event: number) => string>> = {
  'GET /api/tickets': (event) => `?event=${event}`,
};

/** Where the content type is looked at before the sender. */
const contentTypes: Readonly<Record<string, string>> = { '/sync': syncContentType };

const pathOf = (row: AccessRow, values = params): string =>
  row.path.replaceAll(/:(\w+)/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`the test has no value for :${name} of ${row.path}`);
    return value;
  });

/** `allowed`, or status and type of the refusal, in the words of the table's head. */
function expected({ who, event, path }: AccessRow, person: TestPerson): string {
  if (who === 'anyone') return 'allowed';
  const { role } = person;
  if (who === 'gate' || who === 'holder') return role === undefined ? '401 nonce-needed' : '401 token-invalid';
  if (role === undefined) return '401 sign-in-needed';
  if (role === 'admin') return who.includes('admin') ? 'allowed' : '403 role-too-low';
  if (event === 'any' || event === 'list')
    return who.includes('attendee') || who.includes(role) ? 'allowed' : '403 role-too-low';
  // A body is read only for who may do this at some event.
  if (event === 'body' && !who.includes('attendee') && !who.includes(role)) return '403 role-too-low';
  if (person.event === ownEvent) return who.includes(role) ? 'allowed' : '403 role-too-low';
  const subject = /:ticket\b/.test(path) ? 'ticket' : /:gate\b/.test(path) ? 'gate' : 'event';
  return `404 ${subject}-unknown`;
}

const refusals = ['sign-in-needed', 'token-invalid', 'role-too-low', 'scope-too-narrow', 'nonce-needed'];
const unknowns = ['event-unknown', 'ticket-unknown', 'gate-unknown'];

/** As `expected` says it; a wrong body, or an address that holds nothing, is a route's own answer and so allowed. */
async function verdict(response: Response): Promise<string> {
  expect(response.status).toBeLessThan(500);
  const isProblem = response.headers.get('Content-Type')?.startsWith('application/problem+json') === true;
  const type: string = isProblem ? (await response.json()).type : '';
  await response.body?.cancel().catch(() => {
    // Read to its end above.
  });
  const isRefused = refusals.includes(type) || unknowns.includes(type);
  return isRefused ? `${response.status} ${type}` : 'allowed';
}

describe.each(accessTable.map((row) => ({ ...row, row })))('$method $path', ({ row }) => {
  it('answers everybody as its row says', async () => {
    const label = `${row.method} ${row.path}`;
    const [body, query] = row.event === 'body' || row.who === 'gate' ? [bodies[label], queries[label]] : [];
    if (row.event === 'body' && body === undefined && query === undefined)
      throw new Error(`the test has no body and no query for ${label}`);
    const asked: [string, string][] = [];
    const wanted: [string, string][] = [];
    for (const person of row.path === '/me' && row.method === 'DELETE' ? await createPeople() : people) {
      const path = pathOf(row) + (query?.(ownEvent) ?? '');
      const response = await askAs(test, person, row.method, path, body?.(ownEvent), contentTypes[row.path]);
      asked.push([person.name, await verdict(response)]);
      wanted.push([person.name, expected(row, person)]);
    }
    expect(asked).toEqual(wanted);
  });
});

describe('a foreign event', () => {
  const ofEvent = accessTable.filter((row) => row.path.includes(':event') && typeof row.who !== 'string');

  it('is answered as one that does not exist, to the letter', async () => {
    const stranger = people.find((person) => person.role === 'organiser' && person.event === otherEvent) ?? {};
    for (const row of ofEvent) {
      const foreign = await askAs(test, stranger, row.method, pathOf(row));
      const missing = await askAs(test, stranger, row.method, pathOf(row, { ...params, event: '4711' }));
      expect([row.path, foreign.status, await foreign.text()]).toEqual([
        row.path,
        missing.status,
        await missing.text(),
      ]);
    }
  });

  it('is not reached by another spelling of its number', async () => {
    const stranger = people.find((person) => person.role === 'steward' && person.event === otherEvent) ?? {};
    for (const spelling of [
      '%31',
      '%2531',
      '01',
      '0000000001',
      '1%00',
      '1%2f',
      '%2e%2e%2f1',
      '１',
      '1;2',
      '2,1',
      '1e0',
    ])
      for (const method of ['GET', 'HEAD']) {
        const response = await askAs(test, stranger, method, `/api/events/${spelling}/summary`);
        expect([spelling, response.status]).toEqual([spelling, spelling.includes('%00') ? 400 : 404]);
      }
  });

  it('is reached at another spelling by who may', async () => {
    const steward = people.find((person) => person.role === 'steward' && person.event === ownEvent) ?? {};
    expect((await askAs(test, steward, 'GET', '/api/events/%31/summary')).status).toBe(200);
    expect((await askAs(test, steward, 'HEAD', '/api/events/1/summary')).status).toBe(200);
  });

  it('is missing from the list of events', async () => {
    const listed = async (person: Pick<TestPerson, 'token'>): Promise<number[]> => {
      const { events } = await (await askAs(test, person, 'GET', '/api/events')).json();
      return events.map(({ event }: { readonly event: number }) => event);
    };
    expect(await Promise.all(people.filter(({ token }) => token !== undefined).map(listed))).toEqual([
      [],
      [1],
      [1],
      [1],
      [2],
      [2],
      [2],
      [1, 2],
    ]);
  });
});

describe('gates', () => {
  it('reach their own event and no other', async () => {
    const [own, other] = gates;
    const path = `/feed/${ownEvent}/manifest`;
    expect([(await own?.request('GET', path))?.status, (await other?.request('GET', path))?.status]).toEqual([
      200, 403,
    ]);
  });

  it('reach nothing that is for people', async () => {
    for (const row of accessTable.filter(({ who }) => typeof who !== 'string')) {
      const response = await gates[0]?.request(row.method, pathOf(row));
      expect([row.path, response?.status]).toEqual([row.path, 401]);
    }
  });
});

describe('a role', () => {
  it('ends with the next request after it was taken away, and changes with it', async () => {
    const person = await createPerson(test, 'steward', ownEvent);
    const statuses = async (): Promise<number[]> => [
      (await askAs(test, person, 'GET', '/api/events/1')).status,
      (await askAs(test, person, 'POST', '/admin/events/1/publish')).status,
    ];
    expect(await statuses()).toEqual([200, 403]);
    await test.cloud.members.set({ event: ownEvent, user: person.id ?? '', role: 'organiser' });
    expect(await statuses()).toEqual([200, 200]);
    await test.cloud.members.remove(ownEvent, person.id ?? '');
    expect(await statuses()).toEqual([404, 404]);
  });

  it('cannot be given to nobody or at no event', async () => {
    expect(await test.cloud.members.set({ event: 1, user: 'nobody', role: 'steward' })).toMatchObject({
      error: { type: 'user-unknown' },
    });
    expect(await test.cloud.members.set({ event: 99, user: people[1]?.id ?? '', role: 'steward' })).toMatchObject({
      error: { type: 'event-unknown' },
    });
  });
});

describe('the holder of a ticket', () => {
  const attendee: Actor = { kind: 'user', id: 'a', name: 'A', admin: false, memberships: new Map() };
  it.each(accessTable.filter(({ path, who }) => path.includes(':ticket') && who !== 'gate'))('$method $path', (row) => {
    const subject = { unknown: 'ticket-unknown', event: ownEvent } as const;
    const isForHolders = typeof row.who !== 'string' && row.who.includes('attendee');
    expect(refusalOf(row, attendee, { ...subject, isHolder: true })).toBe(isForHolders ? undefined : 'ticket-unknown');
    expect(refusalOf(row, attendee, { ...subject, isHolder: false })).toBe('ticket-unknown');
  });
});

describe('a program', () => {
  it('with every scope reaches its own events, and nothing that has no scope', async () => {
    const keyFor = async (events: readonly number[] | undefined): Promise<Pick<TestPerson, 'token'>> => {
      const body = { name: 'Till', scopes, ...(events === undefined ? {} : { events }) };
      return { token: (await test.json<ApiKeyCreated>('POST', '/admin/api-keys', body)).key };
    };
    const [own, other, every] = [await keyFor([ownEvent]), await keyFor([otherEvent]), await keyFor(undefined)];
    for (const row of accessTable.filter(({ who }) => typeof who !== 'string')) {
      const label = `${row.method} ${row.path}`;
      const body = bodies[label]?.(ownEvent);
      const path = pathOf(row) + (queries[label]?.(ownEvent) ?? '');
      const ask = async (program: Pick<TestPerson, 'token'>): Promise<string> =>
        verdict(await askAs(test, program, row.method, path, body));
      const answers = [await ask(own), await ask(other), await ask(every)];
      const foreign = `404 ${/:ticket\b/.test(row.path) ? 'ticket' : /:gate\b/.test(row.path) ? 'gate' : 'event'}-unknown`;
      const wanted =
        row.scope === undefined
          ? ['403 scope-too-narrow', '403 scope-too-narrow', '403 scope-too-narrow']
          : row.event !== 'any'
            ? ['allowed', row.event === 'list' ? 'allowed' : foreign, 'allowed']
            : ['403 scope-too-narrow', '403 scope-too-narrow', 'allowed'];
      expect([row.method, row.path, ...answers]).toEqual([row.method, row.path, ...wanted]);
    }
  });

  const program = (events: Actor['events'], scopes: Actor['scopes']): Actor => ({
    kind: 'client',
    id: 'c',
    name: 'C',
    admin: false,
    memberships: new Map(),
    ...(scopes === undefined ? {} : { scopes }),
    ...(events === undefined ? {} : { events }),
  });
  it.each(accessTable.filter(({ who }) => typeof who !== 'string'))('$method $path', (row) => {
    const scopes = new Set(row.scope === undefined ? [] : [row.scope]);
    const about = row.event === 'own' ? ({ unknown: 'event-unknown', event: ownEvent } as const) : undefined;
    const everywhere = refusalOf(row, program('all', scopes), about);
    expect(everywhere).toBe(row.scope === undefined ? 'scope-too-narrow' : undefined);
    expect(refusalOf(row, program('all', new Set()), about)).toBe('scope-too-narrow');
    expect(refusalOf(row, program(undefined, undefined), about)).toBe('scope-too-narrow');
    if (row.scope === undefined) return;
    if (about !== undefined) {
      expect(refusalOf(row, program(new Set([ownEvent]), scopes), about)).toBeUndefined();
      expect(refusalOf(row, program(new Set([otherEvent]), scopes), about)).toBe('event-unknown');
    } else
      expect(refusalOf(row, program(new Set([ownEvent]), scopes), undefined)).toBe(
        row.event === 'any' ? 'scope-too-narrow' : undefined,
      );
  });
});

const noSubjects = {
  eventOfTicket: async () => undefined,
  isGateAt: async () => false,
  ownsTicket: async () => false,
  ticketsOf: async () => [],
};

describe('an event named in the body', () => {
  const table: readonly AccessRow[] = [{ method: 'POST', path: '/things', who: ['organiser', 'admin'], event: 'body' }];
  const organiser: Actor = {
    kind: 'user',
    id: 'o',
    name: 'O',
    admin: false,
    memberships: new Map([
      [1, 'organiser'],
      [2, 'steward'],
    ]),
  };
  const appFor = (actor: Actor, isAsking = true): Hono<Environment> => {
    const app = new Hono<Environment>();
    app.onError(createErrorHandler(silentLog));
    app.use(enforceAccess({ identify: async () => actor, subjects: noSubjects, table }));
    app.post('/things', async (c) => {
      const { event } = await c.req.json();
      const refused = isAsking ? mayActIn(c, event) : undefined;
      return refused === undefined ? c.text('made') : problem(c, refused);
    });
    return app;
  };
  const post = async (app: Hono<Environment>, event: number): Promise<number> =>
    (await app.request('/things', { method: 'POST', body: JSON.stringify({ event }) })).status;

  it('is judged by the same row once the route has read it', async () => {
    const app = appFor(organiser);
    expect([await post(app, 1), await post(app, 2), await post(app, 3)]).toEqual([200, 403, 404]);
    const steward = { ...organiser, memberships: new Map([[1, 'steward'] as const]) };
    expect(await post(appFor(steward), 1)).toBe(403);
  });

  it('does not pass unasked', async () => {
    expect(await post(appFor(organiser, false), 1)).toBe(500);
  });
});

describe('the table', () => {
  const gateOnly = async (): Promise<Response> => new Response(null, { status: 401 });
  const holderOnly = async (): Promise<Response> => new Response(null, { status: 401 });
  const proofOf = { gate: gateOnly, holder: holderOnly };
  const reached = async (): Promise<Response> => new Response('reached');
  const appOf = (rows: readonly AccessRow[]): Hono<Environment> => {
    const app = new Hono<Environment>();
    app.use(enforceAccess({ identify: async () => ({ type: 'sign-in-needed' }), subjects: noSubjects }));
    for (const { method, path, who } of rows)
      app.on(method, [path], who === 'gate' || who === 'holder' ? proofOf[who] : reached, reached);
    return app;
  };

  it('fits the routes', () => {
    expect(() => assertAccess(appOf(accessTable), proofOf)).not.toThrow();
  });

  it('does not start with a route that has no row, and refuses it', async () => {
    const app = appOf(accessTable).get('/forgotten', (c) => c.text('reached'));
    expect(() => assertAccess(app, proofOf)).toThrow('no row for GET /forgotten');
    expect((await app.request('/forgotten')).status).toBe(404);
  });

  it('does not start with a row that has no route', () => {
    const without = accessTable.filter(({ path }) => path !== '/api/events/:event/summary');
    expect(() => assertAccess(appOf(without), proofOf)).toThrow('GET /api/events/:event/summary, which does not exist');
  });

  it.each(['gate', 'holder'] as const)('does not start when a route for a %s checks no token', (who) => {
    const unproved = { ...proofOf, [who]: async () => undefined };
    expect(() => assertAccess(appOf(accessTable), unproved)).toThrow(`for a ${who} and must check its token`);
  });

  it('says for each route something that can be', () => {
    for (const { who, event, scope, path } of accessTable) {
      if (typeof who === 'string') expect([path, scope]).toEqual([path, undefined]);
      else expect(who.every((role) => roles.includes(role)) && who.length > 0).toBe(true);
      if (who === 'anyone') expect([path, event]).toEqual([path, 'any']);
      if (event === 'body') expect(path).not.toContain(':event');
    }
  });

  it('is the one in the README', () => {
    const readme = readFileSync(new URL('../../../cloud-sync/README.md', import.meta.url), 'utf8');
    expect(withAccessTable(readme)).toBe(readme);
    expect(withAccessTable(readme.replace('| `POST /sync` | gate |', '| `POST /sync` | anyone |'))).toBe(readme);
    expect(withAccessTable(readme, accessTable.slice(1))).not.toBe(readme);
  });
});
