// The door for handhelds: pages of one origin, requests signed for this very gate by somebody that the feed lists, and nothing else.
import { request } from 'node:https';
import { afterEach, beforeAll, expect, test } from 'vitest';
import {
  createNonces,
  encodeRequestToken,
  gateWebStatusPath,
  gateWebSyncPath,
  gateWebTokenAudience,
  keyPairFromSeed,
  ready,
  sha256,
  utf8,
  type TokenRequest,
} from '@postern/shared';
import { startWebDoor, unprovenMax, type WebDoor } from '../../../../gate-agent/src/replication/web-door.ts';
import { createSystemRandom } from '../../../../gate-agent/src/system.ts';
import { silentLog } from '../../../support/cloud.ts';
import { createWebTls } from '../../../support/deployment.ts';
import { createVirtualTime, type VirtualTime } from '../../../support/virtual-time.ts';

const origin = 'https://tickets.example.org';
const phone = { id: 'phone-1', keys: () => keyPairFromSeed(sha256(utf8('phone'))) };
const heard: { readonly sender: string; readonly message: Uint8Array }[] = [];
const newOrigin = 'https://new.example';
let door: WebDoor;
let time: VirtualTime;
let listed: ReadonlySet<string>;
let tls: { readonly key: string; readonly cert: string };

beforeAll(async () => {
  await ready;
  tls = await createWebTls('gate-a.gates.test');
});
afterEach(() => door.close());

const open = async (): Promise<void> => {
  heard.length = 0;
  time = createVirtualTime();
  listed = new Set([phone.id]);
  door = await startWebDoor({
    gate: 'gate-a',
    address: '127.0.0.1:0',
    tls,
    origins: () => [origin, newOrigin, ''],
    trust: () => ({
      atMs: 0,
      timeTrusted: true,
      graceMs: 0,
      listedKey: (id) => (listed.has(id) ? phone.keys().publicKey : undefined),
    }),
    answer: async (sender, message) => {
      heard.push({ sender, message });
      return { status: 200, body: Uint8Array.of(7) };
    },
    status: () => ({ v: 1, gate: 'gate-a', event: 1, peersReachable: 2, cloudReachable: false }),
    statedTime: () => '1000;5',
    nonces: createNonces(new Uint8Array(32), time.clock, createSystemRandom()),
    clock: time.clock,
    log: silentLog,
  });
};

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

const ask = (
  method: string,
  path: string,
  headers: Readonly<Record<string, string>> = { Origin: origin },
  body: Uint8Array = new Uint8Array(0),
): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const outgoing = request(
      { host: '127.0.0.1', port: door.port, method, path, headers, rejectUnauthorized: false },
      (response) => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(parts) }),
        );
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });

const freshNonce = async (): Promise<string> =>
  String((await ask('GET', gateWebStatusPath('gate-a'))).headers['postern-nonce']);

const sync = async (change: Partial<TokenRequest> = {}, sent: Uint8Array = utf8('marks')): Promise<Answer> => {
  const token = encodeRequestToken(
    {
      audience: gateWebTokenAudience,
      issuer: phone.id,
      nonce: await freshNonce(),
      method: 'POST',
      path: gateWebSyncPath('gate-a'),
      body: utf8('marks'),
      nowMs: 0,
      ...change,
    },
    phone.keys(),
  );
  return ask('POST', gateWebSyncPath('gate-a'), { Origin: origin, Authorization: `Bearer ${token}` }, sent);
};

test('answers a handheld that the feed lists, and tells it the time', async () => {
  await open();
  const answer = await sync();
  expect(answer).toMatchObject({ status: 200, body: Buffer.from([7]) });
  expect(answer.headers).toMatchObject({
    'access-control-allow-origin': origin,
    'postern-time': '1000;5',
    'cache-control': 'no-store',
  });
  expect(heard).toEqual([{ sender: phone.id, message: utf8('marks') }]);
});

test('lets pages of its origin ask first, also from another kind of network', async () => {
  await open();
  const asking = { Origin: origin, 'Access-Control-Request-Private-Network': 'true' };
  const allowed = await ask('OPTIONS', gateWebSyncPath('gate-a'), asking);
  expect(allowed.status).toBe(204);
  expect(allowed.headers).toMatchObject({
    'access-control-allow-origin': origin,
    'access-control-allow-private-network': 'true',
    'access-control-allow-headers': 'Authorization, Content-Type',
  });
});

test('answers pages from where the cloud has moved to, too', async () => {
  await open();
  const { status, headers } = await ask('GET', gateWebStatusPath('gate-a'), { Origin: newOrigin });
  expect([status, headers['access-control-allow-origin']]).toEqual([204, newOrigin]);
});

test.each(['https://evil.example', '', `${origin}.evil.example`, 'null'])('answers no page of %s', async (other) => {
  await open();
  for (const method of ['OPTIONS', 'GET']) {
    const refused = await ask(method, gateWebStatusPath('gate-a'), { Origin: other });
    expect(refused.status).toBe(403);
    expect(refused.headers['access-control-allow-origin']).toBeUndefined();
    expect(refused.headers['postern-nonce']).toBeUndefined();
  }
});

test.each([
  ['for the cloud', { audience: 'postern-cloud' }],
  ['for another gate', { path: gateWebSyncPath('gate-b') }],
  ['for another message', { body: utf8('other marks') }],
  ['by somebody who is not listed', { issuer: 'phone-2' }],
  ['with a nonce of its own making', { nonce: 'a'.repeat(38) }],
] as const)('believes nothing that was signed %s', async (_what, change) => {
  await open();
  expect((await sync(change)).status).toBe(401);
  expect(heard).toEqual([]);
});

test('hears no more of a handheld that a newer feed has taken off the list', async () => {
  await open();
  expect((await sync()).status).toBe(200);
  listed = new Set();
  expect((await sync()).status).toBe(401);
});

test('takes an old nonce for no attempt, and gives another', async () => {
  await open();
  const nonce = await freshNonce();
  await time.advance(10 * 60_000);
  const late = await sync({ nonce });
  expect(late.status).toBe(401);
  expect(late.body.toString()).toBe('nonce-needed');
  expect((await sync({ nonce: String(late.headers['postern-nonce']) })).status).toBe(200);
});

test('listens to an address no longer for a while once it has proved nobody all the time', async () => {
  await open();
  for (let tries = 0; tries < unprovenMax; tries += 1) expect((await sync({ issuer: 'phone-2' })).status).toBe(401);
  expect((await sync()).status).toBe(429);
  await time.advance(61_000);
  expect((await sync()).status).toBe(200);
});

test('knows no other address, and shows its status to handhelds alone', async () => {
  await open();
  expect((await ask('GET', '/')).status).toBe(404);
  expect((await ask('GET', gateWebSyncPath('gate-a'))).status).toBe(404);
  expect((await ask('POST', gateWebSyncPath('gate-b'))).status).toBe(404);
  expect((await ask('GET', gateWebStatusPath('gate-a'))).body).toHaveLength(0);
  const token = encodeRequestToken(
    {
      audience: gateWebTokenAudience,
      issuer: phone.id,
      nonce: await freshNonce(),
      method: 'GET',
      path: gateWebStatusPath('gate-a'),
      body: new Uint8Array(0),
      nowMs: 0,
    },
    phone.keys(),
  );
  const shown = await ask('GET', gateWebStatusPath('gate-a'), { Origin: origin, Authorization: `Bearer ${token}` });
  expect(JSON.parse(shown.body.toString())).toMatchObject({ gate: 'gate-a', peersReachable: 2 });
});
