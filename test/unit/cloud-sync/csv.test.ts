// Goal: a CSV is read as spreadsheets and box offices write it, in whatever pieces and encoding it comes, within bounds; and what is
// written for a spreadsheet cannot be run by it and comes back as it was.
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { csvLine, plainCell } from '../../../cloud-sync/src/services/csv.ts';
import { bytesInMemory, openCsv, type CsvOptions } from '../../../cloud-sync/src/services/csv-file.ts';
import { createCsvParser, csvCellCharsMax, type CsvEntry } from '../../../cloud-sync/src/services/csv-parser.ts';

const parseAll = (pieces: readonly string[], delimiter = ','): readonly CsvEntry[] => {
  const parser = createCsvParser(delimiter);
  return [...pieces.flatMap((piece) => parser.push(piece)), ...parser.end()];
};
const cellsOf = (entries: readonly CsvEntry[]): unknown[] =>
  entries.map((entry) => ('problem' in entry ? entry.problem : entry.cells));
/** In pieces of `size` characters. */
const cut = (text: string, size: number): string[] =>
  Array.from({ length: Math.ceil(text.length / size) }, (_, index) => text.slice(index * size, (index + 1) * size));

interface Opened {
  readonly encoding: string;
  readonly delimiter: string;
  readonly rows: readonly (readonly string[])[];
}
async function open(bytes: Uint8Array | string, options: CsvOptions = {}): Promise<Opened | string> {
  const opened = await openCsv(bytesInMemory(typeof bytes === 'string' ? Buffer.from(bytes) : bytes), options);
  if (!opened.ok) return opened.error.detail ?? opened.error.type;
  const { encoding, delimiter, header, rows } = opened.value;
  const all = [header.cells];
  for await (const entries of rows) for (const entry of entries) if ('cells' in entry) all.push(entry.cells);
  return { encoding, delimiter, rows: all };
}

describe('the parser', () => {
  const cell = fc.string({
    unit: fc.constantFrom('a', 'é', ' ', ',', ';', '"', '\n', '\r', '\r\n', '😀'),
    maxLength: 6,
  });
  const table = fc.array(fc.array(cell, { minLength: 1, maxLength: 4 }), { maxLength: 6 });
  const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;

  it('gives back every table that was written with quotes, however it is cut into pieces', () => {
    fc.assert(
      fc.property(table, fc.integer({ min: 1, max: 9 }), fc.constantFrom('\n', '\r', '\r\n'), (rows, size, lineEnd) => {
        const text = rows.map((row) => row.map(quoted).join(',')).join(lineEnd);
        const kept = rows.filter((row) => row.some((one) => one.trim() !== ''));
        expect(cellsOf(parseAll(cut(text, size)))).toEqual(kept);
      }),
    );
  });

  it('reads what it reads as a parser of others does', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', ',', '"', '\n', ' '), maxLength: 30 });
    fc.assert(
      fc.property(text, (given) => {
        const ours = parseAll(cut(given, 3));
        let theirs: string[][];
        try {
          theirs = parse(given, { relax_column_count: true, record_delimiter: '\n' });
        } catch {
          // It refuses the whole for one row, and quotes inside a bare cell, which people write.
          return;
        }
        expect(cellsOf(ours)).toEqual(theirs.filter((row) => row.some((one) => one.trim() !== '')));
      }),
      { numRuns: 2_000 },
    );
  });

  it('counts rows as a spreadsheet and lines as an editor, also where line ends are mixed', () => {
    const entries = parseAll(cut('h1,h2\r\n\r\n"a\nb\r\nc",1\rx,2\n,\ny,3', 2));
    expect(entries.map(({ row, line }) => [row, line])).toEqual([
      [1, 1],
      [3, 3],
      [4, 6],
      [6, 8],
    ]);
  });

  it('passes over a cell of ten megabytes, quoted or not, and reads the next row', () => {
    const huge = 'x'.repeat(10 * 1024 * 1024);
    const entries = parseAll([...cut(`a,b\n"${huge}\n`, 65_536), `",1\nc,d\n`, ...cut(huge, 65_536), ',2\ne,f']);
    const tooLong = `a cell of more than ${csvCellCharsMax} characters`;
    expect(cellsOf(entries)).toEqual([['a', 'b'], tooLong, ['c', 'd'], tooLong, ['e', 'f']]);
    expect(entries.map(({ row, line }) => [row, line])).toEqual([
      [1, 1],
      [2, 2],
      [3, 4],
      [4, 5],
      [5, 6],
    ]);
  });

  it('says where a quote is opened that is never closed', () => {
    expect(parseAll(['a,b\n1,"2\n3,4\n'])).toMatchObject([
      { row: 1 },
      { row: 2, line: 2, isEnd: true, problem: expect.stringContaining('never closed') },
    ]);
  });

  it('names a row with text behind a quote, and the next one is whole', () => {
    expect(cellsOf(parseAll(['"a" b,1\nc,2']))).toEqual([expect.stringContaining('after a closing quote'), ['c', '2']]);
  });
});

