// Goal: a ticket goes into the wallet of a phone by a pass that the wallet accepts: signed, complete, of the venue's time, with the very
// code that opens a gate. Whoever has no certificate is told so, and whoever's ends soon hears of it before.
import { createHash, verify } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ClaimResponse, TicketResponse, WalletPassList } from '@postern/shared';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  googleTokenCharsMax,
  makeGoogleLink,
  readGoogleSigner,
} from '../../../cloud-sync/src/services/wallet-passes/google-link.ts';
import { readWallets } from '../../../cloud-sync/src/services/wallet-passes/wallet-passes.ts';
import { venueTime } from '../../../cloud-sync/src/services/wallet-passes/venue-time.ts';
import { createTestCloud, silentLog, type TestCloud } from '../../support/cloud.ts';
import { askAs, createPerson } from '../../support/people.ts';
import { createPhone, makeLink, type TestPhone } from '../../support/phone.ts';
import { virtualStartMs } from '../../support/virtual-time.ts';
import {
  makeAppleFiles,
  makeGoogleFiles,
  unzip,
  type AppleTestFiles,
  type GoogleTestFiles,
} from '../../support/wallet-files.ts';

const look = { organisation: 'Test hall', colour: '#ffd23f' };
const dayMs = 86_400_000;
/** 1 August 2024, 19:00 in Berlin. */
const doorsS = Date.UTC(2024, 7, 1, 17) / 1_000;
const venueEvent = {
  name: 'Summer night',
  timeZone: 'Europe/Berlin',
  types: [
    { id: 1, name: 'Standing', validFromS: doorsS, validUntilS: doorsS + 6 * 3_600 },
    { id: 2, name: 'VIP', assuranceMin: 'challenged' },
    { id: 3, name: 'By phone', proofs: [['dynamic']] },
    { id: 4, name: 'With a band', proofs: [['signed', 'ble']] },
  ],
  zones: [{ id: 'arena', name: 'Arena' }],
  geofence: {
    zones: [
      { id: 'square', name: 'Square', zone: 'arena', shape: { type: 'Circle', center: [13.4, 52.5], radiusM: 100 } },
    ],
  },
};

let folder: string;
let apple: AppleTestFiles;
let google: GoogleTestFiles;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'postern-wallets-'));
  apple = await makeAppleFiles(folder);
  google = makeGoogleFiles(folder);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let test: TestCloud;
const logged: string[] = [];
const log = {
  ...silentLog,
  info: (fields: object, message: string) => void logged.push(JSON.stringify([fields, message])),
  warn: (fields: object, message: string) => void logged.push(JSON.stringify([fields, message])),
};
beforeEach(async () => {
  logged.length = 0;
  test = await createTestCloud({ wallets: { apple, google: google.settings, passes: look }, log });
  await test.json('POST', '/api/events', venueEvent);
});
afterEach(() => test.close());

const issue = (about: object = {}): Promise<TicketResponse> =>
  test.json<TicketResponse>('POST', '/api/tickets', { event: 1, type: 1, ...about });
const listOf = (id: string): Promise<WalletPassList> => test.json('GET', `/api/tickets/${id}/wallet-passes`);
const problemOf = async (path: string): Promise<unknown> => {
  const answer = await test.api('GET', path);
  return [answer.status, ((await answer.json()) as { type: string }).type];
};
const applePass = async (id: string): Promise<ReadonlyMap<string, Buffer>> => {
  const answer = await test.api('GET', `/api/tickets/${id}/wallet-passes/apple`);
  expect([answer.status, answer.headers.get('Content-Type')]).toEqual([200, 'application/vnd.apple.pkpass']);
  return unzip(Buffer.from(await answer.arrayBuffer()));
};
const passJson = async (id: string): Promise<Record<string, unknown>> =>
  JSON.parse(String((await applePass(id)).get('pass.json'))) as Record<string, unknown>;
const linkOf = async (id: string): Promise<string> =>
  (await test.json<{ link: string }>('GET', `/api/tickets/${id}/wallet-passes/google`)).link;
const tokenOf = (link: string): string => /^https:\/\/pay\.google\.com\/gp\/v\/save\/(.+)$/.exec(link)?.[1] ?? '';
const readPart = (part = ''): Record<string, unknown> =>
  JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>;

