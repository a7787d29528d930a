// What staff read about refusals, holds and warnings: exact (where, when, what to do), in each of their languages. What visitors read meanwhile
// is in visitor-texts.ts.
import type { RefusalCode, RefusalDetail, Warning } from './decision.ts';
import { localeOf, type StaffLanguage, type StaffTexts } from './languages.ts';
import type { HoldReason } from './ticket.ts';

/** Placeholders: {gate} {at} {when} {off} {admitted} {party} {zone}; a part in [ ] is left out where its placeholder is unknown. */
const refusalTexts: Readonly<Record<RefusalCode, StaffTexts>> = {
  'not-a-ticket': { en: 'This is not a ticket code', de: 'Das ist kein Ticketcode' },
  malformed: {
    en: 'Ticket code damaged or incomplete: try again, or type the short code',
    de: 'Ticketcode beschädigt oder unvollständig: noch einmal scannen oder Kurzcode eingeben',
  },
  'signature-invalid': {
    en: 'Forged or altered: the signature is wrong',
    de: 'Gefälscht oder verändert: Signatur falsch',
  },
  'key-unknown': {
    en: 'Signed with an unknown key: forged, or this gate needs a newer ticket list',
    de: 'Mit unbekanntem Schlüssel signiert: gefälscht, oder dieses Gate braucht eine neuere Ticketliste',
  },
  'key-revoked': {
    en: 'Signed with a withdrawn key: the ticket has to be issued again',
    de: 'Mit gesperrtem Schlüssel signiert: Ticket muss neu ausgestellt werden',
  },
  'other-event': { en: 'Ticket for another event', de: 'Ticket für eine andere Veranstaltung' },
  'code-unknown': { en: 'Code not in the ticket list', de: 'Code steht nicht in der Ticketliste' },
  'band-disputed': {
    en: 'This band is linked twice[, last at {gate}][, {at}]: scan the ticket itself; a supervisor settles it in the cloud',
    de: 'Dieses Band ist doppelt zugeordnet[, zuletzt {gate}][, {at}]: Ticket selbst scannen; Leitung klärt es in der Cloud',
  },
  'tag-unsupported': {
    en: 'This tag proves itself in a way that gates do not know (LRP): replace it; the ticket’s own code works',
    de: 'Dieses Tag weist sich auf eine Art aus, die Gates nicht kennen (LRP): ersetzen; der Ticketcode gilt',
  },
  'too-many-attempts': {
    en: 'Too many unknown codes: wait a minute',
    de: 'Zu viele unbekannte Codes: eine Minute warten',
  },
  'other-ticket': { en: 'This code belongs to another ticket', de: 'Dieser Code gehört zu einem anderen Ticket' },
  'ticket-unknown': { en: 'Ticket not in the ticket list', de: 'Ticket steht nicht in der Ticketliste' },
  replaced: {
    en: 'Replaced by a newer ticket: ask for the newest code',
    de: 'Durch ein neueres Ticket ersetzt: nach dem neuesten Code fragen',
  },
  revoked: { en: 'Ticket cancelled', de: 'Ticket storniert' },
  unpaid: { en: 'Ticket not paid yet', de: 'Ticket noch nicht bezahlt' },
  blocked: { en: 'Ticket blocked by the organiser', de: 'Ticket vom Veranstalter gesperrt' },
  denied: { en: 'Blocked by staff', de: 'Vom Personal gesperrt' },
  'not-yet-valid': {
    en: 'Not valid yet[: from {when}][: this rotating code is {off} ahead, the phone’s clock is wrong]',
    de: 'Noch nicht gültig[: ab {when}][: wechselnder Code {off} voraus, Uhr des Handys falsch]',
  },
  expired: {
    en: 'No longer valid[: ended {when}][: this rotating code is {off} old, a picture of it or a wrong clock on the phone]',
    de: 'Nicht mehr gültig[: bis {when}][: wechselnder Code {off} alt, abfotografiert oder Uhr des Handys falsch]',
  },
  'wrong-zone': { en: 'Ticket does not open this zone', de: 'Ticket gilt nicht für diesen Bereich' },
  'already-used': { en: 'Already used[: {gate}][, {at}]', de: 'Bereits benutzt[: {gate}][, {at}]' },
  'uses-spent': {
    en: 'All entries used[, last: {gate}][, {at}]',
    de: 'Alle Eintritte verbraucht[, zuletzt: {gate}][, {at}]',
  },
  'already-inside': {
    en: 'Already inside[: entered at {gate}][, {at}]',
    de: 'Bereits drinnen[: Eintritt {gate}][, {at}]',
  },
  'not-inside': { en: 'Not known to be inside', de: 'Nicht als anwesend bekannt' },
  'pass-out-needed': {
    en: 'Entered before[ at {gate}][, {at}] and not passed out: a steward at the exit must pass it out',
    de: 'Schon eingetreten[ an {gate}][, {at}], nicht ausgelassen: am Ausgang auslassen',
  },
  'too-soon': {
    en: 'Too soon after the last entry[: again from {when}]',
    de: 'Zu bald nach dem letzten Eintritt[: wieder ab {when}]',
  },
  'once-per-day': { en: 'Used today already[: {gate}][, {at}]', de: 'Heute bereits benutzt[: {gate}][, {at}]' },
  'party-complete': {
    en: 'The whole party is in[: {admitted} of {party}][, last {at}]',
    de: 'Die Gruppe ist vollständig[: {admitted} von {party}][, zuletzt {at}]',
  },
  'zone-full': { en: 'Zone full[: {zone}]', de: 'Bereich voll[: {zone}]' },
  'code-replayed': {
    en: 'This rotating code was used already: wait for the next code',
    de: 'Dieser wechselnde Code wurde schon benutzt: nächsten abwarten',
  },
  'cache-stale': {
    en: 'Ticket list too old: connect this gate, or call a supervisor',
    de: 'Ticketliste zu alt: Gate verbinden oder Leitung rufen',
  },
  'clock-untrusted': {
    en: 'The time is not confirmed: a supervisor has to confirm the clock',
    de: 'Uhrzeit nicht bestätigt: Leitung muss die Uhr bestätigen',
  },
  'assurance-too-low': {
    en: 'This ticket type needs a stronger proof than this code',
    de: 'Diese Ticketart braucht einen stärkeren Nachweis als diesen Code',
  },
  'method-off': {
    en: 'This kind of code is switched off for the event',
    de: 'Diese Art Code ist für die Veranstaltung abgeschaltet',
  },
  'type-unknown': {
    en: 'Ticket type unknown: this gate needs a newer ticket list',
    de: 'Ticketart unbekannt: Gate braucht eine neuere Ticketliste',
  },
  'lane-closed': { en: 'Lane closed', de: 'Spur geschlossen' },
  'entry-stopped': {
    en: 'Entry is stopped by order: nobody goes in',
    de: 'Einlass angeordnet gestoppt: niemand geht hinein',
  },
  declined: { en: 'Declined by staff, no use spent', de: 'Vom Personal abgelehnt, kein Eintritt verbraucht' },
  'hold-timed-out': {
    en: 'Nobody decided in time, no use spent: scan again',
    de: 'Niemand hat rechtzeitig entschieden, kein Eintritt verbraucht: noch einmal scannen',
  },
  'position-unproven': {
    en: 'The phone does not show that it has been here long enough: scan the ticket itself',
    de: 'Das Handy weist nicht nach, lange genug hier zu sein: Ticket selbst scannen',
  },
  'not-owner': {
    en: 'Signed by a wallet that did not hold the token[ at {at}]: sold, or shown from the wrong wallet',
    de: 'Von einer Wallet signiert, der das Token[ um {at}] nicht gehörte: verkauft, oder falsche Wallet',
  },
  'owner-stale': {
    en: 'Who holds the token is known only as of[ {at}] long ago: connect this gate, or call a supervisor',
    de: 'Wem das Token gehört, ist nur von früher[, {at},] bekannt: Gate verbinden oder Leitung rufen',
  },
  'token-consumed': {
    en: 'The chain has this token as used, no gate knows of it: a supervisor has to look',
    de: 'Die Chain führt dieses Token als benutzt, kein Gate weiß davon: Leitung muss nachsehen',
  },
  'face-unknown': {
    en: 'No face is enrolled for this ticket: check who it is in another way',
    de: 'Zu diesem Ticket ist kein Gesicht hinterlegt: auf anderem Weg prüfen',
  },
  'face-erased': {
    en: 'The face of this ticket has been erased: check who it is in another way',
    de: 'Das Gesicht zu diesem Ticket wurde gelöscht: auf anderem Weg prüfen',
  },
  'face-other-model': {
    en: 'The face was enrolled for another version of this gate: check who it is in another way',
    de: 'Das Gesicht wurde für eine andere Version dieses Gates hinterlegt: auf anderem Weg prüfen',
  },
  'face-invalid': {
    en: 'The stored face does not belong to this ticket: check who it is in another way, and tell the organiser',
    de: 'Das gespeicherte Gesicht gehört nicht zu diesem Ticket: auf anderem Weg prüfen und dem Veranstalter sagen',
  },
  'face-unproven': {
    en: 'The camera could not tell; that says nothing about the person: check who it is in another way',
    de: 'Die Kamera konnte es nicht erkennen; das sagt nichts über die Person: auf anderem Weg prüfen',
  },
  'store-failed': {
    en: 'The gate cannot record entries: stays shut, call the technician',
    de: 'Das Gate kann nichts aufzeichnen: bleibt zu, Technik rufen',
  },
};

