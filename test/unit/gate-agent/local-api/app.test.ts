import { err, ok, type Steward, type StewardAction } from '@postern/shared';
import { Hono } from 'hono';
import { describe, expect, test } from 'vitest';
import { createLocalApi, type LocalApiDeps } from '../../../../gate-agent/src/local-api/app.ts';
import { createStaffCalls } from '../../../../gate-agent/src/staff-calls.ts';
import { silentLogger } from '../../../support/lane-rig.ts';
import { createVirtualTime } from '../../../support/virtual-time.ts';
import { createEventHub } from '../../../../gate-agent/src/local-api/event-hub.ts';
import { allowedHosts } from '../../../../gate-agent/src/local-api/guard.ts';
import type { GateHealth } from '../../../../gate-agent/src/local-api/health.ts';

const host = '127.0.0.1:8137';
const action = { type: 'undo', lane: 'one', reason: 'wrong-person' };
const credentials = { operator: 'abcdefgh', pin: '4711' };
const session = 'ab'.repeat(24);

function createApp(act: Steward['act'] = async () => ok({}), state: GateHealth['state'] = 'green') {
  const asked: { readonly action: StewardAction; readonly pin?: string; readonly session?: string }[] = [];
  const signedOn: unknown[] = [];
  const errors: unknown[] = [];
  const hub = createEventHub();
  const timer = createVirtualTime().timer;
  const calls = createStaffCalls({
    lanes: () => ['one'],
    nowMs: () => 1_000,
    timer,
    changed: (waiting) => hub.publish('calls', waiting),
  });
  const deps = {
    hosts: () => allowedHosts('127.0.0.1', 8137, ['gate-a.venue']),
    frameAncestors: ['http://127.0.0.1:*'],
    hub,
    screens: {
      hello: () => ({
        gate: { id: 'gate-a', name: 'Gate A' },
        lanes: [],
        boot: '00',
        languages: ['en'],
        display: { volume: 60, callButton: true },
      }),
      beat: () => ({ nowMs: 1, timeZone: 'UTC', clockTrusted: true, noContactSinceMs: undefined }),
      laneStates: () => [],
      views: () => [],
      tell: () => undefined,
      refresh: () => undefined,
    },
    health: () => ({ state }) as GateHealth,
    status: async () => ({ marks: 3 }),
    steward: () => ({
      act: async (who, what, signal) => {
        asked.push({ action: what, ...('pin' in who ? { pin: who.pin } : { session: who.session }) });
        return act(who, what, signal);
      },
    }),
    orders: () => ({ orders: [] }),
    reports: [
      {
        event: 7,
        cases: async () => ({ cases: [], count: 0, atMs: 1 }),
        rollCall: async () => ({ event: 7, atMs: 1, zones: [] }),
      },
    ],
    zones: () => [],
    nextBand: async () => 'none',
    writePass: async () => ({ ok: false, error: { type: 'cloud-unreachable' } }),
    gateName: (gate) => gate,
    timeZone: () => 'UTC',
    signOn: () => ({
      check: async () => ({ ok: false, error: { type: 'signed-off' } }),
      signOn: async (name, pin) => {
        signedOn.push({ ...name, pin });
        return pin === '4711'
          ? { ok: true, value: { operator: 'op1steward', role: 'steward', session, idleMs: 1, endsInMs: 2 } }
          : { ok: false, error: { type: 'pin-wrong' } };
      },
      signOff: (ended) => void signedOn.push(ended),
    }),
    calls,
    logger: { ...silentLogger, error: (fields, text) => void errors.push({ ...fields, text }) },
    clock: { wallMs: () => 0, monotonicMs: () => 5 },
    pages: new Hono(),
  } satisfies LocalApiDeps;
  const app = createLocalApi(deps);
  const get = (path: string, headers: Record<string, string> = {}) =>
    app.request(path, { headers: { Host: host, ...headers } });
  const post = (body: unknown, headers: Record<string, string> = {}, path = '/steward') =>
    app.request(path, {
      method: 'POST',
      headers: { Host: host, 'Content-Type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
  return { get, post, asked, signedOn, errors, hub, calls };
}

const typeOf = async (response: Response): Promise<unknown> => ((await response.json()) as { type?: unknown }).type;

describe('who may talk to the port', () => {
  test.each(['evil.example', 'evil.example:8137', '127.0.0.1:80', '', '127.0.0.1:8137.evil.example'])(
    'not somebody who calls it %j',
    async (name) => {
      const response = await createApp().get('/health', { Host: name });
      expect(response.status).toBe(403);
      expect(await typeOf(response)).toBe('host-not-allowed');
    },
  );

  test.each([host, 'localhost:8137', 'LOCALHOST:8137', 'gate-a.venue:8137'])(
    'somebody who calls it %s',
    async (name) => {
      expect((await createApp().get('/health', { Host: name })).status).toBe(200);
    },
  );

  test('everything is told not to be guessed at, cached or framed by strangers', async () => {
    const { headers } = await createApp().get('/health');
    expect(headers.get('X-Content-Type-Options')).toBe('nosniff');
    expect(headers.get('Cache-Control')).toBe('no-store');
    expect(headers.get('Content-Security-Policy')).toContain("frame-ancestors 'self' http://127.0.0.1:*");
    expect(headers.get('Content-Security-Policy')).not.toContain('unsafe');
  });
});

test('what fails inside is told to the log and not to whoever asked', async () => {
  const { post, errors } = createApp(async () => {
    throw new Error('the disk is gone');
  });
  const response = await post({ ...credentials, action });
  expect(response.status).toBe(500);
  expect(await response.text()).not.toContain('disk');
  expect(errors).toEqual([
    { method: 'POST', path: '/steward', cause: 'Error: the disk is gone', text: 'A request to the local port failed' },
  ]);
});

describe('health', () => {
  test.each([
    ['green', 200],
    ['yellow', 200],
    ['red', 503],
  ] as const)('is %s with status %d for monitors', async (state, status) => {
    const response = await createApp(undefined, state).get('/healthz');
    expect([response.status, await response.text()]).toEqual([status, state]);
  });
});

test('the cases that the gate knows are there to read, and nothing can be done to them', async () => {
  const { get, post } = createApp();
  expect(await (await get('/cases')).json()).toEqual({ cases: [], count: 0, atMs: 1 });
  expect((await post({ state: 'closed' }, {}, '/cases')).status).toBe(404);
});

describe('a steward action', () => {
  test('reaches the steward module and answers with its outcome', async () => {
    const { post, asked } = createApp();
    const response = await post({ ...credentials, action });
    expect(response.status).toBe(200);
    expect(asked).toEqual([{ action, pin: '4711' }]);
  });

  test('a pass-out becomes a typed presentation', async () => {
    const { post, asked } = createApp();
    await post({ ...credentials, action: { type: 'pass-out', lane: 'one', text: 'ABCDE-FGHIJ' } });
    expect(asked[0]?.action).toMatchObject({
      presentation: { medium: 'typed', text: 'ABCDE-FGHIJ', readerId: 'steward' },
    });
  });

  test.each([
    ['a form', { 'Content-Type': 'application/x-www-form-urlencoded' }, 415],
    ['plain text that happens to be JSON', { 'Content-Type': 'text/plain' }, 415],
    ['another origin', { Origin: 'http://evil.example' }, 403],
    ['another port of this machine', { Origin: 'http://127.0.0.1:9999' }, 403],
    ['an opaque origin', { Origin: 'null' }, 403],
    ['a page of another site', { 'Sec-Fetch-Site': 'cross-site' }, 403],
  ])('from %s is turned away before anybody looks at it', async (_what, headers, status) => {
    const { post, asked } = createApp();
    expect((await post({ ...credentials, action }, headers)).status).toBe(status);
    expect(asked).toEqual([]);
  });

  test('from a page of this gate is taken', async () => {
    const { post } = createApp();
    expect(
      (await post({ ...credentials, action }, { Origin: `http://${host}`, 'Sec-Fetch-Site': 'same-origin' })).status,
    ).toBe(200);
  });

  test.each([
    ['not JSON', '{'],
    ['an unknown action', { ...credentials, action: { type: 'open-sesame', lane: 'one' } }],
    ['an unknown field', { ...credentials, action, admin: true }],
    ['a PIN that is no PIN', { ...credentials, pin: '12', action }],
    [
      'too many persons',
      { ...credentials, action: { type: 'override', lane: 'one', reason: 'other', persons: 1_000 } },
    ],
    ['a reason nobody has listed', { ...credentials, action: { type: 'override', lane: 'one', reason: 'because' } }],
  ])('with %s is refused as invalid', async (_what, body) => {
    const response = await createApp().post(body);
    expect(response.status).toBe(400);
    expect(await typeOf(response)).toBe('request-invalid');
  });

  test('that is refused says why in every language, in the venue’s time', async () => {
    const atMs = Date.UTC(2026, 6, 1, 17, 2);
    const refusal = { type: 'already-used', detail: { gate: 'gate-b', atMs } } as const;
    const { post } = createApp(async () => err({ type: 'refused', refusal }));
    const response = await post({ ...credentials, action });
    expect([response.status, await response.json()]).toEqual([
      409,
      expect.objectContaining({
        type: 'refused',
        refusal: {
          ...refusal,
          text: {
            en: expect.stringMatching(/gate-b.*17:02/) as string,
            de: expect.stringMatching(/gate-b.*17:02/) as string,
          },
        },
      }),
    ]);
  });

  test('larger than a form ever is, is cut off', async () => {
    const response = await createApp().post({ ...credentials, action, filler: 'x'.repeat(20_000) });
    expect(response.status).toBe(413);
  });

  test('says how long to wait after too many wrong PINs', async () => {
    const { post } = createApp(async () => err({ type: 'too-many-attempts', waitMs: 1_234 }));
    const response = await post({ ...credentials, action });
    expect([response.status, await response.json()]).toEqual([
      429,
      expect.objectContaining({ type: 'too-many-attempts', waitMs: 1_234 }),
    ]);
  });

  test('that failed never repeats the PIN', async () => {
    const { post } = createApp(async () => err({ type: 'pin-wrong' }));
    const response = await post({ ...credentials, action });
    expect(response.status).toBe(401);
    expect(await response.text()).not.toContain('4711');
  });
});

describe('a shift', () => {
  const code = 'PS1:0123456789ABCDEFGHJKMNPQRS';
  test.each([
    ['operator', { operator: 'abcdefgh', pin: '4711' }],
    ['card', { code, pin: '4711' }],
  ])('begins with %s and PIN', async (_what, body) => {
    const { post, signedOn } = createApp();
    const response = await post(body, {}, '/steward/sign-on');
    expect([response.status, await response.json()]).toEqual([200, expect.objectContaining({ session })]);
    expect(signedOn).toEqual([body]);
  });

  test('acts without a PIN', async () => {
    const { post, asked } = createApp();
    expect((await post({ session, action })).status).toBe(200);
    expect(asked).toEqual([{ action, session }]);
  });

  test('that is over says so', async () => {
    const { post } = createApp(async () => err({ type: 'signed-off' }));
    const response = await post({ session, action });
    expect([response.status, await typeOf(response)]).toEqual([401, 'signed-off']);
  });

  test('ends when somebody says so', async () => {
    const { post, signedOn } = createApp();
    expect((await post({ session }, {}, '/steward/sign-off')).status).toBe(204);
    expect(signedOn).toEqual([session]);
  });

  test.each([
    ['/steward/sign-on', { code, operator: 'abcdefgh', pin: '4711' }],
    ['/steward/sign-on', { code: 'PS1:short', pin: '4711' }],
    ['/steward/sign-on', { code: code.toLowerCase(), pin: '4711' }],
    ['/steward/sign-on', { pin: '4711' }],
    ['/steward/sign-on', { operator: 'abcdefgh', pin: 4711 }],
    ['/steward/sign-on', []],
    ['/steward/sign-off', {}],
    ['/steward/sign-off', { session: 'x' }],
    ['/steward', { session, operator: 'abcdefgh', pin: '4711', action }],
    ['/steward', { session: ['x'], action }],
  ])('is asked for properly at %s, not with %j', async (path, body) => {
    const { post, asked, signedOn } = createApp();
    const response = await post(body, {}, path);
    expect([response.status, await typeOf(response)]).toEqual([400, 'request-invalid']);
    expect([asked, signedOn]).toEqual([[], []]);
  });

  test.each(['/steward/sign-on', '/steward/sign-off'])('is nothing for pages of other sites at %s', async (path) => {
    const { post, signedOn } = createApp();
    expect(
      (await post({ operator: 'abcdefgh', pin: '4711', session }, { Origin: 'http://evil.example' }, path)).status,
    ).toBe(403);
    expect(signedOn).toEqual([]);
  });

  test('that does not begin never repeats PIN or card', async () => {
    const { post } = createApp();
    const response = await post({ code, pin: '9999' }, {}, '/steward/sign-on');
    const text = await response.text();
    expect([response.status, text.includes('9999'), text.includes(code)]).toEqual([401, false, false]);
  });
});

describe('live events', () => {
  test('begin with who the gate is and go on with what happens', async () => {
    const { get, hub } = createApp();
    const response = await get('/events');
    const reader = response.body?.getReader();
    const decoder = new TextDecoder();
    let text = '';
    const readUntil = async (needle: string): Promise<void> => {
      while (!text.includes(needle)) text += decoder.decode((await reader?.read())?.value, { stream: true });
    };
    await readUntil('event: beat');
    expect(text).toMatch(/^event: hello\ndata: \{"gate":\{"id":"gate-a"/);
    hub.publish('view', { lane: 'one' });
    await readUntil('event: view\ndata: {"lane":"one"}');
    await reader?.cancel();
  });
});

describe('a call for staff', () => {
  test('is taken from the gate’s own pages, and answered by what staff do at the lane', async () => {
    const { post, calls } = createApp();
    expect((await post({ lane: 'one' }, {}, '/call')).status).toBe(204);
    expect(calls.waiting()).toEqual([{ lane: 'one', sinceMs: 1_000 }]);
    expect((await post({ ...credentials, action })).status).toBe(200);
    expect(calls.waiting()).toEqual([]);
    await post({ lane: 'one' }, {}, '/call');
    expect((await post({ lane: 'one', answered: true }, {}, '/call')).status).toBe(204);
    expect(calls.waiting()).toEqual([]);
  });

  test('stays where staff were turned down', async () => {
    const { post, calls } = createApp(async () => err({ type: 'pin-wrong' }));
    await post({ lane: 'one' }, {}, '/call');
    await post({ ...credentials, action });
    expect(calls.waiting()).toHaveLength(1);
  });

  test.each([
    ['another page', { lane: 'one' }, { Origin: 'http://evil.example' }, 403],
    ['a form', { lane: 'one' }, { 'Content-Type': 'text/plain' }, 415],
    ['an unknown lane', { lane: 'nine' }, {}, 404],
    ['no lane', {}, {}, 400],
    ['more than a call', { lane: 'one', text: 'hello' }, {}, 400],
    ['too much', { lane: 'a'.repeat(2_000) }, {}, 413],
  ] as const)('is not taken from %s', async (_what, body, headers, status) => {
    const { post, calls } = createApp();
    expect((await post(body, headers, '/call')).status).toBe(status);
    expect(calls.waiting()).toEqual([]);
  });
});