describe('a pass for Apple Wallet', () => {
  it('names every file but the signature with its SHA-1, an icon among them', async () => {
    const files = await applePass((await issue()).id);
    const manifest = JSON.parse(String(files.get('manifest.json'))) as Record<string, string>;
    const expected = [...files]
      .filter(([name]) => name !== 'manifest.json' && name !== 'signature')
      .map(([name, bytes]) => [name, createHash('sha1').update(bytes).digest('hex')]);
    expect(manifest).toEqual(Object.fromEntries(expected));
    expect(Object.keys(manifest)).toEqual(expect.arrayContaining(['pass.json', 'icon.png', 'icon@2x.png']));
  });

  it('says what the ticket is, by the clock of the venue, readable on its colour', async () => {
    const { id, shortCode } = await issue({ holder: { name: 'Ada Łovelace' }, party: 2 });
    const pass = await passJson(id);
    expect(pass).toMatchObject({
      passTypeIdentifier: 'pass.test.tickets',
      teamIdentifier: 'TEAM123456',
      serialNumber: id,
      organizationName: 'Test hall',
      description: 'Summer night',
      backgroundColor: 'rgb(255, 210, 63)',
      foregroundColor: 'rgb(0, 0, 0)',
      relevantDate: '2024-08-01T19:00:00+02:00',
      expirationDate: '2024-08-02T01:00:00+02:00',
      locations: [{ latitude: 52.5, longitude: 13.4 }],
      voided: false,
      barcodes: [{ format: 'PKBarcodeFormatQR', messageEncoding: 'iso-8859-1', altText: shortCode }],
    });
    const shown = JSON.stringify(pass['eventTicket']);
    for (const text of ['Summer night', 'Standing', 'Ada Łovelace', '"value":2']) expect(shown).toContain(text);
  });

  it('has every label in each of its languages', async () => {
    const files = await applePass((await issue({ holder: { name: 'Ada' }, party: 2 })).id);
    const { eventTicket } = JSON.parse(String(files.get('pass.json'))) as {
      eventTicket: Record<string, readonly { readonly label?: string }[]>;
    };
    const labels = Object.values(eventTicket).flatMap((fields) => fields.flatMap(({ label }) => label ?? []));
    expect(labels.length).toBeGreaterThan(4);
    const languages = [...files.keys()].filter((name) => name.endsWith('.lproj/pass.strings'));
    expect(languages.map((name) => name.slice(0, 2))).toEqual(['de', 'fr', 'es', 'it']);
    for (const name of languages)
      for (const label of labels) expect(String(files.get(name)), name).toContain(`${JSON.stringify(label)} = "`);
  });

  it('shows the code that opens a gate, and is used up with the ticket', async () => {
    const { id, text } = await issue();
    const { barcodes } = (await passJson(id)) as { barcodes: readonly { readonly message: string }[] };
    expect(barcodes[0]?.message).toBe(text);
    await test.time.advance((doorsS + 60) * 1_000 - test.time.clock.wallMs());
    const verified = await test.json(
      'POST',
      `/api/tickets/${id}/methods/qr/verify`,
      { presented_data: barcodes[0]?.message },
      200,
    );
    expect(verified).toMatchObject({ success: true });
    expect(await passJson(id)).toMatchObject({ voided: true });
  });
});

