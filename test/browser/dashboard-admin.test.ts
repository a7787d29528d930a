// What administrators do in the dashboard, against a cloud that is a process of its own: gates from the one-time code to revoking, cases,
// orders, people, programs, keys, webhooks, background work, the audit log, the own account. Each page keeps its own rules (CSP), writes no
// error to the console, and axe finds nothing on it.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bytesToHex, type BoundMark, type TicketResponse } from '@postern/shared';
import { launchBrowser } from '../support/browser.ts';
import { firstToken, runCloudWith, temporaryFolder, type CloudProcess } from '../support/cloud-process.ts';
import {
  accessCloud,
  createIdentity,
  enrolTestGate,
  postJson,
  type CloudAccess,
  type TestGate,
} from '../support/cloud.ts';
import { naughtyNames } from '../fixtures/naughty.ts';
import { aMark, baseOf } from '../support/marks.ts';
import { describeOrReport, firstReason, missingPrograms } from '../support/not-run.ts';
import { axeFindings, watchPage, type PageWatch } from '../support/page-watch.ts';
import { sendVitals } from '../support/vitals.ts';
import { startWebhookReceiver, type WebhookReceiver } from '../support/webhook-receiver.ts';

const builtPage = fileURLToPath(new URL('../../cloud-sync/dist/dashboard/index.html', import.meta.url));
const missingPage = existsSync(builtPage) ? undefined : 'the pages are not built (npm run build)';
const gatesOfCrowd = 200;
/** As long as a gate's name may be. */
const crowdNames = Object.values(naughtyNames).map((name) => name.slice(0, 100));

