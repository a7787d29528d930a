// What the section about tickets says.
import type { HoldReason, OverrideReason, TicketFilter } from '@postern/shared';
import type { StaffTexts } from '../language.ts';

export const labels = {
  title: { en: 'Tickets', de: 'Tickets' },
  search: { en: 'Find a ticket', de: 'Ticket finden' },
  searchHint: {
    en: 'Name or e-mail address (how it begins), order number, short code, printed code or ticket id',
    de: 'Name oder E-Mail-Adresse (Anfang genügt), Bestellnummer, Kurzcode, gedruckter Code oder Ticket-ID',
  },
  find: { en: 'Find', de: 'Suchen' },
  status: { en: 'Status', de: 'Status' },
  any: { en: 'Any', de: 'Alle' },
  type: { en: 'Ticket type', de: 'Ticketart' },
  holder: { en: 'Holder', de: 'Inhaber' },
  order: { en: 'Order', de: 'Bestellung' },
  persons: { en: 'Persons', de: 'Personen' },
  used: { en: 'First entry', de: 'Erster Eintritt' },
  noName: { en: 'No name', de: 'Ohne Namen' },
  found: { en: 'Tickets found', de: 'Gefundene Tickets' },
  nothing: { en: 'No ticket fits that.', de: 'Dazu passt kein Ticket.' },
  none: { en: 'This event has no tickets yet.', de: 'Diese Veranstaltung hat noch keine Tickets.' },
  more: { en: 'Show more', de: 'Mehr zeigen' },
  issue: { en: 'Issue tickets', de: 'Tickets ausstellen' },
  print: { en: 'Print codes', de: 'Codes drucken' },
  links: { en: 'Links for phones', de: 'Links für Handys' },
  import: { en: 'Import', de: 'Importieren' },
  back: { en: 'All tickets', de: 'Alle Tickets' },
  story: { en: 'What happened with it', de: 'Was mit ihm geschah' },
  facts: { en: 'Ticket', de: 'Ticket' },
  code: { en: 'Code', de: 'Code' },
  foreignCode: {
    en: 'Somebody else has printed its code. Only a fingerprint of it is kept here, so that it cannot be shown.',
    de: 'Seinen Code hat jemand anderes gedruckt. Hier liegt nur dessen Fingerabdruck, deshalb kann er nicht gezeigt werden.',
  },
  shortCode: { en: 'Short code, to type', de: 'Kurzcode zum Tippen' },
  ticketId: { en: 'Ticket id', de: 'Ticket-ID' },
  issuedAt: { en: 'Issued', de: 'Ausgestellt' },
  validFrom: { en: 'Valid from', de: 'Gültig ab' },
  validUntil: { en: 'Valid until', de: 'Gültig bis' },
  asType: { en: 'as its type says', de: 'wie die Ticketart' },
  uses: { en: 'Persons entered', de: 'Personen eingetreten' },
  inside: { en: 'Inside now', de: 'Jetzt drinnen' },
  hold: { en: 'Asks staff to', de: 'Personal soll' },
  noHold: { en: 'nothing', de: 'nichts' },
  epoch: { en: 'Issue', de: 'Ausgabe' },
  epochOf: { en: 'number {n}; codes of earlier ones are dead', de: 'Nummer {n}; Codes früherer gelten nicht mehr' },
  name: { en: 'Name', de: 'Name' },
  email: { en: 'E-mail address', de: 'E-Mail-Adresse' },
  language: { en: 'Language at gates', de: 'Sprache an Gates' },
  practised: { en: 'rehearsal', de: 'Probe' },
  cancel: { en: 'Cancel', de: 'Abbrechen' },
  close: { en: 'Close', de: 'Schließen' },
  save: { en: 'Save', de: 'Speichern' },
  copy: { en: 'Copy', de: 'Kopieren' },
  copied: { en: 'Copied', de: 'Kopiert' },
  change: { en: 'Change …', de: 'Ändern …' },
  changeTitle: { en: 'Change the ticket', de: 'Ticket ändern' },
  saved: {
    en: 'Saved. Gates hear of it with their next list.',
    de: 'Gespeichert. Gates erfahren es mit der nächsten Liste.',
  },
  letIn: { en: 'Let in by hand …', de: 'Von Hand einlassen …' },
  revoke: { en: 'Cancel the ticket …', de: 'Ticket stornieren …' },
  reinstate: { en: 'Make valid again …', de: 'Wieder gültig machen …' },
  transfer: { en: 'Pass on …', de: 'Weitergeben …' },
  reissue: { en: 'New code …', de: 'Neuer Code …' },
  deny: { en: 'Block now …', de: 'Sofort sperren …' },
  claimLink: { en: 'Link for a phone …', de: 'Link fürs Handy …' },
  printOne: { en: 'Print', de: 'Drucken' },
  zone: { en: 'Zone', de: 'Bereich' },
  reason: { en: 'Reason', de: 'Grund' },
  howMany: { en: 'How many', de: 'Wie viele' },
  rowsKept: { en: 'Tickets are issued all or none.', de: 'Es werden alle Tickets ausgestellt oder keines.' },
  issued: { en: '{n} tickets issued', de: '{n} Tickets ausgestellt' },
  issuedOne: { en: 'Ticket issued', de: 'Ticket ausgestellt' },
  issueTitle: { en: 'Issue tickets', de: 'Tickets ausstellen' },
  party: { en: 'Persons on one code', de: 'Personen je Code' },
  noTypes: {
    en: 'The event has no ticket type yet. Add one under “Rules and methods”.',
    de: 'Die Veranstaltung hat noch keine Ticketart. Legen Sie eine unter „Regeln und Methoden“ an.',
  },
  newOne: { en: 'Open the ticket', de: 'Ticket öffnen' },
  printThese: { en: 'Print their codes', de: 'Ihre Codes drucken' },
  linkMade: {
    en: 'Send this link to the visitor. It is shown this once: whoever opens it has the ticket.',
    de: 'Senden Sie diesen Link dem Besucher. Er wird nur dieses eine Mal gezeigt: Wer ihn öffnet, hat das Ticket.',
  },
  makeLink: { en: 'Make the link', de: 'Link erstellen' },
  linkUntil: { en: 'Good until {time}, on {n} phones', de: 'Gültig bis {time}, auf {n} Handys' },
  mayPassOn: { en: 'The visitor may pass the ticket on', de: 'Der Besucher darf das Ticket weitergeben' },
  linkExplained: {
    en: 'On the phone the ticket shows a code that changes every 15 seconds. The code on paper stays good beside it.',
    de: 'Auf dem Handy zeigt das Ticket einen Code, der alle 15 Sekunden wechselt. Der Code auf Papier gilt daneben weiter.',
  },
  loading: { en: 'One moment …', de: 'Einen Moment …' },
  ordered: { en: 'Tickets in the order of their issue', de: 'Tickets in der Reihenfolge der Ausgabe' },
  leftOut: { en: '{n} earlier steps are not shown', de: '{n} frühere Schritte werden nicht gezeigt' },
  mayChange: { en: 'may change: not every gate has been heard', de: 'kann sich ändern: nicht jedes Gate wurde gehört' },
  completeUpTo: {
    en: 'Complete up to {time}. Later steps may change once every gate has been heard.',
    de: 'Vollständig bis {time}. Spätere Schritte können sich ändern, bis jedes Gate gehört wurde.',
  },
  notCounted: { en: 'does not count', de: 'zählt nicht' },
  clockCorrected: { en: 'the gate’s clock said {time}', de: 'die Uhr des Gates sagte {time}' },
} as const satisfies Record<string, StaffTexts>;