describe('a link for Google Wallet', () => {
  it('is a token of the service account with the ticket and its class', async () => {
    const { id, text, shortCode } = await issue({ holder: { name: 'Ada' } });
    const [header = '', claims = '', signature = ''] = tokenOf(await linkOf(id)).split('.');
    const signed = Buffer.from(`${header}.${claims}`);
    expect(verify('sha256', signed, google.publicKey, Buffer.from(signature, 'base64url'))).toBe(true);
    expect(readPart(header)).toEqual({ alg: 'RS256', typ: 'JWT' });
    const payload = readPart(claims);
    expect(payload).toMatchObject({
      iss: 'passes@test-hall-123456.iam.gserviceaccount.com',
      aud: 'google',
      typ: 'savetowallet',
      iat: virtualStartMs / 1_000,
    });
    const { eventTicketClasses, eventTicketObjects } = payload['payload'] as Record<string, readonly object[]>;
    expect(eventTicketClasses).toEqual([
      expect.objectContaining({
        issuerName: 'Test hall',
        reviewStatus: 'UNDER_REVIEW',
        eventName: { defaultValue: { language: 'en', value: 'Summer night' } },
        dateTime: { doorsOpen: '2024-08-01T19:00:00+02:00' },
      }),
    ]);
    const [ticket, group] = [eventTicketObjects?.[0], eventTicketClasses?.[0] as { readonly id: string }];
    expect(ticket).toMatchObject({
      id: `3388000000022222222.${id}-0`,
      classId: group.id,
      state: 'ACTIVE',
      barcode: { type: 'QR_CODE', value: text, alternateText: shortCode },
      ticketHolderName: 'Ada',
    });
  });

  it('stays as short as a browser is sure to carry, whatever the names', async () => {
    const signer = readGoogleSigner(google.settings);
    if (!signer.ok) throw new Error(signer.error.cause);
    const { text = '', shortCode = '', id } = await issue();
    const name = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 200 }),
      fc.constantFrom('\u0001'.repeat(200), '😀'.repeat(100), '"'.repeat(200)),
    );
    await fc.assert(
      fc.asyncProperty(name, name, name, fc.nat(10), async (eventName, typeName, holderName, places) => {
        const locations = Array.from({ length: places }, (_, index) => ({ lat: 52.123_456_789, lon: index / 7 }));
        const link = await makeGoogleLink(
          // prettier-ignore
          { ticketId: id, event: 4_294_967_295, epoch: 1_000, eventName, typeName, holderName, timeZone: 'Asia/Kathmandu',
            party: 1, fromS: doorsS, untilS: doorsS, locations, state: 'active', text, shortCode },
          { organisation: '😀'.repeat(40), background: '#000000', foreground: '#ffffff', images: new Map() },
          { ...signer.value, issuer: '9'.repeat(25), account: `${'a'.repeat(88)}@example.com` },
          virtualStartMs,
        );
        const token = tokenOf(link);
        expect(token.length).toBeLessThanOrEqual(googleTokenCharsMax);
        expect(JSON.stringify(readPart(token.split('.')[1]))).toContain(text);
      }),
      { numRuns: 100 },
    );
  });
});

it('is void once the ticket is cancelled, and alive again once it is not', async () => {
  const { id } = await issue();
  const stateOf = async (): Promise<unknown> => {
    const claims = readPart(tokenOf(await linkOf(id)).split('.')[1]) as {
      payload: { eventTicketObjects: readonly { readonly state: string }[] };
    };
    return [(await passJson(id))['voided'], claims.payload.eventTicketObjects[0]?.state];
  };
  expect(await stateOf()).toEqual([false, 'ACTIVE']);
  await test.json('POST', `/api/tickets/${id}/revoke`, {}, 200);
  expect(await stateOf()).toEqual([true, 'INACTIVE']);
  await test.json('POST', `/api/tickets/${id}/reinstate`, {}, 200);
  expect(await stateOf()).toEqual([false, 'ACTIVE']);
  await test.json('POST', `/api/tickets/${id}/reissue`, {}, 200);
  const { barcodes } = (await passJson(id)) as { barcodes: readonly { readonly message: string }[] };
  expect(barcodes[0]?.message).toBe((await test.json<TicketResponse>('GET', `/api/tickets/${id}`)).text);
});

describe('where there can be no pass', () => {
  const both = (why: string) => ['apple', 'google'].map((wallet) => ({ wallet, available: false, why }));
  it('says why: the code is somebody else’s, is not paid for, or would not be enough', async () => {
    const [foreign, unpaid, vip, byPhone] = [
      await issue({ code: 'BOX-OFFICE-1' }),
      await issue({ status: 'unpaid' }),
      await issue({ type: 2 }),
      await issue({ type: 3 }),
    ];
    for (const [ticket, why, problem] of [
      [foreign, 'foreign-code', [422, 'ticket-has-foreign-code']],
      [unpaid, 'unpaid', [409, 'unpaid']],
      [vip, 'not-for-ticket', [409, 'code-not-enough']],
      [byPhone, 'not-for-ticket', [409, 'code-not-enough']],
    ] as const) {
      expect((await listOf(ticket.id)).wallets).toEqual(both(why));
      for (const wallet of ['apple', 'google'])
        expect(await problemOf(`/api/tickets/${ticket.id}/wallet-passes/${wallet}`)).toEqual(problem);
    }
    expect((await listOf((await issue({ type: 4 })).id)).wallets[0]).toMatchObject({ available: true });
    const { id } = await issue();
    expect(await listOf(id)).toEqual({
      ticket: id,
      credential: 'qr',
      wallets: [
        { wallet: 'apple', available: true },
        { wallet: 'google', available: true },
      ],
    });
    await test.json('POST', '/admin/methods/qr/toggle', { enabled: false }, 200);
    expect((await listOf(id)).wallets).toEqual(both('off'));
    expect(await problemOf(`/api/tickets/${id}/wallet-passes/apple`)).toEqual([409, 'method-off']);
  });

  it('says so of a wallet that nobody has set up', async () => {
    const plain = await createTestCloud();
    await plain.json('POST', '/api/events', venueEvent);
    const { id } = await plain.json<TicketResponse>('POST', '/api/tickets', { event: 1, type: 1 });
    const { wallets } = await plain.json<WalletPassList>('GET', `/api/tickets/${id}/wallet-passes`);
    expect(wallets).toEqual(both('not-configured'));
    const answer = await plain.api('GET', `/api/tickets/${id}/wallet-passes/apple`);
    expect([answer.status, await answer.json()]).toMatchObject([404, { type: 'wallet-unconfigured' }]);
    await plain.close();
  });
});

