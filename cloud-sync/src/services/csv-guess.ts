// What the beginning of a CSV file says of itself: in which encoding it may be, and what separates its columns. No I/O: the import asks it
// about what it reads, and the dashboard about the file that somebody is about to send.

const delimiters = [';', '\t', '|', ','] as const;

const byteOrderMarks = [
  { encoding: 'utf-8', bytes: [0xef, 0xbb, 0xbf] },
  { encoding: 'utf-16le', bytes: [0xff, 0xfe] },
  { encoding: 'utf-16be', bytes: [0xfe, 0xff] },
] as const;
/** How archives begin, and with them the workbooks of spreadsheets. */
const zipMark = [0x50, 0x4b, 0x03, 0x04];

const startsWith = (bytes: Uint8Array, mark: readonly number[]): boolean =>
  mark.every((byte, index) => bytes[index] === byte);

/** A workbook, say, and no text. */
export const isArchive = (bytes: Uint8Array): boolean => startsWith(bytes, zipMark);

/** By its byte order mark, or by where its zero bytes are; undefined: the bytes themselves must be tried. */
export const guessEncoding = (bytes: Uint8Array): string | undefined =>
  byteOrderMarks.find((mark) => startsWith(bytes, mark.bytes))?.encoding ?? guessUtf16(bytes);

/** Text in Latin letters has a zero in every second byte. */
function guessUtf16(bytes: Uint8Array): string | undefined {
  const sample = bytes.subarray(0, 1_024);
  const zeros = [0, 0];
  for (const [index, byte] of sample.entries()) if (byte === 0) zeros[index % 2] = (zeros[index % 2] ?? 0) + 1;
  const [even = 0, odd = 0] = zeros;
  if (odd > sample.length / 4 && even === 0) return 'utf-16le';
  return even > sample.length / 4 && odd === 0 ? 'utf-16be' : undefined;
}

/** `sep=;` in the first line is a note of spreadsheets to themselves. Otherwise what the first line has most of, outside quotes. */
export function readDelimiter(
  head: string,
  asked: string | undefined,
): { readonly delimiter: string; readonly skipped: string; readonly rest: string } {
  const note = /^sep=(.)(?:\r\n|\r|\n)/.exec(head);
  const rest = head.slice(note?.[0].length ?? 0);
  const skipped = note === null ? '' : '\n';
  if (asked !== undefined || note !== null) return { delimiter: asked ?? note?.[1] ?? ',', skipped, rest };
  const [line = ''] = /^\s*[^\r\n]*/.exec(rest) ?? [];
  const bare = line.replace(/"[^"]*"/g, '');
  const counted = delimiters.map((one) => ({ one, count: bare.split(one).length - 1 }));
  const most = counted.reduce((best, next) => (next.count > best.count ? next : best));
  return { delimiter: most.count === 0 ? ',' : most.one, skipped, rest };
}
