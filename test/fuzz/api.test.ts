// Goal: whatever comes to whichever route, the answer is one that the OpenAPI document lists, in the form that it states, never a 5xx;
// the same over a socket; and every path means the same with a slash at its end.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bytesToHex, keyPairFromSeed, signClaim, type Holding, type TicketResponse } from '@postern/shared';
import { readConfig } from '../../cloud-sync/src/config.ts';
import { serve } from '../../cloud-sync/src/server.ts';
import { accessTable } from '../../cloud-sync/src/routes/access.ts';
import {
  fuzzRoute,
  labelOf,
  routesOf,
  type FuzzRequest,
  type Route,
  type OpenApi,
  type Samples,
  type Send,
} from '../support/api-fuzz.ts';
import { databaseKind } from '../support/database.ts';
import { createTestCloud, enrolTestGate, someEvent, type TestCloud, type TestGate } from '../support/cloud.ts';
import { allowFaces, enrolmentOf } from '../support/face.ts';
import { doorZones } from '../support/geofence.ts';
import { answerChallenge, chainOf, testWallet, tokenRules } from '../support/tokens.ts';
import { createPerson } from '../support/people.ts';
import { createPhone, makeLink, secretOf, type TestPhone } from '../support/phone.ts';
import { connection } from '../support/pretix.ts';
import { makeAppleFiles, makeGoogleFiles } from '../support/wallet-files.ts';
import { startPretixStandIn, type PretixStandIn } from '../../scripts/lib/pretix-stand-in/server.ts';
import { createShop } from '../../scripts/lib/pretix-stand-in/shop.ts';

/** What names something in bodies. */
const known = {
  purpose: 'token',
  force: true,
  type: 1,
  zone: 'arena',
  status: 'valid',
  validFromS: 1,
  validUntilS: 2,
  uid: 'b0a1c2d3e4f5',
  method: 'ble',
  kind: 'revoke-unscanned',
  url: 'https://shop.example/hooks',
  shape: { type: 'Circle', center: [16.4, 48.2], radiusM: 100 },
};
/** Routes whose good answer needs what no generator finds but by luck: types that name zones of the same body, a CSV, a face, a chain. */
const withoutGoodAnswer = [
  'POST /api/events',
  'PUT /api/events/{event}/policy',
  'POST /api/events/{event}/bands/import',
  'POST /api/events/{event}/tickets/import',
  'POST /api/tickets/{ticket}/face',
  'PUT /api/events/{event}/nft/freeze',
];

let test: TestCloud;
let folder: string;
let gate: TestGate;
let phone: TestPhone;
let samples: Samples;
let pretix: PretixStandIn;
/** What connects an event with it. */
let pretixConnection: Readonly<Record<string, unknown>>;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'postern-fuzz-'));
  const wallets = { apple: await makeAppleFiles(folder), google: makeGoogleFiles(folder).settings };
  test = await createTestCloud({ wallets });
  await test.json('POST', '/api/events', someEvent);
  const ticket = await test.json<TicketResponse>('POST', '/api/tickets', { event: 1, type: 1 });
  gate = await enrolTestGate(test, 1, 'gate-a');
  phone = createPhone(test);
  await test.json('POST', '/admin/events/1/publish');
  const manifest = await (await gate.request('GET', '/feed/1/manifest')).text();
  const snapshot = /"snapshot":\{[^}]*?"sha256":"([0-9a-f]{64})"/.exec(manifest)?.[1] ?? '';
  const [key] = (await test.cloud.keyRotation.list()).filter(({ purpose }) => purpose === 'token');
  const shop = createShop({ now: test.time.clock.wallMs });
  const list = shop.addList('Entrance');
  pretix = await startPretixStandIn({ shop });
  pretixConnection = { ...connection(pretix, list), id: list.id };
  samples = { event: '1', ticket: ticket.id, sha256: snapshot, key: key?.keyId ?? '', holder: '0'.repeat(32) };
});
afterAll(async () => {
  await test.close();
  await pretix.stop();
  rmSync(folder, { recursive: true, force: true });
});

interface Scene {
  readonly samples: Samples;
  readonly known: Readonly<Record<string, unknown>>;
  /** Of who asks. */
  readonly token: string;
}

/**
 * With an event, a ticket and a person of its own for each route, on which it can do something; the gate stays with its own event, and
 * what people do to their own account a person does who is needed for nothing else.
 */
