// Goal: a request with an Idempotency-Key can be sent any number of times, at once, after a crash and to another process, and works once.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { sql } from 'kysely';
import { createTestCloud, someEvent, type TestCloud } from '../../support/cloud.ts';
import { databaseKind } from '../../support/database.ts';
import { createPerson, type TestPerson } from '../../support/people.ts';
import { withDatabase } from '../../../scripts/lib/cloud-database.ts';

let test: TestCloud;
let event: number;
let key: string;
let keys = 0;
beforeAll(async () => {
  test = await createTestCloud();
});
beforeEach(async () => {
  ({ event } = await test.json<{ event: number }>('POST', '/api/events', someEvent));
  key = `key-${++keys}`;
});
afterAll(() => test.close());

const ticketBody = (): object => ({ event, type: 1 });
const post = (path: string, body?: unknown, withKey = key, cloud = test): Promise<Response> =>
  cloud.api('POST', path, body, { 'Idempotency-Key': withKey });
const ticketCount = async (): Promise<number> =>
  (await test.json<{ tickets: number }>('GET', `/api/events/${event}`)).tickets;
const told = async (answer: Response): Promise<string> =>
  `${answer.status} ${((await answer.json()) as { type: string }).type}`;

/** Changes the database beside the running service. */
const alter = (statement: string): Promise<unknown> =>
  withDatabase(test.databaseUrl, (database) => sql.raw(statement).execute(database));

/** From here on no answer can be kept, until `mend`. */
const breakAnswers = (): Promise<unknown> =>
  alter(
    databaseKind() === 'sqlite'
      ? "create trigger broken before update of answer on idempotency begin select raise(abort, 'broken'); end"
      : 'alter table idempotency add constraint broken check (answer is null) not valid',
  );
const mend = (): Promise<unknown> =>
  alter(databaseKind() === 'sqlite' ? 'drop trigger broken' : 'alter table idempotency drop constraint broken');

describe('the same request with the same key', () => {
  it('is answered as the first time, headers included, and says that it is a repetition', async () => {
    const first = await post('/api/tickets', ticketBody());
    const again = await post('/api/tickets', ticketBody());
    expect(again.status).toBe(201);
    expect(await again.text()).toBe(await first.text());
    for (const header of ['ETag', 'Location', 'Content-Type'])
      expect(again.headers.get(header), header).toBe(first.headers.get(header));
    expect([first.headers.get('Idempotency-Replayed'), again.headers.get('Idempotency-Replayed')]).toEqual([
      null,
      'true',
    ]);
    // A code that opens gates is for who asked, and for now.
    for (const answer of [first, again]) expect(answer.headers.get('Cache-Control')).toBe('no-store');
    expect(await ticketCount()).toBe(1);
  });

  it('raises the epoch once, also when the ticket has changed since', async () => {
    const { id } = await test.json<{ id: string }>('POST', '/api/tickets', ticketBody());
    const body = { holder: { name: 'Grace' } };
    const first = await post(`/api/tickets/${id}/transfer`, body);
    await test.json('POST', `/api/tickets/${id}/revoke`, undefined, 200);
    const again = await post(`/api/tickets/${id}/transfer`, body);
    expect(await again.json()).toEqual(await first.json());
    expect(await test.json('GET', `/api/tickets/${id}`)).toMatchObject({ epoch: 1, status: 'revoked' });
  });

  it('is answered as the first time by every other route with POST', async () => {
    for (const [path, body] of [
      ['/api/events', someEvent],
      [`/admin/events/${event}/gates`, { id: `gate-${event}`, name: 'Gate', zone: 'arena', lanes: [{ id: 'main' }] }],
      [`/admin/events/${event}/staff`, { role: 'steward', pin: '4711' }],
      [`/admin/events/${event}/publish`, undefined],
      ['/api/tickets/batch', { event, tickets: [{ type: 1 }, { type: 2 }] }],
    ] as const) {
      const first = await post(path, body);
      expect(first.status, path).toBeLessThan(300);
      const again = await post(path, body);
      expect([again.status, await again.text()], path).toEqual([first.status, await first.text()]);
    }
    expect(await ticketCount()).toBe(2);
  });

  it('works once when it comes many times at once', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => post('/api/tickets', ticketBody())));
    const texts = await Promise.all(answers.map(async (answer) => `${answer.status} ${await answer.text()}`));
    const good = texts.filter((text) => text.startsWith('201'));
    expect(good.length).toBeGreaterThan(0);
    expect(new Set(good).size).toBe(1);
    for (const text of texts) expect(text).toMatch(/^201 |^409 \{"type":"idempotency-in-progress"/);
    expect(await ticketCount()).toBe(1);
  });

  it('is answered by another process on the same database', async () => {
    const first = await (await post('/api/tickets', ticketBody())).text();
    const other = await createTestCloud({ folder: test.folder, time: test.time });
    const again = await post('/api/tickets', ticketBody(), key, other);
    expect(await again.text()).toBe(first);
    // Opening it has replaced the administrator's token.
    await test.cloud.close();
    test = other;
  });

  it('is a new one a day later', async () => {
    await post('/api/tickets', ticketBody());
    test.time.jump(24 * 3_600_000);
    await post('/api/tickets', ticketBody());
    expect(await ticketCount()).toBe(2);
  });
});

