// Goal: people get into their own accounts and nobody else does, and no answer tells who has one.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { SessionView, UserList, UserView } from '@postern/shared';
import { confirmLifetimeMs } from '../../../cloud-sync/src/services/accounts.ts';
import type { Mail, Mailer } from '../../../cloud-sync/src/services/mailer.ts';
import { guessLimits } from '../../../cloud-sync/src/services/rate-limits.ts';
import { resetLifetimeMs } from '../../../cloud-sync/src/services/reset-links.ts';
import { sessionLifetimeMs } from '../../../cloud-sync/src/services/sessions.ts';
import { createTestCloud, someEvent, type TestCloud, type TestCloudOptions } from '../../support/cloud.ts';
import { askAs, createBrowser, createPerson, typeOf, type TestBrowser } from '../../support/people.ts';
import { openCloudDatabase } from '../../../scripts/lib/cloud-database.ts';

/** Another one in every test. */
let email = '';
const password = 'a long enough password';
const otherPassword = 'another long password';

let shared: TestCloud;
let tests = 0;
const opened: TestCloud[] = [];
beforeAll(async () => {
  shared = await createTestCloud();
});
beforeEach(async () => {
  email = `ada${tests++}@example.test`;
  // Limits of the tests before have passed.
  await shared.time.advance(guessLimits.password.longestWaitMs);
});
afterEach(async () => {
  for (const test of opened.splice(0)) await test.close();
});
afterAll(() => shared.close());

/** The shared cloud, or one of its own for what concerns a whole one. */
async function createCloud(options?: TestCloudOptions): Promise<TestCloud> {
  if (options === undefined) return shared;
  const test = await createTestCloud(options);
  opened.push(test);
  return test;
}

const signUp = (test: TestCloud, as = email, secret = password): Promise<Response> =>
  createBrowser(test).send('POST', '/sign-up', { email: as, password: secret, name: 'Ada' });

async function signedIn(test: TestCloud, as = email): Promise<TestBrowser> {
  await signUp(test, as);
  const browser = createBrowser(test);
  expect((await browser.signIn(as, password)).status).toBe(204);
  return browser;
}

/** A post office that keeps what it was given. */
function createPostOffice(): Mailer & { readonly sent: Mail[] } {
  const sent: Mail[] = [];
  return { isConfigured: true, sent, send: async (mail) => void sent.push(mail) };
}
const secretOf = (link: string | undefined): string => link?.split('=')[1] ?? '';

describe('signing up and in', () => {
  it('makes an account whose address is one in any case', async () => {
    const test = await createCloud();
    await signUp(test, email.replace('ada', 'Ada').replace('example', 'Example'));
    const browser = createBrowser(test);
    expect(await typeOf(await browser.signIn(email.replace('ada', 'ADA'), password))).toBe('204');
    expect(await (await browser.send('GET', '/me')).json()).toMatchObject({
      name: 'Ada',
      email,
      administrator: false,
      memberships: [],
    });
    expect(await (await browser.send('GET', '/me/tickets')).json()).toEqual({ tickets: [] });
  });

  it('answers the same for an address that is taken, and leaves its account alone', async () => {
    const test = await createCloud();
    const first = await signUp(test);
    const second = await signUp(test, email, otherPassword);
    expect([second.status, await second.text()]).toEqual([first.status, await first.text()]);
    expect(await typeOf(await createBrowser(test).signIn(email, otherPassword))).toBe('401 credentials-wrong');
    expect(await typeOf(await createBrowser(test).signIn(email, password))).toBe('204');
  });

  it('answers a wrong password and an unknown address alike', async () => {
    const test = await createCloud();
    await signUp(test);
    const wrong = await createBrowser(test).signIn(email, otherPassword);
    const unknown = await createBrowser(test).signIn('nobody@example.test', password);
    expect([unknown.status, await unknown.text()]).toEqual([wrong.status, await wrong.text()]);
  });

  it('keeps neither password nor session in the database', async () => {
    const test = await createCloud();
    const browser = await signedIn(test);
    const session = browser.cookie().split('=')[1] ?? '';
    expect(session).toHaveLength(48);
    const bytes = await test.stored();
    expect([bytes.includes(email), bytes.includes(password), bytes.includes(session)]).toEqual([true, false, false]);
  });

  it('takes one password however its accents were typed', async () => {
    const test = await createCloud();
    await signUp(test, email, 'a longer caf\u00e9 password');
    expect((await createBrowser(test).signIn(email, 'a longer cafe\u0301 password')).status).toBe(204);
  });

  it('refuses what is no address, no password or no name, and a role of their own choice', async () => {
    const browser = createBrowser(await createCloud());
    for (const part of [
      { email: 'ada' },
      { password: 'short' },
      { password: 'x'.repeat(201) },
      { name: 'A\u0000da' },
      { name: 'A\ud800da' },
      { name: '   ' },
      { administrator: true },
    ]) {
      const body = { email, password, name: 'Ada', ...part };
      expect([part, await typeOf(await browser.send('POST', '/sign-up', body))]).toEqual([part, '400 request-invalid']);
    }
  });

  it('takes what looks like SQL or HTML for a name', async () => {
    const test = await createCloud();
    const name = `'; DROP TABLE "user"; -- <script>alert(1)</script>`;
    await createBrowser(test).send('POST', '/sign-up', { email, password, name });
    const browser = createBrowser(test);
    await browser.signIn(email, password);
    expect(await (await browser.send('GET', '/me')).json()).toMatchObject({ name });
  });
});