describe('a file', () => {
  const text = 'Code;Name\nA1;Jörg "€" Müller\n';
  const rows = [
    ['Code', 'Name'],
    ['A1', 'Jörg "€" Müller'],
  ];
  const utf16 = Buffer.from(text, 'utf16le');
  it.each([
    ['UTF-8', Buffer.from(text), 'utf-8'],
    ['UTF-8 with a byte order mark', Buffer.from(`\uFEFF${text}`), 'utf-8'],
    ['UTF-16', utf16, 'utf-16le'],
    ['UTF-16 with a byte order mark', Buffer.from(`\uFEFF${text}`, 'utf16le'), 'utf-16le'],
    ['UTF-16 the other way', Buffer.from(`\uFEFF${text}`, 'utf16le').swap16(), 'utf-16be'],
    ['Windows-1252', Buffer.from(text.replace('€', '\x80'), 'latin1'), 'windows-1252'],
  ])('is read in %s without being told', async (_name, bytes, encoding) => {
    expect(await open(bytes)).toEqual({ encoding, delimiter: ';', rows });
  });

  it('is Windows-1252 also where the only letter that says so is its last', async () => {
    const bytes = Buffer.from(`Code\n${'é\n'.repeat(3)}${'A\n'.repeat(300_000)}\xe9`, 'latin1');
    expect(await open(bytes)).toMatchObject({ encoding: 'windows-1252' });
  });

  it.each([
    [';', 'a;b,c;d\n', undefined],
    ['\t', 'a\tb\n', undefined],
    ['|', 'a|b|c\n', undefined],
    [',', '"a;b;c",d\n', undefined],
    [',', 'alone\n', undefined],
    ['|', 'a,b,c|d\n', '|'],
    ['#', 'sep=#\r\na#b;c;d\n', undefined],
  ])('is divided at %s', async (delimiter, given, asked) => {
    expect(await open(given, { delimiter: asked })).toMatchObject({ delimiter });
  });

  it.each([
    ['', 'empty'],
    [' \r\n;;\n', 'empty'],
    ['\uFEFF', 'empty'],
    ['a\0b\n', 'no text'],
    ['PK\x03\x04 and so on', 'workbook'],
    ['a,"b\n', 'never closed'],
  ])('is refused where it is %j', async (given, problem) => {
    expect(await open(given)).toContain(problem);
  });

  it('is refused in an encoding that it is not in, or that nobody knows', async () => {
    expect(await open(Buffer.from('a\xe9', 'latin1'), { encoding: 'utf-8' })).toContain('not utf-8');
    expect(await open('a', { encoding: 'klingon' })).toContain('no encoding');
    expect(await open(Buffer.from('a;\xa4', 'latin1'), { encoding: 'iso-8859-15' })).toMatchObject({
      rows: [['a', '€']],
    });
  });
});

describe('a cell for a spreadsheet', () => {
  it.each(['=1+1', '+49 30 1234', '-5', '@SUM(A1)', '\t=1', '\r=1', "'=1", '＝1+1', '＋1', '－1', '＠A1'])(
    'begins no formula: %j',
    (value) => {
      expect(csvLine([value])).toMatch(/^"?'/);
    },
  );

  it.each([';', '|', '\t', '\n'])(
    'begins none where a spreadsheet divides cells by %j, whatever is quoted',
    (divider) => {
      for (const value of [`Max${divider}=cmd|' /C calc'!A0`, `"${divider}'@SUM(A1)`, `a,${divider}+1${divider}-1`])
        for (const cell of csvLine(['x', value, 'y']).split(/[;|\t\n]/)) expect(cell).not.toMatch(/^["\s]*[=+\-@]/);
    },
  );

  it('comes back as it was', async () => {
    const text = fc.string({
      unit: fc.constantFrom('=', "'", '+', '-', '@', '＝', 'a', ',', ';', '|', '"', '\n', '\t', ' '),
      maxLength: 8,
    });
    await fc.assert(
      fc.asyncProperty(text, async (value) => {
        const read = await open(csvLine(['a', 'b']) + csvLine(['x', value]));
        expect(typeof read === 'string' ? read : read.rows[1]?.map(plainCell)).toEqual(['x', value]);
      }),
    );
  });
});
