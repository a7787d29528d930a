// Reads a CSV of wristbands (RFC 4180, as spreadsheets save it: a byte order mark, semicolons or tabs, quotes) line by line, each with its
// number in the file. What is wrong with one line is that line's; what is wrong with the file is an error of the whole.
import { bandsPerImportMax, err, ok, type Result } from '@postern/shared';
import type { Failure } from './problems.ts';

export interface CsvLine {
  /** Where it begins, from 1. */
  readonly line: number;
  readonly cells: readonly string[];
}

export interface BandLine {
  readonly line: number;
  readonly method: string;
  readonly uid: string;
  /** The ticket's id, or undefined where its code is given. */
  readonly ticket: string | undefined;
  readonly code: string | undefined;
}
export interface WrongLine {
  readonly line: number;
  readonly problem: string;
}

const cellCharsMax = 1_000;
/** Which method each column of ids is about. */
const methodByColumn: Readonly<Record<string, string>> = { uid: 'nfc', ble: 'ble' };
const columns = ['uid', 'ble', 'ticket', 'code'] as const;
type Column = (typeof columns)[number];

/** `csv-malformed`: no text, no header with an id and a ticket, or too many lines. */
export function readBandCsv(
  bytes: Uint8Array,
): Result<{ readonly bands: readonly BandLine[]; readonly wrong: readonly WrongLine[] }, Failure> {
  const text = decodeText(bytes);
  if (text === undefined) return err({ type: 'csv-malformed', detail: 'It is not UTF-8 text.' });
  const lines = parseCsv(text);
  if (!lines.ok) return lines;
  const [header, ...rows] = lines.value;
  const at = header === undefined ? undefined : readHeader(header.cells);
  if (at === undefined)
    return err({
      type: 'csv-malformed',
      detail: 'The first line names the columns: uid (NFC) or ble, and ticket or code; no column twice.',
    });
  if (rows.length > bandsPerImportMax)
    return err({ type: 'csv-malformed', detail: `At most ${bandsPerImportMax} bands in one file.` });
  const bands: BandLine[] = [];
  const wrong: WrongLine[] = [];
  for (const row of rows) {
    const read = readRow(row, at, header?.cells.length ?? 0);
    if (typeof read === 'string') wrong.push({ line: row.line, problem: read });
    else bands.push(read);
  }
  return ok({ bands, wrong });
}

function readHeader(cells: readonly string[]): ReadonlyMap<Column, number> | undefined {
  const names = cells.map((cell) => cell.trim().toLowerCase());
  if (new Set(names).size !== names.length) return undefined;
  const at = new Map(columns.flatMap((column) => (names.includes(column) ? [[column, names.indexOf(column)]] : [])));
  const has = (...some: readonly Column[]): boolean => some.some((column) => at.has(column));
  return has('uid', 'ble') && has('ticket', 'code') ? at : undefined;
}

/** What is wrong with it, as text. */
function readRow({ line, cells }: CsvLine, at: ReadonlyMap<Column, number>, width: number): BandLine | string {
  if (cells.length !== width) return `${cells.length} columns in place of ${width}`;
  if (cells.some((cell) => cell.length > cellCharsMax)) return `a cell of more than ${cellCharsMax} characters`;
  const cell = (column: Column): string => cells[at.get(column) ?? -1]?.trim() ?? '';
  const ids = (['uid', 'ble'] as const).filter((column) => cell(column) !== '');
  const [id] = ids;
  if (id === undefined || ids.length > 1) return 'one id of a band is needed: uid or ble';
  const [ticket, code] = [cell('ticket'), cell('code')];
  if ((ticket === '') === (code === '')) return 'one of ticket and code is needed';
  return {
    line,
    method: methodByColumn[id] ?? '',
    uid: cell(id),
    ticket: ticket === '' ? undefined : ticket.toLowerCase().replaceAll('-', ''),
    code: code === '' ? undefined : code,
  };
}

function decodeText(bytes: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return text.includes('\0') ? undefined : text;
  } catch {
    // Only bytes that are no UTF-8 are thrown at.
    return undefined;
  }
}

/** Empty lines are passed over. */
function parseCsv(text: string): Result<readonly CsvLine[], Failure> {
  const separator = separatorOf(text);
  const lines: CsvLine[] = [];
  let cells: string[] = [];
  let [line, startedAt] = [1, 1];
  let position = 0;
  const endLine = (): void => {
    if (cells.length > 1 || cells[0]?.trim() !== '') lines.push({ line: startedAt, cells });
    cells = [];
    line += 1;
    startedAt = line;
  };
  while (position <= text.length) {
    const quoted = text[position] === '"' ? readQuoted(text, position) : undefined;
    if (quoted === 'unfinished')
      return err({ type: 'csv-malformed', detail: `Line ${startedAt}: a quote is not closed.` });
    const end = quoted === undefined ? endOfCell(text, position, separator) : quoted.end;
    cells.push(quoted === undefined ? text.slice(position, end) : quoted.cell);
    line += quoted?.newlines ?? 0;
    position = end;
    if (text[position] === separator) position += 1;
    else if (position >= text.length) {
      endLine();
      break;
    } else if (text.startsWith('\r\n', position) || text[position] === '\n' || text[position] === '\r') {
      position += text.startsWith('\r\n', position) ? 2 : 1;
      endLine();
      if (lines.length > bandsPerImportMax + 1)
        return err({ type: 'csv-malformed', detail: `At most ${bandsPerImportMax} bands in one file.` });
      if (position === text.length) break;
    } else return err({ type: 'csv-malformed', detail: `Line ${startedAt}: text after a closing quote.` });
  }
  return ok(lines);
}

/** The one that the first line has. */
const separatorOf = (text: string): string => {
  const first = /^[^\r\n]*/.exec(text)?.[0] ?? '';
  return [';', '\t'].find((candidate) => first.includes(candidate)) ?? ',';
};

function endOfCell(text: string, from: number, separator: string): number {
  for (let at = from; at < text.length; at++)
    if (text[at] === separator || text[at] === '\n' || text[at] === '\r') return at;
  return text.length;
}

function readQuoted(
  text: string,
  from: number,
): { readonly cell: string; readonly end: number; readonly newlines: number } | 'unfinished' {
  for (let at = from + 1; ; at += 2) {
    at = text.indexOf('"', at);
    if (at < 0) return 'unfinished';
    if (text[at + 1] === '"') continue;
    const cell = text.slice(from + 1, at).replaceAll('""', '"');
    return { cell, end: at + 1, newlines: cell.match(/\r\n|\r|\n/g)?.length ?? 0 };
  }
}
