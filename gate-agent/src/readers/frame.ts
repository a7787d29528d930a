// The grey picture that everything between a camera and a code speaks of, what was read in one, and the faults a reader can end
// with. Every fault's message says what a person can do about it.

/** 8-bit luma, row by row, without padding: `grey.length === width * height`. */
export interface GreyFrame {
  readonly width: number;
  readonly height: number;
  readonly grey: Uint8Array<ArrayBuffer>;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** One code found in a frame; corners in the frame's pixels: top left, top right, bottom right, bottom left of the symbol. */
export interface DecodedCode {
  readonly text: string;
  readonly format: string;
  readonly corners: readonly [Point, Point, Point, Point];
}

/** Nobody hands us a frame larger than this: it bounds what a camera, a picture or the decoder can make us hold. */
export const framePixelsMax = 4_194_304;
export const frameSideMax = 8_192;

export type ReaderFaultType =
  | 'camera-missing'
  | 'camera-failed'
  | 'camera-stalled'
  | 'program-missing'
  | 'frame-garbled'
  | 'decoder-failed'
  | 'input-failed'
  | 'reader-missing'
  | 'reader-failed'
  | 'service-missing'
  | 'package-missing'
  | 'scanner-missing'
  | 'scanner-failed';

/** What a reader's `run` rejects with. */
export interface ReaderFault extends Error {
  readonly type: ReaderFaultType;
}

export const readerFault = (type: ReaderFaultType, message: string): ReaderFault =>
  Object.assign(new Error(message), { type });
