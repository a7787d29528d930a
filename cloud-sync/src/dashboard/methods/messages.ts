// What the section about rules says.
import type { StaffTexts } from '../language.ts';

export const labels = {
  title: { en: 'Rules and methods', de: 'Regeln und Methoden' },
  methods: { en: 'Methods', de: 'Methoden' },
  types: { en: 'Ticket types', de: 'Ticketarten' },
  zones: { en: 'Zones', de: 'Bereiche' },
  event: { en: 'Event', de: 'Veranstaltung' },
  times: { en: 'End and erasure', de: 'Ende und Löschung' },
  face: { en: 'Faces', de: 'Gesichter' },
  positions: { en: 'Positions', de: 'Positionen' },
  tokens: { en: 'Tokens', de: 'Tokens' },
  save: { en: 'Save', de: 'Speichern' },
  saved: {
    en: 'Saved. Gates take it over with their next list.',
    de: 'Gespeichert. Gates übernehmen es mit der nächsten Liste.',
  },
  forget: { en: 'Forget the changes', de: 'Änderungen verwerfen' },
  done: { en: 'Done', de: 'Fertig' },
  edit: { en: 'Edit', de: 'Bearbeiten' },
  remove: { en: 'Take away', de: 'Entfernen' },
  changedMeanwhile: {
    en: 'Somebody else has changed the rules meanwhile',
    de: 'Jemand anderes hat die Regeln inzwischen geändert',
  },
  changedMeanwhileHint: {
    en: 'Note what you wanted, press “Forget the changes”, and do it once more on the rules as they are now.',
    de: 'Merken Sie sich Ihre Änderung, drücken Sie „Änderungen verwerfen“ und machen Sie sie an den jetzigen Regeln noch einmal.',
  },
  name: { en: 'Name', de: 'Name' },
  nameMissing: { en: 'A name is missing', de: 'Ein Name fehlt' },

  on: { en: 'On', de: 'An' },
  off: { en: 'Off', de: 'Aus' },
  notSetUp: { en: 'Not set up', de: 'Nicht eingerichtet' },
  switchOn: { en: 'Switch on', de: 'Einschalten' },
  switchOff: { en: 'Switch off', de: 'Ausschalten' },
  offTitle: { en: 'Switch “{method}” off for this event?', de: '„{method}“ für diese Veranstaltung ausschalten?' },
  offConsequence: {
    en: 'Whoever shows it is refused: through the cloud at once, at gates with their next list. It can be switched on again.',
    de: 'Wer es zeigt, wird abgewiesen: über die Cloud sofort, an Gates mit der nächsten Liste. Es lässt sich wieder einschalten.',
  },
  missing: { en: 'Missing before it works', de: 'Fehlt noch' },
  nothingMissing: { en: 'Ready', de: 'Bereit' },
  setUp: { en: 'Set up', de: 'Einrichten' },
  proves: { en: 'A ticket shown so is', de: 'Ein so gezeigtes Ticket ist' },

  addType: { en: 'Add a ticket type', de: 'Ticketart hinzufügen' },
  noTypes: {
    en: 'There is no ticket type yet: tickets need one.',
    de: 'Es gibt noch keine Ticketart: Tickets brauchen eine.',
  },
  opens: { en: 'Opens', de: 'Öffnet' },
  opensAll: { en: 'All zones', de: 'Alle Bereiche' },
  opensOnly: { en: 'Only these zones', de: 'Nur diese Bereiche' },
  opensHint: { en: 'None chosen: all of them', de: 'Keiner gewählt: alle' },
  uses: { en: 'Entries in all', de: 'Eintritte insgesamt' },
  usesHint: { en: '0: without limit', de: '0: ohne Grenze' },
  unlimited: { en: 'without limit', de: 'ohne Grenze' },
  reentry: { en: 'May go out and come back in', de: 'Darf hinaus und wieder herein' },
  reentryHint: {
    en: 'Coming back costs no entry. Where exits are not scanned, a steward has to let them out.',
    de: 'Wiederkommen kostet keinen Eintritt. Wo Ausgänge nicht gescannt werden, muss ein Ordner auslassen.',
  },
  oncePerDay: { en: 'Only one entry a day', de: 'Nur ein Eintritt am Tag' },
  passback: { en: 'Minutes between two entries', de: 'Minuten zwischen zwei Eintritten' },
  passbackHint: { en: '0: none', de: '0: keine' },
  hold: { en: 'Staff has to', de: 'Das Personal muss' },
  noHold: { en: 'do nothing', de: 'nichts tun' },
  from: { en: 'Admits from', de: 'Gilt ab' },
  until: { en: 'Admits until', de: 'Gilt bis' },
  always: { en: 'Empty: always', de: 'Leer: immer' },
  assurance: { en: 'Least proof', de: 'Mindestnachweis' },
  proofs: { en: 'Proofs together', de: 'Nachweise zusammen' },
  proofsHint: {
    en: 'Each line is a way in, of methods or proofs joined by “+”: “signed”, or “code + nfc” for both together. Empty: the least proof alone.',
    de: 'Jede Zeile ist ein Weg hinein, aus Methoden oder Nachweisen mit „+“: „signed“, oder „code + nfc“ für beides zusammen. Leer: der Mindestnachweis allein.',
  },
  removeTypeTitle: { en: 'Take the ticket type “{name}” away?', de: 'Die Ticketart „{name}“ entfernen?' },
  removeTypeConsequence: {
    en: 'Gates refuse tickets of this type (“ticket type unknown”) once you save. Tickets stay; give them another type first.',
    de: 'Gates weisen Tickets dieser Art ab („Ticketart unbekannt“), sobald Sie speichern. Tickets bleiben; geben Sie ihnen vorher eine andere Art.',
  },

  addZone: { en: 'Add a zone', de: 'Bereich hinzufügen' },
  noZones: {
    en: 'There is no zone yet: gates lead into one.',
    de: 'Es gibt noch keinen Bereich: Gates führen in einen.',
  },
  zoneId: { en: 'Id, as gates have it', de: 'ID, wie Gates sie haben' },
  capacity: { en: 'Persons at most', de: 'Personen höchstens' },
  capacityHint: { en: 'Empty: no limit', de: 'Leer: keine Grenze' },
  noLimit: { en: 'no limit', de: 'keine Grenze' },
  exitsScanned: { en: 'People are scanned on the way out', de: 'Auch am Ausgang wird gescannt' },
  shares: { en: 'Share of {gate} while it is out of touch', de: 'Anteil von {gate} ohne Kontakt' },
  sharesHint: {
    en: 'How many persons each gate may let in alone when it cannot ask the others how full the zone is.',
    de: 'Wie viele Personen jedes Gate allein einlassen darf, wenn es die anderen nicht fragen kann, wie voll es ist.',
  },
  whenShareSpent: { en: 'When a gate’s share is spent', de: 'Wenn der Anteil eines Gates verbraucht ist' },
  removeZoneTitle: { en: 'Take the zone “{name}” away?', de: 'Den Bereich „{name}“ entfernen?' },
  removeZoneConsequence: {
    en: 'Gates that lead into it refuse everybody once you save, until they are given another zone.',
    de: 'Gates, die dorthin führen, weisen alle ab, sobald Sie speichern, bis sie einen anderen Bereich bekommen.',
  },
  removeZoneOpens: {
    en: 'These ticket types open only this zone and would open all others then: {names}.',
    de: 'Diese Ticketarten öffnen nur diesen Bereich und würden dann alle anderen öffnen: {names}.',
  },

  timeZone: { en: 'Time zone of the venue', de: 'Zeitzone des Ortes' },
  timeZoneHint: { en: 'Times everywhere are shown in it', de: 'Alle Zeiten werden darin gezeigt' },
  timeZoneUnknown: { en: 'This browser does not know this time zone', de: 'Diese Zeitzone kennt dieser Browser nicht' },
  dayStarts: { en: 'A new event day begins at', de: 'Ein neuer Tag beginnt um' },
  dayStartsHint: { en: 'So that one night is one day', de: 'Damit eine Nacht ein Tag ist' },
  unknownPass: { en: 'Signed, but not in the gate’s list', de: 'Signiert, aber nicht in der Liste des Gates' },
  unknownPassHint: {
    en: 'Sold after the gate was last in touch',
    de: 'Verkauft, nachdem das Gate zuletzt Kontakt hatte',
  },
  staleAfter: { en: 'A ticket list is old after (minutes)', de: 'Eine Ticketliste ist alt nach (Minuten)' },
  whenStale: { en: 'With an old list gates', de: 'Mit alter Liste' },
  whenClock: {
    en: 'While the clock is not confirmed, static codes are',
    de: 'Solange die Uhr nicht bestätigt ist, werden feste Codes',
  },
  lease: {
    en: 'Gates forget everything after so many days without contact',
    de: 'Gates vergessen alles nach so vielen Tagen ohne Kontakt',
  },
  leaseHint: {
    en: 'Empty: never. Against stolen gates; at least 7',
    de: 'Leer: nie. Gegen gestohlene Gates; mindestens 7',
  },

  endsAt: { en: 'The event ends', de: 'Die Veranstaltung endet' },
  revokeAt: { en: 'Unused tickets are cancelled', de: 'Unbenutzte Tickets werden storniert' },
  revokeAtHint: {
    en: 'All that nobody has been let in with by then. A time that has passed: at once.',
    de: 'Alle, mit denen bis dahin niemand eingelassen wurde. Eine vergangene Zeit: sofort.',
  },
  keepDays: {
    en: 'Days after the end until everything that names visitors is erased',
    de: 'Tage nach dem Ende, bis alles gelöscht wird, was Besucher nennt',
  },
  emptyNever: { en: 'Empty: not', de: 'Leer: nicht' },
  erasedAt: { en: 'Personal data was erased {time}.', de: 'Personenbezogene Daten wurden gelöscht: {time}.' },
  deadlinesTitle: { en: 'Save these times?', de: 'Diese Zeiten speichern?' },
  deadlinesConsequence: {
    en: 'Cancelled tickets can be made valid again one by one; what is erased is gone for good. Both happen by themselves at these times.',
    de: 'Stornierte Tickets lassen sich einzeln wieder gültig machen; Gelöschtes ist endgültig weg. Beides geschieht zu diesen Zeiten von selbst.',
  },

  faceExplained: {
    en: 'Who wants to may enrol their face as a second proof for their own ticket. It is compared with that one face only, never searched for, and nobody is refused because of it. The law asks for consent and an impact assessment.',
    de: 'Wer möchte, hinterlegt sein Gesicht als zweiten Nachweis für das eigene Ticket. Verglichen wird nur mit diesem einen Gesicht, gesucht wird nie, und niemand wird deswegen abgewiesen. Das Gesetz verlangt Einwilligung und Folgenabschätzung.',
  },
  consentVersion: { en: 'Version of the consent text', de: 'Version des Einwilligungstextes' },
  consentVersionHint: {
    en: 'A text that was published stays as it is: changed words want a new version.',
    de: 'Ein veröffentlichter Text bleibt, wie er ist: Geänderte Worte brauchen eine neue Version.',
  },
  consentText: { en: 'What people agree to, in {language}', de: 'Worin Menschen einwilligen, auf {language}' },
  dpia: { en: 'Where the impact assessment lies (DPIA)', de: 'Wo die Folgenabschätzung (DSFA) liegt' },
  ageMin: { en: 'Least age', de: 'Mindestalter' },
  keepHours: {
    en: 'Hours after the end until faces are erased',
    de: 'Stunden nach dem Ende, bis Gesichter gelöscht werden',
  },
  lookS: { en: 'Seconds that a gate looks', de: 'Sekunden, die ein Gate schaut' },
  distanceMax: { en: 'Strictness (smaller is stricter)', de: 'Strenge (kleiner ist strenger)' },
  toTimes: { en: 'Say when the event ends', de: 'Sagen, wann die Veranstaltung endet' },

  positionsExplained: {
    en: 'Phones that speak for a ticket can show that they have been at the venue for a while. Say where that counts; by itself it only helps other proofs.',
    de: 'Handys, die für ein Ticket sprechen, können zeigen, dass sie eine Weile am Ort waren. Sagen Sie, wo das zählt; allein hilft es nur anderen Nachweisen.',
  },
  mode: { en: 'To have been there', de: 'Dort gewesen zu sein' },
  modePreCheck: { en: 'counts beside another proof', de: 'zählt neben einem anderen Nachweis' },
  modeAdmit: { en: 'is an entry by itself', de: 'ist allein ein Eintritt' },
  place: { en: 'Place {n}', de: 'Ort {n}' },
  addPlace: { en: 'Add a place', de: 'Ort hinzufügen' },
  beforeZone: { en: 'Before the zone', de: 'Vor dem Bereich' },
  shape: { en: 'Shape', de: 'Form' },
  circle: { en: 'Circle', de: 'Kreis' },
  polygon: { en: 'Outline (GeoJSON)', de: 'Umriss (GeoJSON)' },
  latitude: { en: 'Latitude', de: 'Breite' },
  longitude: { en: 'Longitude', de: 'Länge' },
  radius: { en: 'Radius in metres', de: 'Radius in Metern' },
  coordinates: { en: 'Coordinates of the polygon', de: 'Koordinaten des Polygons' },
  coordinatesHint: {
    en: 'As map editors such as geojson.io write them: [[[longitude, latitude], …]], the last point the first',
    de: 'Wie Karteneditoren (geojson.io) sie schreiben: [[[Länge, Breite], …]], der letzte Punkt ist der erste',
  },
  coordinatesWrong: { en: 'This is no list of coordinates', de: 'Das ist keine Liste von Koordinaten' },
  numberWrong: { en: 'A number is missing', de: 'Eine Zahl fehlt' },
  dwell: { en: 'Seconds that somebody has to be there', de: 'Sekunden, die jemand dort sein muss' },
  validS: { en: 'Seconds for which it counts', de: 'Sekunden, für die es zählt' },
  accuracy: { en: 'Worst accuracy in metres', de: 'Schlechteste Genauigkeit in Metern' },

  tokensExplained: {
    en: 'Tickets can be tokens on a chain of the Ethereum kind: whoever’s wallet holds the token has the ticket. The contract is named here, and in the settings of the service.',
    de: 'Tickets können Tokens auf einer Ethereum-artigen Chain sein: Wessen Wallet das Token hält, hat das Ticket. Der Vertrag wird hier genannt und in den Einstellungen des Dienstes.',
  },
  chainId: { en: 'Number of the chain', de: 'Nummer der Chain' },
  contract: { en: 'Address of the contract', de: 'Adresse des Vertrags' },
  ownersStale: { en: 'Owners are old after (minutes)', de: 'Besitzer sind veraltet nach (Minuten)' },
  whenOwnersStale: { en: 'With old owners gates', de: 'Mit veralteten Besitzern' },
  frozenFrom: { en: 'From then on no token is sold', de: 'Ab dann wird kein Token verkauft' },
} as const satisfies Record<string, StaffTexts>;

