// What staff read about orders to a venue: beside a lane, and whoever is about to give or lift one.
import type { Order } from './mark.ts';
import type { StaffLanguage, StaffTexts } from './languages.ts';

const staffTexts: Readonly<Record<Order, StaffTexts>> = {
  'stop-entry': { en: 'ENTRY STOPPED by {who}, {at}', de: 'EINLASS GESTOPPT von {who}, {at}' },
  evacuate: { en: 'EVACUATION ordered by {who}, {at}', de: 'RÄUMUNG angeordnet von {who}, {at}' },
};

/** `who`: the operator and the gate they were at, as far as known; `at`: the time of day. */
export const orderStaffText = (order: Order, who: string, at: string, language: StaffLanguage): string =>
  staffTexts[order][language].replace('{who}', () => who).replace('{at}', () => at);

const questions: Readonly<Record<'give' | 'lift', Readonly<Record<Order, StaffTexts>>>> = {
  give: {
    'stop-entry': {
      en: 'Stop entry in {zone}: {gates} will let nobody in until this is lifted.',
      de: 'Einlass stoppen in {zone}: {gates}, niemand kommt mehr hinein, bis das aufgehoben wird.',
    },
    evacuate: {
      en: 'Evacuate {zone}: {gates} will open all exits and let nobody in until this is lifted.',
      de: 'Räumung von {zone}: {gates}, alle Ausgänge öffnen und niemand kommt hinein, bis das aufgehoben wird.',
    },
  },
  lift: {
    'stop-entry': {
      en: 'Resume entry in {zone}: {gates} will admit again.',
      de: 'Einlass fortsetzen in {zone}: Einlass wie vorher an {gates}.',
    },
    evacuate: {
      en: 'End the evacuation of {zone}: {gates} will go back to work.',
      de: 'Räumung beenden in {zone}: Betrieb wie vorher an {gates}.',
    },
  },
};

/** What a press would do, for whoever has to confirm it. `zoneName` undefined: all zones. */
export function orderQuestion(
  { lift, order }: { readonly lift: boolean; readonly order: Order },
  zoneName: string | undefined,
  gates: number,
  language: StaffLanguage,
): string {
  const zone = zoneName ?? (language === 'de' ? 'allen Zonen' : 'all zones');
  const noun = { en: ['gate', 'gates'], de: ['Gate', 'Gates'] } as const;
  const counted = `${gates} ${noun[language][gates === 1 ? 0 : 1]}`;
  return questions[lift ? 'lift' : 'give'][order][language]
    .replace('{zone}', () => zone)
    .replace('{gates}', () => counted);
}
