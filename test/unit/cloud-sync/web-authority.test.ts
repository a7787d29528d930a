// Certificates for the names of gates on the LAN: for who asks and nobody else, from an authority that can speak for its domain alone.
import { createPublicKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { afterEach, expect, test } from 'vitest';
import { webCertificateResponseSchema, type WebCertificateResponse } from '@postern/shared';
import { createTestCloud, enrolTestGate, someEvent, type TestCloud, type TestGate } from '../../support/cloud.ts';

let opened: TestCloud | undefined;
afterEach(async () => {
  await opened?.close();
  opened = undefined;
});

const cloudWith = async (gateDomain?: string): Promise<{ readonly test: TestCloud; readonly gate: TestGate }> => {
  opened = await createTestCloud(gateDomain === undefined ? {} : { gateDomain });
  await opened.json('POST', '/api/events', someEvent);
  return { test: opened, gate: await enrolTestGate(opened, 1, 'gate-a') };
};
const keyOf = (namedCurve = 'P-256'): string =>
  generateKeyPairSync('ec', { namedCurve }).publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
const ask = (gate: TestGate, publicKey: string): Promise<Response> =>
  gate.request('POST', '/gate/web-certificate', Buffer.from(JSON.stringify({ publicKey })), {
    'Content-Type': 'application/json',
  });
const issue = async (gate: TestGate, publicKey = keyOf()): Promise<WebCertificateResponse> =>
  webCertificateResponseSchema.parse(await (await ask(gate, publicKey)).json());
const parse = (base64: string): X509Certificate => new X509Certificate(Buffer.from(base64, 'base64'));

test('a gate gets a certificate for its own name and key, which its domain’s authority has signed', async () => {
  const { gate } = await cloudWith('gates.example.org');
  const publicKey = keyOf();
  const issued = await issue(gate, publicKey);
  expect(issued).toMatchObject({ name: 'gate-a.gates.example.org', origin: 'https://cloud.test' });
  const [leaf, authority] = [parse(issued.certificate), parse(issued.ca)];
  expect(leaf.subjectAltName).toBe('DNS:gate-a.gates.example.org');
  expect(
    leaf.publicKey.equals(createPublicKey({ key: Buffer.from(publicKey, 'base64'), type: 'spki', format: 'der' })),
  ).toBe(true);
  expect(leaf.verify(authority.publicKey)).toBe(true);
  expect(leaf.checkIssued(authority)).toBe(true);
  expect(leaf.ca).toBe(false);
  expect(authority.ca).toBe(true);
  expect(authority.publicKey.asymmetricKeyDetails).toMatchObject({ namedCurve: 'prime256v1' });
  // What browsers take of an authority that somebody has installed.
  expect(Date.parse(leaf.validTo) - Date.parse(leaf.validFrom)).toBeLessThan(825 * 86_400_000);
  // RFC 5280 4.2.1.10, critical: names under the domain alone.
  expect(authority.raw.includes(Buffer.from('0603551d1e0101ff', 'hex'))).toBe(true);
  expect(authority.raw.includes(Buffer.concat([Buffer.of(0x82, 17), Buffer.from('gates.example.org')]))).toBe(true);
});

test('the authority stays the same, also for the next process, until the domain is another one', async () => {
  const { test: first, gate } = await cloudWith('gates.example.org');
  const before = await issue(gate);
  expect((await issue(gate)).ca).toBe(before.ca);
  const next = await createTestCloud({
    gateDomain: 'gates.example.org',
    databaseUrl: first.databaseUrl,
    folder: first.folder,
    time: first.time,
  });
  gate.turnTo(next);
  expect((await issue(gate)).ca).toBe(before.ca);
  await next.cloud.close();
  const moved = await createTestCloud({
    gateDomain: 'doors.example.org',
    databaseUrl: first.databaseUrl,
    folder: first.folder,
    time: first.time,
  });
  gate.turnTo(moved);
  const after = await issue(gate);
  expect(after.name).toBe('gate-a.doors.example.org');
  expect(after.ca).not.toBe(before.ca);
  await moved.cloud.close();
});

test.each([
  ['a key of another curve', () => keyOf('P-384')],
  ['no key at all', () => Buffer.from('nothing').toString('base64')],
])('refuses %s', async (_what, key) => {
  const { gate } = await cloudWith('gates.example.org');
  const answer = await ask(gate, key());
  expect(answer.status).toBe(400);
  expect(await answer.json()).toMatchObject({ type: 'request-invalid' });
});

test('says so where there is no domain, and listens to gates alone', async () => {
  const { test: cloud, gate } = await cloudWith();
  const answer = await ask(gate, keyOf());
  expect(answer.status).toBe(409);
  expect(await answer.json()).toMatchObject({ type: 'gate-domain-unset' });
  expect((await cloud.api('POST', '/gate/web-certificate', { publicKey: keyOf() })).status).toBe(401);
});
