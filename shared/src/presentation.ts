// What a reader saw, before anybody has judged it: a union by medium. Whatever it was, `text` names what was seen: two sightings with the
// same text are of the same thing.

interface Seen {
  readonly readerId: string;
  /** Monotonic milliseconds at which the reader had it. */
  readonly seenAtMs: number;
  /** Milliseconds that decoding or reading took, for the display; absent for typed text. */
  readonly decodeMs?: number;
}

/** Text from a camera, a scan engine, a keyboard or a person typing. */
export interface TextPresentation extends Seen {
  readonly medium: 'optical' | 'typed';
  /** As decoded, not yet cleaned; at most `presentationTextCharsMax` characters. */
  readonly text: string;
  /** Symbology as the decoder names it (`QRCode`, `Code128`, `PDF417`, `Aztec`, …) where known. */
  readonly format?: string;
}

/** A tag that is held to an NFC reader. */
export interface TagPresentation extends Seen {
  readonly medium: 'nfc';
  /** `nfc:` and the UID in hexadecimal. */
  readonly text: string;
  /** 4, 7 or 10 bytes, as the tag says; anybody can make a tag that says any. */
  readonly uid: Uint8Array;
  /** The NDEF message as read, not yet parsed; absent where there is none. At most `ndefBytesMax` bytes. */
  readonly ndef?: Uint8Array;
}

/** A wristband that is held up to a BLE reader. */
export interface BandPresentation extends Seen {
  readonly medium: 'ble';
  /** `ble:` and the id in hexadecimal; then `+proof` where there is one: what only claims to be the band is another thing. */
  readonly text: string;
  /** As advertised, at most `tagIdBytesMax` bytes; anybody can advertise any. */
  readonly id: Uint8Array;
  /** What a band that can sign has answered; absent where it only advertises. */
  readonly proof?: BandProof;
}

export interface BandProof {
  /** Id of the gate that has asked: this one. */
  readonly gate: string;
  /** COSE_Sign1 of the pass that the band carries, as read. */
  readonly credential: Uint8Array;
  /** The 16 random bytes that this gate has asked with. */
  readonly challenge: Uint8Array;
  /** Ed25519, 64 bytes, as the band has answered. */
  readonly signature: Uint8Array;
}

/** A face that a camera of the gate has seen while a ticket waits for it. No reader delivers one, and no code is read as one. */
export interface FacePresentation extends Seen {
  readonly medium: 'face';
  /** `face:` and the ticket. */
  readonly text: string;
  /** Whose face it should be. */
  readonly ticketId: string;
  /** `faceTemplate` of what was seen, by the model that gates run. Never kept. */
  readonly template: Uint8Array;
}

export type Presentation = TextPresentation | TagPresentation | BandPresentation | FacePresentation;

/** Longer than any code we accept; a reader cuts off (and reports) what exceeds it. */
export const presentationTextCharsMax = 2_048;
/** Longer than any NDEF message we write; a reader does not read on. */
export const ndefBytesMax = 1_024;

export const isText = (presentation: Presentation): presentation is TextPresentation =>
  presentation.medium === 'optical' || presentation.medium === 'typed';