it('gives passes to the holder and to staff, leaves an audit entry, and nothing secret in the log', async () => {
  const [ada, ben] = [await createPerson(test, 'attendee'), await createPerson(test, 'attendee')];
  const steward = await createPerson(test, 'steward', 1);
  const { id, text = '' } = await issue({ holder: { account: ada.id } });
  const statusFor = async (person: typeof ada, wallet: string): Promise<number> =>
    (await askAs(test, person, 'GET', `/api/tickets/${id}/wallet-passes/${wallet}`)).status;
  expect(await statusFor(ada, 'apple')).toBe(200);
  expect(await statusFor(steward, 'google')).toBe(200);
  expect(await statusFor(ben, 'apple')).toBe(404);
  expect(await test.json('GET', '/audits/log?action=wallet-pass-made&event=1')).toMatchObject({
    entries: [
      { ticket: id, actor: steward.id, details: { wallet: 'google' } },
      { ticket: id, actor: ada.id, details: { wallet: 'apple' } },
    ],
  });
  expect(logged.length).toBeGreaterThan(0);
  const lines = logged.join('\n');
  for (const secret of [text, text.slice(0, 40), 'PRIVATE KEY', 'pay.google.com']) expect(lines).not.toContain(secret);
});

describe('a phone that has the ticket by its link', () => {
  const claim = async (id: string): Promise<{ readonly phone: TestPhone; readonly holding: ClaimResponse }> => {
    const phone = createPhone(test);
    const claimed = await phone.claim((await makeLink(test, id)).link);
    return { phone, holding: (await claimed.json()) as ClaimResponse };
  };
  const linkFor = async (wallet: string, { phone, holding }: Awaited<ReturnType<typeof claim>>): Promise<string> =>
    ((await (await phone.ask(holding, 'GET', `/wallet-passes/${wallet}`)).json()) as { link: string }).link;

  it('gets a link for either wallet, and the one for Apple gives any browser the pass for some minutes', async () => {
    const { id, text } = await issue();
    const claimed = await claim(id);
    expect(claimed.holding.wallets).toEqual({ apple: true, google: true });
    expect(tokenOf(await linkFor('google', claimed))).not.toBe('');
    const link = await linkFor('apple', claimed);
    expect(link).toMatch(/^https:\/\/cloud\.test\/wallet-passes\/[\w-]+$/);
    const { pathname } = new URL(link);
    const opened = await test.request(pathname);
    expect(opened.headers.get('Content-Type')).toBe('application/vnd.apple.pkpass');
    expect(String(unzip(Buffer.from(await opened.arrayBuffer())).get('pass.json'))).toContain(text);
    expect(await test.json('GET', '/audits/log?action=wallet-pass-made&event=1')).toMatchObject({
      entries: ['apple', 'google'].map((wallet) => ({
        ticket: id,
        actor: claimed.holding.holder,
        details: { wallet },
      })),
    });
    expect(logged.join('\n')).not.toContain(pathname.slice(-40));
    const altered = `${pathname.slice(0, -1)}${pathname.endsWith('A') ? 'B' : 'A'}`;
    for (const path of [altered, '/wallet-passes/'.padEnd(80, 'A')])
      expect(await problemOf(path)).toEqual([403, 'link-invalid']);
    await test.time.advance(5 * 60_000 + 1);
    expect(await problemOf(pathname)).toEqual([403, 'link-invalid']);
  });

  it('gets none for a ticket that it has no more, and a link from before gives nothing', async () => {
    const { id } = await issue();
    const claimed = await claim(id);
    const { pathname } = new URL(await linkFor('apple', claimed));
    await test.json('POST', `/api/tickets/${id}/reissue`, {}, 200);
    expect(await problemOf(pathname)).toEqual([403, 'link-invalid']);
    const refused = await claimed.phone.ask(claimed.holding, 'GET', '/wallet-passes/apple');
    expect([refused.status, await refused.json()]).toMatchObject([409, { type: 'holder-ended' }]);
    const holding = (await (await claimed.phone.ask(claimed.holding)).json()) as ClaimResponse;
    expect(holding.wallets).toEqual({ apple: false, google: false });
  });

  it('is not believed without its signature', async () => {
    const { holding } = await claim((await issue()).id);
    expect((await test.request(`/api/my/${holding.holder}/wallet-passes/apple`)).status).toBe(401);
  });
});

