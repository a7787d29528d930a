// Goal: a file of bands that somebody else has encoded is bound whole or not at all, as any spreadsheet saves it, a second time without
// change, and every wrong line is named.
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import {
  auditPageSchema,
  bandImportSchema,
  bandListSchema,
  bandsPerImportMax,
  type BandImport,
  type BandReservation,
  type TicketResponse,
  type VerifyResponse,
} from '@postern/shared';
import { createTestCloud, someEvent, type TestCloud } from '../../support/cloud.ts';
import { createPerson, typeOf } from '../../support/people.ts';

let test: TestCloud;
let tickets: readonly TicketResponse[];
beforeEach(async () => {
  test = await createTestCloud();
  onTestFinished(() => test.close());
  await test.json('POST', '/api/events', someEvent);
  tickets = await issue([{}, {}, { party: 2 }, { code: 'BOX-4711' }, { code: 'semi;colon "quoted"' }]);
});

const issue = async (about: readonly object[]): Promise<readonly TicketResponse[]> =>
  (
    await test.json<{ tickets: readonly TicketResponse[] }>('POST', '/api/tickets/batch', {
      event: 1,
      tickets: about.map((one) => ({ type: 1, ...one })),
    })
  ).tickets;
const id = (index: number): string => tickets[index]?.id ?? '';
const send = (
  csv: string | Uint8Array,
  { query = '', token = test.token, type = 'text/csv' } = {},
): Promise<Response> =>
  test.request(`/api/events/1/bands/import${query}`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': type },
    body: typeof csv === 'string' ? csv : Buffer.from(csv),
  });
const load = async (csv: string | Uint8Array, query = ''): Promise<BandImport> => {
  const response = await send(csv, { query });
  expect(await typeOf(response.clone())).toBe('200');
  return bandImportSchema.parse(await response.json());
};
const look = (csv: string): Promise<BandImport> => load(csv, '?dryRun=true');
const countOf = async (ticket: string): Promise<number> =>
  bandListSchema.parse(await test.json('GET', `/api/tickets/${ticket}/bands`)).bands.length;
const verify = (ticket: string, uid: string): Promise<VerifyResponse> =>
  test.json('POST', `/api/tickets/${ticket}/methods/ble/verify`, { presented_data: uid }, 200);

