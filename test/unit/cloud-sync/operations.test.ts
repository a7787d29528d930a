// Goal: whoever runs the service sees from outside how it is, and finds one request in answer, log and audit log; nothing of that tells
// secrets or names people.
import { afterEach, describe, expect, it } from 'vitest';
import type { Logger, TicketResponse } from '@postern/shared';
import { createTestCloud, enrolTestGate, someEvent, type TestCloud } from '../../support/cloud.ts';
import { createPerson, askAs } from '../../support/people.ts';

const metricsToken = 'scrape-me-if-you-can';
let test: TestCloud;
afterEach(() => test.close());

interface Line {
  readonly fields: Readonly<Record<string, unknown>>;
  readonly message: string;
}
function keepLog(): { readonly log: Logger; readonly lines: Line[] } {
  const lines: Line[] = [];
  const keep = (fields: object, message: string): void => void lines.push({ fields: { ...fields }, message });
  return { lines, log: { info: keep, warn: keep, error: keep } };
}
const scrape = async (token = metricsToken): Promise<Response> =>
  test.request('/metrics', { headers: { Authorization: `Bearer ${token}` } });

describe('a request', () => {
  it('has one id in its answer, in the log and in the audit log', async () => {
    const { log, lines } = keepLog();
    test = await createTestCloud({ log });
    const response = await test.api('POST', '/api/events', someEvent);
    const id = response.headers.get('X-Request-Id');
    expect(id).toMatch(/^[0-9a-f]{16}$/);
    expect(lines.filter(({ message }) => message === 'request')).toMatchObject([
      { fields: { request: id, route: 'POST /api/events', status: 201, actor: expect.stringMatching(/^user\//) } },
    ]);
    const { entries } = await test.json<{ entries: { request?: string }[] }>('GET', '/audits/log?action=event-created');
    expect(entries.map(({ request }) => request)).toEqual([id]);
  });

  it('keeps the id that a proxy has given it, where there is one, and no other', async () => {
    const ask = async (given: string): Promise<string | null> =>
      (await test.api('GET', '/api/events', undefined, { 'X-Request-Id': given })).headers.get('X-Request-Id');
    test = await createTestCloud();
    expect(await ask('from-nobody-known')).not.toBe('from-nobody-known');
    await test.close();
    test = await createTestCloud({ trustedProxies: 1 });
    expect(await ask('from-the-proxy')).toBe('from-the-proxy');
    expect(await ask('with spaces "and" more')).toMatch(/^[0-9a-f]{16}$/);
  });

  it('leaves nothing in the log that opens a gate, signs somebody in or says who they are', async () => {
    const { log, lines } = keepLog();
    test = await createTestCloud({ log, metricsToken });
    await test.json('POST', '/api/events', someEvent);
    const ticket = await test.json<TicketResponse>('POST', '/api/tickets', {
      event: 1,
      type: 1,
      code: 'PRINTED-ELSEWHERE',
      holder: { name: 'Ada Lovelace', email: 'ada@example.org' },
    });
    const own = await test.json<TicketResponse>('POST', '/api/tickets', { event: 1, type: 1 });
    await test.api('GET', `/api/tickets?event=1&search=ada%40example.org`);
    await test.json('POST', `/api/tickets/${own.id}/methods/qr/verify`, { presented_data: own.text }, 200);
    await test.api('POST', '/session', { email: 'ada@example.org', password: 'correct horse battery' });
    const organiser = await createPerson(test, 'organiser', 1);
    await askAs(test, organiser, 'POST', '/admin/events/1/staff', { role: 'steward', pin: '4711' });
    await enrolTestGate(test, 1, 'gate-a');
    await scrape();
    expect(lines.length).toBeGreaterThan(5);
    const text = JSON.stringify(lines);
    for (const secret of [
      test.token.split('_')[2] ?? '?',
      organiser.token ?? '?',
      own.text ?? '?',
      own.shortCode ?? '?',
      ticket.id,
      'PRINTED-ELSEWHERE',
      'Ada',
      'ada@example.org',
      'battery',
      '4711',
      metricsToken,
    ])
      expect([secret, text.includes(secret)]).toEqual([secret, false]);
  });
});

describe('health', () => {
  it('is good while the database answers, and readiness ends when the service stops', async () => {
    test = await createTestCloud();
    const ask = async (path: string): Promise<unknown> => {
      const response = await test.request(path);
      return [response.status, await response.json()];
    };
    expect(await ask('/healthz')).toEqual([200, { status: 'ok' }]);
    expect(await ask('/readyz')).toEqual([200, { status: 'ready' }]);
    test.cloud.endStreams();
    expect(await ask('/healthz')).toEqual([200, { status: 'ok' }]);
    expect(await ask('/readyz')).toEqual([503, { status: 'stopping' }]);
  });

  it('is bad while the database does not answer', async () => {
    test = await createTestCloud();
    const broken = test;
    await broken.cloud.close();
    expect((await broken.request('/healthz')).status).toBe(503);
    expect((await broken.request('/readyz')).status).toBe(503);
    test = await createTestCloud({ folder: broken.folder, time: broken.time });
  });
});

describe('figures', () => {
  it('are for who has the token, and for nobody where there is none', async () => {
    test = await createTestCloud();
    expect((await scrape()).status).toBe(404);
    await test.close();
    test = await createTestCloud({ metricsToken });
    expect((await scrape('scrape-me-if-you-dare')).status).toBe(401);
    expect((await test.request('/metrics')).status).toBe(401);
    expect((await scrape(test.token)).status).toBe(401);
    const good = await scrape();
    expect(good.status).toBe(200);
    expect(good.headers.get('Content-Type')).toMatch(/^text\/plain; version=0\.0\.4/);
  });

  it('count requests, work, webhooks and gates, in base units', async () => {
    test = await createTestCloud({ metricsToken });
    await test.json('POST', '/api/events', someEvent);
    await enrolTestGate(test, 1, 'gate-a');
    await test.json('POST', '/admin/events/1/gates', { id: 'gate-b', name: 'B', zone: 'arena', lanes: [{ id: 'b' }] });
    const run = await test.json<{ id: string }>('POST', '/admin/jobs/runs', { kind: 'clean-up' }, 202);
    await test.cloud.jobs.perform(run.id);
    await test.api('GET', '/nowhere');
    const before = await (await scrape()).text();
    expect(before).toContain('postern_http_request_duration_seconds_count{kind="changing",status="2xx"} 4\n');
    expect(before).toContain('postern_http_request_duration_seconds_count{kind="page",status="4xx"} 1\n');
    expect(before).toContain(
      `postern_job_last_end_timestamp_seconds{kind="clean-up",state="done"} ${test.time.clock.wallMs() / 1_000}\n`,
    );
    expect(before).toContain('postern_webhook_messages{state="dead"} 0\n');
    expect(before).toContain('postern_gates{state="heard"} 1\npostern_gates{state="silent"} 0\n');
    expect(before).toContain('postern_database_up 1\n');
    test.time.jump(3_600_000);
    expect(await (await scrape()).text()).toContain(
      'postern_gates{state="heard"} 0\npostern_gates{state="silent"} 1\n',
    );
  });

  it('have no more series however many events, tickets, gates and people there are', async () => {
    test = await createTestCloud({ metricsToken });
    const series = async (): Promise<readonly string[]> =>
      (await (await scrape()).text()).split('\n').flatMap((line) => /^([a-z][^ ]*) /.exec(line)?.[1] ?? []);
    const work = async (event: number): Promise<void> => {
      await test.json('POST', '/api/events', { ...someEvent, event });
      const { id } = await test.json<TicketResponse>('POST', '/api/tickets', { event, type: 1 });
      await test.api('GET', `/api/tickets/${id}`);
      await test.api('GET', `/api/tickets/${'0'.repeat(32)}`);
      await enrolTestGate(test, event, `gate-${event}`);
      await test.json('POST', `/admin/events/${event}/publish`);
      await test.api('GET', `/nothing/${event}`);
    };
    await work(1);
    await scrape();
    const before = await series();
    for (const event of [2, 3, 4]) await work(event);
    expect(await series()).toEqual(before);
    expect(before.length).toBeGreaterThan(20);
  });
});
