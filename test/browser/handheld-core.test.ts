// Goal: a phone's browser is one more gate. Against a real cloud process: it enrols, follows the ticket list, admits once, goes on alone when the
// cloud is gone, loses nothing when its browser is killed, merges afterwards to the very same history, and hears what others have done. One
// tab at a time is the gate; a phone without room lets nobody in; a revoked one forgets everything.
import { writeFileSync } from 'node:fs';
import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  eventResponseSchema,
  gateResponseSchema,
  staffResponseSchema,
  summarySchema,
  ticketBatchResponseSchema,
  verifyResponseSchema,
  type Decision,
  type Summary,
  type TicketResponse,
} from '@postern/shared';
import { launchProfile } from '../support/browser.ts';
import {
  createCloudClient,
  firstToken,
  freePort,
  runCloud,
  temporaryFolder,
  type CloudClient,
  type CloudProcess,
} from '../support/cloud-process.ts';
import { missingHandheldPage, serveHandheldPage } from '../support/handheld-page.ts';
import { describeOrReport } from '../support/not-run.ts';
import { watchPage, type PageWatch } from '../support/page-watch.ts';

const patient = { timeout: 60_000 };
/** A cloud that is stopped, and the first request of a session, which has no nonce to sign yet. */
const expectedInConsole = [
  /ERR_CONNECTION_REFUSED/,
  /ERR_FAILED/,
  /ERR_EMPTY_RESPONSE/,
  /ERR_CONNECTION_RESET/,
  /status of 401/,
];

