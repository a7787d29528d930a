// What the first run says.
import type { StaffTexts } from '../language.ts';
import type { StepName } from './steps.ts';

export const labels = {
  welcome: { en: 'Welcome to Postern', de: 'Willkommen bei Postern' },
  welcomeHint: {
    en: 'Five steps, and the first ticket is scanned. You can leave at any time and go on here.',
    de: 'Fünf Schritte, dann ist das erste Ticket gescannt. Sie können jederzeit gehen und hier weitermachen.',
  },
  title: { en: 'Step by step', de: 'Schritt für Schritt' },
  event: { en: 'Event', de: 'Veranstaltung' },
  nextEvent: { en: 'Create the next event', de: 'Nächste Veranstaltung anlegen' },
  step: { en: 'Step {n} of {all}', de: 'Schritt {n} von {all}' },
  done: { en: 'done', de: 'erledigt' },
  now: { en: 'now', de: 'jetzt' },
  later: { en: 'later', de: 'später' },
  open: { en: 'Do it again', de: 'Noch einmal' },
  create: { en: 'Create the event', de: 'Veranstaltung anlegen' },
  name: { en: 'Name of the event', de: 'Name der Veranstaltung' },
  zones: { en: 'Zones that gates lead into', de: 'Bereiche, in die Gates führen' },
  zonesHint: { en: 'One a line: Arena, Backstage, Camping', de: 'Einer je Zeile: Arena, Backstage, Camping' },
  types: { en: 'Ticket types', de: 'Ticketarten' },
  typesHint: {
    en: 'One a line: Standing, VIP. Times, re-entry and more can be set later under “Rules and methods”.',
    de: 'Eine je Zeile: Stehplatz, VIP. Zeiten, Wiedereintritt und mehr später unter „Regeln und Methoden“.',
  },
  defaultZone: { en: 'Venue', de: 'Gelände' },
  defaultType: { en: 'Ticket', de: 'Ticket' },
  ticketsHint: {
    en: 'Import the tickets that somebody else has sold, or issue some here. Two are enough to try everything.',
    de: 'Importieren Sie anderswo verkaufte Tickets, oder stellen Sie hier welche aus. Zwei reichen, um alles auszuprobieren.',
  },
  haveTickets: { en: 'There are {n} tickets.', de: 'Es gibt {n} Tickets.' },
  issueHere: { en: 'Issue here', de: 'Hier ausstellen' },
  importHere: { en: 'Import a table, or connect pretix', de: 'Tabelle importieren oder pretix verbinden' },
  codesHint: {
    en: 'Print codes as labels or pages, or make links with which visitors get their tickets onto their phones.',
    de: 'Drucken Sie Codes als Etiketten oder Seiten, oder erstellen Sie Links, mit denen Besucher ihre Tickets aufs Handy holen.',
  },
  print: { en: 'Print codes', de: 'Codes drucken' },
  links: { en: 'Links for phones', de: 'Links für Handys' },
  codesThere: {
    en: 'Visitors have their codes already',
    de: 'Die Besucher haben ihre Codes schon',
  },
  gateHint: {
    en: 'Put a gate, or a phone as a handheld, into the event: it gets a one-time code, and this page sees it come.',
    de: 'Nehmen Sie ein Gate oder ein Handy als Handgerät auf: Es bekommt einen Einmalcode, und diese Seite sieht es kommen.',
  },
  gatesThere: { en: '{n} gates have enrolled.', de: '{n} Gates sind aufgenommen.' },
  gateThere: { en: 'One gate has enrolled.', de: 'Ein Gate ist aufgenommen.' },
  anotherGate: { en: 'Enrol another gate', de: 'Weiteres Gate aufnehmen' },
  scanHint: {
    en: 'Hold a printed code, or a phone, to the gate’s reader. It shows here as soon as the gate has told the cloud.',
    de: 'Halten Sie einen gedruckten Code oder ein Handy an den Leser des Gates. Es erscheint hier, sobald das Gate es der Cloud gesagt hat.',
  },
  scanWaiting: { en: 'Waiting for the first ticket', de: 'Warten auf das erste Ticket' },
  refused: {
    en: 'A ticket was refused: {n} so far. Find it under “Tickets”; its story says why.',
    de: 'Ein Ticket wurde abgewiesen: bisher {n}. Suchen Sie es unter „Tickets“; seine Geschichte sagt, warum.',
  },
  firstScan: { en: 'The first ticket is in!', de: 'Das erste Ticket ist drin!' },
  firstScanAt: { en: 'Scanned at {time}', de: 'Gescannt um {time}' },
  seeStory: { en: 'See its story', de: 'Seine Geschichte ansehen' },
  toLive: { en: 'To the live map', de: 'Zur Live-Ansicht' },
} as const satisfies Record<string, StaffTexts>;

export const stepTexts: Readonly<Record<StepName, StaffTexts>> = {
  event: { en: 'Create an event', de: 'Veranstaltung anlegen' },
  tickets: { en: 'Import or issue tickets', de: 'Tickets importieren oder ausstellen' },
  codes: { en: 'Print or send codes', de: 'Codes drucken oder senden' },
  gate: { en: 'Enrol a gate', de: 'Ein Gate aufnehmen' },
  scan: { en: 'Scan the first ticket', de: 'Das erste Ticket scannen' },
};
