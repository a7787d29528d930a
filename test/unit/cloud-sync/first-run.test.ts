// The first run and the ones after it: keys and an administrator are made once, and are of no use without the master key.
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createTestCloud, someEvent } from '../../support/cloud.ts';

describe('the first run', () => {
  it('keeps the administrator token only as a hash and the master key readable to nobody else', async () => {
    const test = await createTestCloud();
    const secret = test.token.split('_')[2] ?? '';
    expect(secret).toHaveLength(48);
    const stored = await test.stored();
    expect(stored.includes('administrator')).toBe(true);
    expect(stored.includes(secret)).toBe(false);
    expect(statSync(join(test.folder, 'master.key')).mode & 0o777).toBe(0o600);
    await test.close();
  });

  it('gives no second token, and the first one still works after a restart', async () => {
    const first = await createTestCloud();
    await first.json('POST', '/api/events', someEvent);
    await first.cloud.close();
    const second = await createTestCloud({ folder: first.folder, time: first.time });
    expect(await second.cloud.users.createFirst()).toBeUndefined();
    expect((await second.json<{ events: unknown[] }>('GET', '/api/events')).events).toHaveLength(1);
    await second.close();
  });

  it('signs the same pass again after a restart: keys and tickets are the same', async () => {
    const first = await createTestCloud();
    await first.json('POST', '/api/events', someEvent);
    const ticket = await first.json<{ id: string; text: string }>('POST', '/api/tickets', { event: 1, type: 1 });
    await first.cloud.close();
    const second = await createTestCloud({ folder: first.folder });
    expect((await second.json<{ text: string }>('GET', `/api/tickets/${ticket.id}`)).text).toBe(ticket.text);
    await second.close();
  });

  it('does not start with another master key', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'postern-cloud-'));
    const first = await createTestCloud({ folder, masterKey: '11'.repeat(32) });
    await first.cloud.close();
    await expect(createTestCloud({ folder, masterKey: '22'.repeat(32) })).rejects.toThrow('vault-unreadable');
    rmSync(folder, { recursive: true });
  });
});

describe('signing in', () => {
  it('replaces the token and ends sessions when the administrator asks for a new one', async () => {
    const test = await createTestCloud();
    const signedIn = await test.cloud.app.request('/session', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ token: test.token }),
    });
    const cookie = signedIn.headers.get('Set-Cookie')?.split(';')[0] ?? '';
    const read = async (): Promise<number> =>
      (await test.cloud.app.request('/api/events', { headers: { Cookie: cookie } })).status;
    expect([signedIn.status, await read()]).toEqual([204, 200]);
    await test.cloud.users.resetAdministrator();
    expect([await read(), (await test.api('GET', '/api/events')).status]).toEqual([401, 401]);
    await test.close();
  });

  it('gives the token to an administrator who may act, where the first one was disabled', async () => {
    const test = await createTestCloud();
    const { user } = await test.json<{ user: { id: string } }>('POST', '/admin/users', {
      name: 'Second',
      email: 'second@example.org',
      administrator: true,
    });
    const { id: first } = await test.json<{ id: string }>('GET', '/me');
    await test.json('PATCH', `/admin/users/${first}`, { disabled: true });
    const token = (await test.cloud.users.resetAdministrator()) ?? '';
    const answer = await test.cloud.app.request('/me', { headers: { Authorization: `Bearer ${token}` } });
    expect(await answer.json()).toMatchObject({ id: user.id });
    await test.close();
  });

  it('lets a session change nothing when no page of ours asks', async () => {
    const test = await createTestCloud();
    const signedIn = await test.cloud.app.request('/session', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ token: test.token }),
    });
    expect(signedIn.headers.get('Set-Cookie')).toMatch(/HttpOnly; .*SameSite=Strict/);
    const cookie = signedIn.headers.get('Set-Cookie')?.split(';')[0] ?? '';
    const written = await test.cloud.app.request('/api/events', {
      method: 'POST',
      headers: { Cookie: cookie, 'Content-Type': 'application/json' },
      body: JSON.stringify(someEvent),
    });
    expect(written.status).toBe(401);
    await test.cloud.app.request('/session', { method: 'DELETE', headers: { Cookie: cookie } });
    expect((await test.cloud.app.request('/api/events', { headers: { Cookie: cookie } })).status).toBe(401);
    await test.close();
  });

  it('stops trying wrong tokens after a while, and goes on a minute later', async () => {
    const test = await createTestCloud();
    const wrong = test.token.replace(/[0-9a-f]{48}$/, '0'.repeat(48));
    const statuses = new Set<number>();
    for (let attempt = 0; attempt < 61; attempt++)
      statuses.add(
        (await test.cloud.app.request('/api/events', { headers: { Authorization: `Bearer ${wrong}` } })).status,
      );
    expect([...statuses]).toEqual([401, 429]);
    await test.time.advance(60_000);
    expect((await test.api('GET', '/api/events')).status).toBe(200);
    await test.close();
  });
});