describeOrReport('a handheld', missingHandheldPage(), () => {
  const folder = temporaryFolder();
  const database = `sqlite:${folder.path}/cloud.db`;
  const profile = `${folder.path}/profile`;
  let phone: BrowserContext;
  let cloud: CloudProcess;
  let client: CloudClient;
  let url = '';
  let port = 0;
  let event = 0;
  let tickets: readonly TicketResponse[] = [];
  let page: Page;
  const watches: PageWatch[] = [];

  const startCloud = async (): Promise<void> => {
    cloud = runCloud('serve', '--database', database, '--port', String(port));
    url = await cloud.ready;
  };
  const killCloud = async (): Promise<void> => {
    cloud.kill('SIGKILL');
    await cloud.ended;
  };
  const switchOn = async (): Promise<void> => {
    phone = await launchProfile(profile);
    await serveHandheldPage(phone, url);
  };
  /** The browser is gone from one moment to the next, as when a phone's battery comes out; its profile stays. */
  const crash = async (): Promise<void> => {
    const closed = new Promise((resolve) => void phone.once('close', resolve));
    const devtools = await phone.newCDPSession(page);
    await devtools.send('Browser.crash').catch(() => undefined);
    await closed;
  };
  const openPage = async (): Promise<Page> => {
    const opened = await phone.newPage();
    const watch = await watchPage(opened);
    watch.expect(...expectedInConsole);
    watches.push(watch);
    await opened.goto(`${url}/handheld/`);
    return opened;
  };
  const state = (of: Page = page): Promise<Record<string, unknown>> =>
    of.evaluate(async () => JSON.parse(JSON.stringify((await window.handheld).state.value)) as Record<string, unknown>);
  const becomes = (wanted: object, of: Page = page): Promise<void> =>
    expect.poll(() => state(of), patient).toMatchObject(wanted);
  /** Shows a code once the one before is out of view, and waits for the answer. */
  const scan = (index: number, of: Page = page): Promise<Decision> =>
    of.evaluate(async (text) => {
      const handheld = await window.handheld;
      return new Promise<Decision>((resolve) => {
        const stop = handheld.listen((told) => {
          if (told.type !== 'decision') return;
          stop();
          resolve(told.decision);
        });
        const show = (): void => {
          const presentation = { medium: 'optical', text, readerId: 'camera', seenAtMs: performance.now() } as const;
          // A code shown again within moments is the same presentation, and each sighting extends that.
          if (handheld.present(presentation) !== 'queued') setTimeout(show, 2_500);
        };
        show();
      });
    }, tickets[index]?.text ?? '');
  /** So many marks of a ticket, own and others'. */
  const knows = (index: number, marks: number): Promise<void> =>
    expect
      .poll(
        () =>
          page.evaluate(
            async (id) => (await (await window.handheld).story(id))?.marks.length,
            tickets[index]?.id ?? '',
          ),
        patient,
      )
      .toBe(marks);
  const summary = async (): Promise<Summary> =>
    summarySchema.parse(await client.json('GET', `/api/events/${event}/summary`));
  const databases = (): Promise<readonly (string | undefined)[]> =>
    page.evaluate(async () => (await indexedDB.databases()).map(({ name }) => name));
  const contentHash = (of: Page = page): Promise<string | undefined> =>
    of.evaluate(async () => (await window.handheld).contentHash());
  const enrol = async (id: string): Promise<void> => {
    const { link } = gateResponseSchema.parse(
      await client.json('POST', `/admin/events/${event}/gates`, {
        id,
        name: `Handheld ${id}`,
        zone: 'arena',
        lanes: [{ id: 'in', actuator: 'none://' }],
      }),
    );
    const enrolled = await page.evaluate(async (text) => (await window.handheld).enrol(text), link);
    expect(enrolled).toEqual({ ok: true });
  };

  beforeAll(async () => {
    port = await freePort();
    await startCloud();
    client = createCloudClient(() => url, firstToken(cloud));
    ({ event } = eventResponseSchema.parse(
      await client.json('POST', '/api/events', {
        name: 'Night',
        types: [{ id: 1, name: 'Adult' }],
        zones: [{ id: 'arena', name: 'Arena', exitsScanned: true }],
      }),
    ));
    ({ tickets } = ticketBatchResponseSchema.parse(
      await client.json('POST', '/api/tickets/batch', {
        event,
        tickets: Array.from({ length: 9 }, (_, index) => ({ type: 1, ...(index === 7 ? { party: 3 } : {}) })),
      }),
    ));
    await client.json('POST', `/admin/events/${event}/publish`, {});
    await switchOn();
    page = await openPage();
  }, 120_000);

  afterAll(async () => {
    await phone?.close();
    cloud?.kill('SIGKILL');
    await cloud?.ended;
    folder.remove();
  });

  it('is no gate before it has enrolled, and says what a wrong code is', async () => {
    await becomes({ phase: 'not-enrolled' });
    const wrong = await page.evaluate(async () => (await window.handheld).enrol('0000-0000-0000'));
    expect(wrong).toMatchObject({ ok: false, error: { type: 'code-invalid' } });
    watches[0]?.expect(/status of 4\d\d/);
  });

  it('enrols, follows the ticket list, admits a ticket once, and the cloud hears of it', async () => {
    await enrol('hand-1');
    await becomes({
      phase: 'running',
      gate: { id: 'hand-1', zone: 'arena' },
      feed: { version: expect.any(Number) as unknown, tickets: tickets.length },
      clock: { trusted: true, source: 'server' },
      contact: { inTouch: true },
    });
    expect(await scan(0)).toMatchObject({ kind: 'admit' });
    expect(await scan(0)).toMatchObject({ kind: 'refuse', refusal: { type: 'already-used' } });
    await expect.poll(summary, patient).toMatchObject({ admitted: 1 });
    await expect.poll(async () => (await contentHash()) === (await summary()).historyHash, patient).toBe(true);
  });

  it('refuses what another gate has let in', async () => {
    const [, second] = tickets;
    const used = verifyResponseSchema.parse(
      await client.json('POST', `/api/tickets/${second?.id}/methods/qr/verify`, { presented_data: second?.text }),
    );
    expect(used).toMatchObject({ success: true });
    await knows(1, 1);
    expect(await scan(1)).toMatchObject({
      kind: 'refuse',
      refusal: { type: 'already-used', detail: { gate: 'cloud' } },
    });
  });

  it('goes on by itself when the cloud is gone, and loses nothing when its browser is killed', async () => {
    await killCloud();
    expect(await scan(2)).toMatchObject({ kind: 'admit' });
    await crash();
    await switchOn();
    page = await openPage();
    await becomes({
      phase: 'running',
      feed: { tickets: tickets.length },
      contact: { inTouch: false },
      clock: { trusted: true },
    });
    expect(await scan(2)).toMatchObject({ kind: 'refuse', refusal: { type: 'already-used' } });
    expect(await scan(1)).toMatchObject({ kind: 'refuse', refusal: { type: 'already-used' } });
    expect(await scan(3)).toMatchObject({ kind: 'admit' });
  });

  it('merges with the cloud when that is back, to the same history', async () => {
    await startCloud();
    await becomes({ contact: { inTouch: true, waitingMarks: 0 } });
    await expect.poll(summary, patient).toMatchObject({ admitted: 4, cases: 0 });
    await expect.poll(async () => (await contentHash()) === (await summary()).historyHash, patient).toBe(true);
  });

  it('lets staff act by their PIN, and a party in as far as it has come', async () => {
    const { operator } = staffResponseSchema.parse(
      await client.json('POST', `/admin/events/${event}/staff`, { role: 'supervisor', pin: '4711' }),
    );
    await client.json('POST', `/admin/events/${event}/publish`, {});
    await page.evaluate(async () => (await window.handheld).syncNow());
    const signOn = (pin: string) =>
      page.evaluate(async ([name, given]) => (await window.handheld).signOn({ operator: name }, given), [
        operator,
        pin,
      ] as const);
    await expect.poll(async () => (await signOn('4711')).ok, patient).toBe(true);
    expect(await signOn('0000')).toMatchObject({ ok: false, error: { type: 'pin-wrong' } });
    const undone = await page.evaluate(
      async (name) =>
        (await window.handheld).act(
          { operator: name, pin: '4711' },
          { type: 'undo', lane: 'in', reason: 'wrong-person' },
        ),
      operator,
    );
    expect(undone).toMatchObject({ ok: true, value: { mark: { kind: 'undone' } } });
    expect(await scan(3)).toMatchObject({ kind: 'admit' });
    expect(await scan(7)).toMatchObject({ kind: 'admit', persons: 3 });
    await expect.poll(() => page.evaluate(async () => (await window.handheld).laneState.value.name)).toBe('open');
    await page.evaluate(async () => (await window.handheld).partyPassed(2));
    // Two, with those before: the third of the party has its use back.
    await expect.poll(summary, patient).toMatchObject({ admitted: 6 });
  });

  it('is a gate in one tab at a time, and in the other when somebody says so', async () => {
    const second = await openPage();
    await becomes({ phase: 'other-tab' }, second);
    expect(
      await second.evaluate(async () =>
        (await window.handheld).present({ medium: 'typed', text: 'X', readerId: 'keys', seenAtMs: 0 }),
      ),
    ).toBe('ignored');
    await second.evaluate(async () => (await window.handheld).takeOver());
    await becomes({ phase: 'running' }, second);
    await becomes({ phase: 'other-tab' });
    expect(await scan(4, second)).toMatchObject({ kind: 'admit' });
    await second.close();
    await becomes({ phase: 'running' });
    expect(await scan(4)).toMatchObject({ kind: 'refuse', refusal: { type: 'already-used' } });
  });

  it('lets nobody in while the browser has no room, says so, and goes on when it has', async () => {
    // Chromium looks at its quota now and then only: what it says when that is used up is said here for it.
    await page.evaluate(() => {
      type Write = (this: IDBObjectStore, value: unknown, key?: IDBValidKey) => IDBRequest<IDBValidKey>;
      const prototype = IDBObjectStore.prototype as Record<'add' | 'put', Write>;
      const { add, put } = prototype;
      const full = (write: Write): Write =>
        function (this, ...args) {
          if (this.name === 'mark' || this.name === 'probe') throw new DOMException('no room', 'QuotaExceededError');
          return write.apply(this, args);
        };
      Object.assign(prototype, { add: full(add), put: full(put) });
      addEventListener('room', () => Object.assign(prototype, { add, put }), { once: true });
    });
    await page.evaluate(async (text) => {
      (await window.handheld).present({ medium: 'optical', text, readerId: 'camera', seenAtMs: performance.now() });
    }, tickets[5]?.text ?? '');
    await expect
      .poll(() => page.evaluate(async () => (await window.handheld).laneState.value), patient)
      .toMatchObject({ name: 'closed', why: 'store' });
    await becomes({ storage: { room: 'full' }, storeTrouble: expect.stringContaining('Quota') as unknown });
    await page.evaluate(() => dispatchEvent(new Event('room')));
    await expect.poll(async () => (await state())['storeTrouble'], patient).toBeUndefined();
    await expect
      .poll(() => page.evaluate(async () => (await window.handheld).laneState.value.name), patient)
      .toBe('idle');
    expect(await scan(5)).toMatchObject({ kind: 'admit' });
    // What a revoked gate had not told is put aside, so that nobody counts it unseen.
    await expect.poll(summary, patient).toMatchObject({ admitted: 8 });
  });

  it('forgets everything when it is revoked, but its marks sealed to the cloud', async () => {
    await client.json('POST', `/admin/events/${event}/gates/hand-1/revoke`, { reason: 'left in a taxi' });
    await becomes({ phase: 'revoked', hasUnsealed: false });
    expect(await databases()).toEqual(['postern-device']);
    expect(await page.evaluate(async () => (await window.handheld).search('anything'))).toEqual([]);
    const sealed = await page.evaluate(async () =>
      (await (await window.handheld).sealedMarks()).map((file) => Array.from(file)),
    );
    expect(sealed).toHaveLength(1);
    const file = `${folder.path}/hand-1.sealed`;
    writeFileSync(file, Uint8Array.from(sealed[0] ?? []));
    const carried = await runCloud('import-sealed', file, '--database', database).ended;
    expect([carried.code, carried.out]).toEqual([0, expect.stringContaining('0 new marks in the history')]);
    await enrol('hand-2');
    await becomes({ phase: 'running', gate: { id: 'hand-2' }, feed: { tickets: tickets.length } });
    await knows(4, 1);
    expect(await scan(4)).toMatchObject({ kind: 'refuse', refusal: { type: 'already-used' } });
  });

  it('goes on with forgetting at the next start, where the phone was cut off in the middle of it', async () => {
    expect(await scan(8)).toMatchObject({ kind: 'admit' });
    await expect.poll(summary, patient).toMatchObject({ admitted: 9 });
    await page.evaluate(
      () =>
        new Promise((resolve) => {
          const opening = indexedDB.open('postern-device');
          opening.addEventListener('success', () => {
            const noting = opening.result.transaction('kept', 'readwrite');
            const note = { atMs: 1, sealKey: crypto.getRandomValues(new Uint8Array(32)) };
            noting.objectStore('kept').put(note, 'revoked');
            noting.addEventListener('complete', () => resolve(opening.result.close()));
          });
        }),
    );
    await page.reload();
    await expect
      .poll(() => page.evaluate(async () => (await (await window.handheld).sealedMarks()).length), patient)
      .toBe(2);
    await expect.poll(databases, patient).toEqual(['postern-device']);
    await becomes({ phase: 'revoked', hasUnsealed: false });
    await enrol('hand-3');
    await becomes({ phase: 'running', gate: { id: 'hand-3' }, feed: { tickets: tickets.length } });
    await knows(8, 1);
  });

  it('forgets everything when the cloud orders that, once the cloud has all of its marks', async () => {
    expect(await scan(6)).toMatchObject({ kind: 'admit' });
    await client.json('POST', `/admin/events/${event}/gates/hand-3/wipe`, { reason: 'the season is over' });
    await becomes({ phase: 'revoked' });
    await expect.poll(databases, patient).toEqual(['postern-device']);
    await expect.poll(summary, patient).toMatchObject({ admitted: 10, cases: 0, aside: 0 });
  });

  it('broke no rule of its page on the way', () => {
    expect(watches.flatMap((watch) => watch.findings())).toEqual([]);
  });
});
