// Goal: a person with a queue gives bands at the desk's page with nothing but a scanner and a keyboard; nothing is linked or overwritten that
// they did not mean, they are told whether the pass is on the band, no code or session leaves the page, and it goes on after the gate was away.
import { existsSync } from 'node:fs';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import {
  createSteward,
  createStaffSignOn,
  err,
  hashStaffCode,
  makeStaffCode,
  ok,
  pinMissRules,
  stewardText,
  type StaffSignOn,
} from '@postern/shared';
import { afterAll, beforeAll, beforeEach, afterEach, expect, test } from 'vitest';
import type { HeldBand, NextBand } from '../../gate-agent/src/bands/next-band.ts';
import type { NotWritten } from '../../gate-agent/src/bands/pass-port.ts';
import type { BandToWrite } from '../../gate-agent/src/bands/write-pass.ts';
import { pageFolder } from '../../gate-agent/src/local-api/pages.ts';
import { band, createBandDeskRig, steward, supervisor } from '../support/band-desk-rig.ts';
import { launchBrowser } from '../support/browser.ts';
import { silentLogger, ticketId } from '../support/lane-rig.ts';
import { serveLocalApi, type ServedApi } from '../support/local-api.ts';
import { describeOrReport, firstReason, missingPrograms } from '../support/not-run.ts';
import { createVirtualTime } from '../support/virtual-time.ts';
import { axeFindings, watchPage, type PageWatch } from '../support/page-watch.ts';

const pin = '4711';
const card = makeStaffCode((bytes) => new Uint8Array(bytes).fill(1));
const staff = [{ ...steward, codeHash: hashStaffCode(card) }, supervisor];

/** A gate with the real desk, shifts and port; the test holds up the bands. */
async function startDeskGate() {
  const rig = createBandDeskRig();
  let drawn = 0;
  const startShifts = (): StaffSignOn =>
    createStaffSignOn({
      checkPin: async (operator, typed) =>
        typed === pin ? staff.find((member) => member.operator === operator)?.role : undefined,
      staff: () => staff,
      clock: createVirtualTime().clock,
      random: (bytes) => new Uint8Array(bytes).fill(++drawn),
    });
  let signOn = startShifts();
  let hasReader = true;
  let losesAnswer = false;
  let notWritten: NotWritten | undefined;
  let untilWritten: Promise<void> | undefined;
  const toWrite: BandToWrite[] = [];
  let waiting: { readonly reader: string | undefined; readonly take: (held: HeldBand) => void } | undefined;
  const nextBand: NextBand = (reader, signal) =>
    hasReader
      ? new Promise((resolve) => {
          const mine = { reader, take: resolve };
          waiting = mine;
          signal.addEventListener('abort', () => {
            if (waiting === mine) waiting = undefined;
            resolve(undefined);
          });
        })
      : Promise.resolve('none');
  const serve = (port: number): Promise<ServedApi> =>
    serveLocalApi(port, {
      nextBand,
      writePass: async (about) => {
        toWrite.push(about);
        await untilWritten;
        return notWritten === undefined || (notWritten === 'band-holds-other' && about.overwrite)
          ? ok(undefined)
          : err({ type: notWritten });
      },
      signOn: () => signOn,
      steward: () => {
        const { act } = createSteward({
          lanes: [],
          signOn,
          bandDesk: rig.desk,
          logger: silentLogger,
        } as unknown as Parameters<typeof createSteward>[0]);
        return {
          act: async (...action) => {
            const done = await act(...action);
            if (losesAnswer) await api.stop();
            losesAnswer = false;
            return done;
          },
        };
      },
    });
  let api = await serve(0);
  const { port } = api.server;
  return {
    ...rig,
    url: `${api.server.url}/desk/`,
    /** Holds band n to the reader that the desk waits at. */
    hold: async (n: number): Promise<void> => {
      await expect.poll(() => waiting).toBeDefined();
      const { take } = waiting ?? expect.fail('nobody waits');
      waiting = undefined;
      take({ reader: 'one', medium: 'nfc', id: band(n) });
    },
    readerAsked: () => waiting?.reader,
    isWaiting: () => waiting !== undefined,
    /** Bands whose pass was asked for. */
    toWrite,
    /** From now on no pass gets onto a band. */
    failToWrite: (why: NotWritten | undefined) => void (notWritten = why),
    /** The next pass takes so long. */
    writeUntil: (done: Promise<void>) => void (untilWritten = done),
    unplugReader: () => void (hasReader = false),
    forgetShifts: () => void (signOn = startShifts()),
    /** The gate does what it is asked next, and is gone before it can say so. */
    loseNextAnswer: () => void (losesAnswer = true),
    checkSession: (session: string) => signOn.check({ session }),
    stop: () => api.stop(),
    startAgain: async () => void (api = await serve(port)),
  };
}

