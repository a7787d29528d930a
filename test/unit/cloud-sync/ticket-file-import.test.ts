// Goal: the tables that box offices and ticket shops write are understood, or refused row by row with what to do; and nothing that a file can
// be makes an import do something else than its dry run has said.
import { foreignTicketId, ticketFileOptionsSchema, type TicketFileReport, type TicketResponse } from '@postern/shared';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { systemActor } from '../../../cloud-sync/src/services/audit.ts';
import { bytesInMemory } from '../../../cloud-sync/src/services/csv-file.ts';
import { createTestCloud, type TestCloud } from '../../support/cloud.ts';

let test: TestCloud;
let event: number;
beforeAll(async () => {
  test = await createTestCloud();
});
beforeEach(async () => {
  const made = await test.json<{ event: number }>('POST', '/api/events', {
    name: 'Samstag',
    timeZone: 'Europe/Berlin',
    types: [
      { id: 1, name: 'Stehplatz' },
      { id: 2, name: 'VIP' },
      { id: 3, name: '2' },
    ],
    zones: [{ id: 'arena', name: 'Arena' }],
  });
  ({ event } = made);
});
afterAll(() => test.close());

const attempt = (
  file: string | Uint8Array,
  options: object = {},
  dryRun = false,
): ReturnType<TestCloud['cloud']['ticketFileImports']['run']> =>
  test.cloud.ticketFileImports.run(event, bytesInMemory(typeof file === 'string' ? Buffer.from(file) : file), {
    dryRun,
    by: systemActor,
    options: ticketFileOptionsSchema.parse(options),
  });
const load = async (file: string | Uint8Array, options?: object, dryRun?: boolean): Promise<TicketFileReport> => {
  const done = await attempt(file, options, dryRun);
  if (!done.ok) throw new Error(`${done.error.type} ${done.error.detail ?? ''}`);
  return done.value;
};
const refusal = async (file: string | Uint8Array, options?: object): Promise<string> => {
  const done = await attempt(file, options);
  return done.ok ? 'read' : `${done.error.type}: ${done.error.detail ?? ''}`;
};
const read = (code: string): Promise<TicketResponse> =>
  test.json('GET', `/api/tickets/${foreignTicketId(event, code)}`);
const problems = ({ errors }: TicketFileReport): readonly string[] => errors.map(({ problem }) => problem);

