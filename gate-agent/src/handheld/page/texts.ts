// What stewards read on the handheld, in the languages that staff have. What visitors read comes from the gate's own texts.
import type {
  ClockSource,
  DeclineReason,
  Mark,
  Order,
  OverrideReason,
  StaffSaying,
  StaffTexts,
  UndoReason,
} from '@postern/shared';

export const labels = {
  page: { en: 'Handheld', de: 'Handgerät' },
  scan: { en: 'Scan', de: 'Scannen' },
  search: { en: 'Search', de: 'Suchen' },
  history: { en: 'History', de: 'Verlauf' },
  more: { en: 'More', de: 'Mehr' },
  views: { en: 'Views', de: 'Ansichten' },
  close: { en: 'Close', de: 'Schließen' },
  cancel: { en: 'Cancel', de: 'Abbrechen' },
  back: { en: 'Back', de: 'Zurück' },
  tryAgain: { en: 'Try again', de: 'Noch einmal' },
  entry: { en: 'Entry', de: 'Eingang' },
  exit: { en: 'Exit', de: 'Ausgang' },
  direction: { en: 'Direction', de: 'Richtung' },
  torch: { en: 'Torch', de: 'Licht' },
  camera: { en: 'Camera', de: 'Kamera' },
  cameraOn: { en: 'Switch the camera on', de: 'Kamera einschalten' },
  cameraOff: { en: 'Switch off', de: 'Ausschalten' },
  cameraView: { en: 'What the camera sees', de: 'Bild der Kamera' },
  typeCode: { en: 'Type the code', de: 'Code eingeben' },
  code: { en: 'Code', de: 'Code' },
  check: { en: 'Check', de: 'Prüfen' },
  useCode: { en: 'Use this code now', de: 'Diesen Code jetzt einlösen' },
  tags: { en: 'Read wristbands (NFC)', de: 'Bändchen lesen (NFC)' },
  tagsOn: { en: 'Reading wristbands', de: 'Bändchen werden gelesen' },
  next: { en: 'Next', de: 'Weiter' },
  accept: { en: 'Let in', de: 'Einlassen' },
  decline: { en: 'Decline', de: 'Ablehnen' },
  override: { en: 'Let in anyway', de: 'Trotzdem einlassen' },
  undo: { en: 'Take back the last entry', de: 'Letzten Eintritt zurücknehmen' },
  undoAct: { en: 'Take it back', de: 'Zurücknehmen' },
  reason: { en: 'Reason', de: 'Grund' },
  persons: { en: 'Persons', de: 'Personen' },
  ofParty: { en: 'of a party', de: 'einer Gruppe' },
  came: { en: 'How many have come?', de: 'Wie viele sind gekommen?' },
  fewer: { en: 'One fewer', de: 'Eine weniger' },
  more1: { en: 'One more', de: 'Eine mehr' },
  confirmParty: { en: 'These are in', de: 'Diese sind drin' },
  signOn: { en: 'Sign on', de: 'Anmelden' },
  signOff: { en: 'Sign off', de: 'Abmelden' },
  operator: { en: 'Name or card', de: 'Name oder Karte' },
  pin: { en: 'PIN', de: 'PIN' },
  nobodySignedOn: { en: 'Nobody is signed on', de: 'Niemand ist angemeldet' },
  stopEntry: { en: 'Stop entry everywhere', de: 'Einlass überall stoppen' },
  orders: { en: 'Orders to the venue', de: 'Anordnungen für alle' },
  everywhere: { en: 'everywhere', de: 'überall' },
  allHaveHeard: { en: 'Every gate has heard of it', de: 'Alle Gates wissen davon' },
  notHeardYet: { en: 'Not heard of it yet', de: 'Wissen noch nicht davon' },
  counting: { en: 'People inside', de: 'Personen drinnen' },
  recount: { en: 'Correct the count', de: 'Zählung berichtigen' },
  recountAct: { en: 'Count on from here', de: 'Ab hier weiterzählen' },
  phone: { en: 'This phone', de: 'Dieses Gerät' },
  speech: { en: 'Language and sound', de: 'Sprache und Ton' },
  language: { en: 'Your language', de: 'Ihre Sprache' },
  visitorLanguage: { en: 'What visitors read', de: 'Was Besucher lesen' },
  sound: { en: 'Sound', de: 'Ton' },
  vibration: { en: 'Vibration', de: 'Vibration' },
  gatesOnNetwork: { en: 'Gates on this network', de: 'Gates in diesem Netz' },
  reachGates: { en: 'Reach the gates', de: 'Gates erreichen' },
  installAuthority: { en: 'Install their certificate', de: 'Ihr Zertifikat installieren' },
  fingerprint: { en: 'Fingerprint (SHA-256)', de: 'Fingerabdruck (SHA-256)' },
  askCloud: { en: 'Ask the cloud now', de: 'Cloud jetzt fragen' },
  saveSealed: { en: 'Save the file', de: 'Datei sichern' },
  keepData: { en: 'Ask to keep it', de: 'Behalten lassen' },
  confirmClock: { en: 'The time is right', de: 'Die Uhrzeit stimmt' },
  leaveRehearsal: { en: 'Leave the rehearsal', de: 'Probe beenden' },
  update: { en: 'Update', de: 'Aktualisieren' },
  enrolCode: { en: 'One-time code', de: 'Einmalcode' },
  enrol: { en: 'Join', de: 'Beitreten' },
  takeOver: { en: 'Use this tab', de: 'Diesen Tab benutzen' },
  block: { en: 'Block this ticket', de: 'Dieses Ticket sperren' },
  unknownTicket: { en: 'no ticket', de: 'ohne Ticket' },
  ticket: { en: 'Ticket', de: 'Ticket' },
  story: { en: 'Story', de: 'Verlauf des Tickets' },
  event: { en: 'Event', de: 'Veranstaltung' },
  gate: { en: 'Gate', de: 'Gate' },
  zone: { en: 'Zone', de: 'Bereich' },
  list: { en: 'Ticket list', de: 'Ticketliste' },
  contact: { en: 'Contact', de: 'Kontakt' },
  clock: { en: 'Clock', de: 'Uhr' },
  storage: { en: 'Storage', de: 'Speicher' },
  marks: { en: 'Entries of this phone', de: 'Vorgänge dieses Geräts' },
  shorterList: { en: 'Show more', de: 'Mehr zeigen' },
} as const satisfies Readonly<Record<string, StaffTexts>>;

