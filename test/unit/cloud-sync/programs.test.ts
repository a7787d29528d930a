// Goal: programs get exactly what they were granted, for as long as it holds, and a stolen, expired, altered or re-used token is worth nothing.
import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  oauthErrorSchema,
  tokenResponseSchema,
  type ApiKeyCreated,
  type ApiKeyView,
  type ClientCreated,
  type TokenResponse,
} from '@postern/shared';
import { accessTokenLifetimeMs } from '../../../cloud-sync/src/services/access-tokens.ts';
import { familyLifetimeMs } from '../../../cloud-sync/src/services/oauth.ts';
import { createTestCloud, someEvent, type TestCloud } from '../../support/cloud.ts';
import { askAs, typeOf } from '../../support/people.ts';

let test: TestCloud;
let client: ClientCreated;
let otherClient: ClientCreated;
beforeAll(async () => {
  test = await createTestCloud();
  await test.json('POST', '/api/events', someEvent);
  await test.json('POST', '/api/events', someEvent);
  client = await register();
  otherClient = await register();
});
afterAll(() => test.close());

const register = (): Promise<ClientCreated> =>
  test.json('POST', '/admin/clients', { name: 'Shop', scopes: ['events:read', 'tickets:write'], events: [1] });

type Fields = Readonly<Record<string, string>>;
const basic = ({ id, secret }: Pick<ClientCreated, 'id' | 'secret'>): string =>
  `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;
const postForm = async (path: string, form: string, headers: Fields = {}): Promise<Response> =>
  test.cloud.app.request(path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/x-www-form-urlencoded', ...headers },
    body: form,
  });
const formOf = (fields: Fields): string => new URLSearchParams(fields).toString();
const post = async (path: string, fields: Fields, as: ClientCreated = client): Promise<Response> =>
  postForm(path, formOf(fields), { Authorization: basic(as) });

async function grant(fields: Fields = {}, as?: ClientCreated): Promise<TokenResponse> {
  const response = await post('/oauth/token', { grant_type: 'client_credentials', ...fields }, as);
  expect([response.status, response.headers.get('Cache-Control'), response.headers.get('Pragma')]).toEqual([
    200,
    'no-store',
    'no-cache',
  ]);
  return tokenResponseSchema.parse(await response.json());
}
const refresh = (token: string | undefined, as?: ClientCreated): Promise<Response> =>
  post('/oauth/token', { grant_type: 'refresh_token', refresh_token: token ?? '' }, as);
const grantOffline = (as?: ClientCreated): Promise<TokenResponse> => grant({ scope: 'events:read offline_access' }, as);
const use = async (token: string, path = '/api/events/1'): Promise<string> =>
  typeOf(await askAs(test, { token }, 'GET', path));

async function errorOf(response: Response): Promise<string> {
  expect([response.headers.get('Cache-Control'), response.headers.get('Pragma')]).toEqual(['no-store', 'no-cache']);
  return `${response.status} ${oauthErrorSchema.parse(await response.json()).error}`;
}

describe('an access token', () => {
  it('reaches the events and scopes of its client and no more', async () => {
    const { access_token: token, expires_in: seconds, scope, refresh_token: refreshToken } = await grant();
    expect([seconds * 1_000, scope, refreshToken]).toEqual([
      accessTokenLifetimeMs,
      'events:read tickets:write',
      undefined,
    ]);
    expect(await use(token)).toBe('200');
    expect(await use(token, '/api/events/2')).toBe('404 event-unknown');
    expect(await use(token, '/me')).toBe('403 scope-too-narrow');
    expect(await typeOf(await askAs(test, { token }, 'POST', '/api/tickets', { event: 1, type: 1 }))).toBe('201');
    const narrow = (await grant({ scope: 'events:read' })).access_token;
    expect(await typeOf(await askAs(test, { token: narrow }, 'POST', '/api/tickets', { event: 1, type: 1 }))).toBe(
      '403 scope-too-narrow',
    );
  });

  it('ends after its time, and a refusal says how to ask', async () => {
    const { access_token: token } = await grant();
    await test.time.advance(accessTokenLifetimeMs - 1_000);
    expect(await use(token)).toBe('200');
    await test.time.advance(1_000);
    const refused = await askAs(test, { token }, 'GET', '/api/events/1');
    expect([refused.status, refused.headers.get('WWW-Authenticate')]).toEqual([
      401,
      'Bearer realm="postern", error="invalid_token"',
    ]);
    expect((await askAs(test, {}, 'GET', '/api/events/1')).headers.get('WWW-Authenticate')).toBe(
      'Bearer realm="postern"',
    );
  });

  it('ends with its client, at once', async () => {
    const doomed = await register();
    const [token, family] = [(await grant({}, doomed)).access_token, await grantOffline(doomed)];
    expect(await use(token)).toBe('200');
    await test.api('DELETE', `/admin/clients/${doomed.id}`);
    expect(await use(token)).toBe('401 sign-in-needed');
    expect(await errorOf(await refresh(family.refresh_token, doomed))).toBe('401 invalid_client');
    expect(await typeOf(await test.api('DELETE', `/admin/clients/${doomed.id}`))).toBe('404 client-unknown');
  });

  it('that is altered, unsigned, or signed by somebody else is worth nothing', async () => {
    const { access_token: token } = await grant();
    const [head = '', claims = '', signature = ''] = token.split('.');
    const read = (part: string): object => JSON.parse(Buffer.from(part, 'base64url').toString());
    const write = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const signAs = (header: object, body: object = read(claims)): string => {
      const text = `${write(header)}.${write(body)}`;
      return `${text}.${sign(null, Buffer.from(text), privateKey).toString('base64url')}`;
    };
    const jwk = publicKey.export({ format: 'jwk' });
    const hmacText = `${write({ ...read(head), alg: 'HS256' })}.${claims}`;
    const more = { ...read(claims), scope: 'events:read events:write people:write', sub: otherClient.id };
    const forged = [
      `${head}.${write(more)}.${signature}`,
      `${head}.${claims}.${signature.replace(/^./, (first) => (first === 'A' ? 'B' : 'A'))}`,
      `${head}.${claims}.${Buffer.alloc(64).toString('base64url')}`,
      `${write({ ...read(head), alg: 'none' })}.${claims}.AA`,
      `${hmacText}.${createHmac('sha256', 'key').update(hmacText).digest('base64url')}`,
      signAs(read(head)),
      signAs({ ...read(head), jwk }),
      signAs({ ...read(head), kid: 'another' }),
      signAs({ alg: 'EdDSA', typ: 'at+jwt' }),
      `${write({ ...read(head), typ: 'JWT' })}.${claims}.${signature}`,
      'a.b.c',
      `${'a'.repeat(1_000)}.${'b'.repeat(1_000)}.${'c'.repeat(1_000)}`,
    ];
    for (const [index, altered] of forged.entries())
      expect([index, await use(altered)]).toEqual([index, '401 sign-in-needed']);
    expect(await use(token)).toBe('200');
  });

  it('outlives a rotation of the key that signed it, and not its revocation', async () => {
    const keyIdOf = (token: string): string =>
      JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()).kid;
    const { access_token: before } = await grant();
    await test.json('POST', '/admin/keys/rotate', { purpose: 'token' }, 200);
    const { access_token: after } = await grant();
    expect(keyIdOf(after)).not.toBe(keyIdOf(before));
    expect([await use(before), await use(after)]).toEqual(['200', '200']);
    const revoke = { reason: 'leaked' };
    expect(await typeOf(await test.api('POST', `/admin/keys/${keyIdOf(before)}/revoke`, revoke))).toBe('200');
    expect([await use(before), await use(after)]).toEqual(['401 sign-in-needed', '200']);
  });

  it('is not taken from a place other than the header', async () => {
    const { access_token: token } = await grant();
    expect((await test.cloud.app.request(`/api/events/1?access_token=${token}`)).status).toBe(401);
  });
});

describe('POST /oauth/token', () => {
  const good = { grant_type: 'client_credentials' };
  it('takes the client in the header or in the body, never in both', async () => {
    const inBody = { ...good, client_id: client.id, client_secret: client.secret };
    expect((await postForm('/oauth/token', formOf(inBody))).status).toBe(200);
    expect((await post('/oauth/token', { ...good, client_id: client.id })).status).toBe(200);
    expect(await errorOf(await post('/oauth/token', inBody))).toBe('400 invalid_request');
    expect(await errorOf(await post('/oauth/token', { ...good, client_id: otherClient.id }))).toBe(
      '401 invalid_client',
    );
  });

  it('challenges who does not prove to be a client', async () => {
    for (const Authorization of [
      basic({ id: client.id, secret: otherClient.secret }),
      basic({ id: 'nobody', secret: client.secret }),
      basic({ id: client.id, secret: '' }),
      'Basic !!!',
      'Basic AAAA',
      `Bearer ${test.token}`,
    ]) {
      const response = await postForm('/oauth/token', formOf(good), { Authorization });
      expect(response.headers.get('WWW-Authenticate')).toMatch(/^Basic realm=/);
      expect(await errorOf(response)).toBe('401 invalid_client');
    }
    expect(await errorOf(await postForm('/oauth/token', formOf(good)))).toBe('401 invalid_client');
    await test.time.advance(60_000);
  });

  it.each([
    ['no grant type', '', 'invalid_request'],
    ['an unknown grant type', 'grant_type=password&username=a&password=b', 'unsupported_grant_type'],
    ['a parameter twice', 'grant_type=client_credentials&grant_type=client_credentials', 'invalid_request'],
    ['a scope that the client has not', 'grant_type=client_credentials&scope=people:write', 'invalid_scope'],
    ['a scope that is none', 'grant_type=client_credentials&scope=%22%00', 'invalid_scope'],
    ['no refresh token', 'grant_type=refresh_token', 'invalid_request'],
    ['an unknown refresh token', 'grant_type=refresh_token&refresh_token=x', 'invalid_grant'],
    ['too much', `grant_type=${'x'.repeat(70_000)}`, 'invalid_request'],
  ])('refuses %s as RFC 6749 says', async (_what, form, error) => {
    expect(await errorOf(await postForm('/oauth/token', form, { Authorization: basic(client) }))).toBe(`400 ${error}`);
  });

  it('takes forms only', async () => {
    const headers = { Authorization: basic(client), 'Content-Type': 'application/json' };
    expect(await errorOf(await postForm('/oauth/token', JSON.stringify(good), headers))).toBe('400 invalid_request');
  });

  it('answers whatever form comes with one of its own errors', async () => {
    const field = fc.constantFrom('grant_type', 'scope', 'refresh_token', 'client_id', 'client_secret', 'token', 'x');
    const value = fc.oneof(
      fc.constantFrom(
        'client_credentials',
        'refresh_token',
        client.id,
        client.secret,
        '\u0000',
        '\ud800',
        "' or 1=1 --",
      ),
      fc.string({ unit: 'binary', maxLength: 50 }),
    );
    const form = fc.oneof(
      fc.array(fc.tuple(field, value), { maxLength: 6 }).map((pairs) => new URLSearchParams(pairs).toString()),
      fc.string({ maxLength: 100 }),
    );
    const header = fc.oneof(
      fc.constantFrom({}, { Authorization: basic(client) }, { Authorization: 'Basic' }),
      fc.tuple(value, value).map(([id, secret]) => ({ Authorization: basic({ id, secret }) })),
    );
    await fc.assert(
      fc.asyncProperty(fc.constantFrom('/oauth/token', '/oauth/revoke'), form, header, async (path, text, headers) => {
        const response = await postForm(path, text, headers);
        await test.time.advance(1_000);
        expect(response.headers.get('Cache-Control')).toBe('no-store');
        if (response.status === 200) return;
        expect(await errorOf(response)).toMatch(/^(400|401) /);
      }),
      { numRuns: 150 },
    );
  });

  it('makes an address wait that guesses secrets', async () => {
    const wrong = { ...client, secret: 'x' };
    const responses: Response[] = [];
    for (let index = 0; index < 61; index++) responses.push(await post('/oauth/token', good, wrong));
    expect([responses.at(-2)?.status, responses.at(-1)?.status]).toEqual([401, 429]);
    expect(responses.at(-1)?.headers.get('Retry-After')).toBe('1');
    await test.time.advance(60_000);
  });
});

describe('a refresh token', () => {
  it('gives new tokens once, with the same scopes or fewer', async () => {
    const first = await grantOffline();
    expect(first.scope).toBe('events:read offline_access');
    const second = tokenResponseSchema.parse(await (await refresh(first.refresh_token)).json());
    expect([second.scope, second.refresh_token === first.refresh_token]).toEqual(['events:read offline_access', false]);
    expect(await use(second.access_token)).toBe('200');
    const more = { grant_type: 'refresh_token', refresh_token: second.refresh_token ?? '', scope: 'tickets:write' };
    expect(await errorOf(await post('/oauth/token', more))).toBe('400 invalid_scope');
    expect((await refresh(second.refresh_token)).status).toBe(200);
  });

  it('that comes again ends its whole family, access tokens too', async () => {
    const first = await grantOffline();
    const second = tokenResponseSchema.parse(await (await refresh(first.refresh_token)).json());
    expect(await errorOf(await refresh(first.refresh_token))).toBe('400 invalid_grant');
    expect(await errorOf(await refresh(second.refresh_token))).toBe('400 invalid_grant');
    expect([await use(first.access_token), await use(second.access_token)]).toEqual([
      '401 sign-in-needed',
      '401 sign-in-needed',
    ]);
  });

  it('is won by exactly one of many at once', async () => {
    const first = await grantOffline();
    const answers = await Promise.all(Array.from({ length: 10 }, () => refresh(first.refresh_token)));
    const won = answers.filter(({ status }) => status === 200);
    expect(won).toHaveLength(1);
    // The others were re-uses: what the winner has is dead too.
    const { refresh_token: token } = tokenResponseSchema.parse(await won[0]?.json());
    expect(await errorOf(await refresh(token))).toBe('400 invalid_grant');
  });

  it('is of no use to another client, and stays good for its own', async () => {
    const { refresh_token: token } = await grantOffline();
    expect(await errorOf(await refresh(token, otherClient))).toBe('400 invalid_grant');
    expect((await refresh(token)).status).toBe(200);
  });

  it('ends with its family after a month, however often it was renewed', async () => {
    let { refresh_token: token } = await grantOffline();
    await test.time.advance(familyLifetimeMs - 1);
    token = tokenResponseSchema.parse(await (await refresh(token)).json()).refresh_token;
    await test.time.advance(1);
    expect(await errorOf(await refresh(token))).toBe('400 invalid_grant');
  });
});

describe('POST /oauth/revoke', () => {
  const revoke = (token: string | undefined, as?: ClientCreated): Promise<Response> =>
    post('/oauth/revoke', { token: token ?? '' }, as);

  it('ends an access token', async () => {
    const [one, two] = [(await grant()).access_token, (await grant()).access_token];
    expect((await revoke(one)).status).toBe(200);
    expect([await use(one), await use(two)]).toEqual(['401 sign-in-needed', '200']);
    expect((await revoke(one)).status).toBe(200);
  });

  it('ends a refresh token with what came with it', async () => {
    const { access_token: access, refresh_token: token } = await grantOffline();
    expect((await revoke(token)).status).toBe(200);
    expect(await use(access)).toBe('401 sign-in-needed');
    expect(await errorOf(await refresh(token))).toBe('400 invalid_grant');
  });

  it('leaves the tokens of another client alone and takes unknown ones for revoked', async () => {
    const { access_token: access, refresh_token: token } = await grantOffline();
    expect(await errorOf(await revoke(access, otherClient))).toBe('400 unauthorized_client');
    expect(await errorOf(await revoke(token, otherClient))).toBe('400 unauthorized_client');
    expect(await use(access)).toBe('200');
    expect([(await revoke('unknown')).status, (await revoke('a.b.c')).status]).toEqual([200, 200]);
    expect(await errorOf(await revoke(''))).toBe('400 invalid_request');
    expect(await errorOf(await revoke(access, { ...client, secret: 'x' }))).toBe('401 invalid_client');
  });
});

describe('an API key', () => {
  const create = (more: object = {}): Promise<ApiKeyCreated> =>
    test.json('POST', '/admin/api-keys', { name: 'Till', scopes: ['events:read'], events: [1], ...more });
  const listed = async (id: string): Promise<ApiKeyView | undefined> =>
    (await test.json<{ apiKeys: ApiKeyView[] }>('GET', '/admin/api-keys')).apiKeys.find((key) => key.id === id);

  it('is shown once and reaches what it was made for', async () => {
    const { id, key } = await create();
    expect(key).toMatch(/^postern_key_[0-9a-f]{12}_[0-9a-f]{48}$/);
    expect([await use(key), await use(key, '/api/events/2'), await use(key, '/me')]).toEqual([
      '200',
      '404 event-unknown',
      '403 scope-too-narrow',
    ]);
    expect(JSON.stringify(await listed(id))).not.toContain(key.split('_')[3]);
    expect((await listed(id))?.lastUsedAtMs).toBe(test.time.clock.wallMs());
  });

  it('ends when it is revoked or expires', async () => {
    const [revoked, expiring] = [await create(), await create({ expiresAtMs: test.time.clock.wallMs() + 1_000 })];
    expect([await use(revoked.key), await use(expiring.key)]).toEqual(['200', '200']);
    expect((await test.api('DELETE', `/admin/api-keys/${revoked.id}`)).status).toBe(204);
    await test.time.advance(1_000);
    expect([await use(revoked.key), await use(expiring.key)]).toEqual(['401 sign-in-needed', '401 sign-in-needed']);
    expect(await typeOf(await test.api('DELETE', `/admin/api-keys/${revoked.id}`))).toBe('404 api-key-unknown');
  });

  it("that is altered, or has another key's secret, is worth nothing", async () => {
    const [one, two] = [await create(), await create()];
    const swapped = one.key.replace(/[0-9a-f]{48}$/, two.key.slice(-48));
    for (const key of [
      swapped,
      one.key.slice(0, -1),
      `${one.key}0`,
      one.key.toUpperCase(),
      'postern_key_',
      'postern_key_x_y',
    ])
      expect(await use(key)).toBe('401 sign-in-needed');
  });
});

describe('secrets of programs', () => {
  it('are in the database as hashes only', async () => {
    const { refresh_token: token = '', access_token: access } = await grantOffline();
    const { key } = await test.json<ApiKeyCreated>('POST', '/admin/api-keys', { name: 'T', scopes: ['events:read'] });
    const secrets = [client.secret, token, access, key.slice(-48)];
    const bytes = await test.stored();
    expect(bytes.includes(client.id)).toBe(true);
    expect(secrets.filter((secret) => bytes.includes(secret))).toEqual([]);
  });
});
