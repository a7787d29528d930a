// What importing and exporting says.
import type { TicketColumn } from '@postern/shared';
import type { StaffTexts } from '../language.ts';
import type { PreviewProblem } from './preview.ts';

export const labels = {
  title: { en: 'Import and export', de: 'Import und Export' },
  csv: { en: 'Import a table', de: 'Tabelle importieren' },
  choose: { en: 'Choose a CSV file', de: 'CSV-Datei wählen' },
  drop: { en: 'or drop it here', de: 'oder hierher ziehen' },
  another: { en: 'Another file', de: 'Andere Datei' },
  dropHint: {
    en: 'One row a ticket, with a line of headings, from a ticket shop, a box office or a spreadsheet. Nothing is sent until you press “Check”.',
    de: 'Eine Zeile je Ticket und eine Zeile mit Überschriften, aus Ticketshop, Vorverkauf oder Tabelle. Gesendet wird erst mit „Prüfen“.',
  },
  preview: { en: 'The first rows', de: 'Die ersten Zeilen' },
  readAs: {
    en: 'Read as {encoding}, columns divided by {delimiter}',
    de: 'Gelesen als {encoding}, Spalten getrennt durch {delimiter}',
  },
  is: { en: '“{header}” is', de: '„{header}“ ist' },
  nothing: { en: 'not used', de: 'nicht benutzt' },
  needsCode: {
    en: 'Say which column has the tickets’ codes (what is printed as QR code or barcode).',
    de: 'Sagen Sie, in welcher Spalte die Codes der Tickets stehen (was als QR- oder Strichcode gedruckt ist).',
  },
  repeated: {
    en: 'Several columns are called “{names}”: give them different names in the file if you need more than the first.',
    de: 'Mehrere Spalten heißen „{names}“: Geben Sie ihnen in der Datei verschiedene Namen, wenn Sie mehr als die erste brauchen.',
  },
  typeNames: { en: 'Ticket types of the file', de: 'Ticketarten der Datei' },
  typeNamesHint: {
    en: 'The event has no ticket types of these names. Say which they are.',
    de: 'Die Veranstaltung hat keine Ticketarten dieser Namen. Sagen Sie, welche es sind.',
  },
  typeIs: { en: '“{name}” is', de: '„{name}“ ist' },
  refuseType: { en: 'none: refuse these rows', de: 'keine: diese Zeilen ablehnen' },
  defaultType: { en: 'Type where the table says none', de: 'Art, wo die Tabelle keine nennt' },
  noDefault: { en: 'none: refuse the row', de: 'keine: Zeile ablehnen' },
  dates: { en: 'Dates with slashes are', de: 'Daten mit Schrägstrichen sind' },
  datesNone: { en: 'not there', de: 'nicht vorhanden' },
  dmy: { en: 'day/month/year', de: 'Tag/Monat/Jahr' },
  mdy: { en: 'month/day/year', de: 'Monat/Tag/Jahr' },
  reinstate: { en: 'Cancelled tickets may become valid again', de: 'Stornierte Tickets dürfen wieder gültig werden' },
  reinstateHint: {
    en: 'Otherwise what is cancelled or blocked here stays so, whatever the table says.',
    de: 'Sonst bleibt storniert oder gesperrt, was es hier ist, gleich was die Tabelle sagt.',
  },
  check: { en: 'Check', de: 'Prüfen' },
  checking: {
    en: 'The cloud reads the whole file; nothing changes yet',
    de: 'Die Cloud liest die ganze Datei; noch ändert sich nichts',
  },
  checked: {
    en: '{rows} tickets: {created} would be created, {changed} changed, {unchanged} stay as they are, {refused} refused.',
    de: '{rows} Tickets: {created} würden angelegt, {changed} geändert, {unchanged} bleiben, {refused} abgelehnt.',
  },
  run: { en: 'Import {n} tickets', de: '{n} Tickets importieren' },
  nothingToDo: { en: 'Nothing would change.', de: 'Es würde sich nichts ändern.' },
  importing: { en: 'Importing', de: 'Import läuft' },
  waiting: { en: 'Waiting for its turn', de: 'Wartet, bis es an der Reihe ist' },
  goesOn: {
    en: 'You may leave this page: the import goes on, and this page shows it again.',
    de: 'Sie können die Seite verlassen: Der Import läuft weiter, und diese Seite zeigt ihn wieder.',
  },
  cancelImport: { en: 'Cancel the import', de: 'Import abbrechen' },
  cancelTitle: { en: 'Cancel the import?', de: 'Den Import abbrechen?' },
  cancelConsequence: {
    en: 'Tickets that are in already stay. Import the same file again to go on from there.',
    de: 'Tickets, die schon da sind, bleiben. Importieren Sie dieselbe Datei noch einmal, um weiterzumachen.',
  },
  keepOn: { en: 'Let it go on', de: 'Weiterlaufen lassen' },
  imported: {
    en: '{created} tickets created, {changed} changed, {unchanged} were there already, {refused} refused.',
    de: '{created} Tickets angelegt, {changed} geändert, {unchanged} waren schon da, {refused} abgelehnt.',
  },
  cancelled: { en: 'The import was cancelled.', de: 'Der Import wurde abgebrochen.' },
  failed: { en: 'The import has failed: {why}', de: 'Der Import ist fehlgeschlagen: {why}' },
  incomplete: {
    en: 'The file could not be read to its end: what came before is in.',
    de: 'Die Datei konnte nicht bis zum Ende gelesen werden: Was davor kam, ist da.',
  },
  errors: { en: 'Refused rows', de: 'Abgelehnte Zeilen' },
  errorsShown: {
    en: 'The first {shown} of {all}; all are counted.',
    de: 'Die ersten {shown} von {all}; gezählt sind alle.',
  },
  row: { en: 'Row', de: 'Zeile' },
  problem: { en: 'What is wrong, and what to do', de: 'Was nicht stimmt und was zu tun ist' },
  noErrors: { en: 'No row is refused.', de: 'Keine Zeile wird abgelehnt.' },
  unused: { en: 'Columns that nothing is taken from: {names}', de: 'Spalten, aus denen nichts genommen wird: {names}' },
  rowsFrom: {
    en: 'Rows count as in a spreadsheet: the headings are row 1.',
    de: 'Zeilen zählen wie in der Tabelle: Die Überschriften sind Zeile 1.',
  },
  toTickets: { en: 'See the tickets', de: 'Tickets ansehen' },
  exportTitle: { en: 'Export', de: 'Export' },
  exportHint: {
    en: 'All tickets of the event as CSV. It has no codes: the cloud keeps only their fingerprints. Edited, it can be imported again.',
    de: 'Alle Tickets der Veranstaltung als CSV. Codes sind keine darin: Die Cloud hat nur deren Fingerabdrücke. Bearbeitet lässt sie sich wieder importieren.',
  },
  holders: { en: 'With names, addresses and order numbers', de: 'Mit Namen, Adressen und Bestellnummern' },
  uses: { en: 'With entries and exits', de: 'Mit Ein- und Austritten' },
  download: { en: 'Download', de: 'Herunterladen' },
} as const satisfies Record<string, StaffTexts>;

