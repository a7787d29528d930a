// The first rows of a file that somebody is about to import, read in the browser: which columns it has, what each was taken for, which names of
// ticket types stand in it. Nothing of it leaves the browser; the cloud reads the whole file again, and what it says counts.
import { err, ok, ticketColumns, type Result, type TicketColumn } from '@postern/shared';
import { guessEncoding, isArchive, readDelimiter } from '../../services/csv-guess.ts';
import { createCsvParser } from '../../services/csv-parser.ts';
import { mapColumns } from '../../services/ticket-csv-columns.ts';

/** As much of the file as is looked at. */
export const previewBytesMax = 256 * 1_024;
/** Rows that are shown. */
const rowsShown = 5;
const typeNamesMax = 50;

/** What somebody has said about columns: the header of each, or nothing for one that the file does not have. */
export type ChosenColumns = Readonly<Partial<Record<TicketColumn, string>>>;

export interface Preview {
  readonly encoding: string;
  readonly delimiter: string;
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** All rows that were read, for what is asked of them later. */
  readonly read: readonly (readonly string[])[];
}

export type PreviewProblem = { readonly type: 'empty' | 'archive' | 'no-text' | 'unreadable' };

/** `bytes`: the beginning of the file, `isAll` where that is all of it. */
export function readPreview(bytes: Uint8Array, isAll: boolean): Result<Preview, PreviewProblem> {
  if (bytes.length === 0) return err({ type: 'empty' });
  if (isArchive(bytes)) return err({ type: 'archive' });
  const encoding = guessEncoding(bytes) ?? (isUtf8(bytes) ? 'utf-8' : 'windows-1252');
  const text = new TextDecoder(encoding).decode(bytes, { stream: !isAll });
  if (text.includes('\0')) return err({ type: 'no-text' });
  const { delimiter, rest } = readDelimiter(text, undefined);
  const parser = createCsvParser(delimiter);
  const entries = [...parser.push(rest), ...(isAll ? parser.end() : [])];
  const [header, ...read] = entries.flatMap((entry) => ('cells' in entry ? [entry.cells] : []));
  if (header === undefined) return err({ type: entries.length === 0 && isAll ? 'empty' : 'unreadable' });
  return ok({ encoding, delimiter, header, rows: read.slice(0, rowsShown), read });
}

/** Cut off in the middle of a character it is UTF-8 all the same. */
function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    // The decoder throws at bytes that are no UTF-8.
    return false;
  }
}

/** What each column of the file is, as the import would take it. */
export function columnsOf(
  { header }: Pick<Preview, 'header'>,
  chosen: ChosenColumns,
): readonly (TicketColumn | undefined)[] {
  const mapped = mapColumns(header, chosen);
  // Without a code it is not taken at all, but the rest is still worth showing.
  const known = mapped.ok ? mapped : mapColumns([...header, spareCode], { ...chosen, code: spareCode });
  const columnAt = new Map(known.ok ? [...known.value.at].map(([column, index]) => [index, column]) : []);
  return header.map((_name, index) => columnAt.get(index));
}
const spareCode = '\u0000';

/** Whether a ticket can be told from another: by its code, or by its id here. */
export const hasCode = (columns: readonly (TicketColumn | undefined)[]): boolean =>
  columns.includes('code') || columns.includes('ticket');

/** The choice after somebody has said that the column at `index` is `column`; undefined: it is not used. */
export function chooseColumn(
  preview: Pick<Preview, 'header'>,
  chosen: ChosenColumns,
  index: number,
  column: TicketColumn | undefined,
): ChosenColumns {
  const name = preview.header[index] ?? '';
  // What was guessed becomes said, so that one change moves nothing else.
  const present = columnsOf(preview, chosen);
  const said: Partial<Record<TicketColumn, string>> = {};
  for (const known of ticketColumns) {
    const at = present.indexOf(known);
    said[known] = at < 0 || at === index ? '' : (preview.header[at] ?? '');
  }
  if (column !== undefined) said[column] = name;
  return said;
}

/** Headers that stand twice: the import cannot be told which of them is meant. */
export const repeatedHeaders = ({ header }: Pick<Preview, 'header'>): ReadonlySet<string> =>
  new Set(header.filter((name, index) => header.indexOf(name) !== index));

/** Names in the column of the ticket type that the event has no type for, in the rows that were read. */
export function unknownTypeNames(
  preview: Preview,
  columns: readonly (TicketColumn | undefined)[],
  types: readonly { readonly id: number; readonly name: string }[],
): readonly string[] {
  const at = columns.indexOf('type');
  if (at < 0) return [];
  const known = new Set(types.flatMap(({ id, name }) => [String(id), name.trim().toLowerCase()]));
  const names = preview.read.map((cells) => (cells[at] ?? '').trim()).filter((name) => name !== '');
  return [...new Set(names)].filter((name) => !known.has(name.toLowerCase())).slice(0, typeNamesMax);
}

export interface ImportChoice {
  readonly chosen: ChosenColumns;
  readonly types: Readonly<Record<string, number>>;
  readonly defaultType: number | undefined;
  readonly dates: 'dmy' | 'mdy' | undefined;
  readonly reinstates: boolean;
}

/** The query of `POST …/tickets/import`. */
export function importQuery(
  { chosen, types, defaultType, dates, reinstates }: ImportChoice,
  dryRun: boolean,
): URLSearchParams {
  const query = new URLSearchParams({ dryRun: String(dryRun) });
  for (const column of ticketColumns) {
    const name = chosen[column];
    if (name !== undefined) query.set(column, name);
  }
  if (Object.keys(types).length > 0) query.set('types', JSON.stringify(types));
  if (defaultType !== undefined) query.set('defaultType', String(defaultType));
  if (dates !== undefined) query.set('dates', dates);
  if (reinstates) query.set('reinstate', 'true');
  return query;
}
