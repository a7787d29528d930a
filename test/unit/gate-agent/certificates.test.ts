// Our own verification of gates' certificates: only the deployment's CA, only gates, only in force, whatever Node would say.
import { beforeAll, describe, expect, test } from 'vitest';
import {
  bytesToHex,
  createCertificateRequest,
  enrolResponseSchema,
  gateResponseSchema,
  keyPairFromSeed,
  ready,
} from '@postern/shared';
import {
  parseCertificate,
  verifyGateCertificate,
  type CertificateRules,
} from '../../../gate-agent/src/certificates.ts';
import { createDeployment, deploymentNowMs, type Deployment } from '../../support/deployment.ts';
import { createTestCloud, postJson, someEvent } from '../../support/cloud.ts';

const hourMs = 3_600_000;
let ours: Deployment;
let theirs: Deployment;
beforeAll(async () => {
  await ready;
  ours = await createDeployment();
  theirs = await createDeployment('forger');
});

const verify = (der: Uint8Array, rules: Partial<CertificateRules> = {}): string => {
  const verified = verifyGateCertificate(der, {
    ca: ours.ca,
    atMs: deploymentNowMs,
    timeTrusted: true,
    graceMs: 0,
    ...rules,
  });
  return verified.ok ? verified.value.gate : verified.error.type;
};

describe('a gate certificate', () => {
  test('of the deployment names its gate and key', async () => {
    const gate = await ours.certify('gate-a');
    expect(verify(gate.certificate)).toBe('gate-a');
    expect(parseCertificate(gate.certificate)).toMatchObject({
      ok: true,
      value: { gate: 'gate-a', publicKey: gate.keys.publicKey },
    });
  });

  test('of a forger who uses the same names is refused, expired or not', async () => {
    expect(verify((await theirs.certify('gate-a')).certificate)).toBe('certificate-untrusted');
    expect(
      verify((await theirs.certify('gate-a', { notAfterMs: deploymentNowMs - hourMs })).certificate, {
        graceMs: 2 * hourMs,
      }),
    ).toBe('certificate-untrusted');
  });

  test('serves for its grace after it has expired, and no longer', async () => {
    const { certificate } = await ours.certify('gate-a', { notAfterMs: deploymentNowMs - hourMs });
    expect(verify(certificate)).toBe('certificate-expired');
    expect(verify(certificate, { graceMs: hourMs - 1_000 })).toBe('certificate-expired');
    expect(verify(certificate, { graceMs: hourMs })).toBe('gate-a');
  });

  test('of tomorrow is refused by whoever knows the time, and taken by whoever does not', async () => {
    const { certificate } = await ours.certify('gate-a', { notBeforeMs: deploymentNowMs + hourMs });
    expect(verify(certificate)).toBe('certificate-not-yet-valid');
    expect(verify(certificate, { timeTrusted: false, atMs: 0 })).toBe('gate-a');
  });

  test('must name exactly one gate and be no authority', async () => {
    expect(verify((await ours.certify('gate-a', { names: [] })).certificate)).toBe('certificate-untrusted');
    expect(
      verify((await ours.certify('gate-a', { names: ['postern:gate:gate-a', 'postern:gate:gate-b'] })).certificate),
    ).toBe('certificate-untrusted');
    expect(verify((await ours.certify('gate-a', { names: ['https://gate-a'] })).certificate)).toBe(
      'certificate-untrusted',
    );
    expect(verify((await ours.certify('gate-a', { isAuthority: true })).certificate)).toBe('certificate-untrusted');
    expect(verify(ours.ca)).toBe('certificate-untrusted');
  });

  test('with any altered byte is refused or unreadable, never an exception', async () => {
    const { certificate } = await ours.certify('gate-a');
    for (let index = 0; index < certificate.length; index++) {
      const altered = Uint8Array.from(certificate);
      altered[index] = (altered[index] ?? 0) ^ 0x01;
      expect(verify(altered)).toMatch(/^certificate-/);
    }
    expect(verify(certificate.slice(0, 40))).toBe('certificate-malformed');
    expect(verify(new Uint8Array(10_000))).toBe('certificate-malformed');
  });
});

test('a certificate request buys a certificate from the cloud that other gates accept', async () => {
  const cloud = await createTestCloud();
  await cloud.json('POST', '/api/events', { ...someEvent, event: 7 });
  const invitation = gateResponseSchema.parse(
    await cloud.json('POST', '/admin/events/7/gates', {
      id: 'gate-a',
      name: 'Gate A',
      zone: 'arena',
      lanes: [{ id: 'lane-1' }],
    }),
  );
  const keys = keyPairFromSeed(new Uint8Array(32).fill(9));
  const csr = Buffer.from(createCertificateRequest(keys)).toString('base64');
  const response = await postJson(cloud, '/enrol', {
    code: invitation.code,
    csr,
    publicKey: bytesToHex(keys.publicKey),
    nonce: '00'.repeat(16),
  });
  const { certificate, ca } = enrolResponseSchema.parse(await response.json());
  const fromBase64 = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64'));
  expect(verify(fromBase64(certificate), { ca: fromBase64(ca), atMs: cloud.time.clock.wallMs() })).toBe('gate-a');
  await cloud.close();
});
