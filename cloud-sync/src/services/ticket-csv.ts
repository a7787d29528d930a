// Somebody's table of tickets, row by row as tickets that are wanted (ticket-import.ts). What is wrong with a row is that row's, named with
// what to do; a table without codes is refused as a whole before a row is read.
import {
  foreignCodeSchema,
  holderSchema,
  ok,
  ticketIdPattern,
  ticketsPerImportMax,
  type Result,
  type TicketColumn,
  type TicketFileOptions,
} from '@postern/shared';
import { openCsv, type CsvBytes, type CsvFile } from './csv-file.ts';
import type { CsvEntry } from './csv-parser.ts';
import { plainCell } from './csv.ts';
import type { EventRecord } from './events.ts';
import type { Failure } from './problems.ts';
import { mapColumns, type ColumnMapping } from './ticket-csv-columns.ts';
import {
  createTimeReader,
  createTypeReader,
  isWrongCell,
  readHold,
  readLanguage,
  readParty,
  readStatus,
  type WrongCell,
} from './ticket-csv-values.ts';
import type { RefusedTicket, WantedFields, WantedTicket } from './ticket-import-plan.ts';

export interface TicketCsv extends Pick<CsvFile, 'encoding' | 'delimiter' | 'bytesRead' | 'close'> {
  readonly columns: ColumnMapping;
  readonly wanted: AsyncIterable<WantedTicket | RefusedTicket>;
  /** Rows given out by now. */
  readonly rowsRead: () => number;
  /** False once something was met behind which nothing can be read. */
  readonly isWhole: () => boolean;
}

/** `csv-malformed`, `columns-unfit`. */
export async function openTicketCsv(
  bytes: CsvBytes,
  event: EventRecord,
  options: TicketFileOptions,
): Promise<Result<TicketCsv, Failure>> {
  const opened = await openCsv(bytes, options);
  if (!opened.ok) return opened;
  const { header, rows, ...file } = opened.value;
  const columns = mapColumns(header.cells, options.columns);
  if (!columns.ok) {
    await file.close();
    return columns;
  }
  const readRow = createRowReader(event, columns.value, header.cells.length, options);
  let [isWhole, count] = [true, 0];
  const wanted = (async function* (): AsyncGenerator<WantedTicket | RefusedTicket> {
    for await (const entries of rows)
      for (const entry of entries) {
        count += 1;
        if (count > ticketsPerImportMax) {
          isWhole = false;
          const { row, line } = entry;
          yield { row, line, problem: `a table has at most ${ticketsPerImportMax} rows: divide the file` };
          return;
        }
        if ('problem' in entry && entry.isEnd === true) isWhole = false;
        yield readRow(entry);
      }
  })();
  return ok({ ...file, columns: columns.value, wanted, rowsRead: () => count, isWhole: () => isWhole });
}

type RowReader = (entry: CsvEntry) => WantedTicket | RefusedTicket;