export const sayings = {
  opening: { title: { en: 'Starting …', de: 'Startet …' } },
  scanning: {
    title: { en: 'Hold a code into the frame', de: 'Code in den Rahmen halten' },
    hint: { en: 'Or scan with the scan engine, at any time', de: 'Oder jederzeit mit dem Scanmodul' },
  },
  cameraOff: {
    title: { en: 'The camera is off', de: 'Die Kamera ist aus' },
    hint: {
      en: 'A scan engine works without it: just scan',
      de: 'Ein Scanmodul geht auch ohne: einfach scannen',
    },
  },
  cameraStarting: { title: { en: 'The camera starts …', de: 'Die Kamera startet …' } },
  cameraDenied: {
    title: { en: 'This page may not use the camera', de: 'Diese Seite darf die Kamera nicht benutzen' },
    hint: {
      en: 'Allow it in the browser’s settings for this page (the sign left of the address), then try again. A scan engine, or typing the code, works without.',
      de: 'In den Einstellungen des Browsers für diese Seite erlauben (Zeichen links der Adresse), dann noch einmal versuchen. Scanmodul oder Eintippen gehen ohne.',
    },
  },
  cameraMissing: {
    title: { en: 'There is no camera', de: 'Es gibt keine Kamera' },
    hint: {
      en: 'Scan with a scan engine, or type the code.',
      de: 'Mit einem Scanmodul scannen oder den Code eintippen.',
    },
  },
  cameraFailed: {
    title: { en: 'The camera does not work', de: 'Die Kamera geht nicht' },
    hint: {
      en: 'Another app may be using it: close that, then try again. A scan engine works meanwhile.',
      de: 'Vielleicht benutzt sie eine andere App: diese schließen, dann noch einmal. Ein Scanmodul geht weiter.',
    },
  },
  unsupported: {
    title: { en: 'This browser cannot be a gate', de: 'Dieser Browser kann kein Gate sein' },
    hint: {
      en: 'It lacks what keeps entries safe. Use Chrome 110, Firefox 115, Safari 16.4 or later, not in a private window.',
      de: 'Ihm fehlt, was Eintritte sicher aufbewahrt. Chrome 110, Firefox 115, Safari 16.4 oder neuer benutzen, nicht im privaten Fenster.',
    },
  },
  otherTab: {
    title: { en: 'The handheld is open in another tab', de: 'Das Handgerät ist in einem anderen Tab offen' },
    hint: {
      en: 'One phone is one gate. Go on there, or use this tab instead.',
      de: 'Ein Gerät ist ein Gate. Dort weitermachen, oder diesen Tab benutzen.',
    },
  },
  damaged: {
    title: { en: 'What this phone has kept is damaged', de: 'Was dieses Gerät aufbewahrt, ist beschädigt' },
    hint: {
      en: 'Join again with a new one-time code: it becomes a new gate. Tell whoever looks after the gates.',
      de: 'Mit einem neuen Einmalcode beitreten: es wird ein neues Gate. Der Gate-Betreuung sagen.',
    },
  },
  revoked: {
    title: { en: 'This phone has been revoked', de: 'Dieses Gerät ist gesperrt' },
    hint: {
      en: 'It lets nobody in any more. Give it to whoever looks after the gates; with a new one-time code it can join again.',
      de: 'Es lässt niemanden mehr ein. Der Gate-Betreuung geben; mit einem neuen Einmalcode kann es wieder beitreten.',
    },
  },
  sealed: {
    title: { en: 'This phone has entries for the cloud', de: 'Dieses Gerät hat Vorgänge für die Cloud' },
    hint: {
      en: 'They were sealed when it was revoked. Save the file and give it to whoever runs the cloud; nobody else can read it.',
      de: 'Sie wurden bei der Sperrung versiegelt. Die Datei sichern und dem Betrieb der Cloud geben; sonst kann niemand sie lesen.',
    },
  },
  unsealed: {
    title: {
      en: 'Not all entries are sealed for the cloud yet',
      de: 'Noch sind nicht alle Vorgänge für die Cloud versiegelt',
    },
    hint: {
      en: 'Nothing is lost: make room on the phone and load the page again. Do not clear the browser’s data.',
      de: 'Nichts ist verloren: Platz auf dem Gerät schaffen und die Seite neu laden. Die Browserdaten nicht löschen.',
    },
  },
  notEnrolled: {
    title: { en: 'Make this phone a gate', de: 'Dieses Gerät zum Gate machen' },
    hint: {
      en: 'In the dashboard, under Gates, make a gate for this phone. Scan the QR code that it shows, or type the one-time code below.',
      de: 'Im Dashboard unter Gates ein Gate für dieses Gerät anlegen. Den QR-Code scannen, der dort erscheint, oder den Einmalcode eintippen.',
    },
  },
  joining: { title: { en: 'Joining …', de: 'Tritt bei …' } },
  codeNotOne: {
    title: { en: 'That is not a one-time code', de: 'Das ist kein Einmalcode' },
    hint: { en: 'It looks like 7K2Q-0M9T-XV4B', de: 'Er sieht so aus: 7K2Q-0M9T-XV4B' },
  },
  storageFull: {
    title: { en: 'The phone’s storage is full', de: 'Der Speicher des Geräts ist voll' },
    hint: {
      en: 'Nobody is let in until there is room again: delete photos or apps that are not needed. Nothing is lost.',
      de: 'Niemand wird eingelassen, bis wieder Platz ist: Fotos oder Apps löschen. Nichts geht verloren.',
    },
  },
  storageNearlyFull: {
    title: { en: 'The phone’s storage is nearly full', de: 'Der Speicher des Geräts ist fast voll' },
    hint: { en: 'Make room soon: delete photos or apps', de: 'Bald Platz schaffen: Fotos oder Apps löschen' },
  },
  notPersisted: {
    title: {
      en: 'The browser may delete what is kept here',
      de: 'Der Browser darf löschen, was hier aufbewahrt ist',
    },
    hint: {
      en: 'Install the page on the home screen, and let it be kept',
      de: 'Die Seite auf dem Startbildschirm installieren und behalten lassen',
    },
  },
  storeTrouble: {
    title: { en: 'Entries cannot be recorded', de: 'Eintritte können nicht aufgezeichnet werden' },
    hint: {
      en: 'Nobody is let in. Close other apps and open the page again; if that does not help, take another phone.',
      de: 'Niemand wird eingelassen. Andere Apps schließen und die Seite neu öffnen; hilft das nicht, ein anderes Gerät nehmen.',
    },
  },
  noList: {
    title: { en: 'No ticket list yet', de: 'Noch keine Ticketliste' },
    hint: { en: 'Connect the phone to the internet once', de: 'Das Gerät einmal mit dem Internet verbinden' },
  },
  listComes: {
    title: { en: 'No ticket list yet', de: 'Noch keine Ticketliste' },
    hint: {
      en: 'It is on its way, or the event is not published yet',
      de: 'Sie ist unterwegs, oder die Veranstaltung ist noch nicht veröffentlicht',
    },
  },
  leaseOver: {
    title: {
      en: 'Too long without the cloud: the ticket list is forgotten',
      de: 'Zu lange ohne Cloud: die Ticketliste ist vergessen',
    },
    hint: { en: 'Connect the phone to the internet', de: 'Das Gerät mit dem Internet verbinden' },
  },
  clockUntrusted: {
    title: { en: 'The time is not confirmed', de: 'Die Uhrzeit ist nicht bestätigt' },
    hint: {
      en: 'With the internet it sets itself; else a supervisor compares and confirms it under More',
      de: 'Mit Internet stellt sie sich selbst; sonst vergleicht und bestätigt die Leitung sie unter Mehr',
    },
  },
  noResult: {
    title: { en: 'Nothing found', de: 'Nichts gefunden' },
    hint: {
      en: 'The list on this phone has no names: search by the code, the short code or the ticket’s number',
      de: 'Die Liste auf diesem Gerät hat keine Namen: nach Code, Kurzcode oder Ticketnummer suchen',
    },
  },
  searchHint: {
    title: { en: 'Find a ticket', de: 'Ein Ticket finden' },
    hint: {
      en: 'By its code, short code or number. Names stay in the cloud.',
      de: 'Nach Code, Kurzcode oder Nummer. Namen bleiben in der Cloud.',
    },
  },
  noHistory: {
    title: { en: 'Nothing yet', de: 'Noch nichts' },
    hint: { en: 'What this phone does appears here', de: 'Was dieses Gerät tut, erscheint hier' },
  },
  lanNone: {
    title: { en: 'Gates here have no names for phones', de: 'Gates haben hier keine Namen für Geräte' },
    hint: {
      en: 'This phone works alone, or through the cloud. Whoever runs the cloud can set a domain for gates.',
      de: 'Dieses Gerät arbeitet allein oder über die Cloud. Der Betrieb der Cloud kann eine Domain für Gates setzen.',
    },
  },
  lanAsk: {
    title: { en: 'The browser has to ask you first', de: 'Der Browser muss Sie erst fragen' },
    hint: {
      en: 'Then this phone and the gates know of each other’s entries also without the internet.',
      de: 'Dann wissen dieses Gerät und die Gates auch ohne Internet voneinander.',
    },
  },
  lanDenied: {
    title: { en: 'This page may not reach the local network', de: 'Diese Seite darf das lokale Netz nicht erreichen' },
    hint: {
      en: 'It works alone, or through the cloud. Allow “local network” in the browser’s settings for this page.',
      de: 'Sie arbeitet allein oder über die Cloud. „Lokales Netzwerk“ in den Einstellungen des Browsers für diese Seite erlauben.',
    },
  },
  lanNobody: {
    title: { en: 'No gate answers on this network', de: 'In diesem Netz antwortet kein Gate' },
    hint: {
      en: 'This phone works alone, or through the cloud. Check the Wi-Fi, and that the gates’ certificate is installed.',
      de: 'Dieses Gerät arbeitet allein oder über die Cloud. WLAN prüfen, und ob das Zertifikat der Gates installiert ist.',
    },
  },
  lanGood: { title: { en: 'In touch with gates nearby', de: 'Kontakt zu Gates in der Nähe' } },
  tagsDenied: {
    title: { en: 'This page may not read wristbands', de: 'Diese Seite darf keine Bändchen lesen' },
    hint: {
      en: 'Switch NFC on, and allow it for this page',
      de: 'NFC einschalten und für diese Seite erlauben',
    },
  },
  newVersion: {
    title: { en: 'A new version is ready', de: 'Eine neue Version ist da' },
    hint: { en: 'It takes a few seconds between two visitors', de: 'Dauert wenige Sekunden zwischen zwei Besuchern' },
  },
  updating: {
    title: { en: 'Changing to the new version …', de: 'Wechselt zur neuen Version …' },
    hint: { en: 'Everything recorded is kept', de: 'Alles Aufgezeichnete bleibt' },
  },
  overrideAsks: {
    title: { en: 'Let in against the rules?', de: 'Gegen die Regeln einlassen?' },
    hint: {
      en: 'It is recorded with your name and the reason, and cannot be hidden later.',
      de: 'Es wird mit Ihrem Namen und dem Grund aufgezeichnet und lässt sich nicht verbergen.',
    },
  },
  undoAsks: {
    title: { en: 'Take back the last entry?', de: 'Den letzten Eintritt zurücknehmen?' },
    hint: {
      en: 'The ticket is good again, as if it had not been scanned here.',
      de: 'Das Ticket gilt wieder, als wäre es hier nicht gescannt worden.',
    },
  },
  recountAsks: {
    title: { en: 'How many are in the zone?', de: 'Wie viele sind in der Zone?' },
    hint: {
      en: 'Every gate and the dashboard count on from the number that you have counted now.',
      de: 'Alle Gates und das Dashboard zählen von der Zahl weiter, die ihr gerade gezählt habt.',
    },
  },
  declineAsks: {
    title: { en: 'Decline?', de: 'Ablehnen?' },
    hint: { en: 'No entry is spent.', de: 'Kein Eintritt wird verbraucht.' },
  },
} as const satisfies Readonly<Record<string, StaffSaying>>;

