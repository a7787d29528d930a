// What a reader saw, before anybody has judged it: a union by medium. Optical and typed text is enough for codes and passes;
// media that can be asked back (NFC, BLE, wallets) join the union with the readers that speak to them.

/** Text from a camera, a scan engine, a keyboard or a person typing. */
export interface TextPresentation {
  readonly medium: 'optical' | 'typed';
  /** As decoded, not yet cleaned; at most `presentationTextCharsMax` characters. */
  readonly text: string;
  /** Symbology as the decoder names it (`QRCode`, `Code128`, `PDF417`, `Aztec`, …) where known. */
  readonly format?: string;
  readonly readerId: string;
  /** Monotonic milliseconds at which the reader had it. */
  readonly seenAtMs: number;
  /** Milliseconds the decoder took, for the display; absent for typed text. */
  readonly decodeMs?: number;
}

export type Presentation = TextPresentation;

/** Longer than any code we accept; a reader cuts off (and reports) what exceeds it. */
export const presentationTextCharsMax = 2_048;
