// Everything the page says, in every language. The language is the phone's first that we have.
import type { HoldingState, StaffSaying, StaffTexts } from '@postern/shared';

export const labels = {
  page: { en: 'My ticket', de: 'Mein Ticket' },
  code: { en: 'Ticket code, hold it to the reader', de: 'Ticketcode, an den Leser halten' },
  nextIn: { en: 'New code in {s} s', de: 'Neuer Code in {s} s' },
  bigger: { en: 'Show it large', de: 'Groß zeigen' },
  close: { en: 'Close', de: 'Schließen' },
  showAnyway: { en: 'Show the code anyway', de: 'Code trotzdem zeigen' },
  persons: { en: '{n} persons', de: '{n} Personen' },
  validFrom: { en: 'Valid from', de: 'Gültig ab' },
  validUntil: { en: 'Valid until', de: 'Gültig bis' },
  where: { en: 'Where', de: 'Bereich' },
  entrances: { en: 'Entrances', de: 'Eingänge' },
  entered: { en: 'Entered', de: 'Eingelassen' },
  usesLeft: { en: 'Entries left', de: 'Verbleibende Eintritte' },
  ticket: { en: 'Ticket', de: 'Ticket' },
  previous: { en: 'Previous ticket', de: 'Vorheriges Ticket' },
  next: { en: 'Next ticket', de: 'Nächstes Ticket' },
  ofTickets: { en: 'Ticket {n} of {all}', de: 'Ticket {n} von {all}' },
  apple: { en: 'Add to Apple Wallet', de: 'Zu Apple Wallet hinzufügen' },
  google: { en: 'Add to Google Wallet', de: 'Zu Google Wallet hinzufügen' },
  passOn: { en: 'Give to a friend', de: 'Weitergeben' },
  makeLink: { en: 'Make the link', de: 'Link erstellen' },
  share: { en: 'Send the link', de: 'Link senden' },
  copy: { en: 'Copy the link', de: 'Link kopieren' },
  copied: { en: 'Copied', de: 'Kopiert' },
  takeBack: { en: 'Take it back', de: 'Zurücknehmen' },
  cancel: { en: 'Cancel', de: 'Abbrechen' },
  keepHere: { en: 'Put it on this phone', de: 'Auf dieses Handy holen' },
  move: { en: 'Move it to this phone', de: 'Hierher verschieben' },
  again: { en: 'Try again', de: 'Noch einmal' },
  done: { en: 'I have put it away', de: 'Ich habe ihn aufbewahrt' },
  remove: { en: 'Remove from this phone', de: 'Vom Handy entfernen' },
  token: { en: 'Number of the token', de: 'Nummer des Tokens' },
  askWallet: { en: 'Ask the wallet', de: 'Wallet fragen' },
  confirmInWallet: { en: 'Say yes in your wallet', de: 'Bestätigen Sie in Ihrer Wallet' },
  working: { en: 'One moment', de: 'Einen Moment' },
} as const satisfies Record<string, StaffTexts>;

