// How a gate becomes one: a one-time code against a certificate for a key that never left the gate; and how it proves itself afterwards.
import { X509Certificate } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  auditPageSchema,
  bytesToHex,
  encodeRequestToken,
  gateTokenAudience,
  hexToBytes,
  nonceHeader,
  trustedFeedKeys,
  verifyManifest,
  verifyServerTime,
  type GateResponse,
  type LaneConfig,
} from '@postern/shared';
import {
  createIdentity,
  createTestCloud,
  enrolTestGate,
  postJson,
  someEvent,
  type TestCloud,
} from '../../support/cloud.ts';
import { askAs, createPerson, typeOf } from '../../support/people.ts';

const nonce = 'ab'.repeat(16);
const lanes: readonly Partial<LaneConfig>[] = [
  { id: 'lane-1', direction: 'entry', readers: ['sim://'], actuator: 'sim://' },
];

let test: TestCloud;
beforeEach(async () => {
  test = await createTestCloud();
  await test.json('POST', '/api/events', someEvent);
});
afterEach(() => test.close());

const invite = (id = 'gate-a'): Promise<GateResponse> =>
  test.json('POST', '/admin/events/1/gates', { id, name: 'Gate A', zone: 'arena', lanes });
const enrol = async (
  code: string,
  identity: Awaited<ReturnType<typeof createIdentity>>,
  publicKey = bytesToHex(identity.keys.publicKey),
): Promise<Response> => postJson(test, '/enrol', { code, csr: identity.csr, publicKey, nonce });
const problemOf = async (response: Response): Promise<string> => `${response.status} ${(await response.json()).type}`;

describe('enrolment', () => {
  it('gives a certificate of the deployment for the gate, its lanes, the feed keys and the time', async () => {
    const { code } = await invite();
    const identity = await createIdentity('gate-a');
    const answer = await (await enrol(code, identity)).json();
    const certificate = new X509Certificate(Buffer.from(answer.certificate, 'base64'));
    const ca = new X509Certificate(Buffer.from(answer.ca, 'base64'));
    expect(certificate.subjectAltName).toBe('URI:postern:gate:gate-a');
    expect(certificate.checkIssued(ca) && certificate.verify(ca.publicKey)).toBe(true);
    expect([certificate.ca, ca.ca]).toEqual([false, true]);
    expect(answer).toMatchObject({ gate: { id: 'gate-a' }, event: { id: 1 }, cloud: 'https://cloud.test', lanes });
    const time = verifyServerTime(Buffer.from(answer.signedTime, 'base64'), hexToBytes(nonce) as Uint8Array, (keyId) =>
      hexToBytes(answer.feedKeys.find((key: { keyId: string }) => key.keyId === keyId)?.publicKey ?? '00'),
    );
    expect(time).toEqual({ ok: true, value: test.time.clock.wallMs() });
  });

  it('takes the code however it is typed, and once', async () => {
    const { code } = await invite();
    const identity = await createIdentity('gate-a');
    expect(
      (await enrol(code.toLowerCase().replaceAll('-', ' ').replaceAll('0', 'o').replaceAll('1', 'i'), identity)).status,
    ).toBe(200);
    expect(await problemOf(await enrol(code, identity))).toBe('403 code-invalid');
  });

  it('refuses a code that is too old, or that a newer one has replaced', async () => {
    const [first, second] = [await invite(), await invite()];
    const identity = await createIdentity('gate-a');
    expect(await problemOf(await enrol(first.code, identity))).toBe('403 code-invalid');
    await test.time.advance(second.expiresAtMs - test.time.clock.wallMs());
    expect(await problemOf(await enrol(second.code, identity))).toBe('403 code-invalid');
  });

  it('refuses a request for another key, one that is no request, and keeps the code good', async () => {
    const { code } = await invite();
    const [identity, other] = [await createIdentity('gate-a'), await createIdentity('gate-a')];
    expect(await problemOf(await enrol(code, identity, bytesToHex(other.keys.publicKey)))).toBe('422 csr-key-mismatch');
    expect(
      await problemOf(await enrol(code, { ...identity, csr: Buffer.from('not a request').toString('base64') })),
    ).toBe('422 csr-malformed');
    const damaged = Buffer.from(identity.csr, 'base64');
    damaged[damaged.length - 1] = (damaged.at(-1) ?? 0) ^ 1;
    expect(await problemOf(await enrol(code, { ...identity, csr: damaged.toString('base64') }))).toBe(
      '422 csr-signature-invalid',
    );
    expect((await enrol(code, identity)).status).toBe(200);
  });

  it('stops after many wrong codes, and goes on a minute later', async () => {
    const { code } = await invite();
    const identity = await createIdentity('gate-a');
    for (let attempt = 0; attempt < 30; attempt++) await enrol('AAAA-AAAA-AAAA', identity);
    expect(await problemOf(await enrol(code, identity))).toBe('429 attempts-exhausted');
    await test.time.advance(60_000);
    expect((await enrol(code, identity)).status).toBe(200);
  });
});