describe('wrong passwords', () => {
  it('make an account wait twice as long each time, say how long, and are forgiven by the right one', async () => {
    const test = await createCloud();
    await signUp(test);
    const attempt = async (secret: string): Promise<readonly [number, string | null]> => {
      const response = await createBrowser(test).signIn(email, secret);
      return [response.status, response.headers.get('Retry-After')];
    };
    for (let index = 0; index < 5; index++) expect(await attempt(otherPassword)).toEqual([401, null]);
    expect(await attempt(password)).toEqual([429, '1']);
    await test.time.advance(1_000);
    expect(await attempt(otherPassword)).toEqual([401, null]);
    expect(await attempt(password)).toEqual([429, '2']);
    expect((await createBrowser(test).signIn('somebody.else@example.test', password)).status).toBe(401);
    await test.time.advance(2_000);
    expect(await attempt(password)).toEqual([204, null]);
    expect(await attempt(otherPassword)).toEqual([401, null]);
    expect(await attempt(password)).toEqual([204, null]);
  });

  it('count when they come at once', async () => {
    const test = await createCloud();
    await signUp(test);
    const attempts = await Promise.all(
      Array.from({ length: 12 }, () => createBrowser(test).signIn(email, otherPassword)),
    );
    expect(attempts.filter(({ status }) => status === 401)).toHaveLength(5);
  });

  it('make an address wait, whatever accounts it tries', async () => {
    const test = await createCloud();
    const statuses: number[] = [];
    for (let index = 0; index < 31; index++)
      statuses.push((await createBrowser(test).signIn(`nobody-${index}@example.test`, password)).status);
    expect(statuses.slice(-2)).toEqual([401, 429]);
  });
});