export const sayings = {
  nothing: {
    title: { en: 'No ticket on this phone', de: 'Kein Ticket auf diesem Handy' },
    hint: {
      en: 'Open the link that you were sent, here, in this browser. If your ticket was here and is gone (the browser’s data was deleted, or the phone is new), open the same link again: it works a few times. If it no longer does, ask whoever sold you the ticket for a new one.',
      de: 'Öffnen Sie den Link, den Sie bekommen haben, hier in diesem Browser. War Ihr Ticket hier und ist weg (Browserdaten gelöscht, neues Handy), öffnen Sie denselben Link noch einmal: er geht einige Male. Geht er nicht mehr, bitten Sie den Verkäufer um einen neuen.',
    },
  },
  unkept: {
    title: { en: 'This browser keeps nothing', de: 'Dieser Browser speichert nichts' },
    hint: {
      en: 'Open the link in your phone’s own browser, and not in a private window or inside another app.',
      de: 'Öffnen Sie den Link im eigenen Browser des Handys, nicht in einem privaten Fenster oder in einer anderen App.',
    },
  },
  claim: {
    title: { en: 'Your ticket', de: 'Ihr Ticket' },
    hint: {
      en: 'It comes onto this phone and shows a code that changes every few seconds. After that it works without a network.',
      de: 'Es kommt auf dieses Handy und zeigt einen Code, der alle paar Sekunden wechselt. Danach geht es ohne Netz.',
    },
  },
  held: {
    title: { en: 'This ticket is on another phone', de: 'Dieses Ticket ist auf einem anderen Handy' },
    hint: {
      en: 'You can move it to this one. The other phone’s code and every printed one stop working. The link allows this a few times.',
      de: 'Sie können es auf dieses verschieben. Der Code des anderen Handys und jeder ausgedruckte gelten dann nicht mehr. Der Link erlaubt das einige Male.',
    },
  },
  token: {
    title: { en: 'Your ticket is a token', de: 'Ihr Ticket ist ein Token' },
    hint: {
      en: 'Your wallet says once that this phone may show it. That moves nothing and costs nothing. After that it works here, in this browser, without wallet and network.',
      de: 'Ihre Wallet sagt einmal, dass dieses Handy es zeigen darf. Das bewegt nichts und kostet nichts. Danach geht es hier, in diesem Browser, ohne Wallet und Netz.',
    },
  },
  noWallet: {
    title: { en: 'Open this in your wallet', de: 'Öffnen Sie dies in Ihrer Wallet' },
    hint: {
      en: 'This browser has no wallet. Copy the link and open it in the browser of your wallet’s app: the ticket will be there, also at the door.',
      de: 'Dieser Browser hat keine Wallet. Kopieren Sie den Link und öffnen Sie ihn im Browser Ihrer Wallet-App: dort ist dann das Ticket, auch an der Tür.',
    },
  },
  offline: {
    title: { en: 'No network', de: 'Kein Netz' },
    hint: { en: 'Your code works all the same.', de: 'Ihr Code gilt trotzdem.' },
  },
  clockOff: {
    title: { en: 'This phone’s clock is wrong', de: 'Die Uhr dieses Handys geht falsch' },
    hint: {
      en: 'The code makes up for it. Best let the phone set its clock by itself.',
      de: 'Der Code gleicht das aus. Am besten lassen Sie das Handy die Uhr selbst stellen.',
    },
  },
  clockSet: {
    title: { en: 'The clock of this phone was changed', de: 'Die Uhr dieses Handys wurde verstellt' },
    hint: {
      en: 'The code may be refused until this page has been online once. Connect, or set the clock right.',
      de: 'Der Code wird vielleicht abgelehnt, bis diese Seite einmal online war. Verbinden Sie das Handy oder stellen Sie die Uhr richtig.',
    },
  },
  ownLink: {
    title: { en: 'Keep this link for yourself', de: 'Bewahren Sie diesen Link für sich auf' },
    hint: {
      en: 'With it the ticket comes onto a new phone. Whoever has it can take the ticket.',
      de: 'Mit ihm kommt das Ticket auf ein neues Handy. Wer ihn hat, kann das Ticket an sich nehmen.',
    },
  },
  passOn: {
    title: { en: 'Give this ticket to a friend', de: 'Dieses Ticket weitergeben' },
    hint: {
      en: 'You get a link to send. Until your friend has opened it the ticket stays yours, and you can take it back. After that your code no longer opens anything.',
      de: 'Sie bekommen einen Link zum Senden. Bis er geöffnet wurde, bleibt das Ticket Ihres, und Sie können es zurücknehmen. Danach öffnet Ihr Code nichts mehr.',
    },
  },
  offered: {
    title: { en: 'Waiting for your friend', de: 'Wartet auf die andere Person' },
    hint: {
      en: 'Until the link has been opened the ticket is yours.',
      de: 'Bis der Link geöffnet wurde, ist das Ticket Ihres.',
    },
  },
  used: {
    title: { en: 'This ticket has been used', de: 'Dieses Ticket wurde benutzt' },
  },
} as const satisfies Record<string, StaffSaying>;

