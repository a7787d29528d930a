// Goal: a page of the cloud's origin reaches a gate on the LAN by the name for which the deployment's own authority has certified it, on a phone
// that knows this authority, and nobody else does.
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  createNonces,
  encodeRequestToken,
  gateWebStatusPath,
  gateWebSyncPath,
  gateWebTokenAudience,
  webCertificateResponseSchema,
  type KeyPair,
} from '@postern/shared';
import { certificateToPem } from '../../gate-agent/src/certificates.ts';
import { startWebDoor, type WebDoor } from '../../gate-agent/src/replication/web-door.ts';
import { createSystemClock, createSystemRandom } from '../../gate-agent/src/system.ts';
import { launchBrowserOf } from '../support/browser.ts';
import { createTestCloud, enrolTestGate, silentLog, someEvent, type TestCloud } from '../support/cloud.ts';
import { describeOrReport, firstReason, missingPrograms } from '../support/not-run.ts';
import { trustAuthority } from '../support/trust-authority.ts';

describeOrReport(
  'the way from a page to a gate on the LAN',
  firstReason(missingPrograms('chromium', 'certutil')),
  () => {
    const home = mkdtempSync(join(tmpdir(), 'postern-phone-'));
    const heard: Uint8Array[] = [];
    const errors: string[] = [];
    let test: TestCloud;
    let handheld: { readonly id: string; readonly keys: KeyPair };
    let pages: Server;
    let door: WebDoor;
    let browser: Browser;
    let page: Page;
    const gateUrl = 'https://gate-a.gates.test:7445';

    beforeAll(async () => {
      test = await createTestCloud({ gateDomain: 'gates.test' });
      await test.time.advance(Date.now() - test.time.clock.wallMs());
      await test.json('POST', '/api/events', someEvent);
      const gate = await enrolTestGate(test, 1, 'gate-a');
      handheld = await enrolTestGate(test, 1, 'phone-1');
      const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const asked = await gate.request(
        'POST',
        '/gate/web-certificate',
        Buffer.from(
          JSON.stringify({ publicKey: publicKey.export({ type: 'spki', format: 'der' }).toString('base64') }),
        ),
        { 'Content-Type': 'application/json' },
      );
      const issued = webCertificateResponseSchema.parse(await asked.json());
      pages = createServer((_request, response) =>
        response.setHeader('Content-Type', 'text/html').end('<title>page</title>'),
      );
      await new Promise<void>((resolve) => void pages.listen(0, '127.0.0.1', resolve));
      const origin = `http://127.0.0.1:${(pages.address() as AddressInfo).port}`;
      const clock = createSystemClock();
      door = await startWebDoor({
        gate: 'gate-a',
        address: '127.0.0.1:0',
        tls: {
          key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
          cert: certificateToPem(Buffer.from(issued.certificate, 'base64')),
        },
        origins: () => [origin],
        trust: () => ({
          atMs: 0,
          timeTrusted: true,
          graceMs: 0,
          listedKey: (id) => (id === handheld.id ? handheld.keys.publicKey : undefined),
        }),
        answer: async (_sender, message) => {
          heard.push(message);
          return { status: 200, body: Uint8Array.of(7) };
        },
        status: () => ({ v: 1, gate: 'gate-a', event: 1, peersReachable: 0, cloudReachable: false }),
        nonces: createNonces(new Uint8Array(32), clock, createSystemRandom()),
        clock,
        log: silentLog,
      });
      trustAuthority(home, Buffer.from(issued.ca, 'base64'));
      browser = await launchBrowserOf(
        home,
        `--host-resolver-rules=MAP gate-a.gates.test:7445 127.0.0.1:${door.port}`,
        `--ip-address-space-overrides=127.0.0.1:${(pages.address() as AddressInfo).port}=public`,
      );
      const context = await browser.newContext();
      await context.grantPermissions(['local-network-access']);
      page = await context.newPage();
      page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
      await page.goto(origin);
    });
    afterAll(async () => {
      await browser?.close();
      await door?.close();
      pages?.close();
      await test?.close();
      rmSync(home, { recursive: true, force: true });
    });

    const ask = async (method: string, path: string, body: readonly number[] | undefined, nonce: string) => {
      const token = encodeRequestToken(
        {
          audience: gateWebTokenAudience,
          issuer: handheld.id,
          nonce,
          method,
          path,
          body: Uint8Array.from(body ?? []),
          nowMs: Date.now(),
        },
        handheld.keys,
      );
      return page.evaluate(
        async ({ url, method: by, authorization, bytes }) => {
          try {
            const response = await fetch(url, {
              method: by,
              headers: {
                Authorization: authorization,
                ...(bytes === undefined ? {} : { 'Content-Type': 'application/vnd.postern.sync+cbor' }),
              },
              ...(bytes === undefined ? {} : { body: Uint8Array.from(bytes) }),
            });
            return {
              status: response.status,
              nonce: response.headers.get('Postern-Nonce') ?? '',
              body: [...new Uint8Array(await response.arrayBuffer())],
            };
          } catch (cause) {
            return { status: 0, nonce: '', body: [], cause: String(cause) };
          }
        },
        {
          url: gateUrl + path,
          method,
          authorization: `Bearer ${token}`,
          bytes: body === undefined ? undefined : [...body],
        },
      );
    };

    it('carries a signed message to the gate and its answer back', async () => {
      const nonce = await page.evaluate(
        async (url) => (await fetch(url)).headers.get('Postern-Nonce') ?? '',
        gateUrl + gateWebStatusPath('gate-a'),
      );
      const sent = await ask('POST', gateWebSyncPath('gate-a'), [1, 2, 3], nonce);
      expect(sent).toMatchObject({ status: 200, body: [7] });
      expect(heard).toEqual([Uint8Array.of(1, 2, 3)]);
      expect(errors).toEqual([]);
    });
  },
);
