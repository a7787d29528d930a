// The operator's way from nothing to tickets that are scanned, in a browser and against a real cloud process: the first run, finding and
// changing tickets, tables in and out, and the rules; with names that people should not have, and a session that ends in the middle.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, it, onTestFinished } from 'vitest';
import { createShop } from '../../scripts/lib/pretix-stand-in/shop.ts';
import { startPretixStandIn } from '../../scripts/lib/pretix-stand-in/server.ts';
import type { EventResponse, JobRun, TicketImportView, TicketList, TicketResponse } from '@postern/shared';
import { naughtyNames } from '../fixtures/naughty.ts';
import { launchBrowser } from '../support/browser.ts';
import { accessCloud, enrolWithCode, type CloudAccess } from '../support/cloud.ts';
import { firstToken, startNewCloud, temporaryFolder, type NewCloud } from '../support/cloud-process.ts';
import { aMark } from '../support/marks.ts';
import { describeOrReport, firstReason, missingPrograms } from '../support/not-run.ts';
import { axeFindings, watchPage, type PageWatch } from '../support/page-watch.ts';

const builtPage = fileURLToPath(new URL('../../cloud-sync/dist/dashboard/index.html', import.meta.url));
const missingPage = existsSync(builtPage) ? undefined : 'the pages are not built (npm run build)';