describe('a table', () => {
  it.each([
    [
      'pretix writes',
      'Event slug,Order code,Position ID,Status,Email,Order date,Product,Variation,Price,Attendee name,"Attendee name: Given name",' +
        '"Attendee name: Family name",Attendee email,Company,Voucher,Ticket secret,Valid until,Company\n' +
        'sat,ABCDE,1,paid,buyer@example.org,2026-11-01,Stehplatz,,23.00,Ada Löwe,Ada,Löwe,ada@example.org,,,s3cr3t,2026-11-28 04:00:00,\n',
      's3cr3t',
    ],
    [
      'Eventbrite writes',
      'Order #,Order Date,First Name,Last Name,Email,Quantity,Ticket Type,Attendee #,Barcode #,Attendee Status,Valid Until\n' +
        'ABCDE,2026-11-01,Ada,Löwe,ada@example.org,1,Stehplatz,17,1234567890123456789001,Attending,2026-11-28T03:00:00Z\n',
      '1234567890123456789001',
    ],
    [
      'a German box office writes',
      'Bestellnummer;Strichcode;Tickettyp;Vorname;Nachname;E-Mail-Adresse;Gültig bis;Zustand;Preis\n' +
        'ABCDE;4711;STEHPLATZ;Ada;Löwe;ada@example.org;28.11.2026 04:00 Uhr;bezahlt;23,00\n',
      '4711',
    ],
    [
      'another one writes, joining its words otherwise',
      'Bestellnr;Ticket-Code;Ticket Art;Vorname;Familien-Name;Email;GültigBis;Ticketstatus\n' +
        'ABCDE;4714;Stehplatz;Ada;Löwe;ada@example.org;28.11.2026 04:00;bezahlt\n',
      '4714',
    ],
    [
      'a French one writes',
      'N° de commande\tCode-barres\tType de billet\tPrénom\tNom\tCourriel\tValable jusqu’au\tStatut\n' +
        'ABCDE\t4712\tstehplatz\tAda\tLöwe\tada@example.org\t2026-11-28 04:00\tpayée\n',
      '4712',
    ],
    [
      'a Spanish one writes',
      'Pedido;Código de barras;Tipo de entrada;Nombre;Apellidos;Correo electrónico;Válida hasta;Estado\n' +
        'ABCDE;4713;1;Ada;Löwe;ada@example.org;2026-11-28 04:00;Pagado\n',
      '4713',
    ],
  ])('that %s is understood by its headers', async (_who, file, code) => {
    expect(await load(file)).toMatchObject({ created: 1, refused: 0, complete: true });
    expect(await read(code)).toMatchObject({
      type: 1,
      status: 'valid',
      validUntilS: Date.UTC(2026, 10, 28, 3) / 1_000,
      holder: { name: 'Ada Löwe', email: 'ada@example.org', order: 'ABCDE' },
    });
  });

  it('is read as it is told, and the report says as what', async () => {
    const file = Buffer.from('Nr;Kürzel;Wer;Von;Rest\nA1;Frühb;Jörg;1/12/2026;x\n', 'latin1');
    const report = await load(file, {
      columns: { code: 'Nr', type: 'kurzel', name: 'Wer', validFrom: 'Von' },
      types: { frühb: 2 },
      dates: 'dmy',
    });
    expect(report).toMatchObject({
      encoding: 'windows-1252',
      delimiter: ';',
      columns: { code: 'Nr', type: 'Kürzel', name: 'Wer', validFrom: 'Von' },
      unused: ['Rest'],
      created: 1,
    });
    const day = Date.UTC(2026, 10, 30, 23) / 1_000;
    expect(await read('A1')).toMatchObject({ type: 2, holder: { name: 'Jörg' }, validFromS: day });
  });

  it('may have a language for each ticket, as shops write it; one that gates do not speak is none', async () => {
    const cells = ['fr', 'de-informal', 'EN_gb', 'Español', 'Arabic', 'it', ''];
    const rows = cells.map((cell, index) => `L${index},1,${cell}\n`);
    expect(await load(`code,type,Sprache\n${rows.join('')}`)).toMatchObject({ created: 7, refused: 0 });
    const found = await Promise.all(cells.map(async (_cell, index) => (await read(`L${index}`)).language));
    expect(found).toEqual(['fr', 'de', 'en', 'es', 'ar', undefined, undefined]);
    const report = await load('code,language\nL0,\nL1,de\nL2,Klingon\n');
    expect(report).toMatchObject({ changed: 1, unchanged: 1, refused: 1, changes: { language: 1 } });
    expect(report.errors[0]?.problem).toContain('write one of en, de, fr, es, ar');
    expect((await read('L0')).language).toBeUndefined();
  });

  it('does without a column that it is told to do without, and takes a type for all', async () => {
    const report = await load('code,email\nA1,none\n', { columns: { email: '' }, defaultType: 2 });
    expect(report).toMatchObject({ created: 1, columns: { code: 'code' }, unused: ['email'] });
  });

  it.each([
    ['', 'csv-malformed: It is empty.'],
    [
      'a,b\n1,2\n',
      'columns-unfit: No column is known to hold the tickets\' codes. Say which: code=NAME. The table has: "a", "b".',
    ],
    ['Order code,Voucher\n1,2\n', 'columns-unfit'],
  ])('is refused as a whole where nobody can tell what it is: %j', async (file, problem) => {
    expect(await refusal(file)).toContain(problem);
  });

  it('is refused where a column is named that it has not, or has twice', async () => {
    expect(await refusal('code\nA\n', { columns: { name: 'Gast' } })).toContain('no column "Gast" for name');
    expect(await refusal('code,Gast,Gast\nA,b,c\n', { columns: { name: 'Gast' } })).toContain('two columns "Gast"');
  });

  it('of some thousand rows says how far it is, row by row and never as if it were done', async () => {
    const rows = Array.from({ length: 2_500 }, (_, index) => `P${index},1\n`).join('');
    const bytes = bytesInMemory(Buffer.from(`code,type\n${rows}`));
    const seen: [number, number][] = [];
    await test.cloud.ticketFileImports.run(event, bytes, {
      dryRun: true,
      by: systemActor,
      options: ticketFileOptionsSchema.parse({}),
      progressed: (done, count) => seen.push([Math.round((done / bytes.size) * 100), count]),
    });
    expect(seen).toEqual([
      [40, 1_000],
      [80, 2_000],
      [100, 2_500],
    ]);
  });

  it('with nothing but a header makes nothing', async () => {
    expect(await load('code,type\n')).toMatchObject({ rows: 0, created: 0, refused: 0, complete: true });
  });
});