export interface TextOptions {
  readonly language: StaffLanguage;
  readonly timeZone: string;
  /** The gate's name on screens, by id; the id itself where unknown. */
  readonly gateName?: (gate: string) => string;
}

/** The steward's text with the facts that are known, times in the venue's time zone. */
export function stewardText(
  code: RefusalCode,
  detail: RefusalDetail,
  { language, timeZone, gateName = (gate) => gate }: TextOptions,
): string {
  const time = (ms: number | undefined): string | undefined =>
    ms === undefined ? undefined : clockTime(ms, language, timeZone);
  const facts: Readonly<Record<string, string | undefined>> = {
    gate: detail.gate === undefined ? undefined : gateName(detail.gate),
    at: time(detail.atMs),
    when: time(detail.whenMs),
    off: detail.codeOffS === undefined ? undefined : duration(detail.codeOffS),
    admitted: detail.admitted?.toString(),
    party: detail.party?.toString(),
    zone: detail.zone,
  };
  return refusalTexts[code][language].replaceAll(/\[([^\]]*)\]/g, (_whole, part: string) => {
    let known = true;
    const filled = part.replaceAll(/\{(\w+)\}/g, (_placeholder, name: string) => {
      known &&= facts[name] !== undefined;
      return facts[name] ?? '';
    });
    return known ? filled : '';
  });
}