describe('a session', () => {
  const change = { name: 'Ada Lovelace' };
  it('changes something for pages of ours only', async () => {
    const browser = await signedIn(await createCloud());
    const status = async (headers: Readonly<Record<string, string>>): Promise<string> =>
      typeOf(await browser.send('PATCH', '/me', change, headers));
    expect(await status({ 'Sec-Fetch-Site': 'same-origin' })).toBe('200');
    expect(await status({ Origin: 'https://cloud.test' })).toBe('200');
    for (const headers of [
      {},
      { 'Sec-Fetch-Site': 'cross-site', Origin: 'https://cloud.test' },
      { 'Sec-Fetch-Site': 'same-site' },
      { 'Sec-Fetch-Site': 'none' },
      { Origin: 'https://cloud.test.evil.test' },
      { Origin: 'null' },
    ] as const)
      expect([headers, await status(headers)]).toEqual([headers, '401 sign-in-needed']);
  });

  it('ends when it is old', async () => {
    const test = await createCloud();
    const browser = await signedIn(test);
    await test.time.advance(sessionLifetimeMs - 1);
    expect((await browser.send('GET', '/me')).status).toBe(200);
    await test.time.advance(1);
    expect(await typeOf(await browser.send('GET', '/me'))).toBe('401 sign-in-needed');
  });

  it('is listed without what would steal it, and ends from another one', async () => {
    const test = await createCloud();
    const here = await signedIn(test);
    const there = createBrowser(test, 'A phone');
    await test.time.advance(1_000);
    await there.signIn(email, password);
    const { sessions }: { sessions: SessionView[] } = await (await here.send('GET', '/me/sessions')).json();
    expect(sessions.map(({ device, current }) => [device, current])).toEqual([
      ['A phone', false],
      ['Test browser', true],
    ]);
    const stolen = createBrowser(test);
    const cookie = `postern_session=${sessions[0]?.id ?? ''}`;
    expect((await stolen.send('GET', '/me', undefined, { Cookie: cookie })).status).toBe(401);
    expect((await here.send('DELETE', `/me/sessions/${sessions[0]?.id ?? ''}`)).status).toBe(204);
    expect([(await there.send('GET', '/me')).status, (await here.send('GET', '/me')).status]).toEqual([401, 200]);
    expect(await typeOf(await here.send('DELETE', `/me/sessions/${sessions[0]?.id ?? ''}`))).toBe(
      '404 session-unknown',
    );
  });

  it('of somebody else cannot be ended', async () => {
    const test = await createCloud();
    const ada = await signedIn(test);
    const bob = await signedIn(test, 'bob@example.test');
    const { sessions }: { sessions: SessionView[] } = await (await ada.send('GET', '/me/sessions')).json();
    expect((await bob.send('DELETE', `/me/sessions/${sessions[0]?.id ?? ''}`)).status).toBe(404);
    await bob.send('DELETE', '/me/sessions');
    expect((await ada.send('GET', '/me')).status).toBe(200);
  });
});

describe('the own account', () => {
  it('changes its password only with the present one, and ends the other sessions', async () => {
    const test = await createCloud();
    const here = await signedIn(test);
    const there = createBrowser(test);
    await there.signIn(email, password);
    const changeTo = (present: string): Promise<Response> =>
      here.send('PATCH', '/me', { password: { present, wanted: otherPassword }, language: 'de' });
    expect(await typeOf(await changeTo(otherPassword))).toBe('403 password-wrong');
    expect(await (await here.send('GET', '/me')).json()).not.toHaveProperty('language');
    expect(await typeOf(await changeTo(password))).toBe('200');
    expect([(await here.send('GET', '/me')).status, (await there.send('GET', '/me')).status]).toEqual([200, 401]);
    expect((await createBrowser(test).signIn(email, password)).status).toBe(401);
    expect((await createBrowser(test).signIn(email, otherPassword)).status).toBe(204);
  });

  it('is gone with its roles when it is deleted, and may be made again', async () => {
    const test = await createCloud({});
    await test.json('POST', '/api/events', someEvent);
    const browser = await signedIn(test);
    const { id }: UserView = await (await browser.send('GET', '/me')).json();
    await test.json('PUT', `/api/events/1/members/${id}`, { role: 'steward' });
    expect((await browser.send('DELETE', '/me')).status).toBe(204);
    expect((await browser.send('GET', '/me')).status).toBe(401);
    expect(await test.json('GET', '/api/events/1/members')).toEqual({ members: [] });
    const again: UserView = await (await (await signedIn(test)).send('GET', '/me')).json();
    expect([again.id === id, again.memberships]).toEqual([false, []]);
  });

  it('leaves nothing behind that names somebody, wherever it was kept', async () => {
    const test = await createCloud({});
    await test.json('POST', '/api/events', someEvent);
    const browser = await signedIn(test);
    const { id }: UserView = await (await browser.send('GET', '/me')).json();
    await test.json('PUT', `/api/events/1/members/${id}`, { role: 'organiser' });
    await test.json('PATCH', `/admin/users/${id}`, { administrator: true });
    await test.json('POST', `/admin/users/${id}/reset-link`);
    await browser.send('POST', '/admin/api-keys', { name: 'Till', scopes: ['events:read'] });
    const database = openCloudDatabase(test.databaseUrl);
    await database
      .insertInto('identity')
      .values({ issuer: 'https://id.test', subject: 'ada', user_id: id, created_at_ms: 0 })
      .execute();
    const issueTo = (holder: object): Promise<{ id: string }> =>
      test.json('POST', '/api/tickets', { event: 1, type: 1, holder: { name: 'Ada', email, account: id, ...holder } });
    const held = [await issueTo({ order: 'A-1' }), await issueTo({})];
    /** Tables with a row that holds the id, the address or the name. */
    const naming = async (): Promise<string[]> => {
      const tables = (await database.introspection.getTables()).map((table) => table.name);
      const found: string[] = [];
      for (const table of tables) {
        const rows = JSON.stringify(
          await database
            .selectFrom(table as 'user')
            .selectAll()
            .execute(),
        );
        if ([id, email, 'Ada'].some((text) => rows.includes(text))) found.push(table);
      }
      return found.toSorted();
    };
    expect(await naming()).toEqual([
      'api_key',
      'audit_entry',
      'audit_field',
      'identity',
      'membership',
      'reset_link',
      'session',
      'ticket_holder',
      'user',
    ]);
    expect((await browser.send('DELETE', '/me')).status).toBe(204);
    // A pseudonym that leads nowhere.
    expect(await naming()).toEqual(['audit_entry']);
    for (const ticket of held)
      expect(await test.json('GET', `/api/tickets/${ticket.id}`)).toMatchObject({ status: 'valid' });
    expect((await test.json<{ apiKeys: unknown[] }>('GET', '/admin/api-keys')).apiKeys).toHaveLength(1);
    await database.destroy();
  });

  it('of the last administrator stays', async () => {
    const test = await createCloud({});
    expect(await typeOf(await test.api('DELETE', '/me'))).toBe('409 last-administrator');
  });
});