describeOrReport('the dashboard of administrators', firstReason(missingPrograms('chromium'), missingPage), () => {
  const folder = temporaryFolder();
  let process: CloudProcess;
  let cloud: CloudAccess;
  let url: string;
  let token: string;
  let browser: Browser;
  let page: Page;
  let watch: PageWatch;
  let receiver: WebhookReceiver;
  let tickets: readonly TicketResponse[];
  let gateA: TestGate;
  let gateB: TestGate;

  beforeAll(async () => {
    process = runCloudWith(
      { POSTERN_CLOUD_WEBHOOK_NETWORKS: '127.0.0.0/8' },
      'serve',
      '--database',
      `sqlite:${join(folder.path, 'cloud.db')}`,
      '--port',
      '0',
      '--log-level',
      'warn',
    );
    [url, browser, receiver] = await Promise.all([process.ready, launchBrowser(), startWebhookReceiver()]);
    token = firstToken(process);
    cloud = accessCloud((path, init) => fetch(`${url}${path}`, init), token);
    await cloud.json('POST', '/api/events', {
      name: 'Harbour <b>Festival</b>',
      timeZone: 'Europe/Berlin',
      types: [{ id: 1, name: 'Standing' }],
      zones: [
        { id: 'arena', name: 'Arena' },
        { id: 'yard', name: 'Yard' },
      ],
    });
    const sold = await cloud.json<{ tickets: readonly TicketResponse[] }>('POST', '/api/tickets/batch', {
      event: 1,
      tickets: Array.from({ length: 4 }, () => ({ type: 1 })),
    });
    ({ tickets } = sold);
    const context = await browser.newContext({ locale: 'en-GB', viewport: { width: 1_280, height: 900 } });
    page = await context.newPage();
    watch = await watchPage(page);
    // What the cloud refuses is shown to people, and the browser writes it to its console too.
    watch.expect(/status of (403|409|422)/);
    await page.request.post(`${url}/session`, { data: { token } });
  });
  afterAll(async () => {
    await browser.close();
    await receiver.close();
    process.kill('SIGTERM');
    await process.ended;
    folder.remove();
  });

  const go = (place: string): Promise<unknown> => page.goto(`${url}/#/${place}`);
  const button = (name: string | RegExp, within: Page | Locator = page): Locator =>
    within.getByRole('button', { name, exact: typeof name === 'string' });
  const row = (text: string | RegExp): Locator => page.locator('tbody tr').filter({ hasText: text });
  const dialog = (): Locator => page.getByRole('dialog');
  /** Asked with this consequence, it is done, and the dialog goes. */
  const confirm = async (act: string, consequence: RegExp): Promise<void> => {
    await expect.poll(() => dialog().innerText()).toMatch(consequence);
    await button(act, dialog()).click();
    await dialog().waitFor({ state: 'detached' });
  };
  const close = async (): Promise<void> => {
    await button('Done', dialog()).click();
    await dialog().waitFor({ state: 'detached' });
  };
  const text = (locator: Locator = page.locator('main')): Promise<string> => locator.innerText();
  /** Toasts fade in over what is below them: axe is asked about the page itself. */
  const isAccessible = async (): Promise<void> => {
    expect(await axeFindings(page)).toEqual([]);
    expect(watch.findings()).toEqual([]);
  };
  const nowMs = (): number => Date.now();
  /** What a link gives to whoever presses it, as a file. */
  const download = async (link: Locator): Promise<{ readonly name: string; readonly text: string }> => {
    const [file] = await Promise.all([page.waitForEvent('download'), link.click()]);
    const parts: Buffer[] = [];
    for await (const part of await file.createReadStream()) parts.push(part as Buffer);
    return { name: file.suggestedFilename(), text: Buffer.concat(parts).toString() };
  };
  /** Signs in elsewhere; the answer is what the cloud says there from then on. */
  const signInElsewhere = async (credentials: object, agent: string): Promise<() => Promise<number>> => {
    const headers = { 'Content-Type': 'application/json', 'User-Agent': agent };
    const answer = await fetch(`${url}/session`, { method: 'POST', headers, body: JSON.stringify(credentials) });
    const cookie = answer.headers.get('set-cookie')?.split(';')[0] ?? '';
    return async () => (await fetch(`${url}/me`, { headers: { Cookie: cookie } })).status;
  };
  const pass = async (gate: TestGate, ticket: string, sequence: number, atMs: number): Promise<void> => {
    const mark = aMark({ event: 1, gate: gate.id, ticketId: ticket, sequence, at: { ms: atMs, counter: 0 } });
    await gate.push([await gate.chunk([mark], { throughMs: atMs })]);
  };

  it('enrols a gate from its form to its first contact', async () => {
    await go('e/1/gates');
    await page.getByText('No gate has been set up.').waitFor();
    await isAccessible();
    await button('Enrol a gate').first().click();
    await button('Make the one-time code').click();
    await page.getByText('It needs a name of at most').waitFor();
    await page.getByLabel('Name', { exact: true }).fill('Südkurve 3');
    await page.getByLabel('Readers').fill('pcsc://\nhid://0c2e:0b61');
    await isAccessible();
    await button('Make the one-time code').click();
    const code = await text(page.locator('.enrolment-code code'));
    expect(await page.getByLabel('Type this on the gate').inputValue()).toBe(`gate-agent enrol ${url} ${code}`);
    await page.getByRole('img', { name: /One-time code/ }).waitFor();
    await page.getByText('Waiting for “Südkurve 3” to enrol').waitFor();
    await isAccessible();
    const { keys, csr } = await createIdentity('suedkurve-3');
    const enrolled = await postJson(cloud, '/enrol', {
      code,
      csr,
      publicKey: bytesToHex(keys.publicKey),
      nonce: '00'.repeat(16),
    });
    expect(enrolled.status).toBe(200);
    await page.getByText('“Südkurve 3” is enrolled.').waitFor();
    await button('Done').click();
    await row('Südkurve 3').getByText('suedkurve-3').waitFor();
    // A handheld is a page: its code is an address that the phone's own camera opens.
    await button('Enrol a gate').first().click();
    await page.getByLabel('What is it?').selectOption({ label: 'A steward’s handheld (a phone)' });
    await page.getByLabel('Name', { exact: true }).fill('Ada’s phone');
    await button('Make the one-time code').click();
    const onPhone = await text(page.locator('.enrolment-code code'));
    expect(await page.getByLabel(/^Scan this with the phone’s camera/).inputValue()).toBe(
      `${url}/handheld/#${onPhone}`,
    );
    await page.getByRole('img', { name: `One-time code: ${url}/handheld/#${onPhone}` }).waitFor();
    await isAccessible();
  });

  it('counts a code down by the cloud’s clock where the computer’s own is hours ahead', async () => {
    const wrong = await page.context().newPage();
    await wrong.addInitScript(() => {
      const now = Date.now.bind(Date);
      Date.now = () => now() + 5 * 3_600_000;
    });
    await wrong.goto(`${url}/#/e/1/gates/suedkurve-3`);
    await button('Make a new code', wrong).click();
    await wrong.locator('.enrolment-code code').waitFor();
    await expect.poll(() => text(wrong.locator('.enrolment-code small'))).toMatch(/^Good for another \d{1,2} min$/);
    await wrong.close();
  });

  it('shows gates by what needs attention, finds one of two hundred, and says how it is', async () => {
    for (let first = 0; first < gatesOfCrowd; first += 20)
      await Promise.all(
        Array.from({ length: 20 }, (_, index) => {
          const id = `crowd-${first + index}`;
          const lanes = [{ id: 'lane-1' }];
          const name = crowdNames[first + index] ?? `Crowd ${first + index}`;
          return cloud.json('POST', '/admin/events/1/gates', {
            id,
            name,
            zone: 'yard',
            lanes,
          });
        }),
      );
    [gateA, gateB] = [await enrolTestGate(cloud, 1, 'gate-a'), await enrolTestGate(cloud, 1, 'gate-b')];
    const clock = { nowMs: nowMs(), source: 'server', trusted: true, uncertaintyMs: 40, systemOffsetMs: 0 } as const;
    await sendVitals(gateA, {
      state: 'red',
      problems: [{ severity: 'fail', what: 'The reader camera-1 is gone.', next: 'Plug it in again.' }],
      clock,
      disk: { freeBytes: 1_500_000_000, totalBytes: 30_000_000_000 },
      temperatureC: 84,
      events: [{ event: 1, waiting: 12 }],
    });
    await sendVitals(gateB, { clock });
    await go('e/1/gates');
    await page.reload();
    const caption = page.locator('caption');
    await expect.poll(() => text(caption)).toBe('50 of 204 gates');
    const first = page.locator('tbody tr').first();
    await expect.poll(() => text(first)).toContain('Gate A');
    await expect.poll(() => text(first)).toMatch(/Trouble[^]*The reader camera-1 is gone\.[^]*Plug it in again\./);
    await expect.poll(() => text(first)).toMatch(/1\.5 GB[^]*84 °C[^]*12/);
    await button('Show more gates').click();
    await expect.poll(() => text(caption)).toBe('100 of 204 gates');
    await page.getByLabel('Find a gate').fill('yard 117');
    await expect.poll(() => page.locator('tbody tr').count()).toBe(1);
    await page.getByLabel('Find a gate').fill('');
    await page.getByLabel('Show', { exact: true }).selectOption({ label: 'What needs attention' });
    await row('Gate A').waitFor();
    expect(await row('Crowd').count()).toBe(0);
    await isAccessible();
    // However long other gates' names are, how a gate is stands beside its name.
    await page.getByLabel('Show', { exact: true }).selectOption({ label: 'All gates' });
    await row(crowdNames.at(-1) ?? '')
      .first()
      .waitFor();
    const frame = await page.locator('.table-frame').boundingBox();
    const state = await row('Gate A').locator('.gate-state').boundingBox();
    expect((state?.x ?? Infinity) + (state?.width ?? 0)).toBeLessThan((frame?.x ?? 0) + (frame?.width ?? 0));
    await row('Gate A').getByRole('link').click();
    await page.getByRole('heading', { name: 'Gate A', level: 1 }).waitFor();
    await isAccessible();
  });

  it('asks with the consequence before a gate is lost, found, wiped, replaced, revoked', async () => {
    await go('e/1/gates/gate-a');
    await button('Declare lost').click();
    await isAccessible();
    // Whoever presses Enter at once has changed nothing.
    await page.keyboard.press('Enter');
    await dialog().waitFor({ state: 'detached' });
    await button('Declare lost').click();
    await dialog().getByLabel('Reason').selectOption({ label: 'Stolen' });
    await confirm('Declare lost', /Nobody waits for it any more[^]*12 marks that nobody else has[^]*can be taken back/);
    await button('It was found').click();
    await confirm('It was found', /waited for again/);
    await button('Wipe').click();
    expect(await button('Wipe', dialog()).isDisabled()).toBe(true);
    await dialog().getByLabel('Reason').fill('sold');
    await confirm('Wipe', /forgets tickets, faces, marks and keys/);
    await button('Replace').click();
    await dialog().getByLabel('Reason').fill('broken screen');
    await confirm('Replace', /Another machine takes over/);
    await page.locator('.enrolment-code code').waitFor();
    await go('e/1/gates/suedkurve-3');
    await button('Rename or move').click();
    await dialog().getByLabel('Name').fill('Südkurve Süd');
    await dialog().getByLabel('Zone').selectOption({ label: 'Yard' });
    await button('Save', dialog()).click();
    await page.getByRole('heading', { name: 'Südkurve Süd', level: 1 }).waitFor();
    await button('Revoke').click();
    await dialog().getByLabel('Reason').fill('stolen');
    await confirm('Revoke', /Nothing that it signs from now on is believed[^]*cannot be undone/);
    await page
      .getByText(/^Revoked \d\d:/)
      .first()
      .waitFor();
    await isAccessible();
  });

  it('shows who entered twice, and keeps who explained it and why', async () => {
    const [ticket = ''] = tickets.map(({ id }) => id);
    const gateC = await enrolTestGate(cloud, 1, 'gate-c');
    const atMs = nowMs() - 120_000;
    await pass(gateB, ticket, 1, atMs);
    await pass(gateC, ticket, 1, atMs + 60_000);
    await go('e/1/cases');
    const found = row('Entered twice');
    await found.waitFor();
    await expect.poll(() => text(found)).toMatch(/Gate B[^]*±0\.1 s[^]*Gate C[^]*A code that somebody else has too/);
    await isAccessible();
    await found.getByRole('link', { name: /Entered twice/ }).click();
    await page.getByRole('heading', { name: 'Entered twice' }).waitFor();
    await page.getByLabel('What it was').selectOption({ label: 'A code shared among friends' });
    await page.getByLabel('Note').fill('Two sisters. <i>Both</i> paid.');
    await button('Save').click();
    await page.getByText(/^Explained by /).waitFor();
    await expect.poll(() => text()).toMatch(/A code shared among friends: Two sisters\. <i>Both<\/i> paid\./);
    await isAccessible();
    // Whoever closes it need not explain it once more.
    await expect.poll(() => page.getByLabel('What it was').inputValue()).toBe('shared-code');
    await button('Save').click();
    await page.getByText(/^Closed by /).waitFor();
    await expect.poll(() => text()).toMatch(/A code shared among friends: Two sisters\. <i>Both<\/i> paid\./);
    expect(await cloud.json('GET', '/api/events/1/cases?state=closed')).toMatchObject({
      cases: [{ state: 'closed', reason: 'shared-code', note: 'Two sisters. <i>Both</i> paid.' }],
    });
    await go('e/1/cases');
    await page.getByText('Nobody is known to have entered twice.').waitFor();
  });

  it('judges the suspicious list and says what counts', async () => {
    await go('e/1/cases/suspicious');
    const suspicious = row('Entered twice');
    await suspicious.waitFor();
    await isAccessible();
    await button(/^Judge/, suspicious).click();
    await button('Save', dialog()).click();
    await page.getByText('Say why, in a few words.').waitFor();
    await dialog().getByLabel('Note').fill('the sisters');
    await button('Save', dialog()).click();
    await suspicious.waitFor({ state: 'detached' });
    await page.getByLabel(/Refusals of one ticket/).fill('600');
    await page.getByText('A whole number within the limits.').waitFor();
    await page.getByLabel(/Refusals of one ticket/).fill('7');
    await button('Save').click();
    await page.getByText('Saved. The list is made anew').waitFor();
    expect(await cloud.json('GET', '/api/events/1/suspicion-rules')).toMatchObject({ refusalsMin: 7 });
  });

  it('settles a wristband with two owners, and lets in what was put aside', async () => {
    const [, one = '', other = ''] = tickets.map(({ id }) => id);
    const bind = async (gate: TestGate, ticketId: string): Promise<void> => {
      const mark: BoundMark = {
        ...baseOf({ gate: gate.id, sequence: 2 }),
        event: 1,
        at: { ms: nowMs() - 30_000, counter: 0 },
        ticketId,
        kind: 'bound',
        tagHash: 'a'.repeat(32),
        operator: 'abcdefgh',
      };
      await gate.push([await gate.chunk([{ ...mark, boot: '00'.repeat(8), sequence: 1 }])]);
    };
    const gateD = await enrolTestGate(cloud, 1, 'gate-d');
    await bind(gateB, one);
    await bind(gateD, other);
    await go('e/1/cases/bands');
    await page.getByRole('heading', { name: /One wristband, several tickets/ }).waitFor();
    await isAccessible();
    await button(/^This one is right/, row(`…${other.slice(-6)}`)).click();
    await confirm('This one is right', /of the 2 that were made, all others end/);
    await page.getByText('Every wristband has one owner.').waitFor();

    await cloud.json('POST', '/admin/events/1/gates/gate-d/revoke', { reason: 'stolen' }, 200);
    const [, , , last = ''] = tickets.map(({ id }) => id);
    // Brought by a gate that is believed.
    const mark = aMark({
      event: 1,
      gate: 'gate-d',
      ticketId: last,
      boot: '11'.repeat(8),
      at: { ms: nowMs(), counter: 0 },
    });
    await gateB.push([await gateD.chunk([mark])]);
    await go('e/1/cases/aside');
    await row('gate-revoked').waitFor();
    await isAccessible();
    await button(/^Let in/, row('gate-revoked')).click();
    await confirm('Let in', /1 mark will be part of the history/);
    await row(/Let in .*\d\d:\d\d/).waitFor();
  });

  it('stops entry by the keyboard alone, names who has not acknowledged, and lifts it', async () => {
    await go('e/1/orders');
    await page.getByText('No order is in force. Entry is open.').waitFor();
    await isAccessible();
    await button('Stop entry').focus();
    await page.keyboard.press('Enter');
    await dialog()
      .getByText(/^Stop entry in all zones: \d+ gates will let nobody in/)
      .waitFor();
    await isAccessible();
    // The safe button has the focus.
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Cancel');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByText('ENTRY STOPPED').waitFor();
    await expect.poll(() => text()).toMatch(/NOT acknowledged:[^]*Gate B/);
    await isAccessible();
    await button('Resume entry').click();
    await button('Yes, do it now', dialog()).click();
    await page.getByText('No order is in force. Entry is open.').waitFor();
    await page.getByRole('table', { name: 'Roll-call' }).getByText('Arena').waitFor();
  });

  it('gives people cards and PINs, shown once', async () => {
    await go('e/1/people');
    await button('Add somebody').click();
    await dialog().getByLabel('PIN').fill('12');
    await button('Make the card', dialog()).click();
    await dialog().getByText('4 to 12 digits, nothing else.').waitFor();
    await dialog().getByLabel('PIN').fill('4711');
    await isAccessible();
    await button('Make the card', dialog()).click();
    await expect.poll(() => dialog().getByLabel('Code of the card').inputValue()).toMatch(/^PS1:/);
    await isAccessible();
    await close();
    await button(/^New card/).click();
    await dialog()
      .getByText(/The old card is dead/)
      .waitFor();
    await button('New card', dialog()).click();
    await dialog()
      .getByText(/^Shown this once/)
      .waitFor();
    await close();
    await button(/^Remove/).click();
    await confirm('Remove', /cannot sign on at any gate/);
    await page.getByText('Nobody can sign on at gates yet.').waitFor();
  });

  it('adds a user whose one-time link chooses a password, and gives them a role', async () => {
    await go('users');
    await button('Add a user').click();
    await dialog().getByLabel('Name').fill('Ada O’Brien');
    await dialog().getByLabel('E-mail').fill('ada');
    await button('Add a user', dialog()).click();
    await dialog().getByText('This is no e-mail address.').waitFor();
    await dialog().getByLabel('E-mail').fill('ada@venue.example');
    await button('Add a user', dialog()).click();
    const link = await dialog().getByLabel('Link for a new password').inputValue();
    await isAccessible();
    await close();
    await isAccessible();

    const context = await browser.newContext({ locale: 'de-DE' });
    const theirs = await context.newPage();
    const theirWatch = await watchPage(theirs);
    theirWatch.expect(/status of 403/);
    await theirs.goto(link);
    await theirs.getByLabel('Neues Passwort').fill('correct horse battery');
    await theirs.getByLabel('Noch einmal').fill('correct horse');
    await theirs.getByRole('button', { name: 'Passwort wählen' }).click();
    await theirs.getByText('Das sind zwei verschiedene.').waitFor();
    await theirs.getByLabel('Noch einmal').fill('correct horse battery');
    expect(await axeFindings(theirs)).toEqual([]);
    await theirs.getByRole('button', { name: 'Passwort wählen' }).click();
    await theirs.getByText('Ihr Passwort ist gesetzt').waitFor();
    // A link is good once.
    await theirs.goto('about:blank');
    await theirs.goto(link);
    await theirs.getByLabel('Neues Passwort').fill('another one entirely');
    await theirs.getByLabel('Noch einmal').fill('another one entirely');
    await theirs.getByRole('button', { name: 'Passwort wählen' }).click();
    await theirs
      .getByRole('alert')
      .getByText(/Der Link ist falsch, benutzt oder zu alt/)
      .waitFor();

    await go('e/1/people');
    await page.getByLabel('Who').fill('ada@venue.example');
    await page.getByLabel('Role', { exact: true }).selectOption({ label: 'Organiser' });
    await button('Give the role').click();
    await row('Ada O’Brien').waitFor();
    await isAccessible();
    await theirs.goto(`${url}/`);
    await theirs.getByLabel('E-Mail').fill('ada@venue.example');
    await theirs.getByLabel('Passwort').fill('correct horse battery');
    await theirs.getByRole('button', { name: 'Anmelden', exact: true }).click();
    await theirs.getByRole('link', { name: 'Anordnungen' }).waitFor();
    expect(await theirs.getByRole('link', { name: 'Benutzer' }).count()).toBe(0);

    const elsewhere = await signInElsewhere({ email: 'ada@venue.example', password: 'correct horse battery' }, 'curl');
    expect(await elsewhere()).toBe(200);
    await theirs.getByRole('link', { name: 'Mein Konto' }).click();
    await theirs.getByLabel('Jetziges Passwort').fill('wrong horse battery');
    await theirs.getByLabel('Neues Passwort').fill('a better horse battery');
    await theirs.getByRole('button', { name: 'Passwort ändern' }).click();
    await theirs.locator('.field .error').waitFor();
    expect(await elsewhere()).toBe(200);
    await theirs.getByLabel('Jetziges Passwort').fill('correct horse battery');
    await theirs.getByRole('button', { name: 'Passwort ändern' }).click();
    await theirs.getByText('Geändert. Alle anderen Sitzungen sind beendet.').waitFor();
    expect(await elsewhere()).toBe(401);
    expect(await theirs.getByLabel('Jetziges Passwort').inputValue()).toBe('');
    const byOldOne = await signInElsewhere({ email: 'ada@venue.example', password: 'correct horse battery' }, 'curl');
    expect(await byOldOne()).toBe(401);
    expect(theirWatch.findings()).toEqual([]);

    await page.getByLabel('Role: Ada O’Brien').selectOption({ label: 'Steward' });
    await expect
      .poll(() => cloud.json('GET', '/api/events/1/members'))
      .toMatchObject({ members: [{ role: 'steward' }] });
    await button(/^Remove/).click();
    await confirm('Remove', /no longer steward of “Harbour <b>Festival<\/b>”/);
    await page.getByText('Nobody has a role here yet.').waitFor();
    await go('users');
    await page.getByLabel('Find by e-mail').fill('ada@venue.example');
    await expect.poll(() => page.locator('tbody tr').count()).toBe(1);
    await button(/^Disable/).click();
    // Their page stands as it was when they had a role.
    theirWatch.expect(/status of 401/, /status of 404 .*\/api\/events\/1\//);
    await confirm('Disable', /signed out everywhere at once/);
    await row('Disabled').waitFor();
    await theirs.getByLabel('Name', { exact: true }).fill('Ada Lovelace');
    await theirs.getByRole('button', { name: 'Speichern' }).click();
    const again = theirs.getByRole('dialog');
    const signInAgain = async (): Promise<void> => {
      await again.getByLabel('Passwort').fill('a better horse battery');
      await again.getByRole('button', { name: 'Anmelden', exact: true }).click();
    };
    await signInAgain();
    await again.getByText('E-Mail oder Passwort ist falsch.').waitFor();
    await button(/^Enable/).click();
    await row('Active').waitFor();
    await signInAgain();
    await again.waitFor({ state: 'detached' });
    await theirs.locator('.who').getByText('Ada Lovelace').waitFor();
    expect(theirWatch.findings()).toEqual([]);
    await context.close();
  });

  it('makes and revokes keys of programs, their secrets shown once', async () => {
    await go('programs');
    await button('Make an API key').click();
    await button('Make it', dialog()).click();
    await dialog().getByText('Tick what it may do.').waitFor();
    await dialog().getByLabel('Name').fill('box office');
    await dialog().getByLabel('tickets:read').check();
    await isAccessible();
    await button('Make it', dialog()).click();
    const key = await dialog().getByLabel('API key').inputValue();
    await isAccessible();
    await close();
    const asProgram = (): Promise<Response> =>
      fetch(`${url}/api/tickets?event=1`, { headers: { Authorization: `Bearer ${key}` } });
    expect((await asProgram()).status).toBe(200);
    await button(/^Revoke/, row('box office')).click();
    await confirm('Revoke', /refused from the next request on/);
    await row(/Revoked/).waitFor();
    expect((await asProgram()).status).toBe(401);
    await button('Register a client').click();
    await dialog().getByLabel('Name').fill('shop');
    await dialog().getByLabel('tickets:read').check();
    await button('Make it', dialog()).click();
    expect(await dialog().getByLabel('Client secret').inputValue()).not.toBe('');
    await close();
    await isAccessible();
  });

  it('rotates and revokes keys, and says how many tickets that costs', async () => {
    await go('keys');
    await button('Rotate Tickets').click();
    await isAccessible();
    await button('Rotate', dialog()).click();
    await dialog()
      .getByText(/Gates may not have heard of the next key yet/)
      .waitFor();
    await dialog()
      .getByLabel(/Rotate although/)
      .check();
    await confirm('Rotate', /Every ticket that is out stays good/);
    const retired = row(/Generation 1[^]*Retired/);
    await retired.waitFor();
    await isAccessible();
    await retired.getByRole('link', { name: /Tickets/ }).click();
    await page.getByRole('heading', { name: 'Tickets signed by this key' }).waitFor();
    await expect.poll(() => page.locator('tbody tr').count()).toBe(4);
    await isAccessible();
    const csv = await page.getByRole('link', { name: 'As a table (CSV)' }).getAttribute('href');
    expect(await (await page.request.get(`${url}${csv}`)).text()).toContain(tickets[0]?.id);
    await page.getByRole('link', { name: 'All keys' }).click();
    await button(/^Revoke/, retired).click();
    await dialog().getByLabel('Reason').fill('stolen laptop');
    await confirm('Revoke', /signed by this key: 4\.[^]*issued again/);
    await row(/Generation 1[^]*Revoked[^]*stolen laptop/).waitFor();
  });

  it('tells other systems, shows what was delivered, and sends it again', async () => {
    await go('e/1/webhooks');
    await button('Add a webhook').click();
    await dialog().getByLabel('Address').fill('ftp://shop.example');
    await button('Add a webhook', dialog()).click();
    await dialog().getByText('This is no address of a web server.').waitFor();
    await dialog().getByLabel('Address').fill(`${receiver.url}/hook`);
    await dialog().getByLabel('mark.admitted').check();
    await isAccessible();
    await button('Add a webhook', dialog()).click();
    await expect
      .poll(() =>
        dialog()
          .getByLabel(/^Secret/)
          .inputValue(),
      )
      .toMatch(/^whsec_/);
    await close();
    await isAccessible();
    await button(/^Send a test/).click();
    await expect.poll(() => receiver.heard.length).toBe(1);
    await page.getByRole('link', { name: `${receiver.url}/hook` }).click();
    await row('webhook.test').getByText('Delivered').waitFor();
    await isAccessible();
    await button(/^Send again/).click();
    await expect.poll(() => receiver.heard.length).toBe(2);
    await row('webhook.test').getByText('Delivered').waitFor();

    // What says that it is gone is told nothing more; what was given up is sent once it is back.
    receiver.answerBy((response) => void response.writeHead(410).end());
    await button(/^Send again/).click();
    await row('webhook.test').getByText('Given up').waitFor();
    const off = page.locator('main .banner').filter({ hasText: 'Off: it says it is gone (410)' });
    await off.waitFor();
    await page.getByLabel('State').selectOption({ label: 'Given up' });
    await expect.poll(() => text(row('webhook.test'))).toMatch(/410/);
    await isAccessible();
    receiver.answerBy((response) => void response.writeHead(204).end());
    await button('Switch on', off).click();
    await off.waitFor({ state: 'detached' });
    await button('Send all given up again').click();
    await page.getByText('1 message is on its way again.').last().waitFor();
    await page.getByText('No message is like that.').waitFor();
    await expect.poll(() => receiver.heard.length).toBe(4);
    await page.getByLabel('State').selectOption({ label: 'All' });
    await row('webhook.test').getByText('Delivered').waitFor();
    const { webhooks } = await cloud.json<{ webhooks: readonly { id: string }[] }>('GET', '/api/events/1/webhooks');
    expect(webhooks).toMatchObject([{ enabled: true, waiting: 0, dead: 0 }]);
    await page.getByRole('link', { name: 'All webhooks' }).click();
    await button(/^Switch off/).click();
    await confirm('Switch off', /not made up for/);
    await page.getByText('Off: by hand').waitFor();
    await button(/^Remove/).click();
    await confirm('Remove', /is told nothing any more/);
    await page.getByText('Nobody is told yet.').waitFor();
  });

  it('runs background work now and shows what came of it', async () => {
    await go('jobs');
    await page.getByText('The cloud is ready.').waitFor();
    await button(/^Run now Delete what has expired/).click();
    const runs = page.getByRole('region', { name: 'Runs' }).locator('tbody tr');
    await runs
      .filter({ hasText: /Delete what has expired[^]*Done/ })
      .first()
      .waitFor();
    await isAccessible();
    const kinds = async (): Promise<readonly { name: string; nextDueAtMs?: number }[]> =>
      (await cloud.json<{ kinds: [] }>('GET', '/admin/jobs')).kinds;
    const nextDue = async (): Promise<number> =>
      (await kinds()).find(({ name }) => name === 'erase-visitors')?.nextDueAtMs ?? 0;
    const dueMs = await nextDue();
    expect(dueMs).toBeGreaterThan(0);
    await button(/^Cancel/, runs.filter({ hasText: /Erase what names visitors[^]*Waiting/ })).click();
    await confirm('Cancel the run', /“Erase what names visitors”[^]*at the time after this one/);
    await page.getByLabel('State').selectOption({ label: 'Cancelled' });
    await runs.filter({ hasText: /Erase what names visitors[^]*Cancelled before it began/ }).waitFor();
    expect(await cloud.json('GET', '/admin/jobs/runs?state=cancelled')).toMatchObject({
      runs: [{ kind: 'erase-visitors', state: 'cancelled' }],
    });
    // The schedule goes on.
    await expect.poll(nextDue).toBeGreaterThan(dueMs);
    await go('e/1/work');
    await button('Revoke tickets that nobody came with').click();
    await confirm(
      'Revoke tickets that nobody came with',
      /Every valid ticket of this event that nobody has been let in with/,
    );
    await row(/Revoke tickets that nobody came with[^]*Done/).waitFor();
    await isAccessible();
  });

  it('finds what was done in the audit log, takes it away as a table, and proves it', async () => {
    await go('e/1/audit');
    await page.getByLabel('What').selectOption('gate-revoked');
    await expect.poll(() => row('gate-invited').count()).toBe(0);
    await row('stolen').first().waitFor();
    await isAccessible();
    const table = await download(page.getByRole('link', { name: /CSV/ }));
    expect(table.name).toBe('audit.csv');
    const [heads = '', ...lines] = table.text.trim().split('\r\n');
    expect(heads).toContain('action');
    expect(lines.length).toBe(await page.locator('tbody tr').count());
    for (const line of lines) expect(line).toContain('gate-revoked');
    await go('log');
    await button('Check it now').click();
    await page.getByText(/^All \d+ entries are as they were written/).waitFor();
    await row('key-revoked').waitFor();
    await isAccessible();
  });

  it('shows the own account and where one is signed in, and signs out there', async () => {
    const phone = await signInElsewhere(
      { token },
      'Mozilla/5.0 (Android 14; Mobile; rv:133.0) Gecko/133.0 Firefox/133.0',
    );
    const others = [await signInElsewhere({ token }, 'curl/8'), await signInElsewhere({ token }, 'curl/8')];
    await go('account');
    await row('This one').waitFor();
    await page.getByLabel('Name', { exact: true }).fill('Grace <em>Hopper</em>');
    await button('Save').click();
    await page.locator('.who').getByText('Grace <em>Hopper</em>').waitFor();
    await isAccessible();
    await button(/^Sign out there/, row('Firefox, Android')).click();
    await row('Firefox, Android').waitFor({ state: 'detached' });
    expect(await Promise.all([phone, ...others].map((ask) => ask()))).toEqual([401, 200, 200]);
    await button('Sign out everywhere else').click();
    await confirm('Sign out everywhere else', /2 other sessions/);
    await expect.poll(() => page.locator('tbody tr').count()).toBe(1);
    expect(await Promise.all(others.map((ask) => ask()))).toEqual([401, 401]);
    expect((await page.request.get(`${url}/me`)).status()).toBe(200);
  });

  it('fits a phone, whatever stands in its tables', async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    const places = ['programs', 'e/1/cases/aside', 'e/1/rules/types', 'users', 'keys', 'jobs', 'e/1/gates'];
    for (const place of places) {
      await go(place);
      await page.locator('tbody tr').first().waitFor();
      expect([place, await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)]).toEqual([place, 0]);
    }
    await isAccessible();
    await page.setViewportSize({ width: 1_280, height: 900 });
  });

  it('asks in every tab to sign in when somebody signs out in one, and keeps what was typed for the same person alone', async () => {
    watch.expect(/status of 401/);
    await go('e/1/gates/.new');
    const typed = page.getByLabel('Name', { exact: true });
    await typed.fill('Ferry pier');
    const second = await page.context().newPage();
    const signInThere = async (fill: () => Promise<void>): Promise<void> => {
      await second.waitForSelector('.sign-in-form');
      await fill();
      await second.locator('.sign-in-form button[type=submit]').click();
      await second.waitForSelector('.who');
    };
    const signOutThere = async (): Promise<void> => {
      await button('Sign out', second).click();
      await dialog().getByText('Your session has ended.').waitFor();
    };
    await second.goto(`${url}/#/account`);
    await second.waitForSelector('.who');
    await signOutThere();
    expect(await axeFindings(page)).toEqual([]);
    await signInThere(async () => {
      await button('Use a token instead', second).click();
      await second.getByLabel('Token').fill(token);
    });
    await dialog().waitFor({ state: 'detached' });
    expect(await typed.inputValue()).toBe('Ferry pier');

    await signOutThere();
    await signInThere(async () => {
      await second.getByLabel('E-mail').fill('ada@venue.example');
      await second.getByLabel('Password').fill('a better horse battery');
    });
    await page.locator('.who').getByText('Ada Lovelace').waitFor();
    expect(await typed.count()).toBe(0);
    await second.close();
  });
});