export const clockSources: Readonly<Record<ClockSource, StaffTexts>> = {
  server: { en: 'by the cloud', de: 'von der Cloud' },
  peer: { en: 'by a gate nearby', de: 'von einem Gate in der Nähe' },
  person: { en: 'confirmed by a supervisor', de: 'von der Leitung bestätigt' },
  rtc: { en: 'by the phone’s own clock', de: 'von der Uhr des Geräts' },
  none: { en: 'confirmed by nobody', de: 'von niemandem bestätigt' },
};
export const orderNames: Readonly<Record<Order, StaffTexts>> = {
  'stop-entry': { en: 'Entry stopped', de: 'Einlass gestoppt' },
  evacuate: { en: 'Evacuation', de: 'Räumung' },
};
export const liftLabels: Readonly<Record<Order, StaffTexts>> = {
  'stop-entry': { en: 'Resume entry', de: 'Einlass fortsetzen' },
  evacuate: { en: 'End the evacuation', de: 'Räumung beenden' },
};

export const overrideReasonTexts: Readonly<Record<OverrideReason, StaffTexts>> = {
  'lost-code': { en: 'Has lost the code', de: 'Code verloren' },
  'reader-broken': { en: 'The code cannot be read', de: 'Code nicht lesbar' },
  accreditation: { en: 'Accredited', de: 'Akkreditiert' },
  emergency: { en: 'Emergency', de: 'Notfall' },
  other: { en: 'Other', de: 'Anderes' },
};
export const undoReasonTexts: Readonly<Record<UndoReason, StaffTexts>> = {
  'scanned-by-mistake': { en: 'Scanned by mistake', de: 'Versehentlich gescannt' },
  'wrong-person': { en: 'Wrong person', de: 'Falsche Person' },
  'turned-away': { en: 'Turned away', de: 'Abgewiesen' },
  other: { en: 'Other', de: 'Anderes' },
};
export const declineReasonTexts: Readonly<Record<DeclineReason, StaffTexts>> = {
  'proof-missing': { en: 'Proof is missing', de: 'Nachweis fehlt' },
  'proof-wrong': { en: 'Proof is not right', de: 'Nachweis stimmt nicht' },
  'not-the-holder': { en: 'Not the holder', de: 'Nicht die Person des Tickets' },
  other: { en: 'Other', de: 'Anderes' },
};