describe('a one-time link', () => {
  async function withLink(options: TestCloudOptions = {}): Promise<{
    readonly test: TestCloud;
    readonly browser: TestBrowser;
    readonly secret: string;
    readonly another: () => Promise<string>;
    readonly redeem: (token: string) => Promise<string>;
  }> {
    const test = await createCloud(options);
    const browser = await signedIn(test);
    const { id }: UserView = await (await browser.send('GET', '/me')).json();
    const another = async (): Promise<string> =>
      secretOf((await test.json<{ link: string }>('POST', `/admin/users/${id}/reset-link`)).link);
    const redeem = async (token: string): Promise<string> =>
      typeOf(await createBrowser(test).send('POST', '/password-resets/redeem', { token, password: otherPassword }));
    return { test, browser, secret: await another(), another, redeem };
  }

  it('sets a password once and ends all sessions', async () => {
    const { test, browser, secret, redeem } = await withLink();
    expect(await redeem(secret)).toBe('204');
    expect((await browser.send('GET', '/me')).status).toBe(401);
    expect((await createBrowser(test).signIn(email, otherPassword)).status).toBe(204);
    expect(await redeem(secret)).toBe('403 link-invalid');
  });

  it('works for exactly one of many at once', async () => {
    const { secret, redeem } = await withLink();
    const answers = await Promise.all(Array.from({ length: 8 }, () => redeem(secret)));
    expect(answers.filter((answer) => answer === '204')).toHaveLength(1);
    expect(new Set(answers)).toEqual(new Set(['204', '403 link-invalid']));
  });

  it('is dead when it is old, altered, or followed by another one', async () => {
    const { test, secret, another, redeem } = await withLink();
    expect(await redeem(secret.replace(/.$/, (last) => (last === '0' ? '1' : '0')))).toBe('403 link-invalid');
    const newer = await another();
    expect(await redeem(secret)).toBe('403 link-invalid');
    await test.time.advance(resetLifetimeMs);
    expect(await redeem(newer)).toBe('403 link-invalid');
  });

  it('is dead after the password was changed otherwise', async () => {
    const { browser, secret, redeem } = await withLink();
    await browser.send('PATCH', '/me', { password: { present: password, wanted: otherPassword } });
    expect(await redeem(secret)).toBe('403 link-invalid');
  });

  it('is kept only as a hash', async () => {
    const { test, secret } = await withLink();
    expect(secret).toHaveLength(48);
    expect((await test.stored()).includes(secret)).toBe(false);
  });

  it('is mailed to who has an account; nobody learns who does', async () => {
    const mailer = createPostOffice();
    const { test, redeem } = await withConfirmed(mailer);
    const ask = (address: string): Promise<Response> =>
      createBrowser(test).send('POST', '/password-resets', { email: address });
    mailer.sent.length = 0;
    const known = await ask(email);
    const unknown = await ask('nobody@example.test');
    expect([unknown.status, await unknown.text()]).toEqual([known.status, await known.text()]);
    expect(mailer.sent.map(({ to, kind }) => [to, kind])).toEqual([[email, 'reset']]);
    expect(await redeem(secretOf(mailer.sent[0]?.link))).toBe('204');
  });

  async function withConfirmed(
    mailer: ReturnType<typeof createPostOffice>,
  ): Promise<{ readonly test: TestCloud; readonly redeem: (token: string) => Promise<string> }> {
    const test = await createCloud({ mailer });
    await signUp(test);
    await createBrowser(test).send('POST', '/sign-up/confirm', { token: secretOf(mailer.sent.at(-1)?.link) });
    const redeem = async (token: string): Promise<string> =>
      typeOf(await createBrowser(test).send('POST', '/password-resets/redeem', { token, password: otherPassword }));
    return { test, redeem };
  }

  it('is not written to the log when there is no mail', async () => {
    const logged: unknown[] = [];
    const note = (...line: readonly unknown[]): void => void logged.push(line);
    const { test } = await withLink({ log: { info: note, warn: note, error: note } });
    logged.length = 0;
    await createBrowser(test).send('POST', '/password-resets', { email });
    const lines = logged.filter((line) => !Array.isArray(line) || line[1] !== 'request');
    expect(lines).toEqual([[{ kind: 'reset' }, 'no mail is configured: nothing was sent']]);
  });
});

