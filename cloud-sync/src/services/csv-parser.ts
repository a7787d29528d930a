// CSV out of text that comes in pieces (RFC 4180, as spreadsheets and box offices write it): any mix of line ends, line breaks in quotes,
// quotes that are doubled. Holds one row at a time, whatever the text: what grows over its bound is passed over up to its end, named with
// its row and line, and the next row is read as if nothing had been.

export interface CsvRow {
  /** As a spreadsheet counts, from 1. */
  readonly row: number;
  /** The line of the text in which it begins, from 1. */
  readonly line: number;
  readonly cells: readonly string[];
}
export interface WrongCsvRow {
  readonly row: number;
  readonly line: number;
  readonly problem: string;
  /** Nothing that follows can be told apart. */
  readonly isEnd?: true;
}
export type CsvEntry = CsvRow | WrongCsvRow;

export interface CsvParser {
  /** The rows that this piece completes, without the blank ones. */
  readonly push: (text: string) => readonly CsvEntry[];
  readonly end: () => readonly CsvEntry[];
}

export const csvCellCharsMax = 10_000;
export const csvCellsMax = 1_000;

const quote = 0x22;
const lineFeed = 0x0a;
const carriageReturn = 0x0d;

export function createCsvParser(delimiter: string): CsvParser {
  const delimiterCode = delimiter.charCodeAt(0);
  let entries: CsvEntry[] = [];
  let cells: string[] = [];
  /** Of the present cell, where it is in several pieces. */
  let cell = '';
  let cellChars = 0;
  let state: 'start' | 'plain' | 'quoted' | 'quote-in-quoted' = 'start';
  let problem: string | undefined;
  let [row, line, rowLine] = [1, 1, 1];
  /** A carriage return came last: a line feed now belongs to it. */
  let afterReturn = false;

  const append = (piece: string): void => {
    cellChars += piece.length;
    if (cellChars <= csvCellCharsMax) cell += piece;
    else {
      cell = '';
      problem ??= `a cell of more than ${csvCellCharsMax} characters`;
    }
  };
  const endCell = (): void => {
    if (cells.length < csvCellsMax) cells.push(cell);
    else problem ??= `more than ${csvCellsMax} cells`;
    cell = '';
    cellChars = 0;
    state = 'start';
  };
  const endRow = (): void => {
    endCell();
    if (problem !== undefined) entries.push({ row, line: rowLine, problem });
    else if (cells.some((one) => one.trim() !== '')) entries.push({ row, line: rowLine, cells });
    cells = [];
    problem = undefined;
    row += 1;
    rowLine = line;
  };
  const countLines = (piece: string): void => {
    for (let at = 0; at < piece.length; at++) {
      const code = piece.charCodeAt(at);
      if (code === carriageReturn || (code === lineFeed && !afterReturn)) line += 1;
      afterReturn = code === carriageReturn;
    }
  };

  /** Reads on at `from` in the present state; answers where the next one begins. */
  const readPlain = (text: string, from: number): number => {
    let at = from;
    for (; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code === delimiterCode || code === lineFeed || code === carriageReturn) break;
    }
    if (at > from) append(text.slice(from, at));
    if (at === text.length) return at;
    const code = text.charCodeAt(at);
    if (code === delimiterCode) endCell();
    else {
      line += 1;
      afterReturn = code === carriageReturn;
      endRow();
    }
    return at + 1;
  };
  const readQuoted = (text: string, from: number): number => {
    const found = text.indexOf('"', from);
    const piece = text.slice(from, found < 0 ? text.length : found);
    countLines(piece);
    append(piece);
    if (found < 0) return text.length;
    state = 'quote-in-quoted';
    return found + 1;
  };

  return {
    push: (text) => {
      entries = [];
      for (let at = 0; at < text.length;) {
        const code = text.charCodeAt(at);
        if (state === 'quoted') {
          at = readQuoted(text, at);
          continue;
        }
        if (state === 'quote-in-quoted') {
          state = code === quote ? 'quoted' : 'plain';
          afterReturn = false;
          if (code === quote) append('"');
          else if (code !== delimiterCode && code !== lineFeed && code !== carriageReturn)
            problem ??= 'text after a closing quote: a quote inside a cell is written twice';
          if (code === quote) at += 1;
          continue;
        }
        const endsReturn = afterReturn && code === lineFeed;
        afterReturn = false;
        if (endsReturn) at += 1;
        else if (state === 'start' && code === quote) {
          state = 'quoted';
          at += 1;
        } else {
          state = 'plain';
          at = readPlain(text, at);
        }
      }
      return entries;
    },
    end: () => {
      entries = [];
      if (state === 'quoted') {
        entries.push({
          row,
          line: rowLine,
          problem: 'a quote is opened here and never closed, so nothing from here on could be read',
          isEnd: true,
        });
        state = 'start';
        cells = [];
      } else if (state !== 'start' || cells.length > 0) endRow();
      return entries;
    },
  };
}