const notBuilt = existsSync(pageFolder('desk')) ? undefined : 'the band desk is not built: npm run build';

describeOrReport('the band desk', firstReason(missingPrograms('chromium'), notBuilt), () => {
  let browser: Browser;
  let gate: Awaited<ReturnType<typeof startDeskGate>>;
  let page: Page;
  let watch: PageWatch;
  let requested: URL[];

  const open = async (options: BrowserContextOptions = {}, query = ''): Promise<void> => {
    const context = await browser.newContext({ viewport: { width: 1_024, height: 600 }, locale: 'en-GB', ...options });
    page = await context.newPage();
    watch = await watchPage(page);
    // The browser itself reports every answer that is not 200; those are what is tested here.
    watch.expect(/Failed to load resource/);
    page.on('request', (request) => requested.push(new URL(request.url())));
    await page.goto(gate.url + query);
  };

  beforeAll(async () => {
    browser = await launchBrowser();
  });
  beforeEach(async () => {
    requested = [];
    gate = await startDeskGate();
  });
  afterEach(async () => {
    const found = [...watch.findings(), ...(await axeFindings(page))];
    await page.context().close();
    await gate.stop();
    expect(found).toEqual([]);
    expect(requested.filter(({ origin }) => origin !== new URL(gate.url).origin)).toEqual([]);
  });
  afterAll(() => browser?.close());

  /** As a keyboard-wedge scanner does it, into whatever has the focus. */
  const scan = async (text: string): Promise<void> => {
    await page.keyboard.type(text);
    await page.keyboard.press('Enter');
  };
  const missPin = async (): Promise<void> => {
    await Promise.all([page.waitForResponse(/sign-on$/), scan('9999')]);
    await says('Operator or PIN is wrong.');
  };
  const at = (step: string) => page.locator(`main[data-step=${step}]`).waitFor();
  const says = (text: string | RegExp) => page.getByText(text).first().waitFor();
  const count = () => page.locator('header output').innerText();
  const signOnAs = async (who: string): Promise<void> => {
    await at('sign-on');
    await scan(who);
    await scan(pin);
    await at('ticket');
  };
  const give = async (text: string, n: number): Promise<void> => {
    await scan(text);
    await at('band');
    await gate.hold(n);
    await at('done');
  };

  test('gives one band after the other by keyboard alone, and counts them', async () => {
    await open();
    await signOnAs(steward.operator);
    await says('Scan or type the ticket');
    await scan('T1');
    await says('Hold the band to the reader');
    await gate.hold(1);
    await says('Band linked');
    expect([gate.owner(1), await count()]).toEqual([ticketId(1), '1']);
    // The next visitor does not wait for the tick to go.
    await give('T2', 2);
    expect([gate.owner(2), await count()]).toEqual([ticketId(2), '2']);
    await at('ticket');
    expect(gate.marks.map(({ kind }) => kind)).toEqual(['bound', 'bound']);
  });

  test('signs on by a scanned card, and off', async () => {
    await open();
    await signOnAs(card);
    await says(`${steward.operator} (steward)`);
    await page.getByRole('button', { name: 'Sign off' }).click();
    await at('sign-on');
    await expect.poll(() => gate.checkSession('01'.repeat(24))).toEqual({ ok: false, error: { type: 'signed-off' } });
    expect(await page.locator('main').innerText()).not.toContain(steward.operator);
  });

  test('says that a PIN is wrong and asks for it again, until it is too often', async () => {
    await open();
    await at('sign-on');
    await scan(steward.operator);
    await missPin();
    await scan(pin);
    await at('ticket');
    await page.getByRole('button', { name: 'Sign off' }).click();
    await at('sign-on');
    await scan(steward.operator);
    for (let miss = 0; miss < pinMissRules.missesMax; miss++) await missPin();
    await scan(pin);
    await says(/Wait \d+ seconds/);
  });

  test('replaces a lost band only when the person says so', async () => {
    await open();
    await signOnAs(steward.operator);
    await give('T1', 1);
    for (const [key, owners] of [
      ['Escape', [ticketId(1), undefined]],
      ['Enter', [undefined, ticketId(1)]],
    ] as const) {
      await scan('T1');
      await gate.hold(2);
      await at('question');
      await says(/the old band opens nothing any more/);
      expect(gate.owner(1)).toBe(ticketId(1));
      await page.keyboard.press(key);
      await at(key === 'Enter' ? 'done' : 'ticket');
      expect([gate.owner(1), gate.owner(2)]).toEqual(owners);
    }
  });

  test('takes a band over for a supervisor only, when that one says so', async () => {
    await gate.bind('T1', 1);
    await open();
    await signOnAs(steward.operator);
    await scan('T2');
    await gate.hold(1);
    await at('failed');
    await says('This band belongs to another ticket');
    await says(/Only a supervisor who signs on here/);
    await page.keyboard.press('Enter');
    await at('ticket');
    await page.getByRole('button', { name: 'Sign off' }).click();

    await signOnAs(supervisor.operator);
    await scan('T2');
    await gate.hold(1);
    await at('question');
    await says(/For the other ticket it opens nothing any more/);
    await page.keyboard.press('Escape');
    await at('ticket');
    expect(gate.owner(1)).toBe(ticketId(1));
    await scan('T2');
    await gate.hold(1);
    await at('question');
    await page.keyboard.press('Enter');
    await at('done');
    expect(gate.owner(1)).toBe(ticketId(2));
  });

  test('says to keep the band there while the pass is written, then that it is', async () => {
    let done = (): void => undefined;
    gate.writeUntil(new Promise((resolve) => (done = resolve)));
    await open();
    await signOnAs(steward.operator);
    await scan('T1');
    await gate.hold(1);
    await at('writing');
    await says('Keep the band there');
    // Nothing can be called off or begun meanwhile.
    await page.keyboard.press('Escape');
    await scan('T2');
    await at('writing');
    done();
    await says('Band linked, pass written');
    expect(gate.toWrite).toMatchObject([
      { ticketId: ticketId(1), medium: 'nfc', id: band(1), by: steward, overwrite: false },
    ]);
  });

  test('says that there is no connection to the cloud, and does not keep anybody waiting for it', async () => {
    gate.failToWrite('cloud-unreachable');
    await open();
    await signOnAs(steward.operator);
    await give('T1', 1);
    await says('Band linked; pass is not written: no connection to the cloud');
    await give('T2', 2);
    expect([gate.owner(1), gate.owner(2), await count()]).toEqual([ticketId(1), ticketId(2), '2']);
  });

  test('offers to try again with a band that was taken away too early, and counts it once', async () => {
    gate.failToWrite('band-gone');
    await open();
    await signOnAs(steward.operator);
    await scan('T1');
    await gate.hold(1);
    await at('unwritten');
    await says('Band linked; pass is not written: the band was taken away');
    expect([gate.owner(1), await count()]).toEqual([ticketId(1), '1']);
    gate.failToWrite(undefined);
    await page.keyboard.press('Enter');
    await at('band');
    await gate.hold(1);
    await says('Band linked, pass written');
    expect([gate.marks.length, await count()]).toEqual([1, '1']);
    gate.failToWrite('band-failed');
    await scan('T2');
    await gate.hold(2);
    await at('unwritten');
    await page.keyboard.press('Escape');
    await at('ticket');
  });

  test('overwrites what somebody else has written on a band for a supervisor only, when that one says so', async () => {
    gate.failToWrite('band-holds-other');
    await open();
    await signOnAs(steward.operator);
    await scan('T1');
    await gate.hold(1);
    await at('unwritten');
    await says(/Only a supervisor who signs on here can overwrite/);
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Sign off' }).click();
    await signOnAs(supervisor.operator);
    for (const key of ['Escape', 'Enter']) {
      await scan('T1');
      await gate.hold(1);
      await at('question');
      await says(/cannot be brought back/);
      expect(gate.toWrite.some(({ overwrite }) => overwrite)).toBe(false);
      await page.keyboard.press(key);
      await at(key === 'Enter' ? 'done' : 'ticket');
    }
    expect(gate.toWrite.filter(({ overwrite }) => overwrite)).toMatchObject([{ by: supervisor }]);
  });

  test('never takes a scan for an answer, whichever button has the focus', async () => {
    await open();
    await signOnAs(steward.operator);
    await give('T1', 1);
    await scan('T1');
    await gate.hold(2);
    await at('question');
    await page.getByRole('button', { name: /Yes, it is lost/ }).focus();
    await scan('T2');
    await at('band');
    expect([gate.owner(1), gate.owner(2)]).toEqual([ticketId(1), undefined]);
    await gate.hold(3);
    await at('done');
    expect(gate.owner(3)).toBe(ticketId(2));
  });

  test('calls off the wait for a band, takes a delivery twice for one, and the last ticket scanned', async () => {
    await open({}, '?reader=two');
    await signOnAs(steward.operator);
    await scan('T1');
    await expect.poll(gate.readerAsked).toBe('two');
    await page.keyboard.press('Escape');
    await at('ticket');
    await expect.poll(gate.isWaiting).toBe(false);
    await scan('T1');
    await scan('T1');
    await page.keyboard.press('Enter');
    await at('band');
    await scan('T2');
    await page.locator('.which', { hasText: '…2' }).waitFor();
    await expect.poll(gate.isWaiting).toBe(true);
    await gate.hold(1);
    await at('done');
    expect([gate.owner(1), gate.marks.length]).toEqual([ticketId(2), 1]);
  });

  test('says why there is no band for a ticket, and what to set without a reader', async () => {
    await open();
    await signOnAs(steward.operator);
    await scan('T3');
    await gate.hold(1);
    await at('failed');
    await says(stewardText('revoked', {}, { language: 'en', timeZone: 'UTC' }));
    await says(/No band for this ticket/);
    gate.unplugReader();
    await scan('T1');
    await says('This gate has no reader for wristbands');
    await says(/gate\.toml.*pcsc:\/\//);
    await page.goto(`${gate.url}?reader=two`);
    await signOnAs(steward.operator);
    await scan('T1');
    await says('This gate has no such reader');
    expect([gate.marks, await count()]).toEqual([[], '0']);
  });

  test('says that nothing is linked when nothing can be written', async () => {
    await open();
    await signOnAs(steward.operator);
    gate.setBroken(true);
    await scan('T1');
    await gate.hold(1);
    await says('The gate cannot record anything');
    expect(await count()).toBe('0');
  });

  test('says that the gate is away, and goes on where it was when it is back', async () => {
    await open();
    await signOnAs(steward.operator);
    await scan('T1');
    await at('band');
    await gate.stop();
    await says('Connection to the gate lost');
    await gate.startAgain();
    await gate.hold(1);
    await at('done');
    expect(gate.owner(1)).toBe(ticketId(1));
    await page.getByText('Connection to the gate lost').waitFor({ state: 'detached' });
  });

  test('links once where the gate has gone away between doing it and saying so', async () => {
    await open();
    await signOnAs(steward.operator);
    gate.loseNextAnswer();
    await scan('T1');
    await gate.hold(1);
    await says('Connection to the gate lost');
    await gate.startAgain();
    await at('done');
    expect([gate.owner(1), gate.marks.length, await count()]).toEqual([ticketId(1), 1, '1']);
  });

  test('asks to sign on again after the agent was started anew', async () => {
    await open();
    await signOnAs(steward.operator);
    await give('T1', 1);
    gate.forgetShifts();
    await scan('T2');
    await says('The shift is over.');
    await signOnAs(steward.operator);
    expect(await count()).toBe('1');
    await give('T2', 2);
    expect([gate.owner(2), await count()]).toEqual([ticketId(2), '2']);
  });

  test('keeps session and codes to itself', async () => {
    const code = 'T1/a-code-that-nobody-may-photograph';
    await open();
    await signOnAs(card);
    await page.keyboard.type(code);
    const field = page.locator('#field');
    expect(await field.evaluate((element) => getComputedStyle(element).getPropertyValue('-webkit-text-security'))).toBe(
      'disc',
    );
    await page.keyboard.press('Enter');
    await at('band');
    expect(await field.inputValue()).toBe('');
    const kept = await page.evaluate(() =>
      JSON.stringify([
        document.documentElement.outerHTML,
        location.href,
        { ...localStorage },
        { ...sessionStorage },
        document.cookie,
        history.state,
      ]),
    );
    expect(kept).toContain('…raph');
    for (const secret of [code, card, pin, '01'.repeat(24)]) expect(kept).not.toContain(secret);
    expect(page.url()).toBe(gate.url);
  });

  test('speaks German where the browser does', async () => {
    await open({ locale: 'de-AT' });
    await signOnAs(steward.operator);
    await says('Ticket scannen oder eintippen');
    await give('T1', 1);
    await says('Bändchen verknüpft');
    expect(await page.locator('html').getAttribute('lang')).toBe('de');
  });

  /** Least contrast of any text to its ground, WCAG 2.2, 1.4.3; and what sticks out of the window sideways. */
  const measure = () =>
    page.evaluate(() => {
      const rgb = (colour: string): number[] => (colour.match(/[\d.]+/g) ?? []).map(Number);
      const light = (colour: string): number => {
        const [r = 0, g = 0, b = 0] = rgb(colour).map((part) => {
          const share = part / 255;
          return share <= 0.040_45 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
      };
      const groundOf = (element: Element | null): string => {
        if (element === null) return 'rgb(255, 255, 255)';
        const { backgroundColor } = getComputedStyle(element);
        return rgb(backgroundColor)[3] === 0 ? groundOf(element.parentElement) : backgroundColor;
      };
      const texts = [...document.querySelectorAll('main *')].filter((element) =>
        [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.textContent?.trim() !== ''),
      );
      const contrasts = texts.map((element) => {
        const [one, other] = [light(getComputedStyle(element).color), light(groundOf(element))];
        return (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
      });
      return {
        texts: texts.length,
        contrast: Math.min(...contrasts),
        sideways: document.documentElement.scrollWidth - innerWidth,
        fieldBelow: (document.querySelector('#field')?.getBoundingClientRect().bottom ?? 0) - innerHeight,
      };
    });

  test.each([
    ['light', 1_024, 600],
    ['dark', 1_024, 600],
    ['light', 768, 1_024],
    ['dark', 390, 844],
  ] as const)('can be read in %s, at %d x %d', async (colorScheme, width, height) => {
    await gate.bind('T1', 1);
    await open({ colorScheme, viewport: { width, height } });
    await at('sign-on');
    await scan(supervisor.operator);
    await missPin();
    const steps = [await measure()];
    await scan(pin);
    await at('ticket');
    steps.push(await measure());
    for (const [text, n, next] of [
      ['T2', 1, 'question'],
      ['T2', 2, 'done'],
      ['T3', 3, 'failed'],
    ] as const) {
      await scan(text);
      await at('band');
      steps.push(await measure());
      await gate.hold(n);
      await at(next);
      steps.push(await measure());
    }
    for (const [why, n, next] of [
      ['cloud-unreachable', 4, 'done'],
      ['band-gone', 4, 'unwritten'],
      ['band-holds-other', 4, 'question'],
    ] as const) {
      gate.failToWrite(why);
      await scan('T2');
      await at('band');
      await gate.hold(n);
      await at(next);
      steps.push(await measure());
    }
    await gate.stop();
    await says('Connection to the gate lost');
    steps.push(await measure());
    await gate.startAgain();
    for (const { texts, contrast, sideways, fieldBelow } of steps) {
      expect(texts).toBeGreaterThan(3);
      expect(contrast).toBeGreaterThanOrEqual(4.5);
      expect(sideways).toBeLessThanOrEqual(0);
      expect(fieldBelow).toBeLessThanOrEqual(0);
    }
  });
});
