// Each verification method in plain words: what a visitor shows, what that is worth, and what has to be there before it works.
import type { StaffTexts } from '@postern/shared';

export interface MethodText {
  readonly name: StaffTexts;
  readonly what: StaffTexts;
  readonly assurance: 'looked-up' | 'signed' | 'challenged';
}

export const methodTexts: Readonly<Record<string, MethodText>> = {
  qr: {
    name: { en: 'Printed QR code', de: 'Gedruckter QR-Code' },
    what: {
      en: 'Our own signed code, on paper or as a picture. A copy is as good until the first one is used.',
      de: 'Unser signierter Code, auf Papier oder als Bild. Eine Kopie gilt, bis die erste benutzt ist.',
    },
    assurance: 'signed',
  },
  dynamic: {
    name: { en: 'Changing code on the phone', de: 'Wechselnder Code auf dem Handy' },
    what: {
      en: 'A code that changes every 15 seconds, from a key that cannot leave the phone. Screenshots are worth nothing. Make links for phones under “Tickets”.',
      de: 'Ein Code, der alle 15 Sekunden wechselt, aus einem Schlüssel, der das Handy nicht verlässt. Bildschirmfotos sind wertlos. Links fürs Handy gibt es unter „Tickets“.',
    },
    assurance: 'challenged',
  },
  code: {
    name: { en: 'Code from elsewhere, and short codes', de: 'Fremde Codes und Kurzcodes' },
    what: {
      en: 'QR codes and barcodes that a ticket shop has printed, and the short code under ours, typed. Looked up in the list.',
      de: 'QR- und Strichcodes, die ein Ticketshop gedruckt hat, und der getippte Kurzcode unter unseren. In der Liste nachgeschlagen.',
    },
    assurance: 'looked-up',
  },
  nfc: {
    name: { en: 'NFC wristband or card', de: 'NFC-Armband oder -Karte' },
    what: {
      en: 'A band that is linked to the ticket at the band desk. Bands with a chip that signs cannot be copied; simple ones are looked up by their number.',
      de: 'Ein Band, das am Bandtisch dem Ticket zugeordnet wird. Bänder mit signierendem Chip sind nicht kopierbar; einfache werden an ihrer Nummer erkannt.',
    },
    assurance: 'looked-up',
  },
  ble: {
    name: { en: 'Bluetooth wristband', de: 'Bluetooth-Armband' },
    what: {
      en: 'A band that is heard at a distance. It proves only that it is near: best beside another proof.',
      de: 'Ein Band, das aus der Entfernung gehört wird. Es beweist nur, dass es nahe ist: am besten neben einem anderen Nachweis.',
    },
    assurance: 'looked-up',
  },
  geofence: {
    name: { en: 'Position of the phone', de: 'Position des Handys' },
    what: {
      en: 'The visitor’s phone shows that it has been at the venue for a while. Positions can be faked: it counts beside other proofs.',
      de: 'Das Handy zeigt, dass es eine Weile am Ort war. Positionen lassen sich fälschen: zählt neben anderen Nachweisen.',
    },
    assurance: 'signed',
  },
  face: {
    name: { en: 'Face, as a second proof', de: 'Gesicht als zweiter Nachweis' },
    what: {
      en: 'The gate compares who stands there with the one face that was enrolled for the ticket, where somebody wanted that.',
      de: 'Das Gate vergleicht, wer dort steht, mit dem einen Gesicht, das zum Ticket hinterlegt wurde, wo jemand das wollte.',
    },
    assurance: 'looked-up',
  },
  nft: {
    name: { en: 'Token in a wallet', de: 'Token im Wallet' },
    what: {
      en: 'The ticket is a token on a chain; the wallet that holds it signs at the gate, also without a network.',
      de: 'Das Ticket ist ein Token auf einer Chain; das Wallet, das es hält, signiert am Gate, auch ohne Netz.',
    },
    assurance: 'challenged',
  },
  pretix: {
    name: { en: 'Signed by pretix', de: 'Von pretix signiert' },
    what: {
      en: 'Codes that pretix has signed itself count before the ticket has come in. Other codes of pretix are “codes from elsewhere”.',
      de: 'Von pretix selbst signierte Codes gelten, bevor das Ticket hier ist. Andere Codes von pretix sind „fremde Codes“.',
    },
    assurance: 'signed',
  },
};

/** What may be missing before a method works, and where it is said. */
export const lackTexts = {
  consent: { en: 'the text that people agree to', de: 'der Text der Einwilligung' },
  dpia: { en: 'where the impact assessment (DPIA) lies', de: 'wo die Folgenabschätzung (DSFA) liegt' },
  ageMin: { en: 'the least age', de: 'das Mindestalter' },
  end: { en: 'when the event ends', de: 'wann die Veranstaltung endet' },
  places: { en: 'the places where positions count', de: 'die Orte, an denen Positionen zählen' },
  contract: { en: 'the contract and its chain', de: 'der Vertrag und seine Chain' },
  keys: {
    en: 'pretix’s public key, in the rules by the API',
    de: 'der öffentliche Schlüssel von pretix, über die API in den Regeln',
  },
} as const satisfies Record<string, StaffTexts>;
export type Lack = keyof typeof lackTexts;

/** Words for who decided that a method is on or off. */
export const sourceTexts: Readonly<Record<'default' | 'environment' | 'all-events' | 'event' | 'policy', StaffTexts>> =
  {
    default: { en: 'as it is unless somebody says otherwise', de: 'wie immer, wenn niemand etwas anderes sagt' },
    environment: { en: 'by the settings of the service', de: 'durch die Einstellungen des Dienstes' },
    'all-events': { en: 'switched for all events', de: 'für alle Veranstaltungen geschaltet' },
    event: { en: 'switched for this event', de: 'für diese Veranstaltung geschaltet' },
    policy: { en: 'by the rules of this event', de: 'durch die Regeln dieser Veranstaltung' },
  };
