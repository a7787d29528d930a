// Every page of the cloud is shown under rules without exceptions, whatever it is for.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTestCloud, type TestCloud } from '../../support/cloud.ts';

let test: TestCloud;
beforeAll(async () => {
  test = await createTestCloud();
});
afterAll(() => test.close());

const rulesOf = async (path: string): Promise<ReadonlyMap<string, string>> => {
  const { headers } = await test.request(path);
  const rules = headers.get('Content-Security-Policy') ?? '';
  return new Map(rules.split('; ').map((rule) => [rule.split(' ')[0] ?? '', rule.replace(/^\S+ /, '')]));
};

it.each([
  ['/', "'self'"],
  ['/my/', "'self'"],
  ['/face/', "'self' 'wasm-unsafe-eval'"],
])('%s takes nothing from elsewhere and nothing that stands in it', async (path, scripts) => {
  const rules = await rulesOf(path);
  expect(rules.get('default-src')).toBe("'none'");
  expect(rules.get('script-src')).toBe(scripts);
  for (const name of ['style-src', 'connect-src']) expect(rules.get(name)).toBe("'self'");
  for (const name of ['form-action', 'frame-ancestors']) expect(rules.get(name)).toBe("'none'");
  for (const rule of rules.values()) expect(rule).not.toMatch(/unsafe-(inline|eval)(?<!wasm-unsafe-eval)|\*|https?:/);
  const { headers } = await test.request(path);
  expect(headers.get('X-Content-Type-Options')).toBe('nosniff');
  expect(headers.get('Referrer-Policy')).toBe('no-referrer');
  expect(headers.get('Cross-Origin-Opener-Policy')).toBe('same-origin');
  expect(headers.get('Cross-Origin-Resource-Policy')).toBe('same-origin');
  expect(headers.get('X-Frame-Options')).toBe('DENY');
});

it('says who is signed in to whoever asks, and nobody where nobody is', async () => {
  const ask = async (cookie?: string): Promise<unknown> =>
    (await test.request('/session', cookie === undefined ? {} : { headers: { Cookie: cookie } })).json();
  expect(await ask()).toEqual({ provider: false });
  expect(await ask('postern_session=made-up')).toEqual({ provider: false });
  const signedIn = await test.request('/session', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ token: test.token }),
  });
  const cookie = /^[^;]+/.exec(signedIn.headers.get('Set-Cookie') ?? '')?.[0];
  expect(await ask(cookie)).toMatchObject({ provider: false, user: { administrator: true, disabled: false } });
});
