// Goal: whatever somebody does over HTTP is in the audit log, with who did it, from where and about what, exactly when it was done; and a
// new route that changes something cannot be forgotten.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TicketResponse } from '@postern/shared';
import { accessTable } from '../../../cloud-sync/src/routes/access.ts';
import { auditedRoutes, unauditedRoutes } from '../../../cloud-sync/src/routes/audited-routes.ts';
import { createTestCloud, enrolTestGate, someEvent, type TestCloud } from '../../support/cloud.ts';
import { askAs, createPerson } from '../../support/people.ts';

let test: TestCloud;
beforeEach(async () => {
  test = await createTestCloud();
  await test.json('POST', '/api/events', someEvent);
});
afterEach(() => test.close());

interface Entry {
  readonly action: string;
  readonly actorKind: string;
  readonly actor: string;
  readonly event?: number;
  readonly gate?: string;
  readonly ticket?: string;
  readonly reason?: string;
  readonly details?: unknown;
}
const log = async (): Promise<readonly Entry[]> => {
  const { entries } = await test.json<{ entries: Entry[] }>('GET', '/audits/log?limit=1000');
  return entries.filter(({ action }) => action !== 'chain-started' && action !== 'event-created').toReversed();
};
const actions = async (): Promise<readonly string[]> => (await log()).map(({ action }) => action);

describe('the list of what leaves an entry', () => {
  it('has every route that changes something, or says that it leaves none', () => {
    const changing = accessTable
      .filter(({ method }) => method !== 'GET')
      .map(({ method, path }) => `${method} ${path}`);
    const listed = [...Object.keys(auditedRoutes), ...unauditedRoutes];
    expect(changing.filter((route) => !listed.includes(route))).toEqual([]);
    const routes = accessTable.map(({ method, path }) => `${method} ${path}`);
    expect(listed.filter((route) => !routes.includes(route))).toEqual([]);
    expect(new Set(listed).size).toBe(listed.length);
  });
});

