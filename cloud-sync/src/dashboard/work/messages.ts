// What background work and the health of the service say. Kinds are told in words; one that this page does not know has those of the cloud.
import type { JobState, StaffTexts } from '@postern/shared';
import { titles } from '../titles.ts';

export const labels = {
  title: titles.work,
  kinds: { en: 'What the cloud does by itself', de: 'Was die Cloud von selbst tut' },
  runs: { en: 'Runs', de: 'Läufe' },
  kind: { en: 'Work', de: 'Arbeit' },
  when: { en: 'When', de: 'Wann' },
  next: { en: 'Next', de: 'Als Nächstes' },
  last: { en: 'Last', de: 'Zuletzt' },
  now: { en: 'Now', de: 'Gerade' },
  never: { en: 'not yet', de: 'noch nie' },
  onRequest: { en: 'on request', de: 'auf Wunsch' },
  run: { en: 'Run now', de: 'Jetzt ausführen' },
  started: { en: 'Begun.', de: 'Begonnen.' },
  cancel: { en: 'Cancel', de: 'Abbrechen' },
  state: { en: 'State', de: 'Zustand' },
  cancelRun: { en: 'Cancel the run', de: 'Lauf abbrechen' },
  keepOn: { en: 'Let it run', de: 'Laufen lassen' },
  began: { en: 'Began', de: 'Begonnen' },
  ended: { en: 'Ended', de: 'Beendet' },
  came: { en: 'What came of it', de: 'Ergebnis' },
  by: { en: 'By', de: 'Von' },
  schedule: { en: 'the schedule', de: 'Zeitplan' },
  any: { en: 'All', de: 'Alle' },
  noRuns: { en: 'No run is like that.', de: 'Kein Lauf entspricht dem.' },
  deadlines: { en: 'Deadlines of this event', de: 'Fristen dieser Veranstaltung' },
  deadlinesText: {
    en: 'Its end, when unused tickets are revoked, when personal data is erased: under Rules.',
    de: 'Ende, Sperre unbenutzter Tickets, Löschen persönlicher Daten: unter Regeln.',
  },
  // Health.
  health: { en: 'Health', de: 'Gesundheit' },
  healthy: { en: 'The cloud is ready.', de: 'Die Cloud ist bereit.' },
  stopping: { en: 'The cloud is stopping.', de: 'Die Cloud wird beendet.' },
  databaseUnusable: {
    en: 'The database does not answer. Look at its disk and its log.',
    de: 'Die Datenbank antwortet nicht. Platte und Log prüfen.',
  },
  unreachable: { en: 'The cloud does not answer.', de: 'Die Cloud antwortet nicht.' },
} as const satisfies Record<string, StaffTexts>;

export const jobStateTexts: Readonly<Record<JobState, StaffTexts>> = {
  waiting: { en: 'Waiting', de: 'Wartet' },
  running: { en: 'Running', de: 'Läuft' },
  done: { en: 'Done', de: 'Fertig' },
  failed: { en: 'Failed', de: 'Fehlgeschlagen' },
  cancelled: { en: 'Cancelled', de: 'Abgebrochen' },
};

const kindTexts: Readonly<Record<string, StaffTexts>> = {
  'ticket-import': { en: 'Import tickets from a table', de: 'Tickets aus einer Tabelle übernehmen' },
  'clean-up': { en: 'Delete what has expired', de: 'Abgelaufenes löschen' },
  'revoke-unscanned': { en: 'Revoke tickets that nobody came with', de: 'Unbenutzte Tickets sperren' },
  'webhook-delivery': { en: 'Send webhooks', de: 'Webhooks senden' },
  'erase-faces': { en: 'Erase faces whose time is over', de: 'Abgelaufene Gesichter löschen' },
  'erase-visitors': { en: 'Erase what names visitors', de: 'Löschen, was Besucher nennt' },
  'audit-verify': { en: 'Check the audit log', de: 'Protokoll prüfen' },
  'audit-heads': { en: 'Sign the audit log', de: 'Protokoll signieren' },
  'feed-snapshots': { en: 'Publish ticket lists to gates', de: 'Ticketlisten an Gates geben' },
  'key-schedule': { en: 'Rotate keys that have come of age', de: 'Fällige Schlüssel rotieren' },
  'pretix-import': { en: 'Read from pretix', de: 'Von pretix lesen' },
  'pretix-follow': { en: 'Follow pretix', de: 'pretix folgen' },
  'nft-mirror': { en: 'Read owners of tokens', de: 'Besitzer von Tokens lesen' },
  'nft-transactions': { en: 'Mint and consume tokens', de: 'Tokens ausgeben und entwerten' },
};
export const kindText = (name: string, title = name): StaffTexts => kindTexts[name] ?? { en: title, de: title };