describe('the key', () => {
  it('is refused for another request on the same route', async () => {
    const [a, b] = [
      await test.json<{ id: string }>('POST', '/api/tickets', ticketBody()),
      await test.json<{ id: string }>('POST', '/api/tickets', ticketBody()),
    ];
    await post('/api/tickets', ticketBody());
    expect(await told(await post('/api/tickets', { ...ticketBody(), party: 2 }))).toBe('422 idempotency-key-reused');
    await post(`/api/tickets/${a.id}/revoke`);
    expect(await told(await post(`/api/tickets/${b.id}/revoke`))).toBe('422 idempotency-key-reused');
  });

  it('belongs to one route, and is the same quoted and with a slash at the end of the path', async () => {
    const first = await (await post('/api/tickets', ticketBody())).text();
    expect(await (await post('/api/tickets/', ticketBody(), `"${key}"`)).text()).toBe(first);
    expect((await post('/api/tickets/batch', { event, tickets: [{ type: 1 }] })).status).toBe(201);
  });

  it('is free again after a refusal, which changed nothing', async () => {
    expect((await post('/api/tickets', { event, type: 9 })).status).toBe(422);
    expect((await post('/api/tickets', { event })).status).toBe(400);
    expect((await post('/api/tickets', ticketBody())).status).toBe(201);
  });

  it.each(['', ' ', '""', '"unclosed', 'a b', 'a,b"', 'ä', 'x'.repeat(256), '"\\x"'])(
    'is refused as %j',
    async (bad) => {
      expect(await told(await post('/api/tickets', ticketBody(), bad))).toBe('400 idempotency-key-malformed');
    },
  );

  it('means nothing without a token', async () => {
    const answer = await test.cloud.app.request('/api/tickets', {
      method: 'POST',
      headers: { 'Idempotency-Key': key },
    });
    expect(answer.status).toBe(401);
  });

  it('belongs to who has sent it, and tells nothing again to who has lost the role', async () => {
    const [first, second] = [
      await createPerson(test, 'organiser', event),
      await createPerson(test, 'organiser', event),
    ];
    const send = async ({ token = '' }: TestPerson, path: string, body?: object): Promise<Response> =>
      test.cloud.app.request(path, {
        method: 'POST',
        headers: {
          Authorization: `Bearer ${token}`,
          'Content-Type': 'application/json',
          'Idempotency-Key': key,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    const made = await send(first, '/api/tickets', ticketBody());
    expect(await (await send(first, '/api/tickets', ticketBody())).text()).toBe(await made.text());
    expect((await send(second, '/api/tickets', { ...ticketBody(), party: 2 })).status).toBe(201);
    expect(await ticketCount()).toBe(2);
    expect((await send(first, `/admin/events/${event}/publish`)).status).toBe(200);
    await test.cloud.members.remove(event, first.id ?? '');
    await test.cloud.members.set({
      event: (await test.json<{ event: number }>('POST', '/api/events', someEvent)).event,
      user: first.id ?? '',
      role: 'organiser',
    });
    expect(await told(await send(first, '/api/tickets', ticketBody()))).toBe('404 event-unknown');
    expect(await told(await send(first, `/admin/events/${event}/publish`))).toBe('404 event-unknown');
  });

  it('is kept only as a hash, its answer only sealed', async () => {
    const { text } = (await (await post('/api/tickets', ticketBody(), 'very-secret-key')).json()) as { text: string };
    const rows = (await test.stored()).toString('latin1');
    expect(rows).not.toContain('very-secret-key');
    expect(rows).not.toContain(text);
  });
});

describe('a crash', () => {
  it('between work and answer undoes the work, and the next attempt does it', async () => {
    await breakAnswers();
    expect((await post('/api/tickets', ticketBody())).status).toBe(500);
    expect(await ticketCount()).toBe(0);
    await mend();
    expect((await post('/api/tickets', ticketBody())).status).toBe(201);
    expect(await ticketCount()).toBe(1);
  });

  it('before the work leaves a claim that is taken over after its lease', async () => {
    await post('/api/tickets', ticketBody());
    await alter('update idempotency set answer = null');
    await alter(`delete from ticket where event = ${event}`);
    expect(await told(await post('/api/tickets', ticketBody()))).toBe('409 idempotency-in-progress');
    test.time.jump(60_000);
    expect((await post('/api/tickets', ticketBody())).status).toBe(201);
    expect(await ticketCount()).toBe(1);
  });

  it('of which nobody knows whether the work was done is never made up for by doing it again', async () => {
    await post('/api/events', someEvent);
    await alter('update idempotency set answer = null');
    test.time.jump(120_000);
    const answer = await post('/api/events', someEvent);
    expect([answer.status, ((await answer.json()) as { detail: string }).detail]).toEqual([
      409,
      'The first request was cut off; whether it took effect is not known. Look, then use a new key.',
    ]);
  });
});
