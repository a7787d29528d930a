// The compact form of a mark: one CBOR array, 40-60 bytes, the same in journals, segments and on the wire.
import type { Mark } from './mark.ts';
import type { Result } from './result.ts';

export const markBytesMax = 512;
export type MarkError = { readonly type: 'malformed'; readonly cause: string };
export declare const encodeMark: (mark: Mark) => Uint8Array;
/** Identity (event, gate, boot) is part of the writer, not of the bytes: pass it in. */
export declare const decodeMark: (bytes: Uint8Array, writer: { readonly event: number; readonly gate: string; readonly boot: string }) => Result<Mark, MarkError>;