/** The schedules that the cloud has, in words; any other one as it is. */
const scheduleTexts: Readonly<Record<string, StaffTexts>> = {
  'a second after a change': { en: 'a second after a change', de: 'eine Sekunde nach einer Änderung' },
  'about once a minute': { en: 'about once a minute', de: 'etwa jede Minute' },
  hourly: { en: 'hourly', de: 'stündlich' },
};
export const scheduleText = (schedule: string): StaffTexts => {
  const [minute = '', hour = '', ...days] = schedule.split(' ');
  const isDaily = days.join(' ') === '* * *';
  if (isDaily && /^\d+$/.test(minute) && /^\d+$/.test(hour)) {
    const at = `${hour.padStart(2, '0')}:${minute.padStart(2, '0')} UTC`;
    return { en: `daily, ${at}`, de: `täglich, ${at}` };
  }
  if (isDaily && hour === '*' && /^\d+$/.test(minute))
    return { en: `hourly, at ${minute.padStart(2, '0')}`, de: `stündlich, Minute ${minute.padStart(2, '0')}` };
  const every = /^\*\/(\d+)$/.exec(minute)?.[1];
  if (isDaily && hour === '*' && every !== undefined) return { en: `every ${every} min`, de: `alle ${every} min` };
  if (schedule === '* * * * *') return { en: 'every minute', de: 'jede Minute' };
  return scheduleTexts[schedule] ?? { en: schedule, de: schedule };
};

export const cancelTitle = (kind: StaffTexts): StaffTexts => ({
  en: `Cancel “${kind.en}”?`,
  de: `„${kind.de}“ abbrechen?`,
});
export const cancelText = (done: string | undefined): StaffTexts => ({
  en: `It stops within seconds. What it has done until then${done === undefined ? '' : ` (${done})`} stays done; run again, it goes on or begins anew.`,
  de: `Der Lauf endet in Sekunden. Was bis dahin getan ist${done === undefined ? '' : ` (${done})`}, bleibt; ein neuer Lauf setzt fort oder beginnt neu.`,
});
export const cancelWaitingText: StaffTexts = {
  en: 'This run does not begin. What has a schedule runs again at the time after this one.',
  de: 'Dieser Lauf beginnt nicht. Was einen Zeitplan hat, läuft zum Termin danach wieder.',
};
export const revokeUnscannedTitle: StaffTexts = {
  en: 'Revoke tickets that nobody came with, now?',
  de: 'Unbenutzte Tickets jetzt sperren?',
};
export const revokeUnscannedText: StaffTexts = {
  en: 'Every valid ticket of this event that nobody has been let in with is cancelled, here and at gates with their next list. Scans of gates that were not heard from may be missing. Each can be made valid again, one by one.',
  de: 'Jedes gültige Ticket dieser Veranstaltung ohne Eintritt wird storniert, hier und an Gates mit der nächsten Liste. Von nicht gehörten Gates können Scans fehlen. Jedes lässt sich einzeln wieder gültig machen.',
};
export const eraseTitle: StaffTexts = { en: 'Erase now?', de: 'Jetzt löschen?' };
export const eraseText: StaffTexts = {
  en: 'What is past its deadline is erased for good, at every event. What is not stays.',
  de: 'Was seine Frist hinter sich hat, wird endgültig gelöscht, bei jeder Veranstaltung. Anderes bleibt.',
};
