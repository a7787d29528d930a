// Goal: the SDK in a real browser: a key that cannot leave it, messages that the service believes, numbers that rise over reloads and tabs, the
// browser's own position on the way to a pre-check, and fixes that wait while there is no network.
import { existsSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { createAdaptorServer } from '@hono/node-server';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import type { Geofence, GeofenceOutcome } from '../../cloud-sync/src/sdk/geofence.ts';
import type { TicketHistory, TicketResponse } from '@postern/shared';
import { launchBrowser } from '../support/browser.ts';
import { createTestCloud, someEvent, type TestCloud } from '../support/cloud.ts';
import { besideDoor, doorPosition, doorZones } from '../support/geofence.ts';
import { describeOrReport, firstReason, missingPrograms } from '../support/not-run.ts';

const builtSdk = fileURLToPath(new URL('../../cloud-sync/dist/sdk/geofence.js', import.meta.url));
const missingSdk = existsSync(builtSdk) ? undefined : 'the SDK is not built (npm run build)';

/** What the page of somebody else puts where this test can ask for it. */
interface Shop {
  geofence: Geofence;
  outcomes: GeofenceOutcome[];
  stop: () => void;
}
declare const shop: Shop;

describeOrReport('the SDK for browsers', firstReason(missingPrograms('chromium'), missingSdk), () => {
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let test: TestCloud;
  let server: ReturnType<typeof createAdaptorServer>;
  let shopServer: Server;
  let ticket: TicketResponse;
  let cloudUrl = '';
  let shopUrl = '';
  let holderPass = '';
  const errors: string[] = [];

  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(() => browser.close());

  const listen = async (one: { listen: Server['listen']; address: Server['address'] }): Promise<string> => {
    await new Promise<void>((resolve) => void one.listen(0, '127.0.0.1', () => resolve()));
    return `http://127.0.0.1:${(one.address() as AddressInfo).port}`;
  };
  const openShop = async (): Promise<Page> => {
    const opened = await context.newPage();
    opened.on('pageerror', (error) => errors.push(error.message));
    await opened.goto(shopUrl);
    await opened.waitForFunction(() => 'shop' in globalThis);
    return opened;
  };

  beforeEach(async () => {
    test = await createTestCloud();
    // The browser's clock is the real one.
    await test.time.advance(Date.now() - test.time.clock.wallMs());
    await test.json('POST', '/api/events', someEvent);
    await test.json('PUT', '/api/events/1/geofence', { zones: doorZones, dwellS: 1 });
    ticket = await test.json('POST', '/api/tickets', { event: 1, type: 1 });
    server = createAdaptorServer({ fetch: test.cloud.app.fetch });
    cloudUrl = await listen(server as Server);
    // Of another origin than the service, as an organiser's page is.
    shopServer = createServer((_request, response) => {
      response.setHeader('Content-Type', 'text/html');
      response.end(`<!doctype html><title>shop</title><script type="module">
        import { openGeofence } from '${cloudUrl}/sdk/geofence.js';
        globalThis.shop = { geofence: await openGeofence('${ticket.id}'), outcomes: [], stop: () => undefined };
      </script>`);
    });
    shopUrl = await listen(shopServer);
    errors.length = 0;
    context = await browser.newContext({
      permissions: ['geolocation'],
      geolocation: { latitude: doorPosition.lat, longitude: doorPosition.lon, accuracy: 12 },
    });
    page = await openShop();
    const publicKey = await page.evaluate(() => shop.geofence.publicKey);
    const made = await test.json<{ payload: { holderPass: string } }>(
      'POST',
      `/api/tickets/${ticket.id}/methods/geofence/generate`,
      { holderKey: publicKey },
    );
    ({ holderPass } = made.payload);
  });
  afterEach(async () => {
    await context.close();
    test.cloud.endStreams();
    for (const one of [server as Server, shopServer]) {
      one.closeAllConnections();
      await new Promise((resolve) => void one.close(resolve));
    }
    await test.close();
    expect(errors).toEqual([]);
  });

  const url = (): string => `${cloudUrl}/webhooks/geofence/1`;
  const send = (of: Page, atS: number, accuracyM = 10): Promise<GeofenceOutcome> =>
    of.evaluate(({ to, pass, fix }) => shop.geofence.send(to, pass, [fix]), {
      to: url(),
      pass: holderPass,
      fix: { atS, ...doorPosition, accuracyM },
    });
  const nowS = (): number => Math.floor(test.time.clock.wallMs() / 1_000);

  it('signs what the service believes, from a page of another origin', async () => {
    expect(await send(page, nowS() - 30)).toEqual({ state: 'waiting' });
    expect(await send(page, nowS() - 20)).toMatchObject({ state: 'present', zones: ['door'] });
    expect(await send(page, nowS() - 20)).toMatchObject({ state: 'refused', reason: 'fix-replayed' });
    const altered = `${holderPass.slice(0, 40)}${holderPass[40] === 'A' ? 'B' : 'A'}${holderPass.slice(41)}`;
    const outcome = await page.evaluate(({ to, pass, fix }) => shop.geofence.send(to, pass, [fix]), {
      to: url(),
      pass: altered,
      fix: { atS: nowS(), ...doorPosition, accuracyM: 10 },
    });
    expect(outcome).toEqual({ state: 'refused', reason: 'credentials-wrong' });
  });

  it('keeps a key that nobody can take out, over reloads, with numbers that rise in every tab', async () => {
    const key = await page.evaluate(() => shop.geofence.publicKey);
    const kept = await page.evaluate(async () => {
      const database = await new Promise<IDBDatabase>((resolve) => {
        const opening = indexedDB.open('postern-geofence');
        opening.addEventListener('success', () => resolve(opening.result));
      });
      const [record] = await new Promise<{ keys: CryptoKeyPair }[]>((resolve) => {
        const reading = database.transaction('keys').objectStore('keys').getAll();
        reading.addEventListener('success', () => resolve(reading.result as { keys: CryptoKeyPair }[]));
      });
      const secret = record?.keys.privateKey;
      if (secret === undefined) return 'no key';
      return crypto.subtle.exportKey('pkcs8', secret).then(
        () => 'exported',
        (cause: Error) => cause.name,
      );
    });
    expect(kept).toBe('InvalidAccessError');
    await page.reload();
    await page.waitForFunction(() => 'shop' in globalThis);
    expect(await page.evaluate(() => shop.geofence.publicKey)).toBe(key);
    const other = await openShop();
    expect(await other.evaluate(() => shop.geofence.publicKey)).toBe(key);
    const numbers = await Promise.all(
      [page, other, page, other].map(async (of) => {
        const proof = await of.evaluate(
          (pass) => shop.geofence.proof(pass, [{ atS: 1, lat: 0, lon: 0, accuracyM: 1 }]),
          holderPass,
        );
        const said: unknown = JSON.parse(Buffer.from(proof.split('.')[1] ?? '', 'base64url').toString());
        return (said as { n: number }).n;
      }),
    );
    expect(new Set(numbers).size).toBe(4);
  });

  it('follows the phone to a pre-check, and forgets its key when asked', async () => {
    const watch = (): Promise<void> =>
      page.evaluate(
        ({ to, pass }) => {
          const onOutcome = (outcome: GeofenceOutcome): void => void shop.outcomes.push(outcome);
          shop.stop = shop.geofence.watch({ url: to, holderPass: pass, onOutcome, everyS: 0.2 });
        },
        { to: url(), pass: holderPass },
      );
    const outcomes = (): Promise<readonly GeofenceOutcome[]> => page.evaluate(() => shop.outcomes);
    await watch();
    await expect.poll(async () => (await outcomes()).map(({ state }) => state)).toContain('waiting');
    // A browser that does not move says nothing new: some metres further it does.
    let metres = 0;
    await expect
      .poll(
        async () => {
          metres += 5;
          await test.time.advance(Math.max(0, Date.now() - test.time.clock.wallMs()));
          const { lat, lon } = besideDoor(metres % 50);
          await context.setGeolocation({ latitude: lat, longitude: lon, accuracy: 12 });
          return (await outcomes()).map(({ state }) => state);
        },
        { timeout: 20_000, interval: 300 },
      )
      .toContain('present');
    const { marks } = await test.json<TicketHistory>('GET', `/api/tickets/${ticket.id}/history`);
    expect(marks).toMatchObject([{ kind: 'prechecked', method: 'geofence' }]);
    await context.setOffline(true);
    await expect
      .poll(
        async () => {
          metres += 5;
          const { lat, lon } = besideDoor(metres % 50);
          await context.setGeolocation({ latitude: lat, longitude: lon, accuracy: 12 });
          return (await outcomes()).map(({ state }) => state);
        },
        { timeout: 20_000, interval: 300 },
      )
      .toContain('unsent');
    await page.evaluate(() => shop.stop());
    await page.evaluate(() => shop.geofence.forget());
    const said = await page.evaluate(
      (pass) =>
        shop.geofence.proof(pass, [{ atS: 1, lat: 0, lon: 0, accuracyM: 1 }]).then(
          () => 'signed',
          () => 'forgotten',
        ),
      holderPass,
    );
    expect(said).toBe('forgotten');
  });
});