export const removals = {
  face: {
    label: { en: 'Take faces away …', de: 'Gesichter abschaffen …' },
    title: { en: 'Take faces away from this event?', de: 'Gesichter bei dieser Veranstaltung abschaffen?' },
    consequence: {
      en: 'Every face is erased here and at every gate, for good. Tickets stay good without it.',
      de: 'Jedes Gesicht wird hier und an jedem Gate endgültig gelöscht. Tickets gelten ohne weiter.',
    },
    act: { en: 'Erase all faces', de: 'Alle Gesichter löschen' },
  },
  positions: {
    label: { en: 'Let positions count for nothing …', de: 'Positionen nicht mehr zählen …' },
    title: { en: 'Let positions count for nothing?', de: 'Positionen nicht mehr zählen?' },
    consequence: {
      en: 'Places and their settings are gone; phones stay bound to their tickets. Who has only this proof is refused.',
      de: 'Orte und ihre Einstellungen sind weg; Handys bleiben an ihren Tickets. Wer nur diesen Nachweis hat, wird abgewiesen.',
    },
    act: { en: 'Remove the places', de: 'Orte entfernen' },
  },
  tokens: {
    label: { en: 'Name no contract …', de: 'Keinen Vertrag nennen …' },
    title: { en: 'Let tokens open nothing?', de: 'Tokens nichts mehr öffnen lassen?' },
    consequence: {
      en: 'Tokens stay on the chain, but open no gate of this event any more. Other proofs of the tickets stay.',
      de: 'Tokens bleiben auf der Chain, öffnen aber kein Gate dieser Veranstaltung mehr. Andere Nachweise der Tickets bleiben.',
    },
    act: { en: 'Remove the contract', de: 'Vertrag entfernen' },
  },
} as const satisfies Record<string, Readonly<Record<string, StaffTexts>>>;

export const assuranceTexts: Readonly<Record<'looked-up' | 'signed' | 'challenged', StaffTexts>> = {
  'looked-up': { en: 'looked up: a code in the list', de: 'nachgeschlagen: ein Code in der Liste' },
  signed: { en: 'signed: nobody can make one up', de: 'signiert: niemand kann es erfinden' },
  challenged: { en: 'challenged: a copy is worth nothing', de: 'frisch bewiesen: eine Kopie ist nichts wert' },
};

export const admitTexts: Readonly<Record<'admit' | 'supervisor' | 'refuse', StaffTexts>> = {
  admit: { en: 'let in', de: 'eingelassen' },
  supervisor: { en: 'held for a supervisor', de: 'für die Leitung angehalten' },
  refuse: { en: 'refused', de: 'abgewiesen' },
};
export const staleTexts: Readonly<Record<'warn' | 'supervisor' | 'refuse', StaffTexts>> = {
  warn: { en: 'go on, with a warning', de: 'geht es weiter, mit Warnung' },
  supervisor: { en: 'call a supervisor for each', de: 'entscheidet jedes Mal die Leitung' },
  refuse: { en: 'refuse everybody', de: 'wird niemand eingelassen' },
};
