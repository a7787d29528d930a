// What orders to the venue and the roll-call say, for whoever gives orders: short, and clear under stress.
import type { Order } from '@postern/shared';
import type { StaffTexts } from '../language.ts';
import { titles } from '../titles.ts';

export const labels = {
  title: titles.orders,
  give: { en: 'Give an order', de: 'Anordnung geben' },
  giveText: {
    en: 'The first press asks, the second does it. Gates hear of it from the cloud and from each other.',
    de: 'Der erste Druck fragt, der zweite führt aus. Gates erfahren es von der Cloud und voneinander.',
  },
  zone: { en: 'Where', de: 'Wo' },
  allZones: { en: 'All zones', de: 'Alle Bereiche' },
  inForce: { en: 'In force', de: 'In Kraft' },
  none: { en: 'No order is in force. Entry is open.', de: 'Keine Anordnung in Kraft. Der Einlass ist offen.' },
  lifted: { en: 'Lifted', de: 'Aufgehoben' },
  allAcknowledged: { en: 'Every gate has acknowledged.', de: 'Alle Gates haben bestätigt.' },
  missing: { en: 'NOT acknowledged:', de: 'NICHT bestätigt:' },
  missingText: {
    en: 'Go there, or call: these gates may not know of it.',
    de: 'Hingehen oder anrufen: Diese Gates wissen es vielleicht nicht.',
  },
  confirmNow: { en: 'Yes, do it now', de: 'Ja, jetzt ausführen' },
  tooLate: { en: 'That was too long ago: ask again.', de: 'Das ist zu lange her: bitte noch einmal.' },
  rollCall: { en: 'Roll-call', de: 'Wer ist drinnen' },
  rollCallText: {
    en: 'Persons inside by all marks that are known. Gates that were not heard from may have let people in and out since: that makes the range.',
    de: 'Personen im Bereich nach allen bekannten Einträgen. Nicht gehörte Gates haben seither vielleicht Leute ein- und ausgelassen: daher die Spanne.',
  },
  inside: { en: 'Inside', de: 'Drinnen' },
  range: { en: 'Between', de: 'Zwischen' },
  left: { en: 'Left since the evacuation', de: 'Seit der Räumung hinaus' },
  notHeard: { en: 'Not heard from', de: 'Nicht gehört' },
  noZones: { en: 'The event has no zones.', de: 'Die Veranstaltung hat keine Bereiche.' },
  asOf: { en: 'As of', de: 'Stand' },
  allHeard: { en: 'none', de: 'keine' },
} as const satisfies Record<string, StaffTexts>;

export const orderTexts: Readonly<Record<Order, StaffTexts>> = {
  'stop-entry': { en: 'Stop entry', de: 'Einlass stoppen' },
  evacuate: { en: 'Evacuate', de: 'Räumen' },
};
/** Of one in force. */
export const orderedTexts: Readonly<Record<Order, StaffTexts>> = {
  'stop-entry': { en: 'ENTRY STOPPED', de: 'EINLASS GESTOPPT' },
  evacuate: { en: 'EVACUATION', de: 'RÄUMUNG' },
};
export const liftTexts: Readonly<Record<Order, StaffTexts>> = {
  'stop-entry': { en: 'Resume entry', de: 'Einlass fortsetzen' },
  evacuate: { en: 'End the evacuation', de: 'Räumung beenden' },
};
export const whatItDoesTexts: Readonly<Record<Order, StaffTexts>> = {
  'stop-entry': { en: 'Nobody goes in; exits go on.', de: 'Niemand kommt hinein; Ausgänge bleiben offen.' },
  evacuate: { en: 'All exits open, nobody goes in.', de: 'Alle Ausgänge öffnen, niemand kommt hinein.' },
};

export const givenText = (who: string, where: string, at: string): StaffTexts => ({
  en: `by ${who} (${where}), ${at}`,
  de: `von ${who} (${where}), ${at}`,
});
export const acknowledgedText = (gates: number, all: number): StaffTexts => ({
  en: `${gates} of ${all} gates have acknowledged`,
  de: `${gates} von ${all} Gates haben bestätigt`,
});
export const leftToConfirmText = (seconds: number): StaffTexts => ({
  en: `${seconds} s to confirm`,
  de: `Noch ${seconds} s`,
});
/** `most` undefined: nothing can be said about how many more. */
export const rangeText = (least: string, most: string | undefined): StaffTexts =>
  most === undefined
    ? { en: `${least} or more`, de: `${least} oder mehr` }
    : { en: `${least} and ${most}`, de: `${least} und ${most}` };
export const sinceText = (name: string, since: string | undefined): StaffTexts =>
  since === undefined
    ? { en: `${name} (never)`, de: `${name} (noch nie)` }
    : { en: `${name} (since ${since})`, de: `${name} (seit ${since})` };
