// CSV (RFC 4180) that a spreadsheet cannot be made to run: a cell that would begin a formula gets an apostrophe in front. So does one that
// has such apostrophes already, so that `plainCell` gives back what was written.

const startsFormula = /^'*[=+\-@\t\r]/;
const escapedFormula = /^'(?='*[=+\-@\t\r])/;
const needsQuotes = /[",\r\n]/;

export function csvCell(value: string | number | undefined): string {
  if (value === undefined) return '';
  if (typeof value === 'number') return String(value);
  const harmless = startsFormula.test(value) ? `'${value}` : value;
  return needsQuotes.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}

export const csvLine = (cells: readonly (string | number | undefined)[]): string =>
  `${cells.map(csvCell).join(',')}\r\n`;

/** What somebody wrote whose cell this has become. */
export const plainCell = (cell: string): string => (cell.startsWith("'") ? cell.replace(escapedFormula, '') : cell);