async function sceneFor({ path, method }: Route): Promise<Scene> {
  if (path.startsWith('/feed')) return { samples, known, token: test.token };
  const { event } = await test.json<{ event: number }>('POST', '/api/events', someEvent);
  const status = path.endsWith('/reinstate') ? 'revoked' : 'valid';
  const { id } = await test.json<TicketResponse>('POST', '/api/tickets', { event, type: 1, status });
  if (path.includes('/geofence')) await test.json('PUT', `/api/events/${event}/geofence`, { zones: doorZones });
  if (path.includes('/face')) await allowFaces(test, event);
  if (path.startsWith('/api/tickets/{ticket}/face')) await test.json('POST', `/api/tickets/${id}/face`, enrolmentOf(1));
  const tokens = /\/(?:nft|wallet-\w+)$/.test(path) ? await withToken(event, id) : {};
  const person = await createPerson(test, 'steward', event);
  if (path.endsWith('/rehearsal') && method === 'DELETE')
    await test.json('POST', `/api/events/${event}/rehearsal`, {}, 200);
  // Nobody but the holder is given a face.
  const isForHolder = path.endsWith('/face/export');
  if (isForHolder) await test.json('PATCH', `/api/tickets/${id}`, { holder: { account: person.id } }, 200);
  // What is confirmed has been asked for.
  const asked = path.endsWith('/orders/confirm')
    ? await test.json<{ token: string }>('POST', `/api/events/${event}/orders`, { order: 'stop-entry' }, 200)
    : path.includes('/pretix')
      ? pretixConnection
      : {};
  if (path.includes('/pretix') && method !== 'put') {
    const { id: _list, ...connect } = pretixConnection;
    await test.json('PUT', `/api/events/${event}/pretix`, connect);
  }
  const link = path.startsWith('/api/my/') ? (await makeLink(test, id)).link : '';
  const claimed = path.includes('{holder}') ? ((await (await phone.claim(link)).json()) as Holding) : undefined;
  const claim = {
    secret: secretOf(link),
    holderKey: bytesToHex(phone.keys.publicKey),
    proof: bytesToHex(signClaim(secretOf(link), phone.keys)),
  };
  const mine = path === '/api/my/claims' ? claim : path.endsWith('/claim-links') ? { tickets: [id] } : {};
  return {
    samples: {
      ...samples,
      event: String(event),
      ticket: id,
      user: person.id ?? '',
      method: 'qr',
      holder: claimed?.holder ?? '0'.repeat(32),
    },
    known: { ...known, ...asked, ...tokens, ...mine, event, account: person.id ?? '' },
    token: path.startsWith('/me') || isForHolder ? (person.token ?? '') : test.token,
  };
}

/** The ticket is a token, and its wallet has signed. */
async function withToken(event: number, ticket: string): Promise<object> {
  await test.json('PUT', `/api/events/${event}/nft`, tokenRules, 200);
  const [wallet, tokenId] = [testWallet(1), 12n];
  await chainOf(test, event).own(tokenId, ticket, wallet.address);
  const holderKey = bytesToHex(keyPairFromSeed(new Uint8Array(32).fill(9)).publicKey);
  return { ...tokenRules, ...(await answerChallenge(test, event, { wallet, tokenId, holderKey })) };
}

/** Of the phone that has a ticket; whatever else its path says is asked by nobody. */
const ofHolder = /^\/api\/my\/([0-9a-f]{32})(\/[^?]*)?$/;
const isForGates = ({ path }: FuzzRequest): boolean => /^\/(?:feed|sync)\b/.test(path);

const document = async (): Promise<OpenApi> =>
  (await test.cloud.app.request('/openapi.json')).json() as Promise<OpenApi>;
const toInit = ({ method, headers, body }: FuzzRequest, token: string): RequestInit => ({
  method,
  headers: { Authorization: `Bearer ${token}`, ...headers },
  redirect: 'manual',
  ...(body === undefined ? {} : { body }),
});
const inProcess =
  (token = test.token): Send =>
  async (request) => {
    const { method, path, headers, body } = request;
    const [, holder, rest] = ofHolder.exec(path) ?? [];
    if (holder !== undefined && body === undefined) return phone.ask({ holder }, method, rest);
    if (!isForGates(request)) return test.cloud.app.request(path, toInit(request, token));
    return gate.request(method, path, typeof body === 'string' ? new TextEncoder().encode(body) : body, headers);
  };

/** The second database is there for what it says no to, not for more luck: it is asked less. */
const asked = databaseKind() === 'sqlite' ? { runs: 30, missedMax: 0 } : { runs: 10, every: 4, missedMax: 20 };
const fuzzMsMax = 600_000;