/** Why there is no code; `valid` has one. */
export const states: Readonly<Record<Exclude<HoldingState, 'valid'>, StaffSaying>> = {
  moved: {
    title: { en: 'Moved to another phone', de: 'Auf ein anderes Handy verschoben' },
    hint: {
      en: 'If that was not you, tell whoever sold you the ticket.',
      de: 'Waren Sie das nicht, sagen Sie es dem Verkäufer.',
    },
  },
  given: {
    title: { en: 'Given to somebody else', de: 'An jemand anderen weitergegeben' },
    hint: {
      en: 'Your link was opened. The ticket is theirs now.',
      de: 'Ihr Link wurde geöffnet. Das Ticket gehört nun dieser Person.',
    },
  },
  sold: {
    title: { en: 'The token has a new owner', de: 'Der Token hat einen neuen Besitzer' },
    hint: {
      en: 'The ticket went with it. If the token is yours, open the organiser’s link once more.',
      de: 'Das Ticket ging mit. Ist der Token Ihrer, öffnen Sie den Link des Veranstalters noch einmal.',
    },
  },
  replaced: {
    title: { en: 'Replaced by a newer ticket', de: 'Durch ein neueres Ticket ersetzt' },
    hint: {
      en: 'The organiser has issued it again. Ask for the new link.',
      de: 'Der Veranstalter hat es neu ausgestellt. Bitten Sie um den neuen Link.',
    },
  },
  revoked: {
    title: { en: 'Cancelled', de: 'Storniert' },
    hint: { en: 'Ask whoever sold you the ticket.', de: 'Fragen Sie den Verkäufer.' },
  },
  unpaid: {
    title: { en: 'Not paid yet', de: 'Noch nicht bezahlt' },
    hint: { en: 'The code appears as soon as it is.', de: 'Der Code erscheint, sobald bezahlt ist.' },
  },
  blocked: {
    title: { en: 'Blocked', de: 'Gesperrt' },
    hint: { en: 'Please see staff at the venue.', de: 'Bitte wenden Sie sich an das Personal.' },
  },
  'method-off': {
    title: { en: 'No codes on phones for this ticket', de: 'Keine Codes auf Handys für dieses Ticket' },
    hint: {
      en: 'Please use the ticket that you were sent.',
      de: 'Bitte benutzen Sie das Ticket, das Sie bekommen haben.',
    },
  },
};

const noTokens: StaffSaying = {
  title: { en: 'No tickets as tokens here', de: 'Hier gibt es keine Tickets als Token' },
  hint: { en: 'Ask the organiser for the right link.', de: 'Bitten Sie den Veranstalter um den richtigen Link.' },
};