describe('a gate of two events', () => {
  const second = { id: 'gate-a', name: 'Gate A', zone: 'arena', lanes };
  beforeEach(() => test.json('POST', '/api/events', someEvent));

  it('is made by whoever may invite gates at both', async () => {
    await invite();
    const organiser = await createPerson(test, 'organiser', 2);
    expect(await typeOf(await askAs(test, organiser, 'POST', '/admin/events/2/gates', second))).toBe(
      '409 gate-in-other-event',
    );
    const member = await test.cloud.members.set({ event: 1, user: organiser.id ?? '', role: 'organiser' });
    expect(member.ok).toBe(true);
    expect(await typeOf(await askAs(test, organiser, 'POST', '/admin/events/2/gates', second))).toBe('201');
  });

  it('has one key and certificate, is in both ticket lists, and is told of both', async () => {
    const gate = await enrolTestGate(test, 1, 'gate-a');
    const { code } = await test.json<GateResponse>('POST', '/admin/events/2/gates', second);
    for (const event of [1, 2]) {
      const published = await test.cloud.feed.publish(event);
      const manifest = published.ok
        ? verifyManifest(published.value.manifest, trustedFeedKeys({ keys: gate.enrolment.feedKeys }))
        : published;
      expect(manifest).toMatchObject({
        ok: true,
        value: { gates: [{ id: 'gate-a', publicKey: bytesToHex(gate.keys.publicKey) }, { id: 'cloud' }] },
      });
      expect((await gate.request('GET', `/feed/${event}/manifest`)).status).toBe(200);
    }
    const answer = await (await enrol(code, await createIdentity('gate-a'))).json();
    expect(answer).toMatchObject({ event: { id: 1 }, also: [{ id: 2, name: someEvent.name, zone: 'arena' }] });
  });

  it('exchanges marks of both and of no other', async () => {
    const gate = await enrolTestGate(test, 1, 'gate-a');
    await test.json('POST', '/admin/events/2/gates', second);
    await test.json('POST', '/api/events', someEvent);
    for (const event of [1, 2]) expect(await gate.push([], event)).toMatchObject({ event });
    await expect(gate.push([], 3)).rejects.toThrow('403');
  });

  it('is revoked only where whoever does it may do that, and stands at the others as before', async () => {
    const gate = await enrolTestGate(test, 1, 'gate-a');
    await test.json('POST', '/admin/events/2/gates', second);
    const organiser = await createPerson(test, 'organiser', 2);
    const path = '/admin/events/2/gates/gate-a/revoke';
    expect(await typeOf(await askAs(test, organiser, 'POST', path, { reason: 'not ours' }))).toBe('200');
    await test.json('POST', '/admin/events/1/publish', {}, 200);
    expect((await gate.request('GET', '/feed/1/manifest')).status).toBe(200);
    expect(await problemOf(await gate.request('GET', '/feed/2/manifest'))).toBe('403 event-forbidden');
    expect(await problemOf(await test.api('POST', '/admin/events/2/gates', second))).toBe('409 gate-revoked');
    expect((await invite()).gate).toBe('gate-a');
  });

  it('is revoked at both by who may, and the log says who', async () => {
    const gate = await enrolTestGate(test, 1, 'gate-a');
    await test.json('POST', '/admin/events/2/gates', second);
    await test.json('POST', '/admin/events/2/gates/gate-a/revoke', { reason: 'stolen' }, 200);
    expect(await problemOf(await gate.request('GET', '/feed/1/manifest'))).toBe('409 gate-revoked');
    const published = await test.cloud.feed.publish(1);
    const manifest = published.ok
      ? verifyManifest(published.value.manifest, trustedFeedKeys({ keys: gate.enrolment.feedKeys }))
      : published;
    expect(manifest).toMatchObject({ value: { gates: [{ id: 'cloud' }], revokedGates: [{ id: 'gate-a' }] } });
    expect(await problemOf(await test.api('POST', '/admin/events/1/gates', second))).toBe('409 gate-revoked');
    const { entries } = auditPageSchema.parse(await test.json('GET', '/audits/log?action=gate-revoked'));
    expect(new Set(entries.map(({ event, gate: id }) => `${event} ${id}`))).toEqual(new Set(['1 gate-a', '2 gate-a']));
    expect(entries.map(({ actor }) => actor)).not.toContain('cloud-sync');
  });
});

