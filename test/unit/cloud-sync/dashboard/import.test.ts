// Goal: what the dashboard shows of a file before its import is what the import will take it for, whatever encoding and separator it has, and
// one change of a column moves nothing else.
import { describe, expect, it } from 'vitest';
import { ticketImportQuerySchema } from '@postern/shared';
import {
  chooseColumn,
  columnsOf,
  hasCode,
  importQuery,
  readPreview,
  repeatedHeaders,
  unknownTypeNames,
  type Preview,
} from '../../../../cloud-sync/src/dashboard/files/preview.ts';
import { naughtyNames } from '../../../fixtures/naughty.ts';

const preview = (text: string | Uint8Array, isAll = true): Preview => {
  const read = readPreview(typeof text === 'string' ? new TextEncoder().encode(text) : text, isAll);
  if (!read.ok) throw new Error(read.error.type);
  return read.value;
};
const problem = (bytes: Uint8Array): string => {
  const read = readPreview(bytes, true);
  return read.ok ? 'none' : read.error.type;
};

describe('the first rows', () => {
  it('are read in the encoding and with the separator that the file has', () => {
    expect(preview('sep=;\r\nStrichcode;Typ\r\nA1;VIP\r\n').rows).toEqual([['A1', 'VIP']]);
    const windows = Uint8Array.from([...'code,name\nA,M'].map((character) => character.charCodeAt(0)).concat(0xfc));
    expect(preview(windows)).toMatchObject({ encoding: 'windows-1252', rows: [['A', 'Mü']] });
    const utf16 = Uint8Array.from([0xff, 0xfe, ...[...'code\tname\nA\tB'].flatMap((one) => [one.charCodeAt(0), 0])]);
    expect(preview(utf16)).toMatchObject({ encoding: 'utf-16le', delimiter: '\t', rows: [['A', 'B']] });
  });

  it('are those that are whole: a file cut off in a row or in a character shows the rows before', () => {
    const bytes = new TextEncoder().encode('code,name\nA,Ann\nB,Bjørn');
    expect(preview(bytes.slice(0, -2), false).rows).toEqual([['A', 'Ann']]);
    expect(preview(bytes.slice(0, -2), false).encoding).toBe('utf-8');
    expect(preview(bytes).rows).toEqual([
      ['A', 'Ann'],
      ['B', 'Bjørn'],
    ]);
  });

  it('have every naughty name as it is', () => {
    const names = Object.values(naughtyNames);
    const text = ['code,name', ...names.map((name, index) => `C${index},"${name.replaceAll('"', '""')}"`)].join('\n');
    expect(preview(text).read.map(([, name]) => name)).toEqual(names);
  });

  it('are not there where it is no CSV', () => {
    expect(problem(new Uint8Array(0))).toBe('empty');
    expect(problem(Uint8Array.from([0x50, 0x4b, 3, 4, 20]))).toBe('archive');
    expect(problem(new TextEncoder().encode('\n\n'))).toBe('empty');
    expect(problem(Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 0, 0, 0, 1, 0, 2]))).toBe('no-text');
    expect(problem(new TextEncoder().encode('"code,name\nA'))).toBe('unreadable');
  });
});

describe('columns', () => {
  const file = preview('Strichcode,Tickettyp,Vorname,Nachname,Preis\nA1,VIP,Ann,Lee,10\nA2,Steh,Ben,Ode,5\n');

  it('are guessed by their headers', () => {
    expect(columnsOf(file, {})).toEqual(['code', 'type', 'firstName', 'lastName', undefined]);
    expect(hasCode(columnsOf(file, {}))).toBe(true);
  });

  it('stay as they are when one of them is said to be something else', () => {
    const chosen = chooseColumn(file, {}, 4, 'order');
    expect(columnsOf(file, chosen)).toEqual(['code', 'type', 'firstName', 'lastName', 'order']);
    const without = chooseColumn(file, chosen, 0, undefined);
    expect(columnsOf(file, without)).toEqual([undefined, 'type', 'firstName', 'lastName', 'order']);
    expect(hasCode(columnsOf(file, without))).toBe(false);
  });

  it('change places: what a column was is nothing else’s until it is said', () => {
    const chosen = chooseColumn(file, {}, 4, 'code');
    expect(columnsOf(file, chosen)).toEqual([undefined, 'type', 'firstName', 'lastName', 'code']);
  });

  it('of the same name are told', () => {
    expect([...repeatedHeaders(preview('code,name,name\nA,B,C\n'))]).toEqual(['name']);
  });

  it('name types that the event does not have', () => {
    const types = [{ id: 2, name: 'vip' }];
    expect(unknownTypeNames(file, columnsOf(file, {}), types)).toEqual(['Steh']);
    expect(unknownTypeNames(preview('code,type\nA,2\n'), ['code', 'type'], types)).toEqual([]);
  });
});

it('asks the cloud for exactly what was chosen, commas and equals signs in names too', () => {
  const query = importQuery(
    {
      chosen: { code: 'Nr, lang', email: '' },
      types: { 'Früh, Kind = halb': 3, VIP: 2 },
      defaultType: 1,
      dates: 'dmy',
      reinstates: true,
    },
    true,
  );
  expect(ticketImportQuerySchema.parse(Object.fromEntries(query))).toMatchObject({
    dryRun: true,
    options: {
      columns: { code: 'Nr, lang', email: '' },
      types: { 'Früh, Kind = halb': 3, VIP: 2 },
      defaultType: 1,
      dates: 'dmy',
      reinstates: true,
    },
  });
});