/** `50 s`, `3 min`, `2 h`: as exact as a person can use it. */
const duration = (seconds: number): string => {
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7_200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3_600)} h`;
};

const formats = new Map<string, Intl.DateTimeFormat>();

/** `19:02`, in the venue's time zone. */
export function clockTime(ms: number, language: StaffLanguage, timeZone: string): string {
  const key = `${language} ${timeZone}`;
  let format = formats.get(key);
  if (format === undefined) {
    format = new Intl.DateTimeFormat(localeOf(language), {
      hour: '2-digit',
      minute: '2-digit',
      timeZone,
    });
    formats.set(key, format);
  }
  return format.format(new Date(ms));
}

export const holdTexts: Readonly<Record<HoldReason, StaffTexts>> = {
  'id-check': { en: 'Check the ID', de: 'Ausweis prüfen' },
  'under-18': { en: 'Under 18: check age and companion', de: 'Unter 18: Alter und Begleitung prüfen' },
  reduced: { en: 'Reduced price: check the proof', de: 'Ermäßigt: Nachweis prüfen' },
  companion: { en: 'Companion: let in with the person accompanied', de: 'Begleitperson: nur gemeinsam einlassen' },
  vip: { en: 'VIP: greet in person', de: 'VIP: persönlich begrüßen' },
  'second-factor': { en: 'Waiting for the second proof', de: 'Zweiter Nachweis fehlt' },
  supervisor: { en: 'A supervisor has to decide', de: 'Leitung muss entscheiden' },
};

export const warningTexts: Readonly<Record<Warning, StaffTexts>> = {
  'cache-stale': { en: 'Ticket list is old', de: 'Ticketliste ist alt' },
  'clock-untrusted': { en: 'Time not confirmed', de: 'Uhrzeit nicht bestätigt' },
  'unknown-ticket': {
    en: 'Signed, but not in the ticket list yet',
    de: 'Signiert, aber noch nicht in der Ticketliste',
  },
  'over-share': { en: 'Over this gate’s share of the zone', de: 'Über dem Anteil dieses Gates am Bereich' },
  'out-of-touch': { en: 'No contact, still admitting', de: 'Kein Kontakt, Einlass läuft weiter' },
  'owner-stale': { en: 'May have been sold since', de: 'Kann seitdem verkauft worden sein' },
};