describe('a gate token', () => {
  it('is good for exactly one method, path and body, with a nonce of the last minutes', async () => {
    await test.json('POST', '/admin/events/1/publish');
    const gate = await enrolTestGate(test, 1, 'gate-a');
    const ask = async (token: string, path = '/feed/1/manifest'): Promise<string> => {
      const response = await test.cloud.app.request(path, { headers: { Authorization: `Bearer ${token}` } });
      expect(response.headers.get(nonceHeader)).toBeTruthy();
      return response.status === 200 ? '200' : problemOf(response);
    };
    const fresh = (await test.cloud.app.request('/feed/1/manifest')).headers.get(nonceHeader) ?? '';
    const about = {
      audience: gateTokenAudience,
      issuer: 'gate-a',
      nonce: fresh,
      method: 'GET',
      path: '/feed/1/manifest',
      body: new Uint8Array(0),
      nowMs: 0,
    } as const;
    expect(await ask(encodeRequestToken(about, gate.keys))).toBe('200');
    expect(await ask(encodeRequestToken({ ...about, path: '/feed/2/manifest' }, gate.keys))).toBe('401 token-invalid');
    expect(await ask(encodeRequestToken({ ...about, method: 'POST' }, gate.keys))).toBe('401 token-invalid');
    expect(await ask(encodeRequestToken({ ...about, body: Uint8Array.of(1) }, gate.keys))).toBe('401 token-invalid');
    const altered = `${fresh.slice(0, -1)}${fresh.endsWith('A') ? 'Q' : 'A'}`;
    expect(await ask(encodeRequestToken({ ...about, nonce: altered }, gate.keys))).toBe('401 nonce-needed');
    expect(await ask(encodeRequestToken(about, (await createIdentity('gate-a')).keys))).toBe('401 token-invalid');
    expect(await ask('a.b.c')).toBe('401 token-invalid');
    await test.time.advance(6 * 60_000);
    expect(await ask(encodeRequestToken(about, gate.keys))).toBe('401 nonce-needed');
  });

  it('opens the feed of its own event only', async () => {
    await test.json('POST', '/admin/events/1/publish');
    await test.json('POST', '/api/events', someEvent);
    await test.json('POST', '/admin/events/2/publish');
    const gate = await enrolTestGate(test, 1, 'gate-a');
    expect(await problemOf(await gate.request('GET', '/feed/2/manifest'))).toBe('403 event-forbidden');
    const other = await enrolTestGate(test, 2, 'gate-b');
    await test.json('POST', '/admin/events/2/publish');
    const bytes = new Uint8Array(await (await other.request('GET', '/feed/2/manifest')).arrayBuffer());
    const manifest = verifyManifest(bytes, trustedFeedKeys({ keys: other.enrolment.feedKeys }));
    const path = `/feed/files/${manifest.ok ? manifest.value.snapshot.sha256 : ''}`;
    expect((await other.request('GET', path)).status).toBe(200);
    expect(await problemOf(await gate.request('GET', path))).toBe('404 file-unknown');
  });
});
