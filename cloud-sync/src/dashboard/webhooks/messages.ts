// What webhooks say, for whoever connects other systems.
import type { WebhookDeliveryState } from '@postern/shared';
import type { StaffTexts } from '../language.ts';
import { titles } from '../titles.ts';

export const labels = {
  title: titles.webhooks,
  text: {
    en: 'Other systems are told what happens here, in the form of Standard Webhooks: signed, at least once, and again for a day and a half where it fails.',
    de: 'Andere Systeme erfahren, was hier geschieht, nach Standard Webhooks: signiert, mindestens einmal, und bei Fehlern anderthalb Tage lang wieder.',
  },
  add: { en: 'Add a webhook', de: 'Webhook hinzufügen' },
  none: { en: 'Nobody is told yet.', de: 'Noch niemand wird benachrichtigt.' },
  url: { en: 'Address', de: 'Adresse' },
  urlHint: { en: 'https://…, reachable from the internet', de: 'https://…, aus dem Internet erreichbar' },
  urlWrong: { en: 'This is no address of a web server.', de: 'Das ist keine Adresse eines Webservers.' },
  types: { en: 'Is told of', de: 'Erfährt von' },
  typesMissing: { en: 'Tick what it is told of.', de: 'Bitte ankreuzen, wovon.' },
  secret: { en: 'Secret for checking signatures', de: 'Geheimnis zum Prüfen der Signaturen' },
  state: { en: 'State', de: 'Zustand' },
  on: { en: 'On', de: 'An' },
  off: { en: 'Off', de: 'Aus' },
  waiting: { en: 'Waiting', de: 'Wartend' },
  dead: { en: 'Given up', de: 'Aufgegeben' },
  act: { en: 'What can be done', de: 'Was getan werden kann' },
  test: { en: 'Send a test', de: 'Test senden' },
  tested: { en: 'On its way. See the deliveries.', de: 'Unterwegs. Siehe Zustellungen.' },
  switchOn: { en: 'Switch on', de: 'Einschalten' },
  switchOff: { en: 'Switch off', de: 'Ausschalten' },
  offWaits: {
    en: 'Nothing is sent. What you send again waits until it is switched on.',
    de: 'Nichts wird gesendet. Was Sie noch einmal senden, wartet bis zum Einschalten.',
  },
  remove: { en: 'Remove', de: 'Entfernen' },
  deliveries: { en: 'Deliveries', de: 'Zustellungen' },
  back: { en: 'All webhooks', de: 'Alle Webhooks' },
  any: { en: 'All', de: 'Alle' },
  message: { en: 'Message', de: 'Nachricht' },
  type: { en: 'Of', de: 'Über' },
  attempts: { en: 'Attempts', de: 'Versuche' },
  answer: { en: 'Last answer', de: 'Letzte Antwort' },
  next: { en: 'Next attempt', de: 'Nächster Versuch' },
  made: { en: 'Written', de: 'Geschrieben' },
  again: { en: 'Send again', de: 'Noch einmal senden' },
  replayAll: { en: 'Send all given up again', de: 'Alle aufgegebenen noch einmal senden' },
  noDeliveries: { en: 'No message is like that.', de: 'Keine Nachricht entspricht dem.' },
  done: { en: 'Done', de: 'Fertig' },
} as const satisfies Record<string, StaffTexts>;

export const deliveryTexts: Readonly<Record<WebhookDeliveryState, StaffTexts>> = {
  waiting: { en: 'Waiting', de: 'Wartend' },
  delivered: { en: 'Delivered', de: 'Zugestellt' },
  dead: { en: 'Given up', de: 'Aufgegeben' },
};

const whyOff: Readonly<Record<string, StaffTexts>> = {
  'by-hand': { en: 'Off: by hand', de: 'Aus: von Hand' },
  gone: { en: 'Off: it says it is gone (410)', de: 'Aus: meldet, es gebe ihn nicht mehr (410)' },
  failing: { en: 'Off: failed for five days', de: 'Aus: fünf Tage lang fehlgeschlagen' },
};
export const offText = (because: string | undefined): StaffTexts => whyOff[because ?? ''] ?? labels.off;
export const failingText = (since: string): StaffTexts => ({
  en: `Failing since ${since}`,
  de: `Schlägt fehl seit ${since}`,
});

export const removeTitle: StaffTexts = { en: 'Remove this webhook?', de: 'Diesen Webhook entfernen?' };
export const removeText = (url: string, waiting: number, dead: number): StaffTexts => ({
  en: `${url} is told nothing any more. ${waiting} messages that wait and ${dead} that were given up are thrown away. It cannot be undone.`,
  de: `${url} erfährt nichts mehr. ${waiting} wartende und ${dead} aufgegebene Nachrichten werden verworfen. Das ist endgültig.`,
});
export const offTitle: StaffTexts = { en: 'Switch this webhook off?', de: 'Diesen Webhook ausschalten?' };
export const offConsequence = (url: string): StaffTexts => ({
  en: `What happens from now on is not told to ${url}, and not made up for when it is switched on again.`,
  de: `Was ab jetzt geschieht, erfährt ${url} nicht, auch nicht nachträglich.`,
});
export const replayedText = (messages: number): StaffTexts => ({
  en: messages === 1 ? '1 message is on its way again.' : `${messages} messages are on their way again.`,
  de: messages === 1 ? '1 Nachricht ist wieder unterwegs.' : `${messages} Nachrichten sind wieder unterwegs.`,
});