export const markTexts: Readonly<Record<Mark['kind'], StaffTexts>> = {
  admitted: { en: 'Entered', de: 'Eingetreten' },
  exited: { en: 'Left', de: 'Gegangen' },
  refused: { en: 'Refused', de: 'Abgelehnt' },
  lapsed: { en: 'Nobody passed, ticket still valid', de: 'Niemand ging durch, Ticket gilt weiter' },
  undone: { en: 'Taken back', de: 'Zurückgenommen' },
  overridden: { en: 'Let in', de: 'Eingelassen' },
  'passed-out': { en: 'Passed out', de: 'Hinausgelassen' },
  bound: { en: 'Band linked', de: 'Bändchen verknüpft' },
  denied: { en: 'Blocked', de: 'Gesperrt' },
  corrected: { en: 'Clock corrected', de: 'Uhr gestellt' },
  recounted: { en: 'Counted', de: 'Gezählt' },
  ordered: { en: 'Order', de: 'Anordnung' },
  lifted: { en: 'Order lifted', de: 'Anordnung aufgehoben' },
  acknowledged: { en: 'Order obeyed', de: 'Anordnung befolgt' },
  'rehearsal-begun': { en: 'Rehearsal begun', de: 'Probe begonnen' },
  'rehearsal-left': { en: 'Rehearsal left', de: 'Probe beendet' },
  rehearsed: { en: 'Rehearsed', de: 'Geprobt' },
  prechecked: { en: 'Seen before the gate', de: 'Vor dem Gate gesehen' },
};

