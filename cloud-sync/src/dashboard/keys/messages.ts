// What the deployment's keys say, for administrators: what each signs, what rotating does, and what revoking costs.
import type { KeyView, RotatingPurpose } from '@postern/shared';
import type { StaffTexts } from '../language.ts';
import { titles } from '../titles.ts';

export const labels = {
  title: titles.keys,
  key: { en: 'Key', de: 'Schlüssel' },
  state: { en: 'State', de: 'Zustand' },
  made: { en: 'Made', de: 'Erzeugt' },
  active: { en: 'Signs since', de: 'Signiert seit' },
  ended: { en: 'Until', de: 'Bis' },
  act: { en: 'What can be done', de: 'Was getan werden kann' },
  none: { en: 'No key.', de: 'Kein Schlüssel.' },
  rotate: { en: 'Rotate', de: 'Rotieren' },
  rotated: {
    en: 'Rotated. Gates hear of it with their next ticket list.',
    de: 'Rotiert. Gates erfahren es mit der nächsten Ticketliste.',
  },
  force: {
    en: 'Rotate although gates may not know the next key yet',
    de: 'Rotieren, obwohl Gates den nächsten Schlüssel vielleicht nicht kennen',
  },
  forceHint: {
    en: 'A gate that has been out of touch since the next key was announced refuses what it signs until it is back in touch.',
    de: 'Ein Gate ohne Kontakt seit der Ankündigung lehnt ab, was er signiert, bis es wieder Kontakt hat.',
  },
  revoke: { en: 'Revoke', de: 'Sperren' },
  reason: { en: 'Reason', de: 'Grund' },
  reasonHint: { en: 'For the audit log', de: 'Für das Protokoll' },
  revoked: { en: 'Revoked.', de: 'Gesperrt.' },
  tickets: { en: 'Tickets', de: 'Tickets' },
  affected: { en: 'Tickets signed by this key', de: 'Von diesem Schlüssel signierte Tickets' },
  csv: { en: 'As a table (CSV)', de: 'Als Tabelle (CSV)' },
  ticket: { en: 'Ticket', de: 'Ticket' },
  event: { en: 'Event', de: 'Veranstaltung' },
  signed: { en: 'Signed', de: 'Signiert' },
  goodPass: { en: 'Another code', de: 'Anderer Code' },
  hasGoodPass: { en: 'shown since', de: 'seither gezeigt' },
  noGoodPass: { en: 'none: issue it again', de: 'keiner: neu ausstellen' },
  noTickets: { en: 'No ticket is out under this key.', de: 'Kein Ticket ist mit diesem Schlüssel unterwegs.' },
  back: { en: 'All keys', de: 'Alle Schlüssel' },
} as const satisfies Record<string, StaffTexts>;

export const purposeTexts: Readonly<
  Record<RotatingPurpose, { readonly title: StaffTexts; readonly what: StaffTexts }>
> = {
  issuer: {
    title: { en: 'Tickets', de: 'Tickets' },
    what: {
      en: 'Signs the codes of tickets. Gates refuse what a revoked one has signed.',
      de: 'Signiert die Codes von Tickets. Gates lehnen ab, was ein gesperrter signiert hat.',
    },
  },
  feed: {
    title: { en: 'Ticket lists and time', de: 'Ticketlisten und Uhrzeit' },
    what: {
      en: 'Signs what gates decide by, and the time.',
      de: 'Signiert, wonach Gates entscheiden, und die Uhrzeit.',
    },
  },
  token: {
    title: { en: 'Access tokens', de: 'Zugriffstokens' },
    what: {
      en: 'Signs the ten-minute tokens of OAuth 2 clients.',
      de: 'Signiert die Zehn-Minuten-Tokens von OAuth-2-Clients.',
    },
  },
};