export const statusTexts: Readonly<Record<TicketFilter, StaffTexts>> = {
  valid: { en: 'Valid', de: 'Gültig' },
  used: { en: 'Entered', de: 'Eingetreten' },
  unpaid: { en: 'Not paid', de: 'Nicht bezahlt' },
  revoked: { en: 'Cancelled', de: 'Storniert' },
  blocked: { en: 'Blocked', de: 'Gesperrt' },
  transferred: { en: 'Passed on', de: 'Weitergegeben' },
};

export const holdLabels: Readonly<Record<HoldReason, StaffTexts>> = {
  'id-check': { en: 'check the ID', de: 'den Ausweis prüfen' },
  'under-18': { en: 'check age and companion', de: 'Alter und Begleitung prüfen' },
  reduced: { en: 'check the proof for the reduced price', de: 'den Nachweis für die Ermäßigung prüfen' },
  companion: { en: 'let in only with the person accompanied', de: 'nur mit der begleiteten Person einlassen' },
  vip: { en: 'greet in person', de: 'persönlich begrüßen' },
  'second-factor': { en: 'wait for a second proof', de: 'auf den zweiten Nachweis warten' },
  supervisor: { en: 'call a supervisor', de: 'die Leitung rufen' },
};

export const overrideTexts: Readonly<Record<OverrideReason, StaffTexts>> = {
  'lost-code': { en: 'Code lost or unreadable', de: 'Code verloren oder unlesbar' },
  'reader-broken': { en: 'The reader does not work', de: 'Der Leser geht nicht' },
  accreditation: { en: 'Accreditation or guest list', de: 'Akkreditierung oder Gästeliste' },
  emergency: { en: 'Emergency', de: 'Notfall' },
  other: { en: 'Something else', de: 'Etwas anderes' },
};