/** Why an action was turned down, and what to do. */
const problems: Readonly<Record<string, StaffTexts>> = {
  'pin-wrong': { en: 'Name or PIN is wrong', de: 'Name oder PIN ist falsch' },
  'signed-off': { en: 'You are signed off: sign on again', de: 'Sie sind abgemeldet: neu anmelden' },
  'too-many-attempts': {
    en: 'Too many wrong PINs: wait a minute',
    de: 'Zu viele falsche PINs: eine Minute warten',
  },
  'role-too-low': { en: 'A supervisor has to do that', de: 'Das darf nur die Leitung' },
  'hold-gone': { en: 'Too late: scan the ticket again', de: 'Zu spät: Ticket noch einmal scannen' },
  'lane-busy': { en: 'Somebody is being let in right now', de: 'Gerade wird jemand eingelassen' },
  'lane-closed': { en: 'The lane is closed', de: 'Die Spur ist geschlossen' },
  'lane-under-order': {
    en: 'An order stands: a supervisor lifts it',
    de: 'Eine Anordnung gilt: die Leitung hebt sie auf',
  },
  'nothing-to-undo': {
    en: 'There is nothing to take back since the start',
    de: 'Seit dem Start gibt es nichts zurückzunehmen',
  },
  'persons-out-of-range': { en: 'So many at once is not possible', de: 'So viele auf einmal geht nicht' },
  'store-failed': sayings.storeTrouble.title,
  'store-stopped': sayings.storeTrouble.title,
  'no-ticket': { en: 'Scan the ticket first', de: 'Erst das Ticket scannen' },
  'not-running': { en: 'The handheld is not running', de: 'Das Handgerät läuft nicht' },
  'confirmation-gone': { en: 'Too late: begin again', de: 'Zu spät: neu beginnen' },
  'order-unchanged': { en: 'It is so already', de: 'Es ist schon so' },
};
const unexpected: StaffTexts = { en: 'That did not work: try again', de: 'Das hat nicht geklappt: noch einmal' };
export const problemText = (type: string): StaffTexts =>
  Object.hasOwn(problems, type) ? (problems[type] ?? unexpected) : unexpected;