describe('where mail is configured', () => {
  it('an account exists once its address is proved', async () => {
    const mailer = createPostOffice();
    const test = await createCloud({ mailer });
    await signUp(test);
    expect((await createBrowser(test).signIn(email, password)).status).toBe(401);
    const [mail] = mailer.sent;
    expect(mail).toMatchObject({ to: email, kind: 'confirm' });
    const secret = secretOf(mail?.link);
    const confirm = async (token: string): Promise<string> =>
      typeOf(await createBrowser(test).send('POST', '/sign-up/confirm', { token }));
    const middle = secret.length / 2;
    const altered = secret.slice(0, middle) + (secret[middle] === 'A' ? 'B' : 'A') + secret.slice(middle + 1);
    expect([await confirm('x'), await confirm(altered)]).toEqual(['403 link-invalid', '403 link-invalid']);
    expect(await confirm(secret)).toBe('204');
    expect((await createBrowser(test).signIn(email, password)).status).toBe(204);

    await signUp(test, email, otherPassword);
    expect(mailer.sent.slice(1)).toEqual([{ to: email, kind: 'known' }]);
  });

  it('a link that was not used for a day is dead', async () => {
    const mailer = createPostOffice();
    const test = await createCloud({ mailer });
    await signUp(test);
    await test.time.advance(confirmLifetimeMs);
    const token = secretOf(mailer.sent[0]?.link);
    expect(await typeOf(await createBrowser(test).send('POST', '/sign-up/confirm', { token }))).toBe(
      '403 link-invalid',
    );
  });
});

describe('an organiser', () => {
  it('makes links for the staff of their events, and for nobody who is more', async () => {
    const test = await createCloud({});
    await test.json('POST', '/api/events', someEvent);
    await test.json('POST', '/api/events', someEvent);
    const organiser = await createPerson(test, 'organiser', 1);
    const steward = await createPerson(test, 'steward', 1);
    const elsewhere = await createPerson(test, 'steward', 1);
    await test.json('PUT', `/api/events/2/members/${elsewhere.id ?? ''}`, { role: 'organiser' });
    const administrator = (await test.json<UserList>('GET', '/admin/users')).users.find((user) => user.administrator);
    await test.json('PUT', `/api/events/1/members/${administrator?.id ?? ''}`, { role: 'steward' });
    const attendee = await createPerson(test, 'attendee');
    const link = async (user: string | undefined): Promise<string> =>
      typeOf(await askAs(test, organiser, 'POST', `/api/events/1/members/${user ?? ''}/reset-link`));
    expect(await link(steward.id)).toBe('201');
    expect(await link(elsewhere.id)).toBe('403 role-too-low');
    expect(await link(administrator?.id)).toBe('403 role-too-low');
    expect(await link(attendee.id)).toBe('404 user-unknown');
  });

  it('does not become an attendee with tickets elsewhere by giving them a role', async () => {
    const test = await createCloud({});
    await test.json('POST', '/api/events', someEvent);
    await test.json('POST', '/api/events', someEvent);
    const organiser = await createPerson(test, 'organiser', 1);
    const [here, elsewhere] = [await createPerson(test, 'attendee'), await createPerson(test, 'attendee')];
    const issueTo = (event: number, account: string | undefined): Promise<unknown> =>
      test.json('POST', '/api/tickets', { event, type: 1, holder: { account } });
    await issueTo(1, here.id);
    await issueTo(1, elsewhere.id);
    await issueTo(2, elsewhere.id);
    const link = async (user: string | undefined): Promise<string> => {
      const member = `/api/events/1/members/${user ?? ''}`;
      expect((await askAs(test, organiser, 'PUT', member, { role: 'steward' })).status).toBe(200);
      return typeOf(await askAs(test, organiser, 'POST', `${member}/reset-link`));
    };
    expect(await link(here.id)).toBe('201');
    expect(await link(elsewhere.id)).toBe('403 role-too-low');
  });
});

