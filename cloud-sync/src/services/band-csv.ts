// Reads a CSV of wristbands line by line, each with its number in the file. What is wrong with one line is that line's; what is wrong with
// the file is an error of the whole.
import { bandsPerImportMax, err, ok, type Result } from '@postern/shared';
import { bytesInMemory, openCsv } from './csv-file.ts';
import type { CsvRow } from './csv-parser.ts';
import type { Failure } from './problems.ts';

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
export async function readBandCsv(
  bytes: Uint8Array,
): Promise<Result<{ readonly bands: readonly BandLine[]; readonly wrong: readonly WrongLine[] }, Failure>> {
  const opened = await openCsv(bytesInMemory(bytes));
  if (!opened.ok) return opened;
  const { header, rows } = opened.value;
  const at = readHeader(header.cells);
  if (at === undefined)
    return err({
      type: 'csv-malformed',
      detail: 'The first line names the columns: uid (NFC) or ble, and ticket or code; no column twice.',
    });
  const bands: BandLine[] = [];
  const wrong: WrongLine[] = [];
  for await (const entries of rows)
    for (const entry of entries) {
      const read = 'problem' in entry ? entry.problem : readRow(entry, at, header.cells.length);
      if ('problem' in entry && entry.isEnd === true)
        return err({ type: 'csv-malformed', detail: `Line ${entry.line}: ${entry.problem}.` });
      if (typeof read === 'string') wrong.push({ line: entry.line, problem: read });
      else bands.push(read);
      if (bands.length + wrong.length > bandsPerImportMax)
        return err({ type: 'csv-malformed', detail: `At most ${bandsPerImportMax} bands in one file.` });
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
function readRow({ line, cells }: CsvRow, at: ReadonlyMap<Column, number>, width: number): BandLine | string {
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
