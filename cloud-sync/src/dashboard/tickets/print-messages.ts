// What printing codes and sending links says.
import type { StaffTexts } from '../language.ts';
import type { SheetFormat } from './sheets.ts';

export const printLabels = {
  title: { en: 'Print codes', de: 'Codes drucken' },
  which: { en: 'Which tickets', de: 'Welche Tickets' },
  chosen: { en: 'The {n} chosen ones', de: 'Die {n} gewählten' },
  unused: { en: 'All valid ones that nobody has entered with', de: 'Alle gültigen, mit denen noch niemand eintrat' },
  format: { en: 'Sheet of A4', de: 'A4-Blatt' },
  prepare: { en: 'Prepare', de: 'Vorbereiten' },
  print: { en: 'Print {n} sheets', de: '{n} Blätter drucken' },
  printOne: { en: 'Print one sheet', de: 'Ein Blatt drucken' },
  preparing: { en: 'Reading codes', de: 'Codes werden gelesen' },
  stop: { en: 'Stop', de: 'Anhalten' },
  hint: {
    en: 'In the browser’s print window choose A4, no margins, 100 %. Codes are secrets: who has a sheet has the tickets.',
    de: 'Im Druckfenster A4, keine Ränder und 100 % wählen. Codes sind Geheimnisse: Wer ein Blatt hat, hat die Tickets.',
  },
  none: {
    en: 'No ticket here has a code that could be printed.',
    de: 'Kein Ticket hier hat einen Code, der gedruckt werden könnte.',
  },
  foreign: {
    en: '{n} tickets are left out: somebody else has printed their codes.',
    de: '{n} Tickets fehlen: Ihre Codes hat jemand anderes gedruckt.',
  },
  atMost: {
    en: 'The first {n}. Print the others by their ticket type, or send links instead.',
    de: 'Die ersten {n}. Drucken Sie die anderen je Ticketart, oder senden Sie Links.',
  },
  preview: { en: 'Sheets', de: 'Blätter' },
  admits: { en: 'admits {n}', de: 'für {n} Personen' },
  linksTitle: { en: 'Links for phones', de: 'Links für Handys' },
  linksExplained: {
    en: 'A list with one link a ticket, for a mail merge: whoever opens a link has the ticket on their phone. The cloud keeps no links: this list is the only one, keep it safe.',
    de: 'Eine Liste mit einem Link je Ticket, für einen Serienbrief: Wer einen Link öffnet, hat das Ticket auf dem Handy. Die Cloud bewahrt die Links nicht auf: Diese Liste ist die einzige, verwahren Sie sie gut.',
  },
  make: { en: 'Make the links', de: 'Links erstellen' },
  making: { en: 'Making links', de: 'Links werden erstellt' },
  made: {
    en: '{n} links made. The file is among your downloads.',
    de: '{n} Links erstellt. Die Datei ist bei Ihren Downloads.',
  },
  again: { en: 'Save the file again', de: 'Datei noch einmal speichern' },
  stopped: {
    en: 'Stopped after {n} links; they are in the file and good.',
    de: 'Nach {n} Links angehalten; diese sind in der Datei und gültig.',
  },
  claims: { en: 'On how many phones, one after the other', de: 'Auf wie vielen Handys, nacheinander' },
  days: { en: 'Good for how many days', de: 'Wie viele Tage gültig' },
  noneToSend: {
    en: 'There is no valid ticket that nobody has entered with.',
    de: 'Es gibt kein gültiges Ticket, mit dem noch niemand eintrat.',
  },
} as const satisfies Record<string, StaffTexts>;

export const formatTexts: Readonly<Record<SheetFormat, StaffTexts>> = {
  'a4-1': { en: 'A4, one a page', de: 'A4, eines je Seite' },
  'a4-8': { en: '8 labels, 99 × 68 mm', de: '8 Etiketten, 99 × 68 mm' },
  'a4-21': { en: '21 labels, 63.5 × 38.1 mm', de: '21 Etiketten, 63,5 × 38,1 mm' },
};