describe('an administrator', () => {
  it('adds users, who set their password by the link', async () => {
    const test = await createCloud();
    const request = { name: 'Ada', email, language: 'de-AT' };
    const made = await test.json<{ user: UserView; resetLink: { link: string } }>('POST', '/admin/users', request);
    expect(made.user).toMatchObject({ ...request, administrator: false, disabled: false });
    expect(await typeOf(await test.api('POST', '/admin/users', request))).toBe('409 email-taken');
    await createBrowser(test).send('POST', '/password-resets/redeem', {
      token: secretOf(made.resetLink.link),
      password,
    });
    expect((await createBrowser(test).signIn(email, password)).status).toBe(204);
  });

  it('reads users page by page', async () => {
    const test = await createCloud({});
    for (const name of ['a', 'b', 'c', 'd'])
      await test.json('POST', '/admin/users', { name, email: `${name}@example.test` });
    const seen: string[] = [];
    let cursor = '';
    for (let pages = 0; pages < 10; pages++) {
      const page = await test.json<UserList>('GET', `/admin/users?limit=2${cursor}`);
      seen.push(...page.users.map(({ id }) => id));
      if (page.next === undefined) break;
      cursor = `&cursor=${page.next}`;
    }
    expect(seen).toHaveLength(5);
    expect(new Set(seen).size).toBe(5);
    const found = await test.json<UserList>('GET', '/admin/users?email=B@example.test');
    expect(found.users.map(({ name }) => name)).toEqual(['b']);
    expect(await typeOf(await test.api('GET', '/admin/users?limit=1000'))).toBe('400 request-invalid');
  });

  it('locks somebody out at once', async () => {
    const test = await createCloud();
    const browser = await signedIn(test);
    const { id }: UserView = await (await browser.send('GET', '/me')).json();
    const token = await createPerson(test, 'attendee');
    for (const user of [id, token.id ?? '']) await test.json('PATCH', `/admin/users/${user}`, { disabled: true });
    expect(await typeOf(await browser.send('GET', '/me'))).toBe('401 sign-in-needed');
    expect(await typeOf(await askAs(test, token, 'GET', '/me'))).toBe('401 sign-in-needed');
    expect(await typeOf(await createBrowser(test).signIn(email, password))).toBe('401 credentials-wrong');
  });

  it('stays when they are the last one', async () => {
    const test = await createCloud({});
    const { id }: UserView = await test.json('GET', '/me');
    for (const change of [{ administrator: false }, { disabled: true }])
      expect(await typeOf(await test.api('PATCH', `/admin/users/${id}`, change))).toBe('409 last-administrator');
    const other = await test.json<{ user: UserView }>('POST', '/admin/users', {
      name: 'B',
      email,
      administrator: true,
    });
    expect(await typeOf(await test.api('PATCH', `/admin/users/${id}`, { administrator: false }))).toBe('200');
    expect(other.user.administrator).toBe(true);
    expect(await typeOf(await test.api('GET', '/admin/users'))).toBe('403 role-too-low');
  });

  it('stays when the last two step down at once', async () => {
    const test = await createCloud({});
    const { id }: UserView = await test.json('GET', '/me');
    const other = await test.cloud.users.create({ name: 'B', role: 'administrator' });
    const stepDown = (token: string, user: string): Promise<Response> =>
      askAs(test, { token }, 'PATCH', `/admin/users/${user}`, { administrator: false });
    const answers = await Promise.all([stepDown(test.token, id), stepDown(other.token, other.id)]);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  });
});
