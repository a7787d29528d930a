// Cuts a stream of bytes into lines: what a scanner types, what a serial device sends, what a program prints.
import { presentationTextCharsMax } from '@postern/shared';

/** UTF-8 needs up to three bytes for one UTF-16 unit. */
export const lineBytesMax = presentationTextCharsMax * 3;

/** Cuts bytes into non-empty lines, holding at most `lineBytesMax` of an unfinished one. */
export function createLineSplitter(
  onLine: (line: Uint8Array) => void,
  onTooLong: () => void,
): { readonly push: (chunk: Uint8Array) => void; readonly end: () => void } {
  const line = new Uint8Array(lineBytesMax);
  let length = 0;
  const flush = (): void => {
    if (length > lineBytesMax) onTooLong();
    else if (length > 0) onLine(line.slice(0, length));
    length = 0;
  };
  return {
    push: (chunk) => {
      for (const byte of chunk) {
        if (byte === 0x0a || byte === 0x0d) flush();
        else if (length < lineBytesMax) line[length++] = byte;
        else length = lineBytesMax + 1;
      }
    },
    end: flush,
  };
}