it('warns a month before the certificate ends, makes nothing after, and goes on with the other wallet', async () => {
  const { id } = await issue();
  const ready = async (): Promise<unknown> => (await test.request('/readyz')).json();
  expect(await ready()).toEqual({ status: 'ready' });
  await test.time.advance(271 * dayMs);
  expect(await ready()).toMatchObject({ status: 'ready', warnings: [expect.stringContaining('2024-09-09')] });
  expect((await listOf(id)).wallets[0]).toEqual({ wallet: 'apple', available: true });
  await test.time.advance(29 * dayMs);
  expect(await ready()).toMatchObject({ status: 'ready', warnings: [expect.stringContaining('ended on 2024-09-09')] });
  expect((await listOf(id)).wallets).toEqual([
    { wallet: 'apple', available: false, why: 'certificate-expired' },
    { wallet: 'google', available: true },
  ]);
  expect(await problemOf(`/api/tickets/${id}/wallet-passes/apple`)).toEqual([409, 'wallet-certificate-expired']);
});

describe('files that do not fit', () => {
  const causeOf = (settings: Parameters<typeof readWallets>[0]): string => {
    const read = readWallets(settings);
    return read.ok ? 'fits' : read.error.cause;
  };
  it('are named with what is wrong with them, and never quoted', async () => {
    const other = mkdtempSync(join(folder, 'other-'));
    const others = await makeAppleFiles(other);
    const nameless = mkdtempSync(join(folder, 'nameless-'));
    const plain = await makeAppleFiles(nameless, 10, 'CN=Somebody');
    const secret = join(folder, 'secret.txt');
    writeFileSync(secret, 'hunter2');
    expect(causeOf({ look, apple })).toBe('fits');
    expect(causeOf({ look, apple: { ...apple, keyFile: others.keyFile } })).toMatch(/pass\.pem: the key .* another/);
    expect(causeOf({ look, apple: { ...apple, wwdrFile: others.wwdrFile } })).toMatch(/not issued by/);
    expect(causeOf({ look, apple: plain })).toMatch(/no pass type/);
    expect(causeOf({ look, apple: { ...apple, keyFile: join(folder, 'gone') } })).toMatch(
      /gone cannot be read.*ENOENT/,
    );
    for (const settings of [
      { look, apple: { ...apple, keyFile: secret } },
      { look, apple: { ...apple, certificateFile: secret } },
      { look, google: { ...google.settings, keyFile: secret } },
    ]) {
      expect(causeOf(settings)).toMatch(/secret\.txt is not/);
      expect(causeOf(settings)).not.toContain('hunter2');
    }
    expect(causeOf({ look, google: makeGoogleFiles(other, 3_072).settings })).toMatch(/2048 bits/);
    expect(causeOf({ look: { ...look, images: other } })).toMatch(/no icon\.png/);
    writeFileSync(join(other, 'icon.png'), 'not a picture');
    expect(causeOf({ look: { ...look, images: other } })).toMatch(/icon\.png is not a PNG/);
  });
});

it('tells time as the venue does', () => {
  const winterS = Date.UTC(2026, 0, 1, 12) / 1_000;
  expect(venueTime(winterS, 'Europe/Berlin')).toBe('2026-01-01T13:00:00+01:00');
  expect(venueTime(winterS, 'America/St_Johns')).toBe('2026-01-01T08:30:00-03:30');
  expect(venueTime(winterS, 'UTC')).toBe('2026-01-01T12:00:00+00:00');
  expect(venueTime(winterS, 'Moon/Tranquility')).toBe('2026-01-01T12:00:00+00:00');
});