/** Why something that was asked for did not happen, by the type of the cloud's problem. */
const problems: Readonly<Record<string, StaffSaying>> = {
  unreachable: {
    title: { en: 'No network', de: 'Kein Netz' },
    hint: {
      en: 'This needs a network once. Try again where there is one.',
      de: 'Das braucht einmal Netz. Versuchen Sie es dort, wo es eines gibt.',
    },
  },
  'link-invalid': {
    title: { en: 'This link no longer works', de: 'Dieser Link gilt nicht mehr' },
    hint: {
      en: 'The ticket was given to somebody else, taken back or issued again, or the link is too old. Ask whoever sent it.',
      de: 'Das Ticket wurde weitergegeben, zurückgenommen oder neu ausgestellt, oder der Link ist zu alt. Fragen Sie, wer ihn geschickt hat.',
    },
  },
  'claims-exhausted': {
    title: { en: 'This link was used too often', de: 'Dieser Link wurde zu oft benutzt' },
    hint: { en: 'Ask whoever sold you the ticket for a new one.', de: 'Bitten Sie den Verkäufer um einen neuen.' },
  },
  'already-used': { title: { en: 'This ticket has been used', de: 'Dieses Ticket wurde benutzt' } },
  'transfer-forbidden': {
    title: { en: 'This ticket cannot be given away', de: 'Dieses Ticket kann nicht weitergegeben werden' },
    hint: { en: 'The organiser has said so.', de: 'Das hat der Veranstalter so bestimmt.' },
  },
  'ticket-is-token': {
    title: { en: 'This ticket is a token', de: 'Dieses Ticket ist ein Token' },
    hint: {
      en: 'It goes with the token from wallet to wallet. Your wallet can let this phone show it; ask whoever sold it how.',
      de: 'Es geht mit dem Token von Wallet zu Wallet. Ihre Wallet kann es auf diesem Telefon zeigen lassen; fragen Sie den Verkäufer, wie.',
    },
  },
  'attempts-exhausted': {
    title: { en: 'Too many tries', de: 'Zu viele Versuche' },
    hint: { en: 'Wait a minute, then try again.', de: 'Warten Sie eine Minute und versuchen Sie es noch einmal.' },
  },
  'wallet-unsigned': {
    title: { en: 'The wallet has not signed', de: 'Die Wallet hat nicht unterschrieben' },
    hint: {
      en: 'Set it to the network on which you have the token, try again, and say yes.',
      de: 'Stellen Sie sie auf das Netzwerk, in dem Sie den Token haben, versuchen Sie es noch einmal und stimmen Sie zu.',
    },
  },
  'wallet-wrong': {
    title: { en: 'This wallet does not hold the token', de: 'Diese Wallet hat den Token nicht' },
    hint: {
      en: 'Choose the account that does. If you have just bought the token, it may take some minutes.',
      de: 'Wählen Sie das Konto, das ihn hat. Haben Sie ihn eben gekauft, kann es einige Minuten dauern.',
    },
  },
  'token-unknown': {
    title: { en: 'There is no ticket for this token', de: 'Zu diesem Token gibt es kein Ticket' },
    hint: {
      en: 'Check the number. If it is right, the ticket was passed on or issued again without the token: ask the organiser.',
      de: 'Prüfen Sie die Nummer. Stimmt sie, wurde das Ticket ohne den Token weitergegeben oder neu ausgestellt: fragen Sie den Veranstalter.',
    },
  },
  'event-unknown': noTokens,
  'nft-rules-unset': noTokens,
  'ticket-not-valid': {
    title: { en: 'This ticket is not valid', de: 'Dieses Ticket ist nicht gültig' },
    hint: { en: 'Ask whoever sold you the ticket.', de: 'Fragen Sie den Verkäufer.' },
  },
  'bindings-too-many': {
    title: { en: 'The wallet has named too many phones', de: 'Die Wallet hat zu viele Handys genannt' },
    hint: {
      en: 'Use one of those, or show the wallet itself.',
      de: 'Nehmen Sie eines davon oder zeigen Sie die Wallet selbst.',
    },
  },
  'chain-unavailable': {
    title: { en: 'The chain does not answer just now', de: 'Die Chain antwortet gerade nicht' },
    hint: { en: 'Wait a minute, then try again.', de: 'Warten Sie eine Minute und versuchen Sie es noch einmal.' },
  },
  'challenge-invalid': {
    title: { en: 'That took too long', de: 'Das hat zu lange gedauert' },
    hint: { en: 'Ask the wallet once more.', de: 'Fragen Sie die Wallet noch einmal.' },
  },
  'holder-ended': states.replaced,
  revoked: states.revoked,
  unpaid: states.unpaid,
  blocked: states.blocked,
  'method-off': states['method-off'],
};
const unexpected: StaffSaying = {
  title: { en: 'That did not work', de: 'Das hat nicht geklappt' },
  hint: { en: 'Try again in a moment.', de: 'Versuchen Sie es gleich noch einmal.' },
};
export const problemSaying = (type: string): StaffSaying => problems[type] ?? unexpected;
/** What trying again does not change. */
export const isFinal = (type: string): boolean => ['link-invalid', 'claims-exhausted', 'revoked'].includes(type);

export const fill = (text: string, facts: Readonly<Record<string, string | number>>): string =>
  text.replaceAll(/\{(\w+)\}/g, (_whole, name: string) => String(facts[name] ?? ''));
