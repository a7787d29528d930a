// Goal: who signs in at a real OpenID provider comes back as the same person every time, and nobody comes back as somebody else.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { UserView } from '@postern/shared';
import { readConfig } from '../../../cloud-sync/src/config.ts';
import { oidcFlowLifetimeMs } from '../../../cloud-sync/src/services/oidc.ts';
import { createTestCloud, type TestCloud } from '../../support/cloud.ts';
import { startProvider, type TestProvider } from '../../support/openid-provider.ts';
import { createBrowser, typeOf } from '../../support/people.ts';

let provider: TestProvider;
let test: TestCloud;
beforeAll(async () => {
  provider = await startProvider('https://cloud.test/oidc/callback');
  const { issuer, clientId, clientSecret } = provider;
  test = await createTestCloud({ oidc: { issuer, clientId, clientSecret } });
});
afterAll(async () => {
  await test.close();
  await provider.stop();
});

interface Flow {
  readonly url: string;
  readonly cookie: string;
}

async function begin(cloud = test): Promise<Flow> {
  const response = await cloud.cloud.app.request('/oidc/sign-in');
  expect([response.status, response.headers.get('Cache-Control')]).toEqual([302, 'no-store']);
  const cookie = response.headers.get('Set-Cookie') ?? '';
  expect(cookie).toMatch(/^postern_oidc=.*; Path=\/oidc; HttpOnly; Secure; SameSite=Lax$/);
  return { url: response.headers.get('Location') ?? '', cookie: cookie.split(';')[0] ?? '' };
}

const comeBack = async (back: string, cookie: string): Promise<Response> =>
  test.cloud.app.request(back.replace('https://cloud.test', ''), { headers: cookie === '' ? {} : { Cookie: cookie } });

/** The session's cookie, out of all that were set. */
const sessionIn = (response: Response): string =>
  response.headers
    .getSetCookie()
    .find((line) => line.startsWith('postern_session='))
    ?.split(';')[0] ?? '';

async function signIn(account: string): Promise<Response> {
  const { url, cookie } = await begin();
  return comeBack(await provider.signIn(url, account), cookie);
}

async function profile(response: Response): Promise<UserView> {
  expect([response.status, response.headers.get('Location')]).toEqual([302, '/']);
  const read = await test.cloud.app.request('/me', { headers: { Cookie: sessionIn(response) } });
  expect(read.status).toBe(200);
  return read.json();
}

describe('signing in at a provider', () => {
  it('makes a person at the first time and finds them again', async () => {
    provider.describe('ada', {
      name: 'Ada Lovelace',
      email: 'Ada@Provider.test',
      email_verified: true,
      locale: 'en-GB',
    });
    const first = await profile(await signIn('ada'));
    expect(first).toMatchObject({
      name: 'Ada Lovelace',
      email: 'ada@provider.test',
      language: 'en-GB',
      administrator: false,
      memberships: [],
    });
    provider.describe('ada', { name: 'Somebody Else', email: 'other@provider.test', email_verified: true });
    expect(await profile(await signIn('ada'))).toEqual(first);
    expect((await profile(await signIn('bob'))).id).not.toBe(first.id);
  });

  it('never leads into an account that was there before', async () => {
    await createBrowser(test).send('POST', '/sign-up', {
      email: 'victim@example.test',
      password: 'a long enough password',
      name: 'Victim',
    });
    provider.describe('mallory', { name: 'Mallory', email: 'victim@example.test', email_verified: true });
    const came = await profile(await signIn('mallory'));
    expect([came.name, came.email]).toEqual(['Mallory', undefined]);
  });

  it('takes no address that nobody has verified, and no name that is none', async () => {
    provider.describe('eve', { name: `\u0000${'x'.repeat(500)}`, email: 'eve@example.test', email_verified: false });
    expect(await profile(await signIn('eve'))).toMatchObject({ name: 'Guest' });
    expect((await profile(await signIn('eve'))).email).toBeUndefined();
  });

  it('does not let in who was locked out', async () => {
    const { id } = await profile(await signIn('locked'));
    await test.json('PATCH', `/admin/users/${id}`, { disabled: true });
    expect(await typeOf(await signIn('locked'))).toBe('401 oidc-failed');
  });

  it('asks with PKCE, and anew each time', async () => {
    const [one, two] = [new URL((await begin()).url), new URL((await begin()).url)];
    expect(Object.fromEntries(one.searchParams)).toMatchObject({
      response_type: 'code',
      code_challenge_method: 'S256',
      redirect_uri: 'https://cloud.test/oidc/callback',
    });
    for (const name of ['state', 'nonce', 'code_challenge'])
      expect(one.searchParams.get(name)).not.toBe(two.searchParams.get(name));
  });
});