describe('every route', () => {
  it(
    'answers what it says, to whatever it is asked',
    async () => {
      const routes = routesOf(await document());
      expect(routes.length).toBeGreaterThan(25);
      const good: string[] = [];
      for (const route of routes) {
        const { token, ...scene } = await sceneFor(route);
        const statuses = await fuzzRoute(route, { send: inProcess(token), ...scene, ...asked });
        if ([...statuses].some((status) => status < 300)) good.push(labelOf(route));
      }
      // What is about events and tickets works, so that the rest was not all refused for one reason.
      const about = routes
        .filter(({ path }) => /^\/api\/(?:[^{]|\{(?:event|ticket|user|method|holder)\})*$/.test(path))
        .map(labelOf);
      expect(about.length).toBeGreaterThan(20);
      const missed = about.filter((label) => !good.includes(label) && !withoutGoodAnswer.includes(label));
      expect(missed.length, missed.join(', ')).toBeLessThanOrEqual(asked.missedMax);
    },
    fuzzMsMax,
  );

  // Which is the same whatever the database.
  const answersOverASocket = async (): Promise<void> => {
    const config = readConfig({ data: test.folder, database: test.databaseUrl, port: '0', logLevel: 'silent' });
    if (!config.ok) throw new Error(config.error.type);
    const listening = await serve(
      // The cloud of the other tests stays open.
      { ...test.cloud, endStreams: () => undefined, close: async () => undefined },
      { ...config.value, limitsFactor: 1_000 },
    );
    if (!listening.ok) throw new Error(listening.error.type);
    const { url, stop } = listening.value;
    for (const route of routesOf(await document())) {
      const { token, ...scene } = await sceneFor(route);
      const send: Send = (request) =>
        isForGates(request) ? inProcess(token)(request) : fetch(url + request.path, toInit(request, token));
      await fuzzRoute(route, { send, ...scene, runs: 5, every: 13 });
    }
    await stop();
  };
  if (databaseKind() === 'sqlite') it('answers the same over a socket', answersOverASocket, fuzzMsMax);

  it('asks who it is before anything else', async () => {
    for (const { method, path, who } of accessTable) {
      if (who === 'anyone') continue;
      const filled = path.replaceAll(/:(\w+)/g, (_all, name: string) => samples[name] ?? '0');
      const answer = await test.cloud.app.request(filled, { method, headers: { 'Content-Type': 'application/cbor' } });
      expect([method, path, answer.status]).toEqual([method, path, 401]);
    }
  });
});

/** Of a problem. */
async function typeOf(answer: Response | undefined): Promise<string | undefined> {
  if (answer?.headers.get('Content-Type') !== 'application/problem+json') return undefined;
  return ((await answer.clone().json()) as { readonly type: string }).type;
}

describe('a slash at the end of a path', () => {
  /** Nothing can be done to them, so that asking twice comes to the same. */
  const absent: Samples = { event: '999999', ticket: '0'.repeat(32) };
  it('changes nothing, for every route and method', async () => {
    const registered = new Set(
      test.cloud.app.routes
        .filter(({ method, path }) => method !== 'ALL' && path !== '/')
        .map(({ method, path }) => `${method} ${path}`),
    );
    expect(registered.size).toBeGreaterThan(25);
    for (const route of registered) {
      const [method = '', pattern = ''] = route.split(' ');
      const path = pattern.replaceAll(/:(\w+)/g, (_all, name: string) => absent[name] ?? samples[name] ?? 'none');
      // Nothing is asked of a body, which is enough to tell one route from another and from none.
      const [without, withSlash] = await Promise.all(
        [path, `${path}/`].map((asked) => inProcess()({ method, path: asked, headers: {} })),
      );
      // The pages whose files lie beside them send everybody there.
      if (route === 'GET /my' || route === 'GET /handheld') {
        const place = `${route.slice('GET /'.length)}/`;
        expect([without?.status, without?.headers.get('Location'), withSlash?.status]).toEqual([308, place, 200]);
        continue;
      }
      expect([route, withSlash?.status, withSlash?.headers.get('Content-Type')]).toEqual([
        route,
        without?.status,
        without?.headers.get('Content-Type'),
      ]);
      const [type, typeWithSlash] = await Promise.all([without, withSlash].map(typeOf));
      expect([route, typeWithSlash]).toEqual([route, type]);
      const isEndless = without?.headers.get('Content-Type') === 'text/event-stream';
      for (const answer of [without, withSlash]) await (isEndless ? answer?.body?.cancel() : answer?.arrayBuffer());
    }
  });

  it('is one slash, not two', async () => {
    expect((await test.api('GET', '/api/events//')).status).toBe(404);
  });
});