describe('an entry', () => {
  it('follows the life of a ticket and names who acted', async () => {
    const organiser = await createPerson(test, 'organiser', 1);
    const ask = (method: string, path: string, body?: unknown): Promise<Response> =>
      askAs(test, organiser, method, path, body);
    const { id } = (await (await ask('POST', '/api/tickets', { event: 1, type: 1 })).json()) as TicketResponse;
    await ask('PATCH', `/api/tickets/${id}`, { party: 2 });
    await ask('POST', `/api/tickets/${id}/transfer`, { holder: { name: 'Ada' } });
    await ask('POST', `/api/tickets/${id}/revoke`);
    await ask('POST', `/api/tickets/${id}/reinstate`);
    await ask('POST', `/api/tickets/${id}/reissue`, {});
    const entries = await log();
    expect(entries.map(({ action }) => action)).toEqual([
      'ticket-created',
      'ticket-changed',
      'transfer',
      'ticket-revoked',
      'ticket-reinstated',
      'ticket-reissued',
    ]);
    for (const entry of entries)
      expect(entry).toMatchObject({ event: 1, ticket: id, actorKind: 'user', actor: organiser.id });
  });

  it('tells of a batch by its size', async () => {
    await test.json('POST', '/api/tickets/batch', { event: 1, tickets: [{ type: 1 }, { type: 1 }, { type: 2 }] });
    expect(await log()).toMatchObject([{ action: 'ticket-created', event: 1, details: { tickets: 3 } }]);
  });

  it('is there for switches, keys, gates and rules', async () => {
    await test.json('POST', '/admin/methods/qr/toggle', { enabled: false, event: 1 }, 200);
    await test.json('POST', '/admin/keys/rotate', { purpose: 'issuer', force: true }, 200);
    await test.json('POST', '/admin/events/1/gates', {
      id: 'gate-a',
      name: 'A',
      zone: 'arena',
      lanes: [{ id: 'one' }],
    });
    await test.json('PUT', '/api/events/1/policy', someEvent, 200);
    expect(await log()).toMatchObject([
      { action: 'toggle', event: 1, method: 'qr', details: { enabled: false } },
      { action: 'key-rotated', details: { purpose: 'issuer' } },
      { action: 'gate-invited', event: 1, gate: 'gate-a' },
      { action: 'policy-changed', event: 1 },
    ]);
  });

  it('says what somebody or some program may do from now on', async () => {
    const made = async (path: string, body: object): Promise<Readonly<Record<string, string>>> =>
      test.json('POST', path, body);
    const { user } = await test.json<{ user: { id: string } }>('POST', '/admin/users', {
      name: 'Ada',
      email: 'ada@example.org',
    });
    await test.json('PATCH', `/admin/users/${user.id}`, { administrator: true });
    await test.json('PATCH', `/admin/users/${user.id}`, { name: 'Ada L.', disabled: true });
    const key = await made('/admin/api-keys', { name: 'shop', scopes: ['tickets:read', 'tickets:write'], events: [1] });
    const client = await made('/admin/clients', { name: 'app', scopes: ['events:read'] });
    const card = await made('/admin/events/1/staff', { role: 'supervisor', pin: '4711' });
    await test.json('POST', `/admin/events/1/staff/${card['operator']}/card`, {});
    await test.api('DELETE', `/admin/events/1/staff/${card['operator']}`);
    await test.json('PATCH', '/me', { name: 'Boss' });
    const types = ['mark.admitted'];
    const hook = await made('/api/events/1/webhooks', { url: 'https://a.example/x?secret=1', types });
    await test.json('PATCH', `/api/events/1/webhooks/${hook['id']}`, { url: 'https://b.example/', enabled: false });
    await test.api('DELETE', `/api/events/1/webhooks/${hook['id']}`);
    const gate = await enrolTestGate(test, 1, 'gate-a');
    const ofCard = { action: 'staff-changed', event: 1, subject: card['operator'] };
    const ofHook = { action: 'webhook-changed', event: 1, subject: hook['id'] };
    expect(await log()).toMatchObject([
      { action: 'user-created', subject: user.id, details: { administrator: false } },
      { action: 'user-changed', subject: user.id, details: { administrator: true } },
      { action: 'user-changed', subject: user.id, details: { what: 'profile', disabled: true } },
      { action: 'client-created', subject: key['id'], details: { scopes: 'tickets:read tickets:write', events: '1' } },
      { action: 'client-created', subject: client['id'], details: { scopes: 'events:read', events: 'all' } },
      { ...ofCard, details: { role: 'supervisor' } },
      { ...ofCard, details: { what: 'card' } },
      { ...ofCard, details: { role: 'none' } },
      { action: 'user-changed', details: { what: 'name' } },
      { ...ofHook, details: { what: 'made', host: 'a.example' } },
      { ...ofHook, details: { what: 'url enabled', host: 'b.example' } },
      { ...ofHook, details: { what: 'removed' } },
      { action: 'gate-invited', event: 1, gate: gate.id },
      { action: 'gate-enrolled', event: 1, gate: gate.id },
    ]);
  });

  it('names the event that was made', async () => {
    const { entries } = await test.json<{ entries: Entry[] }>('GET', '/audits/log?event=1');
    expect(entries.map(({ action }) => action)).toContain('event-created');
  });

  it('says whose role and password it was', async () => {
    const { user, resetLink } = await test.json<{ user: { id: string }; resetLink: { link: string } }>(
      'POST',
      '/admin/users',
      { name: 'Ada', email: 'ada@example.org' },
    );
    await test.json('PUT', `/api/events/1/members/${user.id}`, { role: 'organiser' }, 200);
    const token = new URL(resetLink.link).hash.replace('#reset=', '');
    const body = { token, password: 'correct horse battery' };
    expect((await askAs(test, {}, 'POST', '/password-resets/redeem', body)).status).toBe(204);
    expect(await log()).toMatchObject([
      { action: 'user-created', subject: user.id },
      { action: 'user-changed', subject: user.id, event: 1, details: { role: 'organiser' } },
      { action: 'user-changed', actor: user.id, subject: user.id, details: { what: 'password' } },
    ]);
  });

  it('is there for what methods do, with the mark where there is one, and once for a use', async () => {
    const ticket = await test.json<TicketResponse>('POST', '/api/tickets', { event: 1, type: 2 });
    const path = `/api/tickets/${ticket.id}/methods/qr`;
    await test.json('POST', `${path}/generate`, {});
    const verify = (presented_data: unknown, accept: boolean): Promise<unknown> =>
      test.json('POST', `${path}/verify`, { presented_data, accept }, 200);
    await verify('PN1:nonsense', true);
    await verify(ticket.text, false);
    await verify(ticket.text, true);
    await verify(ticket.text, true);
    await test.json('POST', '/api/events/1/overrides', { reason: 'lost-code', zone: 'arena', ticket: ticket.id });
    expect((await log()).slice(1)).toMatchObject([
      { action: 'generate', method: 'qr', ticket: ticket.id, event: 1 },
      { action: 'refusal', reason: 'malformed', ticket: ticket.id },
      { action: 'verify', reason: 'under-18' },
      { action: 'verify', reason: 'admitted', method: 'qr', event: 1 },
      { action: 'refusal', reason: 'already-used' },
      { action: 'override', reason: 'lost-code', ticket: ticket.id },
    ]);
    const { entries } = await test.json<{ entries: { kind: string }[] }>('GET', '/audits/usage?event=1');
    expect(entries.map(({ kind }) => kind).toSorted()).toEqual([
      'admitted',
      'overridden',
      'refused',
      'refused',
      'verified',
    ]);
  });

  it('is there for a sign-in, a wrong one and a sign-out', async () => {
    const { token } = test;
    const post = (body: unknown): Promise<Response> => askAs(test, {}, 'POST', '/session', body);
    expect((await post({ token: `postern_${'0'.repeat(12)}_${'0'.repeat(48)}` })).status).toBe(401);
    const signedIn = await post({ token });
    expect(signedIn.status).toBe(204);
    await test.cloud.app.request('/session', {
      method: 'DELETE',
      headers: { Cookie: signedIn.headers.get('Set-Cookie')?.split(';')[0] ?? '' },
    });
    expect(await log()).toMatchObject([
      { action: 'sign-in-failed', reason: '401' },
      { action: 'sign-in', actorKind: 'user', actor: expect.stringMatching(/^[0-9a-f]{12}$/) },
      { action: 'sign-out' },
    ]);
  });

  it('is not there for what was refused, nor twice for what was asked twice', async () => {
    const { id } = await test.json<TicketResponse>('POST', '/api/tickets', { event: 1, type: 1 });
    expect((await test.api('POST', `/api/tickets/${id}/reinstate`)).status).toBe(409);
    expect((await test.api('POST', '/api/tickets', { event: 1, type: 77 })).status).toBe(422);
    for (let time = 0; time < 2; time++)
      await test.cloud.app.request(`/api/tickets/${id}/revoke`, {
        method: 'POST',
        headers: { Authorization: `Bearer ${test.token}`, 'Idempotency-Key': 'once' },
      });
    expect(await actions()).toEqual(['ticket-created', 'ticket-revoked']);
  });

  it('stands for a rotation by command or schedule too', async () => {
    const rotated = await test.cloud.keyRotation.rotate('feed', { force: true });
    expect(rotated.ok).toBe(true);
    expect(await log()).toMatchObject([{ action: 'key-rotated', actorKind: 'system', actor: 'cloud-sync' }]);
  });
});