function createRowReader(
  event: EventRecord,
  { at }: ColumnMapping,
  width: number,
  { types, defaultType, dates }: TicketFileOptions,
): RowReader {
  const { timeZone } = event.policy;
  const readType = createTypeReader(event, types);
  const readFrom = createTimeReader(timeZone, 'from', dates);
  const readUntil = createTimeReader(timeZone, 'until', dates);
  const hasHolder = holderColumns.some((column) => at.has(column));
  // Of the row that is being read: what is made once and not for each of a million rows.
  let cells: readonly string[] = [];
  let wrong: string | undefined;
  /** Undefined where the table has no such column. */
  const cell = (column: TicketColumn): string | undefined => {
    const index = at.get(column);
    return index === undefined ? undefined : plainCell(cells[index] ?? '').trim();
  };
  /** An empty cell of a column is `empty`. */
  const value = <T, E>(column: TicketColumn, read: (text: string) => T | WrongCell, empty: E): T | E | undefined => {
    const text = cell(column);
    if (text === undefined) return undefined;
    if (text === '') return empty;
    return orWrong(read(text));
  };
  const orWrong = <T>(found: T | WrongCell): T | undefined => {
    if (!isWrongCell(found)) return found;
    wrong ??= found.wrong;
    return undefined;
  };
  const readWholeName = (): string | null | undefined => {
    if (at.has('name')) return value('name', readName, null);
    if (!at.has('firstName') && !at.has('lastName')) return undefined;
    const joined = oneLine(`${cell('firstName') ?? ''} ${cell('lastName') ?? ''}`);
    return joined === '' ? null : orWrong(readName(joined));
  };
  return (entry) => {
    const { row, line } = entry;
    if ('problem' in entry) return { row, line, problem: entry.problem };
    if (entry.cells.length !== width) return { row, line, problem: `${entry.cells.length} cells in place of ${width}` };
    [cells, wrong] = [entry.cells, undefined];
    const key = readKey(cell('code') ?? '', cell('ticket') ?? '');
    if ('wrong' in key) return { row, line, problem: key.wrong };
    const fields: WantedFields = {
      type: value('type', readType, undefined) ?? defaultType,
      status: value('status', readStatus, undefined),
      party: value('party', readParty, undefined),
      hold: value('hold', readHold, null),
      validFromS: value('validFrom', readFrom, null),
      validUntilS: value('validUntil', readUntil, null),
      language: value('language', readLanguage, null),
      ...(hasHolder
        ? {
            holder: {
              name: readWholeName(),
              email: value('email', readEmail, null),
              order: value('order', readOrder, null),
            },
          }
        : {}),
    };
    return wrong === undefined ? { row, line, key, fields } : { row, line, problem: wrong };
  };
}

const holderColumns: readonly TicketColumn[] = ['name', 'firstName', 'lastName', 'email', 'order'];

/** Most cells are so plain that they fit whatever they are. */
const plainText = /^[A-Za-z0-9][A-Za-z0-9 ._-]{0,98}[A-Za-z0-9]$/;

/** How spreadsheets show numbers that are too long for them; the last digits are gone. */
const shortenedNumber = /^\d([.,]\d+)?E\+\d+$/i;

function readKey(code: string, ticket: string): WantedTicket['key'] | WrongCell {
  if (code !== '' && ticket !== '')
    return { wrong: 'a ticket is named by its code or by its id: empty one of the two' };
  if (ticket !== '') {
    const id = ticket.toLowerCase().replaceAll('-', '');
    return ticketIdPattern.test(id) ? { ticket: id } : { wrong: 'this is no ticket id: they have 32 digits 0 to f' };
  }
  if (code === '') return { wrong: 'the code is missing' };
  if (shortenedNumber.test(code))
    return { wrong: `a spreadsheet has shortened the code to ${code}: export again with the column formatted as text` };
  return plainText.test(code) || foreignCodeSchema.safeParse(code).success
    ? { code }
    : { wrong: 'the code is too long or has characters that no code has: it may have 512, and no line breaks' };
}

/** One line, however it was written. */
const oneLine = (text: string): string => (plainText.test(text) ? text : text.replace(/[\s\p{Cc}]+/gu, ' ').trim());

const readName = (text: string): string | WrongCell => {
  const name = oneLine(text);
  return isFitting('name', name) ? name : { wrong: 'the name is longer than 200 characters' };
};
const readEmail = (text: string): string | WrongCell =>
  isFitting('email', text)
    ? text
    : { wrong: 'the e-mail address is none: correct it, empty it, or do without the column (email=)' };
const readOrder = (text: string): string | WrongCell => {
  const order = oneLine(text);
  return isFitting('order', order) ? order : { wrong: 'the order number is longer than 100 characters' };
};
const isFitting = (field: 'name' | 'email' | 'order', text: string): boolean =>
  (field !== 'email' && plainText.test(text)) || holderSchema.shape[field].safeParse(text).success;
