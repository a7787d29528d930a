// CSV (RFC 4180) that a spreadsheet cannot be made to run: what would begin a formula gets an apostrophe in front, at the beginning of a
// cell and behind what spreadsheets elsewhere divide cells by: where a semicolon does, quotes around such a cell mean nothing. So does what
// has such apostrophes already, so that `plainCell` gives back what was written.

/** What begins one, also at its full width, which spreadsheets of East Asia take for the same. */
const starts = '=+\\-@\\t\\r＝＋－＠';
/** Says quickly that there is nothing to do, as for nearly all cells. */
const hasFormula = new RegExp(`(?:^|[;|\\t\\r\\n])'*[${starts}]`);
const formulaStarts = new RegExp(`(?<=^|[;|\\t\\r\\n])(?='*[${starts}])`, 'g');
const escapedFormulas = new RegExp(`(?<=^|[;|\\t\\r\\n])'(?='*[${starts}])`, 'g');
const needsQuotes = /[",\r\n]/;

export function csvCell(value: string | number | undefined): string {
  if (value === undefined) return '';
  if (typeof value === 'number') return String(value);
  const harmless = hasFormula.test(value) ? value.replace(formulaStarts, "'") : value;
  return needsQuotes.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}

export const csvLine = (cells: readonly (string | number | undefined)[]): string =>
  `${cells.map(csvCell).join(',')}\r\n`;

/** What somebody wrote whose cell this has become. */
export const plainCell = (cell: string): string => (cell.includes("'") ? cell.replace(escapedFormulas, '') : cell);