describe('an answer of the provider', () => {
  const failed = '401 oidc-failed';

  it('is of no use in another browser', async () => {
    const [victim, attacker] = [await begin(), await begin()];
    const back = await provider.signIn(attacker.url, 'attacker');
    expect(await typeOf(await comeBack(back, victim.cookie))).toBe(failed);
    expect(await typeOf(await comeBack(back, ''))).toBe(failed);
    const refused = await comeBack(back, 'postern_oidc=AAAA');
    expect([await typeOf(refused), sessionIn(refused)]).toEqual([failed, '']);
  });

  it('is good once', async () => {
    const { url, cookie } = await begin();
    const back = await provider.signIn(url, 'once');
    expect((await comeBack(back, cookie)).status).toBe(302);
    expect(await typeOf(await comeBack(back, cookie))).toBe(failed);
  });

  it('is worth nothing when it is altered, refused or missing', async () => {
    const { url, cookie } = await begin();
    const back = new URL(await provider.signIn(url, 'altered'));
    const alter = (change: (query: URLSearchParams) => void): string => {
      const altered = new URL(back);
      change(altered.searchParams);
      return altered.href;
    };
    for (const altered of [
      alter((query) => query.set('state', 'another')),
      alter((query) => query.delete('state')),
      alter((query) => query.set('iss', 'http://evil.example')),
      alter((query) => query.set('code', 'another')),
      alter((query) => query.delete('code')),
      'https://cloud.test/oidc/callback',
      `https://cloud.test/oidc/callback?error=access_denied&state=${back.searchParams.get('state') ?? ''}`,
      `https://cloud.test/oidc/callback?code=${'x'.repeat(10_000)}`,
    ])
      expect([altered.slice(0, 60), await typeOf(await comeBack(altered, cookie))]).toEqual([
        altered.slice(0, 60),
        failed,
      ]);
  });

  it('comes too late after ten minutes', async () => {
    const { url, cookie } = await begin();
    const back = await provider.signIn(url, 'late');
    await test.time.advance(oidcFlowLifetimeMs);
    expect(await typeOf(await comeBack(back, cookie))).toBe(failed);
  });

  it('that needs another verifier is refused by the provider itself', async () => {
    const [one, two] = [await begin(), await begin()];
    // The code of one flow under the state of the other.
    const code = new URL(await provider.signIn(one.url, 'mixed')).searchParams.get('code') ?? '';
    const back = new URL(await provider.signIn(two.url, 'mixed'));
    back.searchParams.set('code', code);
    expect(await typeOf(await comeBack(back.href, two.cookie))).toBe(failed);
  });
});

describe('without a provider', () => {
  it('there is nothing to sign in at', async () => {
    const plain = await createTestCloud();
    for (const path of ['/oidc/sign-in', '/oidc/callback?code=x&state=y'])
      expect(await typeOf(await plain.cloud.app.request(path))).toBe('404 not-found');
    await plain.close();
  });

  it('that answers, people are told so, and it is asked again later', async () => {
    const gone = await startProvider('https://cloud.test/oidc/callback');
    await gone.stop();
    const logged: unknown[] = [];
    const note = (...line: readonly unknown[]): void => void logged.push(line);
    const cloud = await createTestCloud({ oidc: gone, log: { info: () => undefined, warn: note, error: note } });
    expect(await typeOf(await cloud.cloud.app.request('/oidc/sign-in'))).toBe('503 oidc-unreachable');
    expect(JSON.stringify(logged)).toContain('does not answer');
    expect(JSON.stringify(logged)).not.toContain(gone.clientSecret);
    await cloud.close();
  });

  it.each([
    [
      'http elsewhere',
      { ISSUER: 'http://id.example', CLIENT_ID: 'a', CLIENT_SECRET: 'b' },
      'POSTERN_CLOUD_OIDC_ISSUER',
    ],
    [
      'http at a name that only begins like ours',
      { ISSUER: 'http://localhost.example', CLIENT_ID: 'a', CLIENT_SECRET: 'b' },
      'POSTERN_CLOUD_OIDC_ISSUER',
    ],
    ['no secret', { ISSUER: 'https://id.example', CLIENT_ID: 'a' }, 'POSTERN_CLOUD_OIDC_CLIENT_SECRET'],
  ])('that is properly configured it does not start: %s', (_what, settings, named) => {
    const environment = Object.fromEntries(
      Object.entries(settings).map(([name, value]) => [`POSTERN_CLOUD_OIDC_${name}`, value]),
    );
    const config = readConfig({}, environment);
    expect(config.ok ? '' : config.error.problems.join()).toContain(named);
  });
});