export const columnTexts: Readonly<Record<TicketColumn, StaffTexts>> = {
  code: { en: 'Code (printed)', de: 'Code (gedruckt)' },
  ticket: { en: 'Ticket id', de: 'Ticket-ID' },
  type: { en: 'Ticket type', de: 'Ticketart' },
  status: { en: 'Status', de: 'Status' },
  party: { en: 'Persons', de: 'Personen' },
  hold: { en: 'What staff has to check', de: 'Was das Personal prüft' },
  validFrom: { en: 'Valid from', de: 'Gültig ab' },
  validUntil: { en: 'Valid until', de: 'Gültig bis' },
  language: { en: 'Language', de: 'Sprache' },
  name: { en: 'Name', de: 'Name' },
  firstName: { en: 'First name', de: 'Vorname' },
  lastName: { en: 'Last name', de: 'Nachname' },
  email: { en: 'E-mail address', de: 'E-Mail-Adresse' },
  order: { en: 'Order number', de: 'Bestellnummer' },
};

export const previewTexts: Readonly<Record<PreviewProblem['type'], StaffTexts>> = {
  empty: { en: 'The file is empty.', de: 'Die Datei ist leer.' },
  archive: {
    en: 'This is a workbook or an archive. Save it as “CSV UTF-8” in the spreadsheet, then choose that file.',
    de: 'Das ist eine Arbeitsmappe oder ein Archiv. Speichern Sie es in der Tabelle als „CSV UTF-8“ und wählen Sie diese Datei.',
  },
  'no-text': { en: 'This is no text, so it is no CSV.', de: 'Das ist kein Text, also keine CSV.' },
  unreadable: {
    en: 'Its first line could not be read: a quote is opened and never closed, or the line is very long.',
    de: 'Die erste Zeile war nicht lesbar: Ein Anführungszeichen wird nie geschlossen, oder die Zeile ist sehr lang.',
  },
};

export const delimiterTexts: Readonly<Record<string, StaffTexts>> = {
  ';': { en: 'semicolons', de: 'Semikolons' },
  ',': { en: 'commas', de: 'Kommas' },
  '\t': { en: 'tabs', de: 'Tabulatoren' },
  '|': { en: 'bars', de: 'senkrechte Striche' },
};