/** What an act asks before it is done: the consequence spelled out. */
export const asks = {
  revoke: {
    title: { en: 'Cancel the ticket of {who}?', de: 'Das Ticket von {who} stornieren?' },
    consequence: {
      en: 'Its codes open no gate any more: here at once, at gates that are in touch within seconds, at the others when they hear of it. Whoever is inside stays inside. You can make it valid again.',
      de: 'Seine Codes öffnen kein Gate mehr: hier sofort, an Gates mit Kontakt in Sekunden, an den anderen, sobald sie davon hören. Wer drinnen ist, bleibt drinnen. Sie können es wieder gültig machen.',
    },
    act: { en: 'Cancel the ticket', de: 'Ticket stornieren' },
    done: { en: 'The ticket is cancelled.', de: 'Das Ticket ist storniert.' },
  },
  reinstate: {
    title: { en: 'Make the ticket of {who} valid again?', de: 'Das Ticket von {who} wieder gültig machen?' },
    consequence: {
      en: 'The codes that were good before open gates again, also copies of them. Entries that were used stay used.',
      de: 'Die Codes von vorher öffnen wieder Gates, auch Kopien davon. Verbrauchte Eintritte bleiben verbraucht.',
    },
    act: { en: 'Make it valid', de: 'Gültig machen' },
    done: { en: 'The ticket is valid again.', de: 'Das Ticket ist wieder gültig.' },
  },
  transfer: {
    title: { en: 'Pass the ticket of {who} on?', de: 'Das Ticket von {who} weitergeben?' },
    consequence: {
      en: 'Every code, link, phone and band that it has now is dead, and the name below takes the place of the old one. This cannot be taken back, only passed on once more.',
      de: 'Jeder Code, Link, jedes Handy und Band von jetzt gilt nicht mehr, und der Name unten tritt an die Stelle des alten. Das lässt sich nicht zurücknehmen, nur noch einmal weitergeben.',
    },
    act: { en: 'Pass it on', de: 'Weitergeben' },
    done: {
      en: 'Passed on. Give the new holder the new code.',
      de: 'Weitergegeben. Geben Sie dem neuen Inhaber den neuen Code.',
    },
  },
  reissue: {
    title: { en: 'Give {who} a new code?', de: '{who} einen neuen Code geben?' },
    consequence: {
      en: 'Every code, link, phone and band that it has now is dead; the holder stays. Use it where a code was lost or copied. The new code has to reach the holder.',
      de: 'Jeder Code, Link, jedes Handy und Band von jetzt gilt nicht mehr; der Inhaber bleibt. Für verlorene oder kopierte Codes. Der neue Code muss zum Inhaber kommen.',
    },
    act: { en: 'Make a new code', de: 'Neuen Code machen' },
    done: { en: 'The ticket has a new code.', de: 'Das Ticket hat einen neuen Code.' },
  },
  deny: {
    title: {
      en: 'Block every code of the ticket of {who} now?',
      de: 'Jetzt jeden Code des Tickets von {who} sperren?',
    },
    consequence: {
      en: 'It is refused here at once and at every gate as soon as it hears of it, from gate to gate too, sooner than a cancelled one. A new code ends it.',
      de: 'Es wird hier sofort abgewiesen und an jedem Gate, sobald es davon hört, auch von Gate zu Gate, schneller als ein storniertes. Ein neuer Code hebt das auf.',
    },
    act: { en: 'Block it now', de: 'Sofort sperren' },
    done: { en: 'Blocked. Gates are being told.', de: 'Gesperrt. Die Gates erfahren es gerade.' },
  },
  letIn: {
    title: { en: 'Let {who} in by hand?', de: '{who} von Hand einlassen?' },
    consequence: {
      en: 'The entry is recorded with your name and the reason, spends a use of the ticket, and may become a case if the ticket was used already. No gate opens by itself: open it for them.',
      de: 'Der Eintritt wird mit Ihrem Namen und dem Grund festgehalten, verbraucht einen Eintritt des Tickets und kann ein Fall werden, wenn es schon benutzt war. Kein Gate öffnet von selbst: öffnen Sie ihnen.',
    },
    act: { en: 'Let in', de: 'Einlassen' },
    done: { en: 'Recorded: let in by hand.', de: 'Festgehalten: von Hand eingelassen.' },
  },
} as const satisfies Record<string, Readonly<Record<'title' | 'consequence' | 'act' | 'done', StaffTexts>>>;