describeOrReport('tickets on the dashboard', firstReason(missingPrograms('chromium'), missingPage), () => {
  const folder = temporaryFolder();
  let browser: Browser;
  let page: Page;
  let cloud: NewCloud;
  let token: string;
  let access: CloudAccess;
  let watch: PageWatch;

  beforeAll(async () => {
    [browser, cloud] = await Promise.all([
      launchBrowser(),
      startNewCloud(folder.path, { POSTERN_CLOUD_WEBHOOK_NETWORKS: '127.0.0.0/8' }),
    ]);
    token = firstToken(cloud.process);
    access = accessCloud((path, init) => fetch(cloud.url + path, init), token);
    page = await browser.newPage({ locale: 'en-GB', timezoneId: 'Europe/Berlin', reducedMotion: 'reduce' });
    watch = await watchPage(page);
    // Nobody is signed in at first, pretix is not connected, and nothing was said of faces: the browser notes each such answer.
    watch.expect(/status of 401/, /status of 404.*\/pretix/, /status of 409.*\/face/);
    await page.goto(`${cloud.url}/`);
    await signIn();
  });
  afterAll(async () => {
    await browser.close();
    cloud.process.kill('SIGTERM');
    await cloud.process.ended;
    folder.remove();
  });
  afterEach(async () => {
    expect(await axeFindings(page)).toEqual([]);
    expect(watch.findings()).toEqual([]);
  });

  /** On the page of it, or in the dialog over the page. */
  const signIn = async (): Promise<void> => {
    await page.waitForSelector('.sign-in-form');
    const byToken = page.getByRole('button', { name: 'Use a token instead' });
    if (await byToken.isVisible()) await byToken.click();
    await page.getByLabel('Token').fill(token);
    await page.locator('.sign-in-form button[type=submit]').click();
    await page.waitForSelector('.sign-in-form', { state: 'detached' });
  };
  const goTo = (address: string): Promise<unknown> => page.goto(`${cloud.url}/#/${address}`);
  const button = (name: string | RegExp, within: Page | Locator = page): Locator =>
    within.getByRole('button', { name, exact: typeof name === 'string' });
  const dialog = (): Locator => page.locator('dialog[open]');
  const step = (name: string): Locator => page.locator(`[data-step=${name}]`);
  /** Presses a button of the ticket that is shown, says yes to what it asks, and waits until that is done. */
  const act = async (name: string, fill: () => Promise<void> = () => Promise.resolve()): Promise<string> => {
    await page.locator('.ticket-acts').getByRole('button', { name }).click();
    const asked = await dialog().locator('.body').innerText();
    await fill();
    await dialog().locator('.actions button').last().click();
    await dialog().waitFor({ state: 'detached' });
    return asked;
  };
  const tickets = async (search = ''): Promise<TicketList['tickets']> =>
    (await access.json<TicketList>('GET', `/api/tickets?event=1&limit=200${search === '' ? '' : `&search=${search}`}`))
      .tickets;

  it('leads from an empty deployment to the first ticket that is scanned, and can be left on the way', async () => {
    await page.waitForSelector('[data-step=event].now');
    await expect.poll(() => page.textContent('h1')).toBe('Welcome to Postern');
    expect(await axeFindings(page)).toEqual([]);
    await page.getByLabel('Name of the event').fill('Harbour Festival');
    expect(await page.getByLabel('Time zone of the venue').inputValue()).toBe('Europe/Berlin');
    await page.getByLabel('Zones that gates lead into').fill('Arena\nBackstage');
    await page.getByLabel('Ticket types').fill('Standing\nVIP');
    await button('Create the event').click();

    await page.waitForSelector('[data-step=tickets].now');
    await button('Issue here').click();
    await step('tickets').getByLabel('How many').fill('3');
    await button('Issue tickets', step('tickets')).click();

    await page.waitForSelector('[data-step=codes].now');
    await page.getByRole('link', { name: 'Print codes' }).click();
    await button('Prepare').click();
    await page.waitForSelector('.label');
    const printed = await page.locator('.label .label-code').allInnerTexts();
    expect(printed).toHaveLength(3);
    await page.emulateMedia({ media: 'print' });
    expect(await page.locator('.side').isVisible()).toBe(false);
    expect(await page.locator('.sheet').isVisible()).toBe(true);
    await page.emulateMedia({ media: 'screen' });
    await page.evaluate(() => {
      window.print = () => undefined;
    });
    await button('Print one sheet').click();

    await page.getByRole('link', { name: 'Step by step' }).click();
    await page.waitForSelector('[data-step=gate].now');
    await step('gate').getByLabel('Name').fill('Main gate');
    await step('gate').locator('button[type=submit]').click();
    const code = await step('gate').locator('.enrolment-code code').innerText();
    await step('gate').getByText('Waiting for').waitFor();
    const gate = await enrolWithCode(access, 'main-gate', code);

    await page.waitForSelector('[data-step=scan].now');
    const [first] = await tickets(printed[0]);
    if (first === undefined) throw new Error('a printed code finds its ticket');
    const ms = Date.now();
    const entry = aMark({ event: 1, gate: 'main-gate', ticketId: first.id, at: { ms, counter: 0 } });
    await gate.push([await gate.chunk([entry], { throughMs: ms })]);
    await page.getByText('The first ticket is in!').waitFor();
    await page.getByRole('link', { name: 'See its story' }).click();
    await page.locator('.story li').getByText('Entered', { exact: true }).waitFor();
    expect(page.url()).toContain(first.id);
  });

  it('finds tickets by what visitors say, and shows every name as it is', async () => {
    const holders = Object.values(naughtyNames).map((name, index) => ({ name, order: `N${index}` }));
    await access.json('POST', '/api/tickets/batch', {
      event: 1,
      tickets: holders.map((holder, index) => ({ type: 1 + (index % 2), holder })),
    });
    await goTo('e/1/tickets');
    const search = page.getByRole('searchbox');
    const names = page.locator('.ticket-link > .typed-name');
    for (const { name, order } of holders) {
      await search.fill(order);
      await expect.poll(() => names.allInnerTexts()).toEqual([name]);
    }
    await search.fill(naughtyNames.rightToLeft.slice(0, 6));
    await expect.poll(() => names.allInnerTexts()).toEqual([naughtyNames.rightToLeft]);
    await search.fill('');
    await expect.poll(() => names.count()).toBe(holders.length);
    expect(await page.title()).toBe('Tickets – Harbour Festival – Postern');
    // However long a name is, the page does not become wider than the window.
    for (const width of [1_280, 390]) {
      await page.setViewportSize({ width, height: 800 });
      const spill = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      expect(spill).toBe(0);
    }
    await page.setViewportSize({ width: 1_280, height: 800 });
    await search.fill('no such ticket');
    await page.getByText('No ticket fits that.').waitFor();
    await search.fill('');
    await expect.poll(() => names.count()).toBe(holders.length);
    // Where the cloud does not answer, what was found before is not taken for what was looked for.
    watch.expect(/net::ERR_FAILED .*search=unanswered/);
    await page.route(/search=unanswered/, (route) => route.abort());
    await search.fill('unanswered');
    await page.getByText('The cloud does not answer.').waitFor();
    expect(await names.count()).toBe(0);
    await page.unroute(/search=unanswered/);
    await button('Try again').click();
    await page.getByText('No ticket fits that.').waitFor();
  });

  it('does with a ticket what is asked for, by keyboard alone, once it was said what that means', async () => {
    await goTo('e/1/tickets/new');
    await page.getByLabel('Name').fill('Ada Lovelace');
    await page.getByLabel('Order').fill('A-1815');
    await page.getByLabel('Order').press('Enter');
    await page.getByText('Ticket issued').waitFor();
    await page.getByRole('link', { name: 'Open the ticket' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Ada Lovelace' }).waitFor();
    const [issued] = await tickets('A-1815');
    const read = (): Promise<TicketResponse> => access.json('GET', `/api/tickets/${issued?.id}`);
    const before = await read();

    // The safe answer has the focus.
    await page.locator('.ticket-acts').getByRole('button', { name: 'Cancel the ticket' }).focus();
    await page.keyboard.press('Enter');
    await dialog().waitFor();
    await page.keyboard.press('Enter');
    await dialog().waitFor({ state: 'detached' });
    expect((await read()).status).toBe('valid');

    expect(await act('Cancel the ticket')).toContain('open no gate any more');
    expect((await read()).status).toBe('revoked');
    await page.locator('.ticket-acts').getByRole('button', { name: 'Make valid again' }).waitFor();
    await act('Make valid again');
    expect((await read()).status).toBe('valid');

    await page.locator('.ticket-acts').getByRole('button', { name: 'New code' }).waitFor();
    await act('New code');
    expect((await read()).text).not.toBe(before.text);
    await act('Pass on', () => dialog().getByLabel('Name').fill('Grace Hopper'));
    expect((await read()).holder).toEqual({ name: 'Grace Hopper' });
    await page.getByRole('heading', { name: 'Grace Hopper' }).waitFor();

    await act('Let in by hand', async () => {
      await dialog().getByLabel('Reason').selectOption({ label: 'Code lost or unreadable' });
    });
    await page.locator('.story').getByText('Let in by hand', { exact: true }).first().waitFor();
    await act('Block now');
    await page.locator('.story').getByText('Blocked by staff').first().waitFor();
    const titles = await page.locator('.story-title').allInnerTexts();
    for (const title of ['Issued', 'Cancelled', 'Made valid again']) expect(titles).toContain(title);

    // What is blocked says so and is refused; a new code ends that.
    const verify = async (): Promise<unknown> =>
      access.json('POST', `/api/tickets/${issued?.id}/methods/qr/verify`, { presented_data: (await read()).text }, 200);
    const badge = page.locator('.ticket-heading .badge');
    await badge.getByText('Blocked').waitFor();
    await page.getByText('A new code ends that.').waitFor();
    expect(await button(/^Block now/, page.locator('.ticket-acts')).count()).toBe(0);
    expect(await axeFindings(page)).toEqual([]);
    expect(await verify()).toMatchObject({ success: false, reason: 'denied' });
    await act('New code');
    await badge.getByText('Blocked').waitFor({ state: 'detached' });
    expect(await verify()).not.toMatchObject({ reason: 'denied' });

    await page.locator('.ticket-acts').getByRole('button', { name: 'Link for a phone' }).click();
    await button('Make the link').click();
    expect(await dialog().getByRole('textbox', { name: 'Link for a phone' }).inputValue()).toContain('/my/#');
    expect(await axeFindings(page)).toEqual([]);
    await page.keyboard.press('Escape');
  });

  it('imports a table: shows how it is read, checks it, and loses nothing when the session ends', async () => {
    const rows = Array.from({ length: 250 }, (_none, index) => {
      const type = index % 2 === 0 ? 'Standing' : 'Frühbucher';
      return `C-${index};${type};${index === 0 ? naughtyNames.html : 'Ann'};M-${index};1`;
    });
    const table = ['Nummer;Tickettyp;Name;Bestellnr;Preis', ...rows, 'C-0;Standing;Twice;M-0;1'].join('\n');
    await goTo('e/1/files');
    await page.locator('input[type=file]').setInputFiles({
      name: 'verkauft.csv',
      mimeType: 'text/csv',
      buffer: Buffer.from(table, 'latin1'),
    });
    await page.getByText('windows-1252').waitFor();
    expect(await page.locator('.preview tbody td').nth(2).innerText()).toBe(naughtyNames.html);
    await page.getByText('Say which column has the tickets’ codes').waitFor();
    await page.getByLabel('“Nummer” is').selectOption({ label: 'Code (printed)' });

    await button('Check').click();
    await page.getByText('251 tickets: 125 would be created, 0 changed, 0 stay as they are, 126 refused.').waitFor();
    expect(await page.locator('.import-report tbody tr').count()).toBe(100);
    await page.getByText('The first 100 of 126').waitFor();
    expect(await tickets('M-1')).toEqual([]);

    await page.getByLabel('“Frühbucher” is').selectOption({ label: 'VIP' });
    // Whatever the cloud knew of this browser is gone.
    expect((await access.api('DELETE', '/me/sessions')).status).toBe(204);
    await button('Check').click();
    await signIn();
    await page.getByText('251 tickets: 250 would be created, 0 changed, 0 stay as they are, 1 refused.').waitFor();
    expect(await page.getByLabel('“Nummer” is').inputValue()).toBe('code');
    expect(await axeFindings(page)).toEqual([]);

    await button('Import 250 tickets').click();
    await page.getByText('250 tickets created, 0 changed, 0 were there already, 1 refused.').waitFor();
    expect(await tickets('C-249')).toMatchObject([{ type: 2, holder: { order: 'M-249' } }]);

    const [file] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'Download' }).click(),
    ]);
    expect(file.suggestedFilename()).toBe('tickets-1.csv');
  });

  it('shows an import that is under way to whoever comes by, and stops it where somebody says so', async () => {
    const rows = 100_000;
    const { event } = await access.json<EventResponse>('POST', '/api/events', {
      name: 'Winter Market',
      timeZone: 'Europe/Berlin',
      types: [{ id: 1, name: 'Day' }],
      zones: [{ id: 'square', name: 'Square' }],
    });
    const path = `/api/events/${event}/tickets/import`;
    const table = ['code,type', ...Array.from({ length: rows }, (_none, index) => `W${index},Day`)].join('\n');
    const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'text/csv' };
    const sent = await fetch(`${cloud.url}${path}`, { method: 'POST', headers, body: table });
    expect(sent.status).toBe(202);
    const run = (await sent.json()) as JobRun;
    await goTo(`e/${event}/files`);
    await page.reload();
    await button('Cancel the import').click();
    await expect.poll(() => dialog().innerText()).toContain('Tickets that are in already stay.');
    expect(await axeFindings(page)).toEqual([]);
    await button('Cancel the import', dialog()).click();
    await page.getByText('The import was cancelled.').waitFor();
    // It was read as far as somebody wanted, so that nothing is wrong with the file.
    expect(await page.locator('.import-run .tone-bad').count()).toBe(0);
    const read = await access.json<TicketImportView>('GET', `${path}s/${run.id}`);
    expect(read.run.state).toBe('cancelled');
    expect(read.report?.created ?? 0).toBeLessThan(rows);
    await button('Another file').click();
    await page.locator('.file-drop').waitFor();
  });

  it('says what is no table', async () => {
    await goTo('e/1/tickets');
    await goTo('e/1/files');
    const choose = (bytes: readonly number[]): Promise<void> =>
      page.locator('input[type=file]').setInputFiles({ name: 'a.xlsx', mimeType: '', buffer: Buffer.from(bytes) });
    await choose([0x50, 0x4b, 3, 4, 0]);
    await page.getByText('This is a workbook or an archive.').waitFor();
    await choose([]);
    await page.getByText('The file is empty.').waitFor();
    // Dropped onto the page it is read as if it had been chosen.
    const files = await page.evaluateHandle(() => {
      const dropped = new DataTransfer();
      dropped.items.add(new File(['code,name\nX1,Ann'], 'list.csv', { type: 'text/csv' }));
      return dropped;
    });
    await page.locator('.file-drop').dispatchEvent('drop', { dataTransfer: files });
    await page.getByText('list.csv').waitFor();
    expect(await page.locator('.preview tbody td').allInnerTexts()).toEqual(['X1', 'Ann']);
  });

  it('connects a pretix server, shows what came of it, and sends again what pretix refused', async () => {
    const shop = createShop({ now: Date.now });
    const list = shop.addList('Entrance');
    const item = shop.addItem('Balcony');
    const sold = [0, 1].map(() => shop.addOrder({ positions: [{ item: item.id }] }));
    const standIn = await startPretixStandIn({ shop });
    onTestFinished(() => standIn.stop());
    await goTo('e/1/tickets');
    await goTo('e/1/files');
    await button('Connect a pretix server …').click();
    await page.getByLabel('Server').fill(standIn.url);
    await page.getByLabel('Organizer’s short name').fill(standIn.organizer);
    await page.getByLabel('Event’s short name').fill(standIn.slug);
    await page.getByLabel('API token').fill('a wrong token');
    await page.getByLabel('Check-in lists').fill('twelve');
    await page.getByText('Write numbers, such as').waitFor();
    await page.getByLabel('Check-in lists').fill(String(list.id));
    await page.getByLabel('API token').fill(standIn.token);
    await button('Connect', page.locator('.pretix')).click();
    await page.locator('.pretix').getByText('Balcony').first().waitFor();
    await button('Read what is new').click();
    await expect.poll(async () => (await tickets(sold[1]?.code)).length).toBe(1);
    expect(await axeFindings(page)).toEqual([]);

    // Let in here while it is cancelled there.
    const [entered] = await tickets(sold[0]?.code);
    for (const position of sold[0]?.positions ?? []) shop.cancelPosition(position);
    await access.json('POST', '/api/events/1/overrides', {
      reason: 'lost-code',
      zone: 'arena',
      ticket: entered?.id,
    });
    // The cloud seals its own entries in a moment: whoever reads before that reads once more.
    const readAgain = async (): Promise<boolean> => {
      if (await page.getByText('Entries that pretix refused').isVisible()) return true;
      await button('Read what is new').click();
      return false;
    };
    await expect.poll(readAgain, { interval: 3_000 }).toBe(true);
    await button(/Send the 1 refused/).click();
    await page.getByText('1 are sent again.').waitFor();
    await button('Disconnect …').click();
    await expect.poll(() => dialog().innerText()).toContain('The tickets that are here stay');
    await button('Disconnect', dialog()).click();
    await button('Connect a pretix server …').waitFor();
  });

  it('makes links for phones of all tickets that nobody has used, as one list', async () => {
    const open = (await tickets()).filter(({ status, type }) => status === 'valid' && type === 1);
    await goTo('e/1/tickets/links');
    await page.getByLabel('Ticket type').selectOption({ label: 'Standing' });
    const [file] = await Promise.all([page.waitForEvent('download'), button('Make the links').click()]);
    await page.getByText(/links made/).waitFor();
    const chunks: Buffer[] = [];
    for await (const chunk of await file.createReadStream()) chunks.push(chunk as Buffer);
    const lines = Buffer.concat(chunks).toString().trim().split('\r\n');
    expect(lines.filter((line) => line.includes('/my/#'))).toHaveLength(lines.length - 1);
    expect(lines.length - 1).toBeGreaterThanOrEqual(Math.min(open.length, 100));
    // What a spreadsheet would run is text.
    expect(lines.join('\n')).not.toMatch(/(^|,)"?=/m);
  });

  it('changes the rules: types, zones, methods, and what each method lacks', async () => {
    const event = (): Promise<EventResponse> => access.json('GET', '/api/events/1');
    await goTo('e/1/rules/types');
    await button('Add a ticket type').click();
    await dialog().getByLabel('Name').fill('Early bird');
    await dialog().getByLabel('Admits from').fill('2026-09-21T18:00');
    await dialog().getByLabel('Entries in all').fill('0');
    await dialog().getByLabel('Backstage').check();
    expect(await axeFindings(page)).toEqual([]);
    await button('Done', dialog()).click();
    await button('Save').click();
    await page.getByText('Saved. Gates take it over').first().waitFor();
    expect((await event()).policy.types.at(-1)).toMatchObject({
      id: 4,
      name: 'Early bird',
      uses: 0,
      zones: ['backstage'],
      validFromS: Date.UTC(2026, 8, 21, 16) / 1_000,
    });

    await goTo('e/1/rules/zones');
    await page.getByLabel('Persons at most').first().fill('5000');
    // Somebody else changes the rules meanwhile: theirs stay.
    const { event: _event, ...policy } = (await event()).policy;
    await access.json('PUT', '/api/events/1/policy', { ...policy, name: 'Harbour Nights' }, 200);
    await button('Save').click();
    await page.getByText('Somebody else has changed the rules meanwhile').waitFor();
    expect((await event()).policy).toMatchObject({ name: 'Harbour Nights' });
    expect((await event()).policy.zones[0]?.capacity).toBeUndefined();
    await button('Forget the changes').click();
    await expect.poll(() => page.getByLabel('Persons at most').first().inputValue()).toBe('');
    await page.getByLabel('Persons at most').first().fill('5000');
    await button('Save').click();
    await expect.poll(async () => (await event()).policy.zones[0]?.capacity).toBe(5_000);

    await goTo('e/1/rules/methods');
    const method = (id: string): Locator => page.locator(`[data-method=${id}]`);
    await method('face').getByText('the text that people agree to').waitFor();
    await method('geofence').getByText('the places where positions count').waitFor();
    await method('dynamic').getByRole('button', { name: 'Switch off' }).click();
    await expect.poll(() => dialog().innerText()).toContain('Whoever shows it is refused');
    await button('Switch off', dialog()).click();
    await method('dynamic').getByText('Off', { exact: true }).waitFor();
    await method('dynamic').getByRole('button', { name: 'Switch on' }).click();
    await method('dynamic').getByText('On', { exact: true }).waitFor();

    await method('geofence').getByRole('link', { name: 'Set up' }).click();
    await page.getByLabel('Name').fill('Quay');
    await page.getByLabel('Latitude').fill('53,5');
    await page.getByLabel('Longitude').fill('9.98');
    await button('Save').click();
    await expect
      .poll(async () => (await event()).policy.geofence?.zones)
      .toMatchObject([{ id: 'quay', zone: 'arena', shape: { type: 'Circle', center: [9.98, 53.5], radiusM: 150 } }]);

    await goTo('e/1/rules/face');
    await page.getByLabel('What people agree to, in English').fill('I agree.');
    await page.getByLabel('Where the impact assessment lies').fill('DPIA 7');
    await page.getByLabel('Least age').fill('18');
    await button('Save').click();
    await page.getByText('when the event ends').waitFor();
    await page.getByRole('link', { name: 'Say when the event ends' }).click();
    await page.getByLabel('The event ends').fill('2099-09-22T04:00');
    await button('Save').click();
    await dialog().locator('.actions button').last().click();
    await goTo('e/1/rules/face');
    await page.getByText('Ready', { exact: true }).waitFor();
  });

  it('speaks German to who wants that', async () => {
    await page.getByLabel('Language').first().selectOption('de');
    await goTo('start/1');
    await page.getByText('Das erste Ticket ist drin!').waitFor();
    await expect.poll(() => page.getAttribute('html', 'lang')).toBe('de');
  });
});
