// Goal: whatever comes to whichever route, the answer is one that the OpenAPI document lists, in the form that it states, never a 5xx;
// the same over a socket; and every path means the same with a slash at its end.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TicketResponse } from '@postern/shared';
import { serve } from '../../../cloud-sync/src/main.ts';
import {
  fuzzRoute,
  labelOf,
  routesOf,
  type FuzzRequest,
  type Route,
  type OpenApi,
  type Samples,
  type Send,
} from '../../support/api-fuzz.ts';
import { createTestCloud, enrolTestGate, someEvent, type TestCloud, type TestGate } from '../../support/cloud.ts';

/** What names something in bodies. */
const known = { purpose: 'token', force: true, type: 1, zone: 'arena', status: 'valid', validFromS: 1, validUntilS: 2 };
/** Routes whose good answer needs what no generator finds: a suspicious use, a one-time code, a token, a signed message. */
const withoutGoodAnswer = [
  'PATCH /api/events/{event}/suspicions/{suspicion}',
  'POST /enrol',
  'POST /session',
  'POST /sync',
];

let test: TestCloud;
let gate: TestGate;
let samples: Samples;
beforeAll(async () => {
  test = await createTestCloud();
  await test.json('POST', '/api/events', someEvent);
  const ticket = await test.json<TicketResponse>('POST', '/api/tickets', { event: 1, type: 1 });
  gate = await enrolTestGate(test, 1, 'gate-a');
  await test.json('POST', '/admin/events/1/publish');
  const manifest = await (await gate.request('GET', '/feed/1/manifest')).text();
  const snapshot = /"snapshot":\{[^}]*?"sha256":"([0-9a-f]{64})"/.exec(manifest)?.[1] ?? '';
  const [key] = (await test.cloud.keyRotation.list()).filter(({ purpose }) => purpose === 'token');
  samples = { event: '1', ticket: ticket.id, sha256: snapshot, key: key?.keyId ?? '' };
});
afterAll(() => test.close());

const document = async (): Promise<OpenApi> =>
  (await test.cloud.app.request('/openapi.json')).json() as Promise<OpenApi>;
/** With an event and a ticket of its own for each route, on which it can do something; the gate stays with its own event. */
async function somethingFor({
  path,
}: Route): Promise<{ readonly samples: Samples; readonly known: Readonly<Record<string, unknown>> }> {
  if (path.startsWith('/feed')) return { samples, known };
  const { event } = await test.json<{ event: number }>('POST', '/api/events', someEvent);
  const status = path.endsWith('/reinstate') ? 'revoked' : 'valid';
  const { id } = await test.json<TicketResponse>('POST', '/api/tickets', { event, type: 1, status });
  return { samples: { ...samples, event: String(event), ticket: id }, known: { ...known, event } };
}
const isForGates = ({ path }: FuzzRequest): boolean => /^\/(?:feed|sync)\b/.test(path);
const authorization = (): Readonly<Record<string, string>> => ({ Authorization: `Bearer ${test.token}` });
const toInit = ({ method, headers, body }: FuzzRequest): RequestInit => ({
  method,
  headers: { ...authorization(), ...headers },
  ...(body === undefined ? {} : { body }),
});
const inProcess: Send = async (request) => {
  const { method, path, headers, body } = request;
  if (!isForGates(request)) return test.cloud.app.request(path, toInit(request));
  return gate.request(method, path, typeof body === 'string' ? new TextEncoder().encode(body) : body, headers);
};

describe('every route', () => {
  it('answers what it says, to whatever it is asked', async () => {
    const routes = routesOf(await document());
    expect(routes.length).toBeGreaterThan(25);
    const good: string[] = [];
    for (const route of routes) {
      const statuses = await fuzzRoute(route, { send: inProcess, ...(await somethingFor(route)), runs: 30 });
      if ([...statuses].some((status) => status < 300)) good.push(labelOf(route));
    }
    expect(good.toSorted()).toEqual(
      routes
        .map(labelOf)
        .filter((label) => !withoutGoodAnswer.includes(label))
        .toSorted(),
    );
  }, 120_000);

  it('answers the same over a socket', async () => {
    const listening = await serve(
      // The cloud of the other tests stays open.
      { ...test.cloud, endStreams: () => undefined, close: async () => undefined },
      {
        data: test.folder,
        database: test.databaseUrl,
        host: '127.0.0.1',
        port: 0,
        logLevel: 'silent',
        methodsOff: [],
        limitsFactor: 1_000,
        trustedProxies: 0,
        issuerKeyDays: 0,
        feedKeyDays: 0,
        publicUrl: 'https://cloud.test',
      },
    );
    if (!listening.ok) throw new Error(listening.error.type);
    const { url, stop } = listening.value;
    const send: Send = (request) =>
      isForGates(request) ? inProcess(request) : fetch(url + request.path, toInit(request));
    for (const route of routesOf(await document()))
      await fuzzRoute(route, { send, ...(await somethingFor(route)), runs: 5, every: 13 });
    await stop();
  }, 120_000);

  it('asks who it is before anything else', async () => {
    const open = ['/time', '/enrol', '/session'];
    for (const { method, path } of routesOf(await document())) {
      if (open.includes(path)) continue;
      const filled = path.replaceAll(/\{(\w+)\}/g, (_all, name: string) => samples[name] ?? '0');
      const answer = await test.cloud.app.request(filled, { method, headers: { 'Content-Type': 'application/cbor' } });
      expect([method, path, answer.status]).toEqual([method, path, 401]);
    }
  });
});

describe('a slash at the end of a path', () => {
  it('changes nothing, for every route and method', async () => {
    const registered = new Set(
      test.cloud.app.routes
        .filter(({ method, path }) => method !== 'ALL' && path !== '/')
        .map(({ method, path }) => `${method} ${path}`),
    );
    expect(registered.size).toBeGreaterThan(25);
    for (const route of registered) {
      const [method = '', pattern = ''] = route.split(' ');
      // A ticket that is not there: asking twice comes to the same.
      const path = pattern.replaceAll(/:(\w+)/g, (_all, name: string) =>
        name === 'ticket' ? '0'.repeat(32) : (samples[name] ?? 'none'),
      );
      // Nothing is asked of a body, which is enough to tell one route from another and from none.
      const [without, withSlash] = await Promise.all(
        [path, `${path}/`].map((asked) => inProcess({ method, path: asked, headers: {} })),
      );
      expect([route, withSlash?.status, withSlash?.headers.get('Content-Type')]).toEqual([
        route,
        without?.status,
        without?.headers.get('Content-Type'),
      ]);
      const isProblem = without?.headers.get('Content-Type') === 'application/problem+json';
      const type = isProblem ? ((await without.clone().json()) as { readonly type: string }).type : undefined;
      if (!pattern.startsWith('/assets')) expect(type, route).not.toBe('not-found');
      const isEndless = without?.headers.get('Content-Type') === 'text/event-stream';
      for (const answer of [without, withSlash]) await (isEndless ? answer?.body?.cancel() : answer?.arrayBuffer());
    }
  });

  it('is one slash, not two', async () => {
    expect((await test.api('GET', '/api/events//')).status).toBe(404);
  });
});