export const stateTexts: Readonly<Record<KeyView['state'], StaffTexts>> = {
  next: { en: 'Announced, next', de: 'Angekündigt, nächster' },
  active: { en: 'Signs', de: 'Signiert' },
  retired: { en: 'Retired: what it signed is good', de: 'Abgelöst: was er signiert hat, gilt' },
  revoked: { en: 'Revoked: what it signed is dead', de: 'Gesperrt: was er signiert hat, gilt nicht' },
};

export const generationText = (generation: number): StaffTexts => ({
  en: `Generation ${generation}`,
  de: `Generation ${generation}`,
});
export const rotateTitle = (purpose: StaffTexts): StaffTexts => ({
  en: `Rotate the key for ${purpose.en.toLowerCase()}?`,
  de: `Schlüssel für ${purpose.de} rotieren?`,
});
export const rotateTexts: Readonly<Record<RotatingPurpose, StaffTexts>> = {
  issuer: {
    en: 'The announced key signs from now on, and another one is announced. Every ticket that is out stays good; the old secret is destroyed.',
    de: 'Ab jetzt signiert der angekündigte Schlüssel, ein weiterer wird angekündigt. Alle Tickets bleiben gültig; das alte Geheimnis wird vernichtet.',
  },
  feed: {
    en: 'The announced key signs ticket lists and the time from now on. Gates that know it go on as before; the old secret is destroyed.',
    de: 'Ab jetzt signiert der angekündigte Schlüssel Ticketlisten und Uhrzeit. Gates, die ihn kennen, laufen weiter; das alte Geheimnis wird vernichtet.',
  },
  token: {
    en: 'New tokens are signed by the announced key. Tokens that are out stay good for their ten minutes.',
    de: 'Neue Tokens signiert der angekündigte Schlüssel. Ausgegebene gelten ihre zehn Minuten weiter.',
  },
};
export const revokeTitle = (purpose: StaffTexts, generation: number): StaffTexts => ({
  en: `Revoke generation ${generation} of the key for ${purpose.en.toLowerCase()}?`,
  de: `Generation ${generation} des Schlüssels für ${purpose.de} sperren?`,
});
/** `tickets`: how many have their present code from it, and how many of them no other; `more` where the list has not been read to its end. */
export const revokeTicketsText = (tickets: number, more: boolean): StaffTexts => ({
  en: `Tickets with a code signed by this key: ${more ? `more than ${tickets}` : tickets}. Gates refuse those codes with their next ticket list: these tickets have to be issued again. It cannot be undone.`,
  de: `Tickets mit einem Code von diesem Schlüssel: ${more ? `mehr als ${tickets}` : tickets}. Gates lehnen diese Codes mit der nächsten Ticketliste ab: Diese Tickets müssen neu ausgestellt werden. Das ist endgültig.`,
});
export const revokeTexts: Readonly<Record<'feed' | 'token', StaffTexts>> = {
  feed: {
    en: 'Gates believe nothing that this key signs from their next ticket list on. A gate that knows neither the next key nor has been in touch since has to be enrolled again. It cannot be undone.',
    de: 'Gates glauben ab der nächsten Ticketliste nichts mehr, was dieser Schlüssel signiert. Ein Gate, das den nächsten nicht kennt, muss neu eingerichtet werden. Das ist endgültig.',
  },
  token: {
    en: 'Every access token that it signed is refused at once; clients get themselves new ones. It cannot be undone.',
    de: 'Jedes Zugriffstoken von ihm wird sofort abgewiesen; Clients holen sich neue. Das ist endgültig.',
  },
};
/** It signs now: the next one takes over at once. */
export const takesOverText: StaffTexts = {
  en: 'It is the one that signs now: the announced key takes over at once, also where gates have not heard of it yet.',
  de: 'Er signiert gerade: Der angekündigte übernimmt sofort, auch wo Gates ihn noch nicht kennen.',
};
export const reissueText = (tickets: number, without: number): StaffTexts => ({
  en: `Revoked. ${tickets} tickets are affected, ${without} of them have no other good code.`,
  de: `Gesperrt. ${tickets} Tickets sind betroffen, ${without} davon haben keinen anderen gültigen Code.`,
});