describe('a row', () => {
  it('that is wrong is named with its row, its line and what to do, and the others come in', async () => {
    const rows: readonly (readonly [row: string, problem: string | undefined])[] = [
      ['A1,1,valid,1,vip,2026-11-27,"Ada\nLöwe",a@example.org', undefined],
      [',1,,,,,,', 'the code is missing'],
      ['A1,1,,,,,,', 'the same ticket as row 2: keep one of the two'],
      ['1.23457E+12,1,,,,,,', 'a spreadsheet has shortened the code'],
      ['A2,Sitzplatz,,,,,,', 'ticket type "Sitzplatz" is not known: the event has 1 (Stehplatz), 2 (VIP), 3 (2)'],
      ['A3,2,,,,,,', 'is the number of one and the name of another'],
      ['A4,,,,,,,', 'no ticket type'],
      ['A5,1,vielleicht,,,,,', 'status "vielleicht" is not known'],
      ['A6,1,,0,,,,', 'party "0"'],
      ['A7,1,,,dress,,,', 'hold "dress" is not known: write one of id-check'],
      ['A8,1,,,,31.02.2026,,', 'is no time'],
      ['A9,1,,,,01/02/2026,,', 'can be read in two ways'],
      ['B1,1,,,,,,n/a', 'the e-mail address is none'],
      [`B2,1,,,,,${'x'.repeat(201)},`, 'longer than 200'],
      [`${'x'.repeat(600)},1,,,,,,`, 'too long'],
      ['B3,1', '2 cells in place of 8'],
      ['"B4" x,1,,,,,,', 'after a closing quote'],
      ['B5,vip,storniert,3,,2026-11-27 18:00+02:00,,', undefined],
    ];
    const file = ['code,type,status,party,hold,validFrom,name,email', ...rows.map(([row]) => row)].join('\n');
    const report = await load(file);
    const wrong = rows.flatMap(([, problem], index) => (problem === undefined ? [] : [{ row: index + 2, problem }]));
    expect(report).toMatchObject({ created: 2, refused: wrong.length });
    expect(report.errors.map(({ row }) => row)).toEqual(wrong.map(({ row }) => row));
    // The first ticket's name has a line break.
    expect(report.errors.map(({ line }) => line)).toEqual(wrong.map(({ row }) => row + 1));
    for (const [index, { problem }] of wrong.entries()) expect(problems(report)[index]).toContain(problem);
    const from = Date.UTC(2026, 10, 26, 23) / 1_000;
    expect(await read('A1')).toMatchObject({ hold: 'vip', validFromS: from, holder: { name: 'Ada Löwe' } });
    expect(await read('B5')).toMatchObject({ type: 2, status: 'revoked', party: 3, validFromS: from + 17 * 3_600 });
  });

  it('of ten megabytes is refused and the next one comes in', async () => {
    const report = await load(`code,type\n${'x'.repeat(10 * 1024 * 1024)},1\nA1,1\n`);
    expect(report).toMatchObject({ created: 1, refused: 1, errors: [{ row: 2, line: 2 }] });
  });

  it('behind which nothing can be read leaves what came before, and the report says that it is not all', async () => {
    const file = 'code,type\nA1,1\n"A2,1\nA3,1\n';
    expect(await load(file)).toMatchObject({ created: 1, refused: 1, complete: false, errors: [{ row: 3, line: 3 }] });
    expect(await load('code,type\nA1,1\nA2,1\nA3,1\n')).toMatchObject({ created: 2, unchanged: 1, complete: true });
  });

  it('among a million wrong ones is one of a hundred listed, and all are counted', async () => {
    const report = await load(`code,type\n${'"",1\n'.repeat(1_000_000)}`, {}, true);
    expect(report).toMatchObject({ rows: 1_000_000, refused: 1_000_000 });
    expect(report.errors.map(({ row }) => row)).toEqual(Array.from({ length: 100 }, (_, index) => index + 2));
  }, 240_000);

  it('with an empty cell takes away what a ticket may do without, and leaves type, status and party', async () => {
    await load('code,type,status,party,hold,validUntil,name\nA1,1,unpaid,2,vip,2026-11-27,Ada\n');
    const report = await load('code,type,status,party,hold,validUntil,name\nA1,,,,,,\n');
    expect(report).toMatchObject({ changed: 1, changes: { hold: 1, window: 1, holder: 1 } });
    const ticket = await read('A1');
    expect(ticket).toMatchObject({ type: 1, status: 'unpaid', party: 2 });
    expect([ticket.hold, ticket.validUntilS, ticket.holder]).toEqual([undefined, undefined, undefined]);
  });

  it('may hold what a spreadsheet has made harmless', async () => {
    await load("code,type,name\n'=1+1,1,'+Ada\n");
    expect(await read('=1+1')).toMatchObject({ holder: { name: '+Ada' } });
  });
});

describe('times', () => {
  it.each([
    ['2026-03-29 02:30', 'Europe/Berlin', '2026-03-29T01:30:00Z', 'a time that clocks skip is as if they had not'],
    ['2026-10-25 01:59', 'Europe/Berlin', '2026-10-24T23:59:00Z', 'summer time until its last minute'],
    ['2026-10-25 03:00', 'Europe/Berlin', '2026-10-25T02:00:00Z', 'and then winter time'],
    ['1795802400', 'Europe/Berlin', '2026-11-27T18:00:00Z', 'Unix seconds'],
    ['2026-11-27T18:00:00.000Z', 'Europe/Berlin', '2026-11-27T18:00:00Z', 'with a zone'],
  ])('are read in the time zone of the event: %s in %s', async (cell, _zone, expected) => {
    await load(`code,type,validFrom\nT1,1,${cell}\n`);
    expect((await read('T1')).validFromS).toBe(Date.parse(expected) / 1_000);
  });

  it('of a day alone are from its beginning until its end', async () => {
    await load('code,type,validFrom,validUntil\nT1,1,2026-11-27,27.11.2026\n');
    const { validFromS = 0, validUntilS = 0 } = await read('T1');
    expect([validFromS, validUntilS - validFromS]).toEqual([Date.UTC(2026, 10, 26, 23) / 1_000, 86_400]);
  });
});