describe('a file of bands', () => {
  it('is bound by ticket id, printed code and short code, and lets in', async () => {
    const report = await load(
      [
        'ble,ticket,code,uid',
        `aa01,${id(0)},,`,
        `AA:02,,${tickets[1]?.shortCode ?? ''},`,
        'aa03,,BOX-4711,',
        `,${id(2)},,04:A1:B2:C3:D4:E5:F6`,
        '',
      ].join('\n'),
    );
    expect(report).toMatchObject({ dryRun: false, bands: 4, bound: 4, unchanged: 0, errorCount: 0, errors: [] });
    expect(await verify(id(0), 'aa01')).toMatchObject({ success: true });
    expect(await verify(id(1), 'aa02')).toMatchObject({ success: true });
    expect(await verify(id(3), 'aa03')).toMatchObject({ success: true });
    const nfc = { presented_data: '04a1b2c3d4e5f6' };
    const seen = await test.json('POST', `/api/tickets/${id(2)}/methods/nfc/verify`, nfc, 200);
    expect(seen).toMatchObject({ success: true });
    const { entries } = auditPageSchema.parse(await test.json('GET', '/audits/log?event=1&action=bands-imported'));
    expect(entries).toMatchObject([{ details: { bands: 4, bound: 4 } }]);
  });

  it.each([
    ['with semicolons', (rows: readonly (readonly string[])[]) => rows.map((row) => row.join(';')).join('\r\n')],
    [
      'with tabs and a byte order mark',
      (rows: readonly (readonly string[])[]) => `\uFEFF${rows.map((row) => row.join('\t')).join('\n')}`,
    ],
    [
      'with everything in quotes and a column of no interest',
      (rows: readonly (readonly string[])[]) =>
        rows
          .map((row, index) => [...row, index === 0 ? 'note' : 'a ""b"",\r\nc'].map((cell) => `"${cell}"`).join(','))
          .join('\r\n'),
    ],
    [
      'with blank lines and old line ends',
      (rows: readonly (readonly string[])[]) => `${rows.map((row) => row.join(' , ')).join('\r\r')}\r`,
    ],
  ])('is read %s', async (_how, save) => {
    const dashed = id(1)
      .replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
      .toUpperCase();
    expect(
      await load(
        save([
          ['Ticket', 'BLE'],
          [id(0), 'aa01'],
          [dashed, 'aa-02'],
        ]),
      ),
    ).toMatchObject({ bands: 2, bound: 2 });
    expect([await countOf(id(0)), await countOf(id(1))]).toEqual([1, 1]);
  });

  it('finds a code that holds separators and quotes', async () => {
    expect(await load('code;ble\n"semi;colon ""quoted""";aa05')).toMatchObject({ bound: 1 });
    expect(await countOf(id(4))).toBe(1);
  });

  it('changes nothing a second time, and nothing at all in a dry run', async () => {
    const csv = `ble,ticket\naa01,${id(0)}\naa02,${id(1)}\n`;
    expect(await look(csv)).toMatchObject({ dryRun: true, bound: 2, unchanged: 0 });
    expect(await countOf(id(0))).toBe(0);
    expect(await load(csv)).toMatchObject({ bound: 2, unchanged: 0 });
    expect(await load(csv)).toMatchObject({ bound: 0, unchanged: 2 });
    expect(await look(`${csv}aa03,${id(2)}\n`)).toMatchObject({ bound: 1, unchanged: 2 });
  });

  it('is never written: a desk that is asked later finds its bands unwritable', async () => {
    await load(`ble,ticket\naa01,${id(0)}\n`);
    const [band] = bandListSchema.parse(await test.json('GET', `/api/tickets/${id(0)}/bands`)).bands;
    await test.api('DELETE', `/api/tickets/${id(0)}/bands/${band?.band ?? ''}`);
    const kept = await test.json<BandReservation>('POST', `/api/tickets/${id(1)}/bands`, {
      method: 'ble',
      uid: 'aa01',
    });
    expect(kept.writable).toBe(false);
  });

  it('with a wrong line binds nothing, and names the line and the ticket that has the band', async () => {
    await load(`ble,ticket\naa09,${id(0)}\n`);
    const [revoked] = await issue([{ code: 'OLD' }]);
    await test.json('POST', `/api/tickets/${revoked?.id ?? ''}/reissue`, {}, 200);
    const wrong: readonly (readonly [row: string, problem: RegExp])[] = [
      [`aa09,,${id(1)},`, /belongs to ticket/],
      [`zz,,${id(1)},`, /1 to 32/],
      [`,04a1,${id(1)},`, /4, 7 or 10/],
      [`,,${id(1)},`, /one id/],
      [`aa02,04a1b2c3,${id(1)},`, /one id/],
      [`aa03,,${id(1)},BOX-4711`, /one of ticket and code/],
      ['aa04,,,', /one of ticket and code/],
      [`aa05,,${'0'.repeat(32)},`, /no such ticket/],
      ['aa06,,,NOBODY', /no such ticket/],
      ['aa07,,,OLD', /replaced/],
      [`aa01,,${id(2)},`, /line 2 again/],
      [`aa08,,${id(1)},`, /each of its party|each of 1/],
      ['aa0a,,', /3 columns/],
      ['"aa"01,,,', /text after a closing quote/],
    ];
    const csv = ['ble,uid,ticket,code', `aa01,,${id(1)},`, ...wrong.map(([row]) => row)].join('\n');
    const report = await look(csv);
    expect(report).toMatchObject({ bands: 15, bound: 1, errorCount: 14 });
    expect(report.errors).toEqual(
      wrong.map(([, problem], index) =>
        expect.objectContaining({ line: index + 3, problem: expect.stringMatching(problem) }),
      ),
    );
    expect(report.errors[0]).toMatchObject({ ticket: id(0) });
    const refused = await send(csv);
    expect(refused.status).toBe(422);
    expect(await refused.json()).toMatchObject({
      type: 'bands-unfit',
      detail: '14 of 15 lines are wrong.',
      issues: expect.arrayContaining([expect.objectContaining({ path: 'line 3' })]),
    });
    expect(await countOf(id(1))).toBe(0);
  });

  it('lists a hundred wrong lines and counts all', async () => {
    const rows = Array.from({ length: 1_234 }, (_, index) => `zz,${index}`);
    const report = await look(['ble,code', ...rows].join('\n'));
    expect(report).toMatchObject({ bands: 1_234, bound: 0, errorCount: 1_234 });
    expect(report.errors.map(({ line }) => line)).toEqual(Array.from({ length: 100 }, (_, index) => index + 2));
  });

  it('gives a party as many bands as it has persons', async () => {
    const rows = ['aa01', 'aa02', 'aa03'].map((uid) => `${uid},${id(2)}`);
    expect(await look(['ble,ticket', ...rows].join('\n'))).toMatchObject({ bound: 2, errors: [{ line: 4 }] });
    await test.api('POST', `/api/tickets/${id(2)}/bands`, { method: 'ble', uid: 'bb01' });
    expect(await look(['ble,ticket', ...rows].join('\n'))).toMatchObject({
      bound: 1,
      errors: [{ line: 3 }, { line: 4 }],
    });
  });

  it('waits for a desk that keeps one of its bands for another ticket', async () => {
    const steward = await createPerson(test, 'steward', 1);
    await test.request(`/api/tickets/${id(0)}/bands`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${steward.token ?? ''}`, 'Content-Type': 'application/json' },
      body: JSON.stringify({ method: 'ble', uid: 'aa01' }),
    });
    expect(await look(`ble,ticket\naa01,${id(1)}\n`)).toMatchObject({ errors: [{ line: 2, ticket: id(0) }] });
  });

  it('of thousands is bound in one go', async () => {
    const many = await issue(Array.from({ length: 3_000 }, () => ({})));
    const csv = [
      'ble,ticket',
      ...many.map(({ id: ticket }, index) => `${(0x10_0000 + index).toString(16)},${ticket}`),
    ].join('\n');
    expect(await load(csv)).toMatchObject({ bands: 3_000, bound: 3_000 });
    expect(await verify(many.at(-1)?.id ?? '', (0x10_0000 + 2_999).toString(16))).toMatchObject({ success: true });
    expect(await load(csv)).toMatchObject({ bound: 0, unchanged: 3_000 });
  }, 240_000);
});

describe('what is no such file', () => {
  it.each([
    ['nothing', ''],
    ['no header', 'aa01,ticket\n'],
    ['no column of ids', 'ticket,code\n1,2\n'],
    ['no column of tickets', 'ble,name\n1,2\n'],
    ['a column twice', 'ble,ble,ticket\n1,2,3\n'],
    ['an open quote', 'ble,ticket\n"aa01,1\n'],
    ['no UTF-8', Uint8Array.of(0x62, 0x6c, 0x65, 0x2c, 0xff, 0xfe)],
    ['a NUL', 'ble,ticket\naa01,\0\n'],
    ['too many lines', `ble,ticket\n${'a,b\n'.repeat(bandsPerImportMax + 1)}`],
  ])('is refused: %s', async (_what, csv) => {
    expect(await typeOf(await send(csv))).toBe('422 csv-malformed');
  });

  it('is refused by type, size, query and event before it is read', async () => {
    const csv = `ble,ticket\naa01,${id(0)}\n`;
    expect(await typeOf(await send(csv, { type: 'application/json' }))).toBe('415 content-type-unsupported');
    expect(await typeOf(await send('x'.repeat(17 * 1024 * 1024)))).toBe('413 body-too-large');
    expect(await typeOf(await send(csv, { query: '?dryRun=maybe' }))).toBe('400 request-invalid');
    const steward = await createPerson(test, 'supervisor', 1);
    expect(await typeOf(await send(csv, { token: steward.token ?? '' }))).toBe('403 role-too-low');
    expect(await countOf(id(0))).toBe(0);
  });

  it('says so where bands of that kind are switched off', async () => {
    await test.json('POST', '/admin/methods/ble/toggle', { enabled: false, event: 1 }, 200);
    expect(await look(`ble,ticket\naa01,${id(0)}\n`)).toMatchObject({
      errors: [{ problem: expect.stringMatching('off') }],
    });
  });
});
