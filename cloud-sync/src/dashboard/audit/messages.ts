// What the audit log says around its entries. The entries themselves name actions by the words of the API, so that everybody means the same.
import type { StaffTexts } from '../language.ts';
import { titles } from '../titles.ts';

export const labels = {
  title: titles.audit,
  titleAll: titles.auditOfAll,
  action: { en: 'What', de: 'Was' },
  anything: { en: 'Anything', de: 'Alles' },
  person: { en: 'Who', de: 'Wer' },
  personHint: { en: 'Account, operator or program, by id', de: 'Konto, Personal oder Programm, per Kennung' },
  gate: { en: 'Gate', de: 'Gate' },
  gateHint: { en: 'Its id', de: 'Seine Kennung' },
  ticket: { en: 'Ticket', de: 'Ticket' },
  ticketHint: { en: 'Its id, 32 characters', de: 'Seine Kennung, 32 Zeichen' },
  ticketPartial: { en: 'Not a whole id yet.', de: 'Noch keine ganze Kennung.' },
  from: { en: 'From', de: 'Von' },
  to: { en: 'Until', de: 'Bis' },
  csv: { en: 'Export as a table (CSV)', de: 'Als Tabelle ausgeben (CSV)' },
  when: { en: 'When', de: 'Wann' },
  who: { en: 'Who', de: 'Wer' },
  about: { en: 'About', de: 'Worüber' },
  why: { en: 'Why, and details', de: 'Warum, Einzelheiten' },
  none: { en: 'No entry is like that.', de: 'Kein Eintrag entspricht dem.' },
  erased: { en: 'erased', de: 'gelöscht' },
  anyEvent: { en: 'Everything', de: 'Alles' },
  event: { en: 'Event', de: 'Veranstaltung' },
  // Proof.
  proof: { en: 'Is the log as it was written?', de: 'Ist das Protokoll unverändert?' },
  proofText: {
    en: 'Every entry carries the hash of the one before; the cloud signs where the log stands every hour. The check finds whatever was changed, taken out or put in.',
    de: 'Jeder Eintrag trägt den Hash des vorigen; stündlich signiert die Cloud den Stand. Die Prüfung findet, was geändert, entfernt oder eingefügt wurde.',
  },
  proveNow: { en: 'Check it now', de: 'Jetzt prüfen' },
  proving: { en: 'Checking', de: 'Prüfung läuft' },
  neverProved: { en: 'It has not been checked yet.', de: 'Noch nie geprüft.' },
  neverSigned: { en: 'Not signed yet', de: 'Noch nicht signiert' },
  lastSigned: { en: 'Signed last', de: 'Zuletzt signiert' },
} as const satisfies Record<string, StaffTexts>;

export const provedText = (entries: string, at: string): StaffTexts => ({
  en: `All ${entries} entries are as they were written (${at})`,
  de: `Alle ${entries} Einträge sind, wie sie geschrieben wurden (${at})`,
});
export const flawedText = (at: string): StaffTexts => ({
  en: `It has been CHANGED (${at}). Keep the database as it is, and look with “cloud-sync audit verify”.`,
  de: `Es wurde GEÄNDERT (${at}). Datenbank so lassen und mit „cloud-sync audit verify“ nachsehen.`,
});
